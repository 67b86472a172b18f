// Reads the notation in which the table of built-ins declares signatures: "x: string, ys: array[any] -> z: string".
// Only ever fed from that table, and only when a built-in is first used; anything malformed is a bug and throws.
using System.Collections.Immutable;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Types;

internal ref struct TypeNotation(string text)
{
    private readonly ReadOnlySpan<char> text = text;
    private int at;

    /// <summary>Arguments by comma, <c>any...</c> for any number of further ones, <c>-&gt;</c> and the result (nothing after it: none). Each may have a name before a colon.</summary>
    public static FunctionType Function(string text)
    {
        var reader = new TypeNotation(text);
        var arguments = ImmutableArray.CreateBuilder<RegoType>();
        var names = ImmutableArray.CreateBuilder<string>();
        RegoType? variadic = null;
        while (!reader.Take("->"))
        {
            names.Add(reader.Name());
            var type = reader.Type();
            if (reader.Take("...")) variadic = type;
            else arguments.Add(type);
            reader.Take(",");
        }

        names.Add(reader.Name());
        var result = reader.at == text.TrimEnd().Length ? null : reader.Type();
        return new FunctionType(arguments.DrainToImmutable(), variadic, result) { Names = names.DrainToImmutable() };
    }

    // "" where there is none; OPA calls one of them by two words.
    private string Name()
    {
        var start = at;
        var name = Word();
        if (Word() is { Length: > 0 } more) name = $"{name} {more}";
        if (Take(":")) return name;
        at = start;
        return "";
    }

    public static RegoType Parse(string text) => new TypeNotation(text).Type();

    private RegoType Type()
    {
        var name = Word();
        return name switch
        {
            "any" => Take("<") ? RegoType.UnionOf(List('>').AsSpan()) : RegoType.Any,
            "null" => RegoType.Null,
            "boolean" => RegoType.Boolean,
            "number" => RegoType.Number,
            "string" => RegoType.String,
            "set" => new SetType(Take("[") ? List(']')[0] : RegoType.Any),
            "array" => new ArrayType(Take("<") ? List('>') : [], Take("[") ? List(']')[0] : null),
            "object" => new ObjectType(Take("<") ? Properties() : [], Take("[") ? Dynamic() : null),
            _ => throw new FormatException($"no such type: {name} in {text}"),
        };
    }

    private ImmutableArray<RegoType> List(char close)
    {
        var types = ImmutableArray.CreateBuilder<RegoType>();
        do types.Add(Type());
        while (Take(","));
        Expect(close);
        return types.DrainToImmutable();
    }

    private ImmutableArray<StaticProperty> Properties()
    {
        var properties = ImmutableArray.CreateBuilder<StaticProperty>();
        do
        {
            var name = Word();
            Expect(':');
            properties.Add(new StaticProperty(new StringValue(name), Type()));
        }
        while (Take(","));
        Expect('>');
        return properties.DrainToImmutable();
    }

    private DynamicProperty Dynamic()
    {
        var key = Type();
        Expect(':');
        var value = Type();
        Expect(']');
        return new DynamicProperty(key, value);
    }

    private string Word()
    {
        SkipSpace();
        var start = at;
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '_')) at++;
        return text[start..at].ToString();
    }

    private bool Take(string token)
    {
        SkipSpace();
        if (!text[at..].StartsWith(token, StringComparison.Ordinal)) return false;
        at += token.Length;
        return true;
    }

    private void Expect(char token)
    {
        if (!Take(token.ToString())) throw new FormatException($"expected {token} at {at} in {text}");
    }

    private void SkipSpace()
    {
        while (at < text.Length && text[at] == ' ') at++;
    }
}
