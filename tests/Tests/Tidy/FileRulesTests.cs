// House rules that hold for every file.
using System.Text.RegularExpressions;

namespace CabinCrew.Tests.Tidy;

public sealed partial class FileRulesTests
{
    private const int LinesMax = 400;

    // Written in two halves, so that this file does not find itself.
    private static readonly string[] Unfinished = ["TO" + "DO", "FIX" + "ME", "HA" + "CK:", "XX" + "X:"];
    private static readonly string[] Elsewhere = ["/wo" + "rk/", "/tmp/" + "wt/", "/tmp/" + "brief", "\"/ro" + "ot/", " /ro" + "ot/", "C:\\Us" + "ers"];

    // Tables that grow by a line for each thing and read better whole.
    private static readonly HashSet<string> LongTables = ["src/Protocol/ProblemCode.cs"];

    [GeneratedRegex(@"\bSkip(?:Unless|When|Type)?\s*=|\bAssert\.Skip")]
    private static partial Regex Skip { get; }

    [GeneratedRegex(@"\b(?:class|record|struct|interface|enum)\s+(\w*(?:Manager|Helper|Helpers|Util|Utils|Utilities|Common))\b")]
    private static partial Regex VagueName { get; }

    [Fact]
    public void No_code_file_is_longer_than_the_limit() =>
        Repository.None(
            from f in Repository.CodeFiles
            let lines = Repository.Lines(f).Length
            where lines > LinesMax && !LongTables.Contains(f)
            select $"{f}: {lines} lines",
            $"Over {LinesMax} lines; split by concept:");

    [Fact]
    public void Every_code_file_opens_by_saying_what_it_is() =>
        Repository.None(
            from f in Repository.CodeFiles
            let first = Repository.Lines(f).FirstOrDefault(l => l.Trim().Length > 0) ?? ""
            where !first.StartsWith("// ", StringComparison.Ordinal) || first.Length < 20
            select f,
            "Files that do not open with a comment line (what it is, its invariant, its clause):");

    [Fact]
    public void Nothing_is_left_unfinished_in_words() =>
        Repository.None(Mentions(Texts(), Unfinished), "Unfinished business belongs in an issue:");

    [Fact]
    public void Nothing_names_a_place_of_one_machine() =>
        Repository.None(Mentions(Texts().Where(f => !f.EndsWith("packages.lock.json", StringComparison.Ordinal)), Elsewhere), "Paths of somebody's machine:");

    [Fact]
    public void No_test_is_skipped() =>
        Repository.None(
            from f in Repository.CodeFiles
            where f.StartsWith("tests/", StringComparison.Ordinal)
            from line in Repository.Lines(f).Select((text, i) => (text, number: i + 1))
            where Skip.IsMatch(line.text) && !line.text.Contains("GeneratedRegex", StringComparison.Ordinal)
            select $"{f}:{line.number}",
            "A skipped test has shown nothing:");

    [Fact(Explicit = Repository.StillBuilding)]
    public void Product_code_is_complete() =>
        Repository.None(Mentions(Repository.ProductFiles, ["NotImplemented" + "Exception"]), "Not built yet:");

    [Fact]
    public void Names_say_what_a_thing_is() =>
        Repository.None(
            from f in Repository.CodeFiles
            from Match m in VagueName.Matches(Repository.Text(f))
            select $"{f}: {m.Groups[1].Value}",
            "Names that say nothing:");

    [Fact]
    public void Text_files_end_lines_with_a_line_feed_only() =>
        Repository.None(
            from f in Texts()
            where !f.StartsWith("testkit/", StringComparison.Ordinal) && Repository.Text(f).Contains("\r\n", StringComparison.Ordinal)
            select f,
            "Carriage returns:");

    [Fact]
    public void Scripts_can_be_run()
    {
        Repository.None(
            from f in Repository.Files
            let path = Path.Combine(Repository.Root, f)
            where Starts(path, "#!") && (File.GetUnixFileMode(path) & UnixFileMode.UserExecute) == 0
            select f,
            "Scripts without the executable bit:");
    }

    private static IEnumerable<string> Mentions(IEnumerable<string> files, string[] words) =>
        from f in files
        from line in Repository.Lines(f).Select((text, i) => (text, number: i + 1))
        from w in words
        where line.text.Contains(w, StringComparison.Ordinal)
        select $"{f}:{line.number}: {w}";

    private static IEnumerable<string> Texts() => Repository.Files.Where(f =>
        Path.GetExtension(f) is ".cs" or ".md" or ".sh" or ".props" or ".csproj" or ".proj" or ".slnx" or ".json" or ".yaml" or ".yml" or ".txt" or ".rego" or ".py" or ".mjs"
        || (Path.GetExtension(f).Length == 0 && Starts(Path.Combine(Repository.Root, f), "#!")));

    private static bool Starts(string path, string with)
    {
        Span<byte> head = stackalloc byte[2];
        using var file = File.OpenRead(path);
        return file.ReadAtLeast(head, 2, throwOnEndOfStream: false) == 2 && head[0] == with[0] && head[1] == with[1];
    }
}
