// Reads the tables of commands (*.cases): a rule's id or "-", a space, the text with \n for the ends of its lines.
namespace CabinCrew.Detection.Tests.Commands;

internal static class ShellCases
{
    public static IReadOnlyList<(string Rule, string Text)> Read(string name)
    {
        using var stream = typeof(ShellCases).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split('\n').Where(l => l.Length > 0 && l[0] != '#').Select(l => l.Split(' ', 2)).Select(p => (p[0], p[1].Replace("\\n", "\n", StringComparison.Ordinal)))];
    }

    public static TheoryData<string, string> Dangerous(string name) => [.. Read(name).Where(c => c.Rule != "-").Select(c => new TheoryDataRow<string, string>(c.Rule, c.Text))];

    public static TheoryData<string> Harmless(string name) => [.. Read(name).Where(c => c.Rule == "-").Select(c => new TheoryDataRow<string>(c.Text))];
}
