// What `scan` leaves out of directories is what git leaves out: checked against git itself on the same tree.
using System.Diagnostics;
using CabinCrew.Cli.Commands.Scan;
using CabinCrew.Protocol;

namespace CabinCrew.Tests.Spec;

public sealed class IgnoreRulesTests
{
    [Theory]
    [InlineData("*.log\n!keep.log\n"), InlineData("/build\n"), InlineData("build/\n"), InlineData("doc/*.txt\n"), InlineData("**/deep/*.log\n"), InlineData("a/**/z.txt\n"), InlineData("**/b/**/z.txt\n"), InlineData("**\n!**/\n!**/*.md\n"), InlineData("a/**\n!a/b\n")]
    [InlineData("# comment\n\n\\#odd\n"), InlineData("[a-c].txt\n"), InlineData("[!a]*.txt\n"), InlineData("?.txt\r\n"), InlineData("*\n!*/\n!*.md\n"), InlineData("build\n!build/keep.txt\n"), InlineData("a*b*c.txt\n"), InlineData("trailing.txt   \n")]
    public void The_same_files_are_left_as_by_git(string rules)
    {
        using var tree = new TempTree();
        string[] files = ["x.log", "keep.log", "build/o.txt", "build/keep.txt", "src/build/o.txt", "doc/a.txt", "doc/x/a.txt", "q/deep/b.log", "deep/b.log", "a/z.txt", "a/b/z.txt", "a/b/c/z.txt", "#odd", "a.txt", "d.txt", "aXbYc.txt", "r.md", "sub/r.md", "trailing.txt"];
        foreach (var file in files) tree.File(file, "text");
        tree.File(".gitignore", rules);
        tree.File("sub/.gitignore", "!r.md\nlocal.txt\n");
        tree.File("sub/local.txt", "text");
        Git(tree.Root, "init", "-q");
        var known = Git(tree.Root, "ls-files", "-o", "--exclude-standard").Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal);
        var seen = ScanFiles.Under([tree.Root], all: false).Value.Select(i => i.Name[(tree.Root.Length + 1)..]).Order(StringComparer.Ordinal);
        Assert.Equal(known.Select(k => k.Trim('"')), seen);
    }

    [Fact]
    public async Task A_pattern_of_many_stars_ends_soon()
    {
        using var tree = new TempTree();
        tree.File(".git/HEAD", "");
        tree.File(".gitignore", string.Concat(Enumerable.Repeat("**/a/", 40)) + "b\n");
        var deep = Path.Combine([tree.Root, .. Enumerable.Repeat("a", 200)]);
        var told = Task.Run(() => (IgnoreRules.Of(tree.Root)!.Ignores(deep + "/x", false), IgnoreRules.Of(tree.Root)!.Ignores(deep + "/b", false)));
        Assert.Equal((false, true), await told.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Outside_of_a_work_tree_there_are_no_rules()
    {
        using var tree = new TempTree();
        tree.File(".gitignore", "*\n");
        tree.File("a.txt", "");
        Assert.Equal([".gitignore", "a.txt"], ScanFiles.Under([tree.Root], all: false).Value.Select(i => Path.GetFileName(i.Name)));
    }

    private static string Git(string directory, params string[] arguments)
    {
        var start = new ProcessStartInfo("git", ["-C", directory, "-c", "core.quotePath=false", .. arguments]) { RedirectStandardOutput = true };
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        using var git = Process.Start(start)!;
        var output = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        Assert.Equal(0, git.ExitCode);
        return output;
    }
}
