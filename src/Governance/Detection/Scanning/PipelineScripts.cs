// The shell in a pipeline's YAML: what stands under run, script, command and the like, each in the lines where it stands. Read line by line, since pipelines are full of what strict YAML
// refuses (anchors, tags, expressions), and a step that cannot be read would hide all others.
using System.Text;
using CabinCrew.Governance.Detection.Commands;

namespace CabinCrew.Governance.Detection.Scanning;

internal static class PipelineScripts
{
    private static readonly string[] Keys = ["run", "script", "before_script", "after_script", "command", "commands", "cmds", "cmd", "bash", "sh", "before_install", "install"];

    public static IEnumerable<CommandText> In(string text)
    {
        var lines = text.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (Key(lines[i]) is not var (indent, value)) continue;
            value = value.Trim();
            if (value.Length > 0 && value[0] is '|' or '>')
            {
                yield return Block(lines, ref i, indent, isFolded: value[0] == '>');
            }
            else if (value.Length > 0 && value[0] is not ('#' or '[' or '{' or '*' or '&' or '!'))
            {
                yield return new(CommandKind.Shell, Plain(value), i + 1);
            }
            else if (value.Length == 0 || value[0] is '#' or '&')
            {
                foreach (var item in Items(lines, i + 1, indent)) yield return item;
            }
        }
    }

    // "  - run: value": the key's own indentation, and what follows the colon.
    private static (int Indent, string Value)? Key(string line)
    {
        var at = Indent(line);
        while (at < line.Length && line[at] == '-' && at + 1 < line.Length && line[at + 1] == ' ') at += 1 + (line.Length - at - 1 - line.AsSpan(at + 1).TrimStart(' ').Length);
        var colon = line.IndexOf(':', at);
        if (colon < 0 || (colon + 1 < line.Length && line[colon + 1] is not (' ' or '\r'))) return null;
        return Keys.Contains(line[at..colon].Trim('"', '\'', ' ')) ? (at, line[(colon + 1)..]) : null;
    }

    private static CommandText Block(string[] lines, ref int i, int indent, bool isFolded)
    {
        var first = i + 1;
        var script = new StringBuilder();
        var own = -1;
        for (; i + 1 < lines.Length && (lines[i + 1].AsSpan().Trim().IsEmpty || Indent(lines[i + 1]) > indent); i++)
        {
            var line = lines[i + 1].TrimEnd('\r');
            if (own < 0 && line.Trim().Length > 0) own = Indent(line);
            var content = line.Length > own && own >= 0 ? line[own..] : line.Trim();
            // What is folded is one line to the shell, and stays in its lines for us.
            script.Append(WithoutExpressions(content)).Append(isFolded && content.Length > 0 && !content.EndsWith('\\') ? " \\\n" : "\n");
        }
        return new(CommandKind.Shell, script.ToString(), first + 1);
    }

    // A list of commands under the key: each item a line, or a block of them.
    private static List<CommandText> Items(string[] lines, int from, int indent)
    {
        List<CommandText> items = [];
        for (var i = from; i < lines.Length; i++)
        {
            var trimmed = lines[i].AsSpan().Trim();
            if (trimmed.IsEmpty || trimmed[0] == '#') continue;
            var at = Indent(lines[i]);
            if (at < indent || !trimmed.StartsWith("- ")) break;
            var value = trimmed[2..].Trim().ToString();
            if (Key(lines[i]) is not null) continue;
            if (value[0] is '|' or '>') items.Add(Block(lines, ref i, at, value[0] == '>'));
            else if (value[0] is not ('*' or '!' or '{' or '[')) items.Add(new(CommandKind.Shell, Plain(value), i + 1));
        }
        return items;
    }

    private static string Plain(string value)
    {
        if (value is ['"', .., '"'] and { Length: > 1 }) value = value[1..^1].Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal);
        else if (value is ['\'', .., '\''] and { Length: > 1 }) value = value[1..^1].Replace("''", "'", StringComparison.Ordinal);
        return WithoutExpressions(value);
    }

    // ${{ ... }} is filled in before any shell sees it.
    private static string WithoutExpressions(string line)
    {
        var at = line.IndexOf("${{", StringComparison.Ordinal);
        if (at < 0) return line;
        var plain = new StringBuilder();
        var from = 0;
        for (; at >= 0 && line.IndexOf("}}", at, StringComparison.Ordinal) is >= 0 and var end; at = line.IndexOf("${{", from, StringComparison.Ordinal))
        {
            plain.Append(line, from, at - from).Append("pipeline-expression");
            from = end + 2;
        }
        return plain.Append(line, from, line.Length - from).ToString();
    }

    private static int Indent(string line) => line.Length - line.AsSpan().TrimStart(' ').Length;
}
