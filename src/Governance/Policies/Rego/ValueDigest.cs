// A Rego value for a person's eye, in one short line: what tells things apart (texts, numbers) comes first, what is long is counted.
using System.Text;
using CabinCrew.Rego.Values;

namespace CabinCrew.Governance.Policies.Rego;

internal static class ValueDigest
{
    private const int TextCharsMax = 120;
    private const int ItemsMax = 5;
    private const int CharsMax = 400;

    public static string Of(Value value)
    {
        var text = new StringBuilder();
        Write(text, value, depth: 0);
        return text.Length <= CharsMax ? text.ToString() : text.ToString(0, CharsMax) + "…";
    }

    private static void Write(StringBuilder text, Value value, int depth)
    {
        if (text.Length > CharsMax) return;
        switch (value)
        {
            case ObjectValue map when depth < 2: Members(text, map, depth); break;
            case ObjectValue map: text.Append('{').Append(map.Count).Append(map.Count == 1 ? " member}" : " members}"); break;
            case ArrayValue list when depth < 1: Items(text, '[', list.Items, ']'); break;
            case ArrayValue list: text.Append('[').Append(list.Count).Append(list.Count == 1 ? " item]" : " items]"); break;
            case SetValue set when depth < 1: Items(text, '{', set.Items, '}'); break;
            case SetValue set: text.Append('{').Append(set.Count).Append(set.Count == 1 ? " item}" : " items}"); break;
            case StringValue { Text.Length: > TextCharsMax } words: text.Append(new StringValue(words.Text[..TextCharsMax])).Append('…'); break;
            default: text.Append(value); break;
        }
    }

    private static void Items(StringBuilder text, char open, ReadOnlySpan<Value> items, char close)
    {
        text.Append(open);
        for (var i = 0; i < items.Length && i < ItemsMax; i++)
        {
            if (i > 0) text.Append(", ");
            Write(text, items[i], depth: 1);
        }
        if (items.Length > ItemsMax) text.Append(", … ").Append(items.Length).Append(" in all");
        text.Append(close);
    }

    private static void Members(StringBuilder text, ObjectValue map, int depth)
    {
        text.Append('{');
        var first = true;
        foreach (var isLong in (ReadOnlySpan<bool>)[false, true])
        {
            for (var i = 0; i < map.Count; i++)
            {
                var member = map.Values[i];
                if (member is ObjectValue or ArrayValue or SetValue != isLong) continue;
                if (!first) text.Append(", ");
                first = false;
                text.Append(map.Keys[i]).Append(": ");
                Write(text, member, depth + 1);
            }
        }
        text.Append('}');
    }
}
