// replace, strings.replace_n and the trim family.
using System.Text;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Strings;

internal static class Replacing
{
    public static Builtin[] Table =>
    [
        new("replace", "x: string, old: string, new: string -> y: string", Replace),
        new("strings.replace_n", "patterns: object[string: string], value: string -> output: string", ReplaceAll),
        new("trim", "value: string, cutset: string -> output: string", static (context, args) => Trim(context, args, start: true, end: true)),
        new("trim_left", "value: string, cutset: string -> output: string", static (context, args) => Trim(context, args, start: true, end: false)),
        new("trim_right", "value: string, cutset: string -> output: string", static (context, args) => Trim(context, args, start: false, end: true)),
        new("trim_prefix", "value: string, prefix: string -> output: string", static (context, args) => context.Text(args, 0, out var text) && context.Text(args, 1, out var prefix)
            ? Cut(args[0], text, text.StartsWith(prefix, StringComparison.Ordinal) ? prefix.Length : 0, text.Length) : null),
        new("trim_suffix", "value: string, suffix: string -> output: string", static (context, args) => context.Text(args, 0, out var text) && context.Text(args, 1, out var suffix)
            ? Cut(args[0], text, 0, text.EndsWith(suffix, StringComparison.Ordinal) ? text.Length - suffix.Length : text.Length) : null),
        new("trim_space", "value: string -> output: string", TrimSpace),
    ];

    private static Value? Replace(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var text) || !context.Text(args, 1, out var old) || !context.Text(args, 2, out var with)) return null;
        if (old.Length > 0 && !text.Contains(old, StringComparison.Ordinal)) return args[0];
        return Run(context, text, [(old, with)]);
    }

    private static Value? ReplaceAll(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Object(args, 0, out var patterns) || !context.Text(args, 1, out var text)) return null;
        var pairs = new (string Old, string New)[patterns.Count];
        for (var i = 0; i < pairs.Length; i++)
        {
            if (patterns.Keys[i] is not StringValue old) return context.Fail("operand 1 non-string key found in pattern object", BuiltinContext.TypeError);
            if (patterns.Values[i] is not StringValue with) return context.Fail("operand 1 non-string value found in pattern object", BuiltinContext.TypeError);
            pairs[i] = (old.Text, with.Text);
        }

        return Run(context, text, pairs);
    }

    // At each place the first pair that fits is taken; an empty pattern fits everywhere, but not twice at one place.
    private static StringValue Run(BuiltinContext context, string text, (string Old, string New)[] pairs)
    {
        var replaced = new StringBuilder(text.Length);
        var wasEmpty = false;
        int last = 0, charged = 0;
        for (var at = 0; at <= text.Length;)
        {
            var chosen = -1;
            for (var i = 0; i < pairs.Length && chosen < 0; i++)
            {
                if ((pairs[i].Old.Length > 0 || !wasEmpty) && text.AsSpan(at).StartsWith(pairs[i].Old, StringComparison.Ordinal)) chosen = i;
            }

            wasEmpty = chosen >= 0 && pairs[chosen].Old.Length == 0;
            if (chosen < 0)
            {
                at = at < text.Length ? GoText.NextRune(text, at) : at + 1;
                continue;
            }

            replaced.Append(text, last, at - last).Append(pairs[chosen].New);
            at += pairs[chosen].Old.Length;
            last = at;
            if (replaced.Length - charged < 4_096) continue;
            context.Charge((replaced.Length - charged) / StringFunctions.CharsPerElement);
            charged = replaced.Length;
        }

        context.Charge((long)text.Length * pairs.Length / StringFunctions.CharsPerElement);
        return new StringValue(replaced.Append(text, last, text.Length - last).ToString());
    }

    private static Value? Trim(BuiltinContext context, ReadOnlySpan<Value> args, bool start, bool end)
    {
        if (!context.Text(args, 0, out var text) || !context.Text(args, 1, out var cutset)) return null;
        int from = 0, to = text.Length;
        while (start && from < to && Rune.DecodeFromUtf16(text.AsSpan(from), out var rune, out var length) == 0 && Has(cutset, rune)) from += length;
        while (end && to > from && Rune.DecodeLastFromUtf16(text.AsSpan(0, to), out var rune, out var length) == 0 && Has(cutset, rune)) to -= length;
        return Cut(args[0], text, from, to);
    }

    private static bool Has(string cutset, Rune rune)
    {
        foreach (var candidate in cutset.EnumerateRunes())
        {
            if (candidate == rune) return true;
        }

        return false;
    }

    private static Value? TrimSpace(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var text)) return null;
        int from = 0, to = text.Length;
        while (from < to && char.IsWhiteSpace(text[from])) from++;
        while (to > from && char.IsWhiteSpace(text[to - 1])) to--;
        return Cut(args[0], text, from, to);
    }

    private static Value Cut(Value whole, string text, int from, int to) => from == 0 && to == text.Length ? whole : new StringValue(text[from..to]);
}
