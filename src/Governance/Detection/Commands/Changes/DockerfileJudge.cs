// Dockerfiles: what their commands do while an image is built (by the shell's judges), and what they leave in it.
using System.Text;
using System.Text.Json;
using CabinCrew.Governance.Detection.Commands.Shell;

namespace CabinCrew.Governance.Detection.Commands.Changes;

internal static class DockerfileJudge
{
    private static readonly string[] SecretWords = ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "API_KEY", "APIKEY", "PRIVATE_KEY", "ACCESS_KEY", "CREDENTIAL"];

    private sealed record Instruction(string Word, string Text, int Line, IReadOnlyList<string> Documents);

    public static void Judge(string text, Report report)
    {
        HashSet<string> stages = new(StringComparer.OrdinalIgnoreCase) { "scratch" };
        Instruction? user = null;
        foreach (var instruction in Instructions(text, report))
        {
            report.Line = instruction.Line;
            switch (instruction.Word)
            {
                case "FROM":
                    user = null;
                    From(instruction, stages, report);
                    break;
                case "USER":
                    user = instruction;
                    break;
                case "RUN" or "CMD" or "ENTRYPOINT":
                    Runs(instruction, instruction.Text, report);
                    break;
                case "HEALTHCHECK" when instruction.Text.IndexOf("CMD", StringComparison.Ordinal) is >= 0 and var at:
                    Runs(instruction, instruction.Text[(at + 3)..], report);
                    break;
                case "ADD" when instruction.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(w => w.StartsWith("http://", StringComparison.Ordinal) || w.StartsWith("https://", StringComparison.Ordinal)) is { } url && !instruction.Text.Contains("--checksum=", StringComparison.Ordinal):
                    report.Add("docker-add-url", url);
                    break;
                case "ENV" or "ARG":
                    Keeps(instruction, report);
                    break;
            }
        }
        if (user is null || user.Text.Split(':')[0].Trim() is not ("root" or "0")) return;
        report.Line = user.Line;
        report.Add("docker-root-user", $"USER {user.Text}");
    }

    private static IEnumerable<Instruction> Instructions(string text, Report report)
    {
        var lines = text.Split('\n');
        var escape = lines.TakeWhile(l => l.StartsWith('#')).Any(l => l.Replace(" ", "", StringComparison.Ordinal).StartsWith("#escape=`", StringComparison.OrdinalIgnoreCase)) ? '`' : '\\';
        for (var i = 0; i < lines.Length; i++)
        {
            var first = lines[i].Trim();
            if (first.Length == 0 || first[0] == '#') continue;
            var line = i;
            var body = new StringBuilder();
            while (true)
            {
                var piece = lines[i].TrimEnd();
                var isComment = i > line && piece.TrimStart().StartsWith('#');
                var continues = isComment || piece.EndsWith(escape);
                // Lines that are no part of it stay as empty continued ones: what is found further on keeps its line.
                body.Append(isComment ? "\\" : continues ? string.Concat(piece.AsSpan(0, piece.Length - 1), "\\") : piece);
                if (!continues || i + 1 >= lines.Length) break;
                body.Append('\n');
                i++;
            }
            var whole = body.ToString().TrimStart();
            var space = whole.AsSpan().IndexOfAny(" \t\\");
            var word = (space < 0 ? whole : whole[..space]).ToUpperInvariant();
            var rest = space < 0 ? "" : whole[space..].TrimStart();
            if (word == "ONBUILD")
            {
                var next = rest.Split(' ', 2);
                (word, rest) = (next[0].ToUpperInvariant(), next.Length > 1 ? next[1] : "");
            }
            List<string> documents = [];
            if (word is "RUN" or "COPY" or "ADD")
                foreach (var end in DocumentEnds(rest))
                {
                    var from = i + 1;
                    while (i + 1 < lines.Length && lines[i + 1].TrimStart('\t').TrimEnd('\r') != end) i++;
                    documents.Add(string.Join('\n', lines[from..(i + 1)]));
                    if (++i < lines.Length) continue;
                    report.Line = line + 1;
                    report.Add("unreadable", $"the here-document up to '{end}' has no end");
                }
            yield return new(word, rest, line + 1, documents);
        }
    }

    private static IEnumerable<string> DocumentEnds(string text)
    {
        for (var at = text.IndexOf("<<", StringComparison.Ordinal); at >= 0; at = text.IndexOf("<<", at + 2, StringComparison.Ordinal))
        {
            var from = at + 2;
            if (from < text.Length && text[from] == '<') yield break;
            if (from < text.Length && text[from] == '-') from++;
            var quote = from < text.Length && text[from] is '"' or '\'' ? text[from++] : '\0';
            var end = from;
            while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '_')) end++;
            if (end > from && (quote == '\0' || (end < text.Length && text[end] == quote))) yield return text[from..end];
        }
    }

    private static void Runs(Instruction instruction, string text, Report report)
    {
        text = text.TrimStart();
        while (text.StartsWith("--", StringComparison.Ordinal)) text = text.AsSpan().IndexOfAny(" \t\n") is > 0 and var end ? text[end..].TrimStart(' ', '\t', '\\', '\n') : "";
        if (instruction.Documents.Count > 0)
        {
            var isScript = text.StartsWith("<<", StringComparison.Ordinal);
            foreach (var document in instruction.Documents)
                if (isScript) ShellWalk.Judge(document, report, instruction.Line + 1);
            if (!isScript) ShellWalk.Judge($"{text}\n{string.Join('\n', instruction.Documents.Zip(DocumentEnds(text), (d, e) => $"{d}\n{e}"))}\n", report, instruction.Line);
            return;
        }
        ShellWalk.Judge(text.StartsWith('[') && AsCommand(text) is { } command ? command : text, report, instruction.Line);
    }

    /// <summary>["rm", "-rf", "/"] as a shell would have it.</summary>
    private static string? AsCommand(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<string[]>(text.Replace("\\\n", "\n", StringComparison.Ordinal)) is { } words ? Quoted(words) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static string Quoted(IEnumerable<string> words) => string.Join(' ', words.Select(w => $"'{w.Replace("'", "'\\''", StringComparison.Ordinal)}'"));

    private static void From(Instruction instruction, HashSet<string> stages, Report report)
    {
        var words = instruction.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Where(w => !w.StartsWith("--", StringComparison.Ordinal)).ToArray();
        if (words.Length == 0) return;
        if (!stages.Contains(words[0]) && ImageNames.IsLoose(words[0])) report.Add("docker-latest", words[0]);
        if (words is [_, { } @as, { } stage, ..] && @as.Equals("AS", StringComparison.OrdinalIgnoreCase)) stages.Add(stage);
    }

    private static void Keeps(Instruction instruction, Report report)
    {
        var words = instruction.Text.Split([' ', '\t', '\n', '\\'], StringSplitOptions.RemoveEmptyEntries);
        if (instruction.Word == "ENV" && words.Length >= 2 && !words[0].Contains('=')) words = [$"{words[0]}={words[1]}"];
        foreach (var word in words)
        {
            if (word.IndexOf('=') is not (> 0 and var at)) continue;
            var (name, value) = (word[..at], word[(at + 1)..].Trim('"', '\''));
            if (value.Length > 0 && value[0] != '$' && value[0] != '/' && Array.Exists(SecretWords, s => name.Contains(s, StringComparison.OrdinalIgnoreCase)) && !name.EndsWith("_FILE", StringComparison.OrdinalIgnoreCase))
                report.Add("docker-secret", $"{instruction.Word} {name}");
        }
    }
}
