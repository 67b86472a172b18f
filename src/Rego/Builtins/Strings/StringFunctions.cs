// Texts: search, cut, split, join. Positions count code points, as OPA's do.
using System.Buffers;
using System.Text;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Strings;

internal static class StringFunctions
{
    private const string SomeStrings = "any<string, set[string], array[string]>";

    /// <summary>How many characters count as one produced element.</summary>
    public const int CharsPerElement = 16;

    public static Builtin[] Table =>
    [
        new("contains", "haystack: string, needle: string -> result: boolean", static (context, args) => Test(context, args, static (text, part) => text.Contains(part, StringComparison.Ordinal))),
        new("startswith", "search: string, base: string -> result: boolean", static (context, args) => Test(context, args, static (text, part) => text.StartsWith(part, StringComparison.Ordinal))),
        new("endswith", "search: string, base: string -> result: boolean", static (context, args) => Test(context, args, static (text, part) => text.EndsWith(part, StringComparison.Ordinal))),
        new("strings.any_prefix_match", $"search: {SomeStrings}, base: {SomeStrings} -> result: boolean", static (context, args) => AnyMatch(context, args, static (text, part) => text.StartsWith(part, StringComparison.Ordinal))),
        new("strings.any_suffix_match", $"search: {SomeStrings}, base: {SomeStrings} -> result: boolean", static (context, args) => AnyMatch(context, args, static (text, part) => text.EndsWith(part, StringComparison.Ordinal))),
        new("concat", "delimiter: string, collection: any<set[string], array[string]> -> output: string", Concat),
        new("indexof", "haystack: string, needle: string -> output: number", IndexOf),
        new("indexof_n", "haystack: string, needle: string -> output: array[number]", IndexOfAll),
        new("substring", "value: string, offset: number, length: number -> output: string", Substring),
        new("lower", "x: string -> y: string", static (context, args) => Map(context, args, static text => text.ToLowerInvariant())),
        new("upper", "x: string -> y: string", static (context, args) => Map(context, args, static text => text.ToUpperInvariant())),
        new("strings.count", "search: string, substring: string -> output: number", Count),
        new("strings.reverse", "x: string -> y: string", static (context, args) => Map(context, args, Reverse)),
        new("split", "x: string, delimiter: string -> ys: array[string]", static (context, args) =>
            context.Text(args, 0, out var text) && context.Text(args, 1, out var separator) ? Split(context, args[0], text, separator) : null),
        new("strings.split_n", "string, string, number -> array[string]", SplitN),
    ];

    private static Value? Test(BuiltinContext context, ReadOnlySpan<Value> args, Func<string, string, bool> test) =>
        context.Text(args, 0, out var text) && context.Text(args, 1, out var part) ? Value.From(test(text, part)) : null;

    private static Value? Map(BuiltinContext context, ReadOnlySpan<Value> args, Func<string, string> map)
    {
        if (!context.Text(args, 0, out var text)) return null;
        context.Charge(text.Length / CharsPerElement);
        var mapped = map(text);
        return ReferenceEquals(mapped, text) ? args[0] : new StringValue(mapped);
    }

    private static Value? AnyMatch(BuiltinContext context, ReadOnlySpan<Value> args, Func<string, string, bool> test)
    {
        if (!Texts(context, args, 0, out var texts) || !Texts(context, args, 1, out var parts)) return null;
        context.Charge((long)texts.Length * parts.Length / CharsPerElement);
        foreach (var text in texts)
        {
            foreach (var part in parts)
            {
                if (test(((StringValue)text).Text, ((StringValue)part).Text)) return BooleanValue.True;
            }
        }

        return BooleanValue.False;
    }

    private static bool Texts(BuiltinContext context, ReadOnlySpan<Value> args, int index, out ReadOnlySpan<Value> texts)
    {
        texts = args.Slice(index, 1);
        if (args[index] is StringValue) return true;
        if (args[index].Kind is not (ValueKind.Array or ValueKind.Set))
        {
            context.FailOperand(index, args[index], "string", "set", "array");
            return false;
        }

        context.Items(args, index, out texts);
        foreach (var text in texts)
        {
            if (text is StringValue) continue;
            context.FailElement(index, args[index], text, "string");
            return false;
        }

        return true;
    }

    private static Value? Concat(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var separator) || !context.Items(args, 1, out var items)) return null;
        long length = 0;
        foreach (var item in items)
        {
            if (item is not StringValue word) return context.FailElement(1, args[1], item, "string");
            length += word.Text.Length + separator.Length;
        }

        if (items.Length == 0) return StringValue.Empty;
        if (items.Length == 1) return items[0];
        context.Charge(length / CharsPerElement);
        var whole = checked((int)(length - separator.Length));
        var room = ArrayPool<char>.Shared.Rent(whole);
        var at = 0;
        for (var i = 0; i < items.Length; i++)
        {
            if (i > 0) Put(separator);
            Put(((StringValue)items[i]).Text);
        }

        var text = new string(room, 0, whole);
        ArrayPool<char>.Shared.Return(room, clearArray: true);
        return new StringValue(text);

        void Put(string part)
        {
            part.CopyTo(0, room, at, part.Length);
            at += part.Length;
        }
    }

    private static Value? IndexOf(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var text) || !context.Text(args, 1, out var part)) return null;
        if (part.Length == 0) return context.Fail("empty search character");
        var at = text.IndexOf(part, StringComparison.Ordinal);
        return NumberValue.Of(at <= 0 ? at : GoText.CountRunes(text.AsSpan(0, at)));
    }

    // Overlapping places count: "aa" is found twice in "aaa".
    private static Value? IndexOfAll(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var text) || !context.Text(args, 1, out var part)) return null;
        if (part.Length == 0) return context.Fail("empty search character");
        var found = new ArrayValue.Builder();
        int rune = 0, counted = 0;
        for (var at = text.IndexOf(part, StringComparison.Ordinal); at >= 0; at = text.IndexOf(part, at + 1, StringComparison.Ordinal))
        {
            context.Charge(1);
            rune += GoText.CountRunes(text.AsSpan(counted, at - counted));
            counted = at;
            found.Add(NumberValue.Of(rune));
        }

        return found.Build();
    }

    private static Value? Substring(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var text) || !context.Integer(args, 1, out var offset) || !context.Integer(args, 2, out var length)) return null;
        if (offset.Sign < 0) return context.Fail("negative offset");
        if (offset >= text.Length) return StringValue.Empty;
        var start = GoText.OffsetOf(text, (int)offset);
        var end = length.Sign < 0 || length >= text.Length ? text.Length : start + GoText.OffsetOf(text.AsSpan(start), (int)length);
        return start == 0 && end == text.Length ? args[0] : new StringValue(text[start..end]);
    }

    private static Value? Count(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var text) || !context.Text(args, 1, out var part)) return null;
        return NumberValue.Of(part.Length == 0 ? GoText.CountRunes(text) + 1 : text.AsSpan().Count(part));
    }

    private static string Reverse(string text)
    {
        var reversed = text.ToCharArray();
        Array.Reverse(reversed);
        for (var i = 1; i < reversed.Length; i++)
        {
            // A pair turned round is turned back.
            if (char.IsHighSurrogate(reversed[i]) && char.IsLowSurrogate(reversed[i - 1])) (reversed[i - 1], reversed[i]) = (reversed[i], reversed[i - 1]);
        }

        return new string(reversed);
    }

    private static ArrayValue Split(BuiltinContext context, Value whole, string text, string separator)
    {
        var parts = new ArrayValue.Builder();
        if (separator.Length == 0)
        {
            context.Charge(text.Length);
            foreach (var rune in text.EnumerateRunes()) parts.Add(new StringValue(rune.ToString()));
            return parts.Build();
        }

        var start = 0;
        for (var at = text.IndexOf(separator, StringComparison.Ordinal); at >= 0; at = text.IndexOf(separator, start, StringComparison.Ordinal))
        {
            context.Charge(1);
            parts.Add(new StringValue(text[start..at]));
            start = at + separator.Length;
        }

        parts.Add(start == 0 ? whole : new StringValue(text[start..]));
        return parts.Build();
    }

    // The first n parts, or the last -n.
    private static Value? SplitN(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var text) || !context.Text(args, 1, out var separator) || !context.Integer(args, 2, out var n)) return null;
        var parts = Split(context, args[0], text, separator);
        if (n.Sign >= 0) return n >= parts.Count ? parts : parts.Slice(0, (int)n);
        return -n >= parts.Count ? parts : parts.Slice(parts.Count + (int)n, parts.Count);
    }
}
