// Commands in a one-line program of another language (python -c, perl -e, awk): its string literals, where it starts processes at all; and what it deletes by itself.
using CabinCrew.Governance.Detection.Commands.Shell;

namespace CabinCrew.Governance.Detection.Commands.Judges;

internal static class CodeCommands
{
    private const int LiteralsMax = 64;

    private static readonly string[] Starters = ["system", "exec", "popen", "spawn", "subprocess", "shell", "`", "%x", "qx", "pty.", ":!"];

    private static readonly string[] Deleters = ["rmtree(", "rmSync(", "rm_rf(", "remove_tree(", "rm_r(", "rmdirSync("];

    public static IReadOnlyList<string> In(string code, Report report, Scene scene)
    {
        foreach (var deleter in Deleters)
            for (var at = code.IndexOf(deleter, StringComparison.Ordinal); at >= 0; at = code.IndexOf(deleter, at + 1, StringComparison.Ordinal))
                if (Literals(code[(at + deleter.Length)..Math.Min(code.Length, at + deleter.Length + 300)]) is [{ } target, ..]) FileJudge.Deletes(Field.Of(target.Text), report, scene);
        if (code.Contains("socket", StringComparison.Ordinal) && code.Contains("connect", StringComparison.Ordinal) && (code.Contains("/sh", StringComparison.Ordinal) || code.Contains("/bash", StringComparison.Ordinal)))
            report.Add("reverse-shell", "a socket joined to a shell");
        if (!Array.Exists(Starters, s => code.Contains(s, StringComparison.Ordinal))) return [];
        var literals = Literals(code);
        List<string> commands = [.. literals.Select(l => l.Text)];
        // ["rm", "-rf", "/"]: literals with nothing but a comma between them.
        for (var i = 0; i < literals.Count; i++)
        {
            var row = literals[i].Text;
            var last = i;
            while (last + 1 < literals.Count && code.AsSpan(literals[last].End, literals[last + 1].Start - literals[last].End).Trim().SequenceEqual(",")) row += " " + literals[++last].Text;
            if (last > i) commands.Add(row);
            i = last;
        }
        var bang = code.IndexOf(":!", StringComparison.Ordinal);
        if (bang >= 0) commands.Add(code[(bang + 2)..]);
        return commands;
    }

    private readonly record struct Literal(string Text, int Start, int End);

    private static List<Literal> Literals(string code)
    {
        List<Literal> literals = [];
        for (var i = 0; i < code.Length && literals.Count < LiteralsMax; i++)
        {
            if (code[i] is not ('"' or '\'' or '`')) continue;
            var end = i + 1;
            while (end < code.Length && code[end] != code[i]) end += code[end] == '\\' ? 2 : 1;
            if (end >= code.Length) break;
            literals.Add(new(code[(i + 1)..end].Replace("\\" + code[i], code[i].ToString(), StringComparison.Ordinal), i, end + 1));
            i = end;
        }
        return literals;
    }
}
