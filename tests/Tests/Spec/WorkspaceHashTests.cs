// The workspace's hash is what docs/reference/workspace-hash.md says, notices what it must, and follows nothing.
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using Xunit;

namespace CabinCrew.Tests.Spec;

[Clause("TOK-06")]
public sealed class WorkspaceHashTests : IDisposable
{
    private readonly TempTree tree = new();

    public void Dispose() => tree.Dispose();

    [Fact]
    public void The_recipe_of_the_documentation_gives_the_same_hash()
    {
        Populate(tree);
        tree.Bash("""
            git init -q -b main . && git add -A && git commit -qm one && git branch other && git tag -a -m t v1 && git pack-refs --all
            git commit -q --allow-empty -m two && git symbolic-ref refs/remotes/origin/HEAD refs/heads/main
            git init -q -b trunk nested && git -C nested commit -q --allow-empty -m inner
            mkdir -p .cabincrew && echo store > .cabincrew/state.db
            """);
        var recipe = Regex.Match(File.ReadAllText(RepositoryFile("docs/reference/workspace-hash.md")), "```bash\n(.*?)```", RegexOptions.Singleline).Groups[1].Value;
        Assert.NotEmpty(recipe);
        Assert.Equal(tree.Bash("export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'\n" + recipe).Split(' ')[0], Hash().Hash.Hex);
    }

    [Fact]
    public void The_manifest_of_a_small_tree_is_the_documented_one()
    {
        tree.File("b", "two\n").File("a/x", "one\n", executable: true).Link("a.link", "a/x").Bash("mkdir empty");
        string Of(string s) => Digest.Of(System.Text.Encoding.UTF8.GetBytes(s)).Hex;
        var manifest = $"120000 {Of("a/x")} a.link\0" + $"100755 {Of("one\n")} a/x\0" + $"100644 {Of("two\n")} b\0";
        Assert.Equal(new(Digest.Of(System.Text.Encoding.UTF8.GetBytes(manifest)), 3, 8, AllOurs: true), Hash());
    }

    [Fact]
    public void An_empty_workspace_has_the_hash_of_nothing() => Assert.Equal(Digest.Of([]), Hash().Hash);

    [Theory]
    [InlineData("echo more >> a.txt")]
    [InlineData("chmod +x a.txt")]
    [InlineData("mv a.txt A.txt")]
    [InlineData("ln -sfn elsewhere link")]
    [InlineData("rm dir/inner.txt")]
    [InlineData("echo new > dir/new.txt")]
    [InlineData("rm a.txt && ln -s x a.txt")]
    [InlineData("git commit -q --allow-empty -m moved")]
    [InlineData("git checkout -q -b elsewhere")]
    [InlineData("git tag another")]
    [InlineData("git -C sub commit -q --allow-empty -m moved")]
    public void Every_change_that_matters_is_drift(string change)
    {
        Repository();
        var before = Hash().Hash;
        tree.Bash(change);
        Assert.NotEqual(before, Hash().Hash);
    }

    [Theory]
    [InlineData("touch a.txt && git status -s && git update-index --refresh || true")]
    [InlineData("git gc -q && git pack-refs --all")]
    [InlineData("mkdir empty")]
    [InlineData("mkdir -p .cabincrew && echo x > .cabincrew/state.db")]
    [InlineData("chmod go-rwx a.txt")]
    [InlineData("touch .git/refs/heads/main.lock")]
    public void What_git_and_the_store_do_for_themselves_is_no_drift(string change)
    {
        Repository();
        var before = Hash().Hash;
        tree.Bash(change);
        Assert.Equal(before, Hash().Hash);
    }

    [Fact]
    public void A_large_file_is_hashed_in_pieces_to_the_same_digest()
    {
        var bytes = new byte[3_000_001];
        for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)(i * 7 + i / 251);
        tree.File("big", bytes);
        Assert.Equal(tree.Bash("printf '100644 %s big\\0' $(sha256sum < big | cut -c1-64) | sha256sum").Split(' ')[0], Hash().Hash.Hex);
    }

    [Theory]
    [InlineData("mkfifo dir/pipe", ProblemCode.SandboxWorkspaceSocket, "dir/pipe")]
    [InlineData("python3 -c \"import socket; socket.socket(socket.AF_UNIX).bind('dir/s')\"", ProblemCode.SandboxWorkspaceSocket, "dir/s")]
    [InlineData("mkfifo .git/pipe", ProblemCode.SandboxWorkspaceSocket, ".git/pipe")]
    [InlineData("touch $'dir/\\xff'", ProblemCode.WorkspaceNameUnsupported, null)]
    public void What_cannot_be_hashed_is_refused_and_named(string change, ProblemCode code, string? where)
    {
        Repository();
        tree.Bash(change);
        var problem = WorkspaceHasher.Hash(tree.Root, default).Problem;
        Assert.Equal(code, problem?.Code);
        if (where is not null) Assert.Equal(where, problem!.Where);
    }

    [Fact]
    public void A_tree_deeper_than_the_limit_is_refused()
    {
        tree.Bash("d=.; for i in $(seq 260); do d=$d/d; done; mkdir -p $d");
        Assert.Equal(ProblemCode.WorkspaceTooLarge, WorkspaceHasher.Hash(tree.Root, default).Problem?.Code);
    }

    [Fact]
    public void A_workspace_that_is_not_there_is_a_problem_and_no_exception() =>
        Assert.Equal(ProblemCode.WorkspaceUnreadable, WorkspaceHasher.Hash(tree["nowhere"], default).Problem?.Code);

    [Fact]
    public async Task A_tree_that_is_rewritten_meanwhile_gives_a_hash_or_a_problem_but_never_an_exception()
    {
        for (var i = 0; i < 200; i++) tree.File($"d{i % 10}/f{i}", $"{i}");
        using var stop = new CancellationTokenSource();
        var writer = Task.Run(() =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                File.WriteAllText(tree[$"d{i % 10}/t"], new string('x', i % 5000));
                File.Delete(tree[$"d{i % 10}/t"]);
            }
        });
        var codes = Enumerable.Range(0, 20).Select(_ => WorkspaceHasher.Hash(tree.Root, default).Problem?.Code).ToHashSet();
        stop.Cancel();
        await writer;
        Assert.Subset(new HashSet<ProblemCode?> { null, ProblemCode.WorkspaceUnreadable }, codes);
        Assert.True(WorkspaceHasher.Hash(tree.Root, default).Ok);
    }

    [Fact]
    public void The_reader_reads_files_and_links_and_follows_none()
    {
        tree.File("a/x", "one\n", executable: true).Link("l", "a").Link("up", "..");
        var read = WorkspaceHasher.Reader(tree.Root);
        Assert.Equal((FileKind.Executable, "one\n"), Text(read(WorkspacePath.Parse("a/x"))));
        Assert.Equal((FileKind.Link, "a"), Text(read(WorkspacePath.Parse("l"))));
        foreach (var nothing in (string[])["l/x", "up/etc", "a", "a/x/y", "b", "b/c"]) Assert.Null(read(WorkspacePath.Parse(nothing)));
    }

    internal static string RepositoryFile(string path, [CallerFilePath] string here = "")
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "CabinCrew.slnx"))) return Path.Combine(at.FullName, path);
        throw new FileNotFoundException($"{path} (seen from {here})");
    }

    private static (FileKind, string) Text(FileContent? content) => (content!.Kind, System.Text.Encoding.UTF8.GetString(content.Bytes.Span));

    private WorkspaceSnapshot Hash() => WorkspaceHasher.Hash(tree.Root, default).Value;

    private void Repository()
    {
        Populate(tree);
        tree.Bash("git init -q -b main . && git add -A && git commit -qm one && git init -q sub && git -C sub commit -q --allow-empty -m inner");
    }

    private static void Populate(TempTree tree) => tree
        .File("a.txt", "alpha\n").File("a", "sorts before\n").File("dir/inner.txt", "").File("dir.txt", "between\n").File("run.sh", "#!/bin/sh\n", executable: true)
        .File("ünï cødé/𝄞.txt", "clef\n").File("ünï cødé/\uFFFD.txt", "high\n").File("with space and 'quotes\"", "q\n").File("bin", [0, 1, 2, 255])
        .Link("link", "a.txt").Link("dangling", "/nowhere/at all").Link("dir/up", "../..");
}
