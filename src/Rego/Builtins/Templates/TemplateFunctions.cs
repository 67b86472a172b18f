// The functions that Go's templates know, over Rego values.
using System.Net;
using CabinCrew.Rego.Builtins.Strings;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Templates;

internal static class TemplateFunctions
{
    public static bool Exists(string name) => name is "and" or "or" or "not" or "eq" or "ne" or "lt" or "le" or "gt" or "ge" or "len" or "index" or "slice" or "print" or "println" or "printf" or "html" or "urlquery";

    /// <summary>Empty values are false: no value, false, 0, "" and empty collections.</summary>
    public static bool IsTrue(Value? value) => value switch
    {
        null or NullValue => false,
        BooleanValue boolean => boolean.Flag,
        NumberValue number => number.Sign != 0,
        StringValue word => word.Text.Length > 0,
        _ => value.Count > 0,
    };

    /// <summary>As Go prints a value: maps as <c>map[a:1]</c>, lists as <c>[1 2]</c>.</summary>
    public static string Print(Value? value) => value switch
    {
        null or NullValue => "<no value>",
        ArrayValue array => $"[{string.Join(' ', array.Items.ToArray().Select(Print))}]",
        SetValue set => $"[{string.Join(' ', set.Items.ToArray().Select(Print))}]",
        ObjectValue map => $"map[{string.Join(' ', map.Keys.ToArray().Select((key, i) => $"{Formatting.Plain(key)}:{Print(map.Values[i])}"))}]",
        _ => Formatting.Plain(value),
    };

    /// <summary>Throws <see cref="FormatException"/> where the arguments do not fit.</summary>
    public static Value? Call(BuiltinContext context, string name, ReadOnlySpan<Value?> args)
    {
        if (args.Length < (name is "print" or "println" ? 0 : name is "eq" or "ne" or "lt" or "le" or "gt" or "ge" ? 2 : 1)) throw new FormatException($"wrong number of args for {name}");
        switch (name)
        {
            case "and" or "or":
                foreach (var arg in args)
                {
                    if (IsTrue(arg) == (name == "or")) return arg;
                }

                return args[^1];
            case "not": return Value.From(!IsTrue(args[0]));
            case "eq":
                foreach (var arg in args[1..])
                {
                    if (Equals(args[0], arg)) return BooleanValue.True;
                }

                return BooleanValue.False;
            case "ne": return Value.From(!Equals(args[0], args[1]));
            case "lt": return Value.From(Compare(args) < 0);
            case "le": return Value.From(Compare(args) <= 0);
            case "gt": return Value.From(Compare(args) > 0);
            case "ge": return Value.From(Compare(args) >= 0);
            case "len": return NumberValue.Of(args[0] is StringValue word ? System.Text.Encoding.UTF8.GetByteCount(word.Text) : args[0]?.Count ?? throw new FormatException("len of nil pointer"));
            case "index": return Index(args);
            case "slice": return Slice(args);
            case "printf": return new StringValue(GoFormat.Print(context, Formatting.Plain(args[0] ?? StringValue.Empty), Present(args[1..])) ?? "");
            case "html": return new StringValue(WebUtility.HtmlEncode(Joined(args, "")));
            case "urlquery": return new StringValue(Uri.EscapeDataString(Joined(args, "")));
            default: return new StringValue(name == "println" ? Joined(args, " ") + "\n" : Joined(args, ""));
        }
    }

    private static int Compare(ReadOnlySpan<Value?> args) => args[0] is { } left && args[1] is { } right && left.Kind == right.Kind
        ? left.CompareTo(right)
        : throw new FormatException("incompatible types for comparison");

    private static Value[] Present(ReadOnlySpan<Value?> args) => [.. args.ToArray().Select(arg => arg ?? NullValue.Instance)];

    // Without a separator, a space only between two that are no strings.
    private static string Joined(ReadOnlySpan<Value?> args, string separator)
    {
        var text = "";
        for (var i = 0; i < args.Length; i++)
        {
            if (i > 0) text += separator.Length > 0 || (args[i] is not StringValue && args[i - 1] is not StringValue) ? " " : "";
            text += Print(args[i]);
        }

        return text;
    }

    private static Value? Index(ReadOnlySpan<Value?> args)
    {
        var at = args[0];
        foreach (var key in args[1..])
        {
            if (at is not (ArrayValue or ObjectValue) || key is null) throw new FormatException("index of untyped nil");
            at = at.Get(key) is { } found ? found : at is ArrayValue ? throw new FormatException($"index out of range: {key}") : null;
        }

        return at;
    }

    private static Value Slice(ReadOnlySpan<Value?> args)
    {
        if (args[0] is not (StringValue or ArrayValue)) throw new FormatException("can't slice item");
        var length = args[0] is StringValue word ? word.Text.Length : args[0]!.Count;
        long from = 0, to = length;
        if (args.Length > 1 && args[1] is NumberValue first) first.TryInt64(out from);
        if (args.Length > 2 && args[2] is NumberValue last) last.TryInt64(out to);
        if (from < 0 || to > length || from > to) throw new FormatException("slice index out of range");
        return args[0] is StringValue text ? new StringValue(text.Text[(int)from..(int)to]) : ((ArrayValue)args[0]!).Slice((int)from, (int)to);
    }
}
