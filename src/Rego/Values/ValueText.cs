// The text of a value as a Rego term, strings quoted as Go quotes them (OPA's habit in messages and sprintf's %v).
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace CabinCrew.Rego.Values;

internal static class ValueText
{
    public static void Append(StringBuilder text, Value value)
    {
        switch (value)
        {
            case NullValue:
                text.Append("null");
                break;
            case BooleanValue boolean:
                text.Append(boolean.Flag ? "true" : "false");
                break;
            case NumberValue number:
                text.Append(number.Text);
                break;
            case StringValue word:
                AppendQuoted(text, word.Text);
                break;
            case ArrayValue array:
                AppendItems(text, '[', array.Items, ']');
                break;
            case SetValue { Count: 0 }:
                text.Append("set()");
                break;
            case SetValue set:
                AppendItems(text, '{', set.Items, '}');
                break;
            case ObjectValue map:
                AppendPairs(text, map);
                break;
        }
    }

    /// <summary>A double-quoted Go literal: printable characters stand as they are.</summary>
    public static void AppendQuoted(StringBuilder text, string word)
    {
        text.Append('"');
        foreach (var rune in word.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '"': text.Append("\\\""); break;
                case '\\': text.Append("\\\\"); break;
                case '\a': text.Append("\\a"); break;
                case '\b': text.Append("\\b"); break;
                case '\f': text.Append("\\f"); break;
                case '\n': text.Append("\\n"); break;
                case '\r': text.Append("\\r"); break;
                case '\t': text.Append("\\t"); break;
                case '\v': text.Append("\\v"); break;
                default: AppendRune(text, rune); break;
            }
        }

        text.Append('"');
    }

    public static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator);

    private static void AppendRune(StringBuilder text, Rune rune)
    {
        if (rune.Value is >= ' ' and < 0x7f || IsPrintable(rune)) text.Append(rune);
        else if (rune.Value < 0x80) text.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}");
        else if (rune.Value < 0x10000) text.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
        else text.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}");
    }

    private static void AppendItems(StringBuilder text, char open, ReadOnlySpan<Value> items, char close)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        text.Append(open);
        for (var i = 0; i < items.Length; i++)
        {
            if (i > 0) text.Append(", ");
            Append(text, items[i]);
        }

        text.Append(close);
    }

    private static void AppendPairs(StringBuilder text, ObjectValue map)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        text.Append('{');
        for (var i = 0; i < map.Count; i++)
        {
            if (i > 0) text.Append(", ");
            Append(text, map.Keys[i]);
            text.Append(": ");
            Append(text, map.Values[i]);
        }

        text.Append('}');
    }
}
