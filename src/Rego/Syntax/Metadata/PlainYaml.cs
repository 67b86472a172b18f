// The part of YAML that metadata blocks are written in: block mappings and sequences, plain and quoted scalars on one line, literal and folded blocks.
// Invariant: it reads what it reads as YAML does, and answers null for everything else (flow collections, anchors, tags, folded plain text).
using System.Text;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Syntax.Metadata;

internal sealed class PlainYaml
{
    private const int DepthMax = 32;

    private readonly string[] lines;
    private int at;
    private int depth;

    private PlainYaml(string text) => lines = text.Split('\n');

    /// <summary>The value, or null where the text goes beyond this reader.</summary>
    public static Value? Read(string text)
    {
        if (text.Contains('\t') || text.Contains('\r'))
            return null;
        var reader = new PlainYaml(text);
        reader.SkipBlank();
        if (reader.at == reader.lines.Length)
            return NullValue.Instance;
        var value = reader.Block(reader.IndentHere);
        reader.SkipBlank();
        return reader.at == reader.lines.Length ? value : null;
    }

    private string Line => lines[at];

    private int IndentHere => Line.Length - Line.AsSpan().TrimStart(' ').Length;

    private void SkipBlank()
    {
        while (at < lines.Length && (string.IsNullOrWhiteSpace(Line) || Line.AsSpan().TrimStart(' ').StartsWith("#")))
            at++;
    }

    private Value? Block(int indent)
    {
        if (++depth > DepthMax)
            return null;
        Value? value = IsItem(indent) ? Sequence(indent) : Mapping(indent);
        depth--;
        return value;
    }

    private bool IsItem(int indent) => Line.Length > indent && Line[indent] == '-' && (Line.Length == indent + 1 || Line[indent + 1] == ' ');

    private ArrayValue? Sequence(int indent)
    {
        var items = new ArrayValue.Builder();
        for (; at < lines.Length && IndentHere == indent && IsItem(indent); SkipBlank())
        {
            // What stands behind the dash is a block of its own, indented by the dash.
            lines[at] = string.Concat(Line.AsSpan(0, indent), " ", Line.AsSpan(indent + 1));
            Value? item;
            if (string.IsNullOrWhiteSpace(Line))
                item = Nested(indent + 1);
            else if (IsItem(IndentHere) || KeyEnd(Line, IndentHere) > 0)
                item = Block(IndentHere);
            else
                item = Scalar(Line.AsSpan().Trim(' ').ToString(), indent);
            if (item is null)
                return null;
            items.Add(item);
        }

        return items.Build();
    }

    private ObjectValue? Mapping(int indent)
    {
        var result = new ObjectValue.Builder();
        for (; at < lines.Length && IndentHere == indent && !IsItem(indent); SkipBlank())
        {
            var end = KeyEnd(Line, indent);
            if (end < 0)
                return null;
            var key = Line[indent..end];
            var rest = Line[(end + 1)..].Trim(' ');
            Value? value;
            if (rest.Length == 0 || rest[0] == '#')
            {
                lines[at] = "";
                value = Nested(indent);
            }
            else
                value = Scalar(rest, indent);
            if (value is null || result.AddOrGet(new StringValue(key), value) is not null)
                return null;
        }

        return result.Build();
    }

    // The block below a key or dash: deeper, or for a sequence below a key on the same column.
    private Value? Nested(int indent)
    {
        SkipBlank();
        if (at == lines.Length || IndentHere < indent || (IndentHere == indent && !IsItem(indent)))
            return NullValue.Instance;
        return Block(IndentHere);
    }

    // The colon that ends a plain key, or -1.
    private static int KeyEnd(string line, int indent)
    {
        for (var i = indent; i < line.Length; i++)
        {
            if (line[i] == ':' && (i + 1 == line.Length || line[i + 1] == ' '))
                return i > indent ? i : -1;
            if (!char.IsAsciiLetterOrDigit(line[i]) && line[i] is not ('_' or '-' or '.' or '/'))
                return -1;
        }

        return -1;
    }

    private Value? Scalar(string text, int indent)
    {
        at++;
        if (text[0] is '|' or '>')
            return BlockScalar(text, indent);
        var value = text[0] is '"' or '\'' ? Quoted(text) : Plain(text);
        SkipBlank();
        // A deeper line that follows would continue the scalar.
        return at < lines.Length && IndentHere > indent ? null : value;
    }

    private static StringValue? Quoted(string text)
    {
        var end = text.IndexOf(text[0], 1);
        var isWhole = end > 0 && (end == text.Length - 1 || (text[end + 1] == ' ' && text.AsSpan(end + 1).TrimStart(' ').StartsWith("#")));
        return isWhole && !text.AsSpan(0, end).Contains('\\') ? new StringValue(text[1..end]) : null;
    }

    private static Value? Plain(string text)
    {
        var comment = text.IndexOf(" #", StringComparison.Ordinal);
        if (comment >= 0)
            text = text[..comment].TrimEnd(' ');
        if (text.Length == 0 || "[]{}&*!|>%@`,?#".Contains(text[0]) || text.Contains(": ", StringComparison.Ordinal) || text[^1] == ':' || text.StartsWith("- ", StringComparison.Ordinal))
            return null;
        if (char.IsAsciiDigit(text[0]) || text[0] is '-' or '+' or '.')
            return IsSimpleInteger(text) ? NumberValue.Parse(text) : IsSurelyText(text) ? new StringValue(text) : null;
        return text switch
        {
            "null" or "Null" or "NULL" or "~" => NullValue.Instance,
            "true" or "True" or "TRUE" => BooleanValue.True,
            "false" or "False" or "FALSE" => BooleanValue.False,
            _ => new StringValue(text),
        };
    }

    private static bool IsSimpleInteger(string text) => text == "0" || (text[0] != '0' && text.Length < 19 && text.All(char.IsAsciiDigit));

    // Not a date, time, number in another base or fraction: it has a letter that none of those has.
    private static bool IsSurelyText(string text) => text.Any(c => c is >= 'g' and <= 'w' and not 'o' or '/');

    private StringValue? BlockScalar(string head, int indent)
    {
        if (head is not ("|" or "|-" or ">" or ">-"))
            return null;
        var content = new List<string>();
        var inner = -1;
        for (; at < lines.Length && (Line.Length == 0 || IndentHere > indent || string.IsNullOrWhiteSpace(Line)); at++)
        {
            if (string.IsNullOrWhiteSpace(Line))
            {
                content.Add("");
                continue;
            }

            inner = inner < 0 ? IndentHere : inner;
            if (IndentHere < inner || (head[0] == '>' && IndentHere > inner))
                return null;
            content.Add(Line[inner..]);
        }

        while (content.Count > 0 && content[^1].Length == 0)
            content.RemoveAt(content.Count - 1);
        var text = head[0] == '|' ? string.Join('\n', content) : Folded(content);
        return new StringValue(head.EndsWith('-') || text.Length == 0 ? text : text + "\n");
    }

    private static string Folded(List<string> content)
    {
        var text = new StringBuilder();
        for (var i = 0; i < content.Count; i++)
        {
            if (content[i].Length == 0)
                text.Append('\n');
            else if (i > 0 && content[i - 1].Length > 0)
                text.Append(' ').Append(content[i]);
            else
                text.Append(content[i]);
        }

        return text.ToString();
    }
}
