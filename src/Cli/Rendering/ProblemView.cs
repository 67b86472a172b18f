// A refusal as people read it: what, where, what to do, and the code to look up. And the same as JSON.
using System.Text;
using System.Text.Json;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Rendering;

internal static class ProblemView
{
    private const int EvidenceMax = 20;

    public static string Render(Problem problem, Terminal terminal)
    {
        var ink = new Ink(terminal.Color);
        var entry = problem.Code.Entry();
        var (word, tone) = entry.Severity switch
        {
            Severity.Info => ("note", Tone.Cyan),
            Severity.Warning => ("warning", Tone.Yellow),
            Severity.Error => ("error", Tone.Red),
            Severity.Critical => ("critical", Tone.Red),
        };
        var text = new StringBuilder();
        Lines(text, ink.Write(tone, word + ":") + " ", "       ", SafeText.Block(problem.Message));
        if (!string.IsNullOrEmpty(problem.Where) && !problem.Message.Contains(problem.Where, StringComparison.Ordinal)) Lines(text, "  " + ink.Faint("where:") + " ", "         ", SafeText.Block(problem.Where));
        foreach (var (key, value) in problem.Evidence.Where(e => !Said(problem, e.Key)).Take(EvidenceMax)) Lines(text, $"  {ink.Faint(SafeText.Line(key) + ":")} ", "      ", SafeText.Block(value));
        if (problem.Evidence.Count > EvidenceMax) text.Append($"  {ink.Faint($"and {problem.Evidence.Count - EvidenceMax} more (--json shows all)")}\n");
        var remedy = problem.Remedy ?? entry.Remedy;
        if (remedy.Length > 0) Lines(text, "  " + ink.Faint("next:") + "  ", "         ", SafeText.Block(remedy));
        text.Append($"  {ink.Faint("code:")}  {entry.Id}{ink.Faint($" (exit {problem.Code.ExitCode()}{(entry.Clause.Length > 0 ? ", " + entry.Clause : "")})")}\n");
        return text.ToString();
    }

    /// <summary>A message about a file begins with path:line:column; people need not read it twice.</summary>
    private static bool Said(Problem problem, string key) =>
        key is "line" or "column" or "errors" && problem.Evidence.ContainsKey("column") && problem.Message.Contains($":{problem.Evidence.GetValueOrDefault("line")}:{problem.Evidence["column"]}:", StringComparison.Ordinal);

    /// <summary>Writes the members of one problem into an open object.</summary>
    public static void Write(Utf8JsonWriter json, Problem problem)
    {
        var entry = problem.Code.Entry();
        json.WriteString("code", entry.Id);
        json.WriteString("message", problem.Message);
        if (problem.Where is not null) json.WriteString("where", problem.Where);
        json.WriteString("remedy", problem.Remedy ?? entry.Remedy);
        json.WriteString("severity", entry.Severity switch
        {
            Severity.Info => "info",
            Severity.Warning => "warning",
            Severity.Error => "error",
            Severity.Critical => "critical",
        });
        if (entry.Clause.Length > 0) json.WriteString("clause", entry.Clause);
        json.WriteNumber("exit_code", problem.Code.ExitCode());
        json.WriteStartObject("evidence");
        foreach (var (key, value) in problem.Evidence) json.WriteString(key, value);
        json.WriteEndObject();
    }

    public static string Json(Problem problem) => JsonOutput.Object(json =>
    {
        json.WriteStartObject("error");
        Write(json, problem);
        json.WriteEndObject();
    });

    private static void Lines(StringBuilder text, string head, string indent, string body)
    {
        var first = true;
        foreach (var line in body.TrimEnd('\n').Split('\n'))
        {
            text.Append(first ? head : indent).Append(line).Append('\n');
            first = false;
        }
    }
}
