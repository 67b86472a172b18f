// Documents that name files must name files that are there.
using System.Text.RegularExpressions;

namespace CabinCrew.Tests.Tidy;

public sealed partial class DocsTests
{
    private static readonly IReadOnlyList<string> Pages = [.. Repository.Files.Where(f => f.EndsWith(".md", StringComparison.Ordinal))];

    private static readonly HashSet<string> Tops = [.. Repository.Files.Select(f => f.Split('/')[0])];

    [GeneratedRegex(@"(?<!`)`([A-Za-z0-9_.\-]+(?:/[A-Za-z0-9_.\-]+)*/?)`(?!`)")]
    private static partial Regex Quoted { get; }

    [GeneratedRegex(@"\]\((?!https?:|mailto:|#)([^)\s#]+)(?:#[^)]*)?\)")]
    private static partial Regex Link { get; }

    [Fact]
    public void Paths_in_documents_exist() =>
        Repository.None(
            from page in Pages
            from Match m in Quoted.Matches(Repository.Text(page))
            let path = m.Groups[1].Value
            where path.Contains('/') && Tops.Contains(path.Split('/')[0]) && !Repository.Exists(path.TrimEnd('/'))
            select $"{page}: {path}",
            "Documents that name files which are not there:");

    [Fact]
    public void Code_files_named_in_documents_exist() =>
        Repository.None(
            from page in Pages
            from Match m in Quoted.Matches(Repository.Text(page))
            let path = m.Groups[1].Value
            where path.EndsWith(".cs", StringComparison.Ordinal) && !Repository.CodeFiles.Any(f => f == path || f.EndsWith("/" + path, StringComparison.Ordinal))
            select $"{page}: {path}",
            "Documents that name code which is not there:");

    [Fact]
    public void Links_in_documents_lead_somewhere() =>
        Repository.None(
            from page in Pages
            from Match m in Link.Matches(Repository.Text(page))
            let target = Path.GetFullPath(Path.Combine(Repository.Root, Path.GetDirectoryName(page)!, m.Groups[1].Value))
            where !File.Exists(target) && !Directory.Exists(target)
            select $"{page}: {m.Groups[1].Value}",
            "Links that lead nowhere:");

    [Fact(Explicit = Repository.StillBuilding)]
    public void The_architecture_page_names_real_files()
    {
        var named = Quoted.Matches(Repository.Text("ARCHITECTURE.md")).Select(m => m.Groups[1].Value).Where(p => p.EndsWith(".cs", StringComparison.Ordinal)).Distinct().ToArray();
        Assert.True(named.Length >= 10, "ARCHITECTURE.md walks the code with file names");
    }
}
