// JSON as Go's encoding/json prints it: HTML characters escaped, and MarshalIndent's line breaks.
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using CabinCrew.Rego.Builtins.Strings;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Encodings;

internal struct GoJson
{
    private readonly BuiltinContext context;
    private readonly StringBuilder text;
    private readonly string? indent;
    private readonly string prefix;
    private int charged;
    private int level;

    private GoJson(BuiltinContext context, string? indent, string prefix)
    {
        this.context = context;
        text = context.Scratch.Clear();
        this.indent = indent;
        this.prefix = prefix;
    }

    /// <summary>One line where <paramref name="indent"/> is null; otherwise every line but the first starts with the prefix.</summary>
    public static string Write(BuiltinContext context, Value value, string? indent, string prefix)
    {
        var writer = new GoJson(context, indent, prefix);
        writer.Append(value);
        writer.Charge();
        return writer.text.ToString();
    }

    private void Append(Value value)
    {
        if (text.Length - charged > 8_192) Charge();
        switch (value)
        {
            case StringValue word:
                AppendString(word.Text);
                break;
            case ArrayValue array:
                AppendItems(array.Items);
                break;
            case SetValue set:
                AppendItems(set.Items);
                break;
            case ObjectValue map:
                AppendPairs(map);
                break;
            default:
                text.Append(value is NumberValue number ? number.Text : value.ToString());
                break;
        }
    }

    private void Charge()
    {
        context.Charge((text.Length - charged) / StringFunctions.CharsPerElement);
        charged = text.Length;
    }

    private void AppendItems(ReadOnlySpan<Value> items)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        text.Append('[');
        level++;
        for (var i = 0; i < items.Length; i++)
        {
            if (i > 0) text.Append(',');
            Break();
            Append(items[i]);
        }

        level--;
        if (items.Length > 0) Break();
        text.Append(']');
    }

    private void AppendPairs(ObjectValue map)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        text.Append('{');
        level++;
        for (var i = 0; i < map.Count; i++)
        {
            if (i > 0) text.Append(',');
            Break();
            AppendString(JsonValueWriter.KeyName(map.Keys[i]));
            text.Append(indent is null ? ":" : ": ");
            Append(map.Values[i]);
        }

        level--;
        if (map.Count > 0) Break();
        text.Append('}');
    }

    private void Break()
    {
        if (indent is null) return;
        text.Append('\n').Append(prefix);
        for (var i = 0; i < level; i++) text.Append(indent);
    }

    private void AppendString(string word)
    {
        text.Append('"');
        foreach (var c in word)
        {
            switch (c)
            {
                case '"': text.Append("\\\""); break;
                case '\\': text.Append("\\\\"); break;
                case '\b': text.Append("\\b"); break;
                case '\f': text.Append("\\f"); break;
                case '\n': text.Append("\\n"); break;
                case '\r': text.Append("\\r"); break;
                case '\t': text.Append("\\t"); break;
                case < ' ' or '<' or '>' or '&' or '\u2028' or '\u2029': text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"); break;
                default: text.Append(c); break;
            }
        }

        text.Append('"');
    }
}
