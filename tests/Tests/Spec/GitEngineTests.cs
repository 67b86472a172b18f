// The git engine on real repositories: what it plans, what take-off leaves behind, and what of a hostile workspace it never runs.
using System.Diagnostics;
using System.Text;
using CabinCrew.Protocol;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class GitEngineTests : IDisposable
{
    private const string Author = "\"author\":{\"name\":\"Ada\",\"email\":\"ada@example.org\"}";

    private readonly EngineProcess engine = new();

    public GitEngineTests()
    {
        engine.With("a", "1\n").With("b", "b\n").With("d/c", "c\n");
        Git("init", "-q", "-b", "main");
        Commit("first");
    }

    public void Dispose() => engine.Dispose();

    [Fact, Clause("ENG-06"), Clause("ENG-07"), Clause("ENG-08"), Clause("ENG-09")]
    public void A_commit_is_made_of_the_declared_paths_and_touches_nothing_else_in_git()
    {
        engine.With("a", "2\n").With("b", "not this\n");
        var before = GitFiles();
        var plan = engine.Fly("git", $$"""{"action":"commit","message":"Change a","paths":["a"],{{Author}}}""");
        var declared = plan.Metadata("commits").GetProperty("git");
        Assert.Equal(Git("rev-parse", "HEAD"), declared.GetProperty("refs").GetProperty("refs/heads/main").GetProperty("after").GetString());
        Assert.True(declared.GetProperty("index").GetBoolean());
        Assert.Equal("Change a|Ada <ada@example.org>", Git("log", "-1", "--format=%s|%cn <%ce>"));
        Assert.Equal(long.Parse(Git("log", "-1", "--format=%ct", "HEAD~1")) + 1, long.Parse(Git("log", "-1", "--format=%ct")));
        Assert.Equal("M b", Git("status", "--porcelain").Trim());
        Assert.Contains("+2\n", Encoding.UTF8.GetString(plan.Body("commits")), StringComparison.Ordinal);
        Git("fsck", "--strict");
        Assert.All(GitFiles().Except(before), f => Assert.True(f.StartsWith("/objects/pack/pack-", StringComparison.Ordinal) || f.StartsWith("/refs/heads/main ", StringComparison.Ordinal) || f.StartsWith("/index ", StringComparison.Ordinal), f));
        Assert.All(before.Except(GitFiles()), f => Assert.True(f.StartsWith("/refs/heads/main ", StringComparison.Ordinal) || f.StartsWith("/index ", StringComparison.Ordinal), f));
    }

    [Fact, Clause("ENG-08")]
    public void Several_actions_in_a_row_are_one_plan()
    {
        engine.With("new file", "n\n");
        File.Delete(Path.Combine(engine.Workspace, "b"));
        engine.Fly("git", $$"""{"actions":[{"action":"branch","name":"topic/x","checkout":true},{"action":"commit","message":"All of it\n\nWhy.","all":true,{{Author}},"date":"2026-01-02T03:04:05Z"},{"action":"tag","name":"v1","message":"One",{{Author}}},{"action":"tag","name":"light"}]}""");
        Assert.Equal("refs/heads/topic/x", Git("symbolic-ref", "HEAD"));
        Assert.Equal("", Git("status", "--porcelain"));
        Assert.Equal("1767323045", Git("log", "-1", "--format=%ct"));
        Assert.Equal(Git("rev-parse", "HEAD"), Git("rev-parse", "v1^{commit}"));
        Assert.Equal("tag", Git("cat-file", "-t", "v1"));
        Assert.Equal(Git("rev-parse", "HEAD"), Git("rev-parse", "light"));
        Assert.Equal(Git("rev-parse", "main"), Git("rev-parse", "HEAD~1"));
        Git("fsck", "--strict");
    }

    [Fact, Clause("ENG-08")]
    public void A_merge_changes_files_refs_and_index_together()
    {
        Git("switch", "-qc", "topic");
        engine.With("a", "topic\n").With("t/new", "t\n");
        Commit("topic");
        Git("switch", "-q", "main");
        engine.With("b", "main\n");
        Commit("main");
        var plan = engine.Fly("git", $$"""{"action":"merge","branch":"topic",{{Author}}}""");
        Assert.Equal(("topic\n", "t\n", "main\n"), (engine.Text("a"), engine.Text("t/new"), engine.Text("b")));
        Assert.Equal("", Git("status", "--porcelain"));
        Assert.Equal(3, Git("rev-list", "--parents", "-1", "HEAD").Split(' ').Length);
        Assert.Equal(2, plan.Metadata("changes").GetProperty("files").GetArrayLength());
    }

    [Fact, Clause("ENG-08")]
    public void A_branch_moves_forward_without_a_commit_and_without_a_bundle()
    {
        Git("switch", "-qc", "topic");
        engine.With("a", "topic\n");
        Commit("topic");
        Git("switch", "-q", "main");
        Git("pack-refs", "--all");
        var plan = engine.Fly("git", """{"action":"merge","branch":"topic","ff":"only"}""");
        Assert.Equal(Git("rev-parse", "topic"), Git("rev-parse", "main"));
        Assert.Equal("topic\n", engine.Text("a"));
        Assert.False(Directory.Exists(Path.Combine(plan.Artifacts, "bundle")));
        Assert.Equal("", Git("status", "--porcelain"));
    }

    [Fact]
    public void A_merge_with_conflicts_or_over_local_changes_is_refused()
    {
        Git("switch", "-qc", "topic");
        engine.With("a", "topic\n");
        Commit("topic");
        Git("switch", "-q", "main");
        engine.With("a", "local\n");
        Refused(1, """{"action":"merge","branch":"topic"}""", "'a' has changes that are not committed");
        Commit("main");
        Refused(1, $$"""{"action":"merge","branch":"topic",{{Author}}}""", "conflicts: a");
    }

    [Fact, Clause("ENG-07"), Clause("ENG-08")]
    public void A_push_moves_the_remotes_ref_and_only_from_where_the_plan_saw_it()
    {
        var remote = engine.Fresh("remote.git");
        Git("init", "-q", "--bare", remote);
        engine.With("a", "2\n");
        var config = $$"""{"actions":[{"action":"commit","message":"x","all":true,{{Author}}},{"action":"push","remote":"{{remote}}","refspecs":["main"]}]}""";
        engine.Fly("git", config);
        Assert.Equal(Git("rev-parse", "main"), Git("--git-dir", remote, "rev-parse", "main"));

        engine.With("a", "3\n");
        var plan = engine.Plan("git", config);
        Assert.Equal(0, plan.ExitCode);
        Git("--git-dir", remote, "update-ref", "refs/heads/main", Git("rev-parse", "main~1"));
        Assert.Equal(1, engine.TakeOff("git", config, plan).ExitCode);
        Assert.Equal(Git("--git-dir", remote, "rev-parse", "main"), Git("rev-parse", "main~2"));
    }

    [Fact]
    public void A_push_that_would_rewrite_the_remote_needs_force_and_the_id_that_it_replaces()
    {
        var remote = engine.Fresh("remote.git");
        Git("init", "-q", "--bare", remote);
        Git("push", "-q", remote, "main");
        var old = Git("rev-parse", "main");
        Git("commit", "-q", "--amend", "-m", "other");
        Refused(1, $$"""{"action":"push","remote":"{{remote}}","refspecs":["main"]}""", "would not move forward");
        Refused(2, $$"""{"action":"push","remote":"{{remote}}","refspecs":["main"],"force":true}""", "needs 'expect'");
        Refused(1, $$"""{"action":"push","remote":"{{remote}}","refspecs":["main"],"force":true,"expect":{"refs/heads/main":"{{new string('1', 40)}}"} }""", "as expected");
        engine.Fly("git", $$"""{"action":"push","remote":"{{remote}}","refspecs":["main"],"force":true,"expect":{"refs/heads/main":"{{old}}"} }""");
        Assert.Equal(Git("rev-parse", "main"), Git("--git-dir", remote, "rev-parse", "main"));
    }

    [Fact, Clause("ENG-11")]
    public void Nothing_that_a_hostile_workspace_configures_is_run()
    {
        var marker = Path.Combine(engine.Root, "marker");
        var run = Path.Combine(engine.Root, "evil.sh");
        File.WriteAllText(run, $"#!/bin/sh\ntouch {marker}\ncat\n");
        File.SetUnixFileMode(run, (UnixFileMode)0b111_101_101);
        engine.With(".gitattributes", "* filter=evil diff=evil merge=evil\n");
        foreach (var (key, value) in new[] { ("core.fsmonitor", run), ("filter.evil.clean", run), ("filter.evil.smudge", run), ("filter.evil.process", run), ("diff.evil.textconv", run), ("diff.evil.command", run), ("diff.external", run),
            ("merge.evil.driver", run), ("core.sshCommand", run), ("core.pager", run), ("core.editor", run), ("gpg.program", run), ("commit.gpgSign", "true"), ("tag.gpgSign", "true"), ("credential.helper", $"!{run}"), ("alias.add", $"!{run}"), ("gc.auto", "1") })
            Git("config", key, value);
        foreach (var hook in (string[])["pre-commit", "post-commit", "commit-msg", "prepare-commit-msg", "post-checkout", "post-merge", "pre-merge-commit", "reference-transaction", "post-index-change", "pre-push", "post-rewrite", "pre-auto-gc"])
        {
            var path = Path.Combine(engine.Workspace, ".git/hooks", hook);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Copy(run, path, true);
        }
        // The trap works: plain git steps into it.
        engine.With("a", "2\n");
        Start("git", ["status"]);
        Assert.True(File.Exists(marker));
        File.Delete(marker);

        var remote = engine.Fresh("remote.git");
        Start("git", ["init", "-q", "--bare", remote]);
        File.Delete(marker);
        engine.Fly("git", $$"""{"actions":[{"action":"commit","message":"x","all":true,{{Author}}},{"action":"tag","name":"t","message":"t",{{Author}}},{"action":"push","remote":"{{remote}}","refspecs":["main","t"]}]}""");
        Assert.False(File.Exists(marker));
    }

    [Theory, Clause("ENG-05")]
    [InlineData("""{"action":"comit"}""", "config.action: expected one of commit")]
    [InlineData("""{"action":"commit","message":"x","all":true}""", "'author' is missing")]
    [InlineData("""{"action":"commit","message":"x","author":{"name":"a","email":"b"}}""", "either 'paths' or 'all: true'")]
    [InlineData("""{"action":"branch","name":"-D"}""", "no name for git")]
    [InlineData("""{"action":"push","remote":"origin","refspecs":["main"]}""", "config.remote")]
    [InlineData("""{"action":"push","remote":"ext::sh -c x","refspecs":["main"]}""", "config.remote")]
    [InlineData("""{"action":"push","remote":"https://u:secret@h/x","refspecs":["main"]}""", "without a password")]
    [InlineData("""{"action":"push","remote":"/r","refspecs":["+main"]}""", "nothing is deleted or forced")]
    public void A_config_that_is_not_valid_is_refused(string config, string says) => Refused(2, config, says);

    [Theory]
    [InlineData("""{"action":"branch","name":"main"}""", "exists")]
    [InlineData("""{"action":"branch","name":"a..b"}""", "no name for a branch")]
    [InlineData("""{"action":"branch","name":"x","from":"nowhere"}""", "no commit 'nowhere'")]
    [InlineData("""{"action":"merge","branch":"main"}""", "already merged")]
    [InlineData("""{"action":"commit","message":"x","all":true,"author":{"name":"a","email":"b"}}""", "nothing to commit")]
    public void What_cannot_be_done_is_refused(string config, string says) => Refused(1, config, says);

    private void Refused(int exit, string config, string says)
    {
        var answer = engine.Plan("git", config);
        Assert.Contains(says, answer.Receipt.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", answer.Receipt.Error, StringComparison.Ordinal);
        Assert.Equal(exit, answer.ExitCode);
    }

    private string[] GitFiles() => EngineProcess.Tree(Path.Combine(engine.Workspace, ".git")).Split('\n').Where(l => !l.EndsWith('/')).ToArray();

    private void Commit(string message)
    {
        Git("add", "-A");
        Git("commit", "-qm", message);
    }

    private string Git(params string[] arguments)
    {
        var (exit, output, errors) = Start("git", ["-c", "user.name=T", "-c", "user.email=t@example.org", .. arguments]);
        Assert.True(exit == 0, $"git {string.Join(' ', arguments)}: {errors}");
        return output.TrimEnd('\n');
    }

    private (int, string, string) Start(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = engine.Workspace, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in new[] { ("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_AUTHOR_DATE", "1700000000 +0000"), ("GIT_COMMITTER_DATE", "1700000000 +0000"), ("TZ", "UTC") }) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }
}
