// What a module's text says of the input: whether it is ever taken as a whole, so that nobody can tell which members are read. Errs on the side of yes.
namespace CabinCrew.Governance.Policies.Rego;

internal static class InputUse
{
    private const string Input = "input";

    /// <summary>Whether <c>input</c> stands anywhere but before a member's plain name: <c>walk(input)</c>, <c>input[name]</c>, <c>import input as x</c>.</summary>
    public static bool TakesWhole(string text)
    {
        for (var at = text.IndexOf(Input, StringComparison.Ordinal); at >= 0; at = text.IndexOf(Input, at + Input.Length, StringComparison.Ordinal))
        {
            if (at > 0 && IsName(text[at - 1])) continue;
            var after = at + Input.Length;
            if (after < text.Length && IsName(text[after])) continue;
            if (after + 1 >= text.Length || text[after] != '.' || !IsName(text[after + 1])) return true;
        }
        return false;
    }

    /// <summary>Whether a member of the input is named: <c>input.name</c>, and not the beginning of a longer name.</summary>
    public static bool Names(string text, string member)
    {
        for (var at = text.IndexOf(Input, StringComparison.Ordinal); at >= 0; at = text.IndexOf(Input, at + Input.Length, StringComparison.Ordinal))
        {
            var name = at + Input.Length + 1;
            if (name > text.Length || text[name - 1] != '.' || string.CompareOrdinal(text, name, member, 0, member.Length) != 0) continue;
            if (name + member.Length == text.Length || !IsName(text[name + member.Length])) return true;
        }
        return false;
    }

    private static bool IsName(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';
}
