// urlquery.* and uri.*, after Go's net/url.
using System.Globalization;
using System.Text;
using CabinCrew.Rego.Builtins.Strings;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Encodings;

internal static class UrlFunctions
{
    public static Builtin[] Table =>
    [
        new("urlquery.encode", "x: string -> y: string", static (context, args) => context.Text(args, 0, out var text) ? new StringValue(Escape(context, text)) : null),
        new("urlquery.decode", "x: string -> y: string", Decode),
        new("urlquery.encode_object", "object: object[string: any<string, array[string], set[string]>] -> y: string", EncodeObject),
        new("urlquery.decode_object", "x: string -> object: object[string: array[string]]", DecodeObject),
        new("uri.parse", "string -> object[string: string]", ParseUri),
        new("uri.is_valid", "string -> boolean", static (_, args) => Value.From(args[0] is StringValue { Text: { Length: > 0 } text } && UriParts.Parse(text, out var _) is not null)),
    ];

    private static string Escape(BuiltinContext context, string text)
    {
        context.Charge(text.Length / StringFunctions.CharsPerElement);
        var escaped = new StringBuilder(text.Length);
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            if (char.IsAsciiLetterOrDigit((char)b) || b is (byte)'-' or (byte)'_' or (byte)'.' or (byte)'~') escaped.Append((char)b);
            else if (b == ' ') escaped.Append('+');
            else escaped.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        }

        return escaped.ToString();
    }

    /// <summary>Null, and Go's message, for a percent sign without two hexadecimal digits.</summary>
    public static string? Unescape(string text, bool plusIsSpace, out string problem)
    {
        problem = "";
        if (!text.AsSpan().ContainsAny('%', '+')) return text;
        var bytes = new List<byte>(text.Length);
        var source = Encoding.UTF8.GetBytes(text);
        for (var i = 0; i < source.Length; i++)
        {
            if (source[i] == '%')
            {
                if (i + 2 >= source.Length || !char.IsAsciiHexDigit((char)source[i + 1]) || !char.IsAsciiHexDigit((char)source[i + 2]))
                {
                    problem = $"invalid URL escape {GoText.Quote(Encoding.UTF8.GetString(source.AsSpan(i, Math.Min(3, source.Length - i))))}";
                    return null;
                }

                bytes.Add(Convert.FromHexString([(char)source[i + 1], (char)source[i + 2]])[0]);
                i += 2;
            }
            else
            {
                bytes.Add(source[i] == '+' && plusIsSpace ? (byte)' ' : source[i]);
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    private static Value? Decode(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var text)) return null;
        return Unescape(text, plusIsSpace: true, out var problem) is { } plain ? new StringValue(plain) : context.Fail(problem);
    }

    private static Value? EncodeObject(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        const string Shape = "operand 1 values must be string, array[string], or set[string]";
        if (!context.Object(args, 0, out var map)) return null;
        var pairs = new List<(string Key, string Text)>();
        for (var i = 0; i < map.Count; i++)
        {
            if (map.Keys[i] is not StringValue key) return context.Fail(Shape, BuiltinContext.TypeError);
            ReadOnlySpan<Value> items = map.Values[i] switch { StringValue one => [one], ArrayValue array => array.Items, SetValue set => set.Items, _ => [NullValue.Instance] };
            foreach (var item in items)
            {
                if (item is not StringValue word) return context.Fail(Shape, BuiltinContext.TypeError);
                pairs.Add((Escape(context, key.Text), Escape(context, word.Text)));
            }
        }

        return new StringValue(string.Join('&', pairs.Select(pair => $"{pair.Key}={pair.Text}")));
    }

    private static Value? DecodeObject(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var query)) return null;
        var found = new Dictionary<string, ArrayValue.Builder>(StringComparer.Ordinal);
        foreach (var part in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            context.Charge(1);
            if (part.Contains(';', StringComparison.Ordinal)) return context.Fail("invalid semicolon separator in query");
            var equal = part.IndexOf('=', StringComparison.Ordinal);
            var key = Unescape(equal < 0 ? part : part[..equal], plusIsSpace: true, out var problem);
            var text = key is null ? null : Unescape(equal < 0 ? "" : part[(equal + 1)..], plusIsSpace: true, out problem);
            if (key is null || text is null) return context.Fail(problem);
            if (!found.TryGetValue(key, out var values)) found[key] = values = new ArrayValue.Builder();
            values.Add(new StringValue(text));
        }

        var map = new ObjectValue.Builder(found.Count);
        foreach (var (key, values) in found) map.Set(key, values.Build());
        return map.Build();
    }

    // Only the parts that are there.
    private static Value? ParseUri(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var text)) return null;
        if (UriParts.Parse(text, out var problem) is not { } parts) return context.Fail($"parse {GoText.Quote(text)}: {problem}");
        var map = new ObjectValue.Builder();
        foreach (var (name, part) in new[]
        {
            ("scheme", parts.Scheme), ("hostname", parts.Host), ("port", parts.Port), ("path", parts.Path), ("raw_path", parts.RawPath),
            ("raw_query", parts.Query), ("fragment", parts.Fragment),
        })
        {
            if (part.Length > 0) map.Set(name, new StringValue(part));
        }

        return map.Build();
    }
}
