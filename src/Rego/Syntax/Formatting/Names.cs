// How a name is written as a step of a reference.
using CabinCrew.Rego.Syntax.Parsing;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Syntax.Formatting;

internal static class Names
{
    /// <summary><c>.name</c> where the name is an identifier, else <c>["name"]</c>. A keyword stays <paramref name="quoted"/> if it was.</summary>
    public static string Step(string name, bool quoted) =>
        IsIdentifier(name) && !(quoted && TokenKinds.KeywordOf(name) != TokenKind.Ident) ? "." + name : $"[{new StringValue(name)}]";

    public static bool IsIdentifier(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(character => char.IsAsciiLetterOrDigit(character) || character == '_');
}
