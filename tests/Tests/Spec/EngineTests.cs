// The SDK's promises, and the patch and script engines, each run as a process.
using System.Text;
using CabinCrew.Protocol;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class EngineTests : IDisposable
{
    private readonly EngineProcess engine = new();

    public void Dispose() => engine.Dispose();

    [Fact, Clause("ENG-01"), Clause("ENG-06"), Clause("ENG-07"), Clause("ENG-08")]
    public void A_patch_is_planned_the_same_twice_and_applied_exactly()
    {
        engine.With("a.txt", "one\ntwo\n").With("d/gone", "x\n");
        var plan = engine.Fly("patch", """{"patch":"--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n one\n-two\n+TWO\n--- a/d/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n--- /dev/null\n+++ b/n/new\n@@ -0,0 +1 @@\n+new"}""");
        Assert.Equal("one\nTWO\n", engine.Text("a.txt"));
        Assert.Equal("new\n", engine.Text("n/new"));
        Assert.False(Directory.Exists(Path.Combine(engine.Workspace, "d")));
        Assert.Equal("3 files changed, 2 lines added, 2 deleted", plan.Metadata("changes").GetProperty("summary").GetString());
        Assert.Equal("a.txt", plan.Metadata("changes").GetProperty("files")[0].GetProperty("path").GetString());
    }

    [Fact, Clause("ENG-08")]
    public void Edits_build_on_each_other()
    {
        engine.With("a", "x = 1\nx = 2\n").With("b", "b\n").With("c", "c\n");
        engine.Fly("patch", """{"edits":[{"path":"a","find":"x","replace":"y","count":2},{"path":"a","find":"y = 1","replace":"z"},{"path":"b","rename_to":"d/b2"},{"path":"d/b2","find":"b","replace":"B"},{"path":"c","delete":true},{"path":"run.sh","content":"#!/bin/sh\n","mode":"executable"}]}""");
        Assert.Equal("z\ny = 2\n", engine.Text("a"));
        Assert.Equal("B\n", engine.Text("d/b2"));
        Assert.False(File.Exists(Path.Combine(engine.Workspace, "b")) || File.Exists(Path.Combine(engine.Workspace, "c")));
        Assert.True((File.GetUnixFileMode(Path.Combine(engine.Workspace, "run.sh")) & UnixFileMode.UserExecute) != 0);
    }

    [Fact, Clause("ENG-08")]
    public void A_patch_comes_from_a_file_or_from_a_program()
    {
        engine.With("a", "1\n").With("change.patch", "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\n");
        engine.Fly("patch", """{"patch_file":"change.patch"}""");
        Assert.Equal("2\n", engine.Text("a"));
        engine.Fly("patch", """{"from_program":["sh","-c","printf '%s\\n' '--- a/a' '+++ b/a' '@@ -1 +1 @@' -2 +3"]}""");
        Assert.Equal("3\n", engine.Text("a"));
    }

    [Theory, Clause("ENG-05")]
    [InlineData("{}", "config: expected one of patch, patch_base64, patch_file, edits, from_program")]
    [InlineData("""{"patch":"x","edits":[]}""", "config: patch and edits exclude each other")]
    [InlineData("""{"pach":"x"}""", "config: expected one of")]
    [InlineData("""{"patch":"x","pathc_file":"y"}""", "did you mean 'patch_file'")]
    [InlineData("""{"patch":7}""", "config.patch: expected a text, found a number")]
    [InlineData("""{"patch_file":"../x"}""", "config.patch_file: expected a path inside the workspace")]
    [InlineData("""{"edits":[{"path":"a","find":"x"}]}""", "config.edits[0]: 'find' needs 'replace'")]
    [InlineData("""{"edits":[{"find":"x","replace":"y"}]}""", "config.edits[0]: 'path' is missing")]
    [InlineData("""{"edits":[{"path":"a","content":"x","mode":"777"}]}""", "config.edits[0].mode: expected file")]
    public void A_config_that_is_not_valid_ends_with_2_and_says_where(string config, string says)
    {
        var answer = engine.Plan("patch", config);
        Assert.Equal(2, answer.ExitCode);
        Assert.Contains(says, answer.Receipt.Error, StringComparison.Ordinal);
        Assert.Equal("", answer.Digests);
    }

    [Theory, Clause("ENG-05")]
    [InlineData("""{"patch":"--- a/a\n+++ b/a\n@@ -1 +1 @@\n-other\n+x\n"}""", "patch line 3")]
    [InlineData("""{"edits":[{"path":"a","find":"1","replace":"2","count":2}]}""", "1 times, not 2")]
    [InlineData("""{"edits":[{"path":"q","delete":true}]}""", "config.edits[0]: 'q' does not exist")]
    [InlineData("""{"edits":[{"path":"a/b","content":"x"}]}""", "which is a file")]
    [InlineData("""{"from_program":["sh","-c","echo no >&2; exit 3"]}""", "ended with 3: no")]
    [InlineData("""{"from_program":["there-is-no-such-program"]}""", "could not be started")]
    public void A_plan_that_cannot_be_made_ends_with_1(string config, string says)
    {
        var answer = engine.With("a", "1\n").Plan("patch", config);
        Assert.Equal(1, answer.ExitCode);
        Assert.Contains(says, answer.Receipt.Error, StringComparison.Ordinal);
        Assert.Empty(answer.Receipt.Artifacts!);
    }

    [Theory, Clause("ENG-02"), Clause("ENG-03"), Clause("ENG-05")]
    [InlineData("flight-plan", "flight-plan", "")]
    [InlineData("flight-plan", "flight-plan", "{")]
    [InlineData("flight-plan", "flight-plan", """{"protocol_version":"1","protocol_version":"1","mode":"flight-plan","meta":{"workflow_id":"w","step_id":"s"}}""")]
    [InlineData("flight-plan", "flight-plan", """{"protocol_version":"1","mode":"flight-plan","meta":{"workflow_id":"w","step_id":"s"},"confg":{}}""")]
    [InlineData("flight-plan", "take-off", """{"protocol_version":"1","mode":"flight-plan","meta":{"workflow_id":"w","step_id":"s"}}""")]
    [InlineData("flight-plan", "flight-plan", """{"protocol_version":"1","mode":"take-off","meta":{"workflow_id":"w","step_id":"s"}}""")]
    [InlineData("fly", "fly", """{"protocol_version":"1","mode":"flight-plan","meta":{"workflow_id":"w","step_id":"s"}}""")]
    public void Bad_input_ends_with_2_and_still_with_one_receipt(string argument, string variable, string input) =>
        Assert.Equal(2, engine.Raw("patch", ["--mode", argument], variable, Encoding.UTF8.GetBytes(input)).ExitCode);

    [Fact, Clause("ENG-08")]
    public void Take_off_refuses_a_workspace_that_moved_and_an_artifact_that_changed()
    {
        const string config = """{"edits":[{"path":"a","find":"1","replace":"2"}]}""";
        var plan = engine.With("a", "1\n").Plan("patch", config);
        engine.With("a", "moved\n");
        Assert.Equal(1, engine.TakeOff("patch", config, plan).ExitCode);
        Assert.Equal("moved\n", engine.Text("a"));
        engine.With("a", "1\n");
        File.AppendAllText(Path.Combine(plan.Artifacts, "changes", "body.data"), "--- /dev/null\n+++ b/evil\n@@ -0,0 +1 @@\n+x\n");
        Assert.Equal(1, engine.TakeOff("patch", config, plan).ExitCode);
        Assert.False(File.Exists(Path.Combine(engine.Workspace, "evil")));
    }

    [Fact, Clause("ENG-08")]
    public void Nothing_is_written_through_a_link()
    {
        var outside = engine.Fresh("outside");
        Directory.CreateSymbolicLink(Path.Combine(engine.Workspace, "link"), outside);
        var answer = engine.Plan("patch", """{"edits":[{"path":"link/x","content":"y"}]}""");
        Assert.Equal(1, answer.ExitCode);
        Assert.Empty(Directory.GetFileSystemEntries(outside));
    }

    [Fact, Clause("ENG-06"), Clause("ENG-07"), Clause("ENG-08")]
    public void A_commands_effect_is_planned_and_the_command_is_not_run_again()
    {
        engine.With("src/a.c", "int  x;\n").With("b", "b\n").With(".cabincrew/store", "secret");
        var plan = engine.Fly("script", """{"shell":"sed -i 's/  / /' src/a.c; rm b; mkdir n; echo out; echo err >&2; ln -s src/a.c l; chmod +x src/a.c; ls -a > n/seen; echo $GREETING >> n/seen; cat \"$INPUTS_DIR/words\" >> n/seen","env":{"GREETING":"hi"},"inputs":{"words":"given\n"}}""");
        Assert.Equal("int x;\n", engine.Text("src/a.c"));
        Assert.False(File.Exists(Path.Combine(engine.Workspace, "b")));
        Assert.Equal(".\n..\nl\nn\nsrc\nhi\ngiven\n", engine.Text("n/seen"));
        Assert.Equal("src/a.c", new FileInfo(Path.Combine(engine.Workspace, "l")).LinkTarget);
        Assert.Contains("out\n--- standard error ---\nerr\n", Encoding.UTF8.GetString(plan.Body("output")), StringComparison.Ordinal);
    }

    [Theory, Clause("ENG-06")]
    [InlineData("""{"shell":"echo broken >&2; exit 4"}""", 1, "ended with 4: broken")]
    [InlineData("""{"shell":"mkfifo f"}""", 1, "'f' is neither a file")]
    [InlineData("""{"shell":"ln -s ../../x l"}""", 1, "leads out")]
    [InlineData("""{"shell":"ln -s /etc/passwd l"}""", 1, "leads out")]
    [InlineData("""{"shell":"echo x > other","paths":["src"]}""", 1, "'other', which is not within the paths")]
    [InlineData("""{"run":"ls"}""", 2, "config.run: expected a list of texts")]
    [InlineData("""{"run":["ls"],"env":{"CABINCREW_MODE":"x"}}""", 2, "config.env.CABINCREW_MODE")]
    [InlineData("""{"run":["ls"],"inputs":{"../x":"x"}}""", 2, "is no name for a file")]
    public void An_effect_that_is_no_plan_is_a_failure(string config, int exit, string says)
    {
        var answer = engine.With("src/a", "a\n").Plan("script", config);
        Assert.Equal(exit, answer.ExitCode);
        Assert.Contains(says, answer.Receipt.Error, StringComparison.Ordinal);
    }
}
