// The recipes of a makefile as shell, each in the lines where it stands. A variable is what the file itself sets it to, or else a word that means nothing: what make is told from outside
// is not known here.
using System.Text;
using CabinCrew.Governance.Detection.Commands;

namespace CabinCrew.Governance.Detection.Scanning;

internal static class MakeRecipes
{
    private const int VariablesMax = 2000;
    private const int ValueCharsMax = 500;

    private static readonly System.Buffers.SearchValues<char> NoName = System.Buffers.SearchValues.Create(" \t$:+#!");

    public static IEnumerable<CommandText> In(string text)
    {
        var lines = text.Split('\n');
        var variables = Variables(lines);
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith('\t')) continue;
            var first = i;
            var recipe = new StringBuilder();
            for (; i < lines.Length && (lines[i].StartsWith('\t') || (i > first && lines[i - 1].EndsWith('\\'))); i++)
                recipe.Append(Filled(lines[i].TrimStart('\t', '@', '-', '+', ' '), variables)).Append('\n');
            yield return new(CommandKind.Shell, recipe.ToString(), first + 1);
        }
    }

    private static Dictionary<string, string> Variables(string[] lines)
    {
        Dictionary<string, string> found = new(StringComparer.Ordinal);
        foreach (var line in lines)
        {
            if (line.StartsWith('\t') || line.IndexOf('=') is not (> 0 and var equals) || found.Count >= VariablesMax) continue;
            var name = line[..equals].TrimEnd(':', '?', ' ', '\t').Trim();
            if (name.StartsWith("export ", StringComparison.Ordinal)) name = name[7..].Trim();
            if (name.Length == 0 || name.AsSpan().ContainsAny(NoName)) continue;
            var value = line[(equals + 1)..].Trim();
            if (value.Length <= ValueCharsMax && !value.Contains('$')) found[name] = value;
        }
        return found;
    }

    // $(NAME), ${NAME}, $N; $$ is the shell's own dollar.
    private static string Filled(string line, Dictionary<string, string> variables)
    {
        if (!line.Contains('$')) return line;
        var filled = new StringBuilder(line.Length);
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] != '$' || i + 1 == line.Length)
            {
                filled.Append(line[i]);
                continue;
            }
            i++;
            if (line[i] == '$')
            {
                filled.Append('$');
                continue;
            }
            var end = line[i] switch { '(' => Close(line, i, '(', ')'), '{' => Close(line, i, '{', '}'), _ => -1 };
            var name = end > i ? line[(i + 1)..end] : line[i].ToString();
            if (end > i) i = end;
            filled.Append(variables.GetValueOrDefault(name) ?? "make-variable");
        }
        return filled.ToString();
    }

    private static int Close(string line, int at, char open, char close)
    {
        var depth = 0;
        for (var i = at; i < line.Length; i++)
        {
            if (line[i] == open) depth++;
            else if (line[i] == close && --depth == 0) return i;
        }
        return -1;
    }
}
