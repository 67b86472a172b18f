// What is wrong with one YAML file: collected, so that a person mends all of it at once. Never shows a value that might be a secret.
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Yaml;

public sealed class YamlErrors(string file, ProblemCode code)
{
    private const int ShownMax = 20;
    private const int FoundMax = 1000;
    private readonly HashSet<(int Line, int Column, string Message)> found = [];

    public string File => file;

    public bool Any => found.Count > 0;

    /// <summary>So many that looking for more helps nobody.</summary>
    public bool Full => found.Count >= FoundMax;

    public void Add(YamlNode at, string message) => Add(at.Line, at.Column, message);

    public void Add(int line, int column, string message)
    {
        if (Full) return;
        // Messages show pieces of a hostile file: none may start a line of its own, or speak to the terminal.
        if (message.Any(char.IsControl)) message = string.Concat(message.Select(c => char.IsControl(c) ? '\uFFFD' : c));
        found.Add((line, column, message));
    }

    /// <summary>One problem whose message has one line <c>file:line:column: what</c> for each error, in the file's order.</summary>
    public Problem ToProblem()
    {
        var sorted = found.OrderBy(e => e.Line).ThenBy(e => e.Column).ToList();
        var lines = sorted.Take(ShownMax).Select(e => $"{file}:{e.Line}:{e.Column}: {e.Message}").ToList();
        if (sorted.Count > ShownMax) lines.Add($"and {(Full ? "at least " : "")}{sorted.Count - ShownMax} more");
        return new Problem(code, string.Join('\n', lines)) { Where = file }
            .With("errors", $"{sorted.Count}").With("line", $"{sorted[0].Line}").With("column", $"{sorted[0].Column}");
    }

    /// <summary>The value, unless something is wrong.</summary>
    public Outcome<T> Else<T>(Func<T> make) => Any ? ToProblem() : make();
}
