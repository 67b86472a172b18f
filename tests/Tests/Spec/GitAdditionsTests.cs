// What history and index add, as we read them against what git itself says, in repositories of every make.
using System.Text;
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;

namespace CabinCrew.Tests.Spec;

public sealed class GitAdditionsTests
{
    private const string Begin = """
        git init -q -b main . ; git config gc.auto 0
        seq 1 20 > a.txt; mkdir d; echo one > d/b.txt; printf '\000\001\002\003' > bin; git add -A; git commit -qm one
        sed -i 's/^5$/five/' a.txt; echo two >> d/b.txt; echo odd > 'caf é.txt'; git add -A; git commit -qm two
        git switch -qc side HEAD~1; echo side > side.txt; echo side >> a.txt; git add -A; git commit -qm side
        git switch -q main; git merge -q --no-edit side; git rm -q side.txt; ln -s a.txt link; chmod +x a.txt; git add -A; git commit -qm three
        """;

    // Added lines by commit and path, as `git log` tells them.
    private static IEnumerable<string> ByGit(TempTree lab, string arguments)
    {
        var reader = new DiffReader(new MemoryStream(Encoding.UTF8.GetBytes(lab.Bash($"git -c core.quotePath=true -c diff.noprefix=false {arguments}"))));
        return reader.Files().Where(f => f.Name is not ("link" or "bin")).Select(f => $"{f.Commit} {f.Name} {string.Join(',', f.Lines!.Order())}").Order(StringComparer.Ordinal);
    }

    private static IEnumerable<string> ByUs(IEnumerable<GitAddition> additions) => additions.Where(a => a.Path != "bin").Select(a =>
    {
        var lines = a.Lines() ?? (IReadOnlySet<int>)Enumerable.Range(1, Encoding.UTF8.GetString(a.Content.Value.Span).Count(c => c == '\n')).ToHashSet();
        return lines.Count == 0 ? "" : $"{a.Commit} {a.Path} {string.Join(',', lines.Order())}";
    }).Where(l => l.Length > 0).Order(StringComparer.Ordinal);

    [Theory]
    [InlineData("true"), InlineData("git repack -q -a -d -f; git prune-packed; git pack-refs --all"), InlineData("git switch -q --detach HEAD~1")]
    public void History_adds_what_git_says(string then)
    {
        using var lab = new TempTree();
        lab.Bash($"{Begin}\n{then}");
        using var additions = GitAdditions.Open(lab.Root).Value;
        var ours = ByUs(additions.History()).ToList();
        Assert.Null(additions.Missing);
        Assert.True(ours.Count >= 7, string.Join('\n', ours));
        Assert.Equal(ByGit(lab, "log -p -c --all --no-renames --format='commit %H'"), ours);
    }

    [Fact]
    public void A_merge_is_told_for_what_no_parent_has()
    {
        using var lab = new TempTree();
        lab.Bash("git init -q -b main .; echo a > a; git add -A; git commit -qm one; git switch -qc side; echo s > s; git add -A; git commit -qm side; git switch -q main; echo m > m; git add -A; git commit -qm main; git merge -q --no-commit side > /dev/null; echo evil > e; printf 'own\\ns\\n' > s; git add -A; git commit -qm merge");
        using var additions = GitAdditions.Open(lab.Root).Value;
        var merge = lab.Bash("git rev-parse HEAD").Trim();
        Assert.Equal(["e 1", "s 1"], additions.History().Where(a => a.Commit == merge).Select(a => $"{a.Path} {string.Join(',', a.Lines() ?? (IReadOnlySet<int>)new HashSet<int> { 1 })}").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("2"), InlineData("4")]
    public void The_index_adds_what_is_staged(string version)
    {
        using var lab = new TempTree();
        lab.Bash($"{Begin}\ngit config index.version {version}; git update-index --index-version {version}; echo staged >> a.txt; echo new > d/new.txt; echo other > d/newer.txt; git add -A; echo not-staged >> a.txt; git rm -q --cached d/b.txt; chmod +x d/new.txt");
        using var additions = GitAdditions.Open(lab["d"]).Value;
        Assert.Equal(ByGit(lab, "diff --cached --no-renames"), ByUs(additions.Staged().Value));
    }

    [Fact]
    public void A_hook_is_given_another_index()
    {
        using var lab = new TempTree();
        lab.Bash("git init -q -b main .; echo a > a; git add a; git commit -qm one; echo b >> a; cp .git/index other; GIT_INDEX_FILE=other git add -u");
        using var additions = GitAdditions.Open(lab.Root).Value;
        Assert.Empty(additions.Staged().Value);
        Assert.Equal([2], Assert.Single(additions.Staged(lab["other"]).Value).Lines()!);
        Assert.Equal(ProblemCode.NotFound, additions.Staged(lab["none"]).Problem?.Code);
    }

    [Fact]
    public void Before_the_first_commit_all_that_is_staged_is_new()
    {
        using var lab = new TempTree();
        lab.Bash("git init -q -b main .; echo a > a; git add a; echo b > b");
        using var additions = GitAdditions.Open(lab.Root).Value;
        Assert.Equal(["a"], additions.Staged().Value.Select(a => a.Path));
        Assert.Empty(additions.History());
    }

    [Fact]
    public void A_linked_work_tree_has_an_index_of_its_own()
    {
        using var lab = new TempTree();
        lab.Bash("mkdir w; cd w; git init -q -b main .; echo a > a; git add -A; git commit -qm one; git worktree add -q ../linked -b linked; cd ../linked; echo b > b; git add b");
        using var linked = GitAdditions.Open(lab["linked"]).Value;
        using var main = GitAdditions.Open(lab["w"]).Value;
        Assert.Equal((1, 0), (linked.Staged().Value.Count, main.Staged().Value.Count));
        Assert.Single(linked.History());
    }

    [Fact]
    public void A_shallow_clone_ends_where_it_ends_and_a_hole_is_told()
    {
        using var lab = new TempTree();
        lab.Bash("mkdir w; cd w; git init -q -b main .; for i in 1 2 3; do echo $i > f$i; git add -A; git commit -qm $i; done; cd ..; git clone -q --depth 1 file://$PWD/w shallow; cp -r w hole; cd hole; rm .git/objects/$(git rev-parse HEAD~1 | sed 's,^..,&/,')");
        using var shallow = GitAdditions.Open(lab["shallow"]).Value;
        Assert.Equal(3, shallow.History().Count());
        Assert.Null(shallow.Missing);
        using var hole = GitAdditions.Open(lab["hole"]).Value;
        Assert.NotEmpty(hole.History());
        Assert.Equal(ProblemCode.IoFailed, hole.Missing?.Code);
    }

    [Fact]
    public void An_index_that_is_not_understood_is_refused()
    {
        using var lab = new TempTree();
        lab.Bash($"{Begin}\ngit update-index --split-index; echo x >> a.txt; git add a.txt");
        using var additions = GitAdditions.Open(lab.Root).Value;
        Assert.Equal(ProblemCode.NotYetSupported, additions.Staged().Problem?.Code);
        var random = new Random(2);
        var bytes = File.ReadAllBytes(lab[".git/index"]);
        for (var i = 0; i < 300; i++)
        {
            var damaged = bytes[..random.Next(bytes.Length)];
            if (damaged.Length > 0) damaged[random.Next(damaged.Length)] ^= (byte)random.Next(256);
            GitIndexEntries.Read(damaged, 20);
        }
    }

    [Fact]
    public void Outside_of_a_repository_there_is_nothing_to_tell()
    {
        using var lab = new TempTree();
        Assert.Equal(ProblemCode.NotFound, GitAdditions.Open(lab.Root).Problem?.Code);
    }
}
