// What an engine binds into a plan and hopes that nobody looks at: everything the token covers is shown, or said not to be.
using CabinCrew.Cli;
using CabinCrew.Cli.Rendering;
using CabinCrew.Cli.Views;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Orchestrator.Workflows.Stages;
using CabinCrew.Protocol;
using Xunit;

namespace CabinCrew.Tests.Attacks;

public sealed class UnseenByReviewersTests
{
    private static readonly string Commit = new('a', 40);

    /// <summary>The plan of a flight as a reviewer sees it, and what the reviewer is told to be missing.</summary>
    private static async Task<(string Shown, Hidden Hidden, string Json, string Raw)> ShowAsync(string plan, Action<string>? prepare = null)
    {
        await using var lab = await new FlightLab().OpenAsync();
        lab.Engine(plan, "");
        prepare?.Invoke(lab.Workspace);
        var state = (await lab.FlyAsync(lab.Workflow().Value, FlightGoal.Plan)).State;
        Assert.True(state.Steps.Values.Single().Plan is not null, state.Problem?.Message);
        var step = state.Steps.Values.Single();
        var bytes = (await FrozenPlans.LoadAsync(lab.Room, TenantId.Local, state, step.Id, default)).Value;
        var plans = new Dictionary<StepId, FrozenBytes> { [step.Id] = bytes };
        using var text = new StringWriter();
        using var json = new StringWriter();
        var terminal = new Terminal(Color: false, Live: false, Interactive: false, Width: 100);
        var hidden = FlightView.Show(new Screen(false, terminal, text, text, () => TextReader.Null), state, [step], plans);
        FlightView.Show(new Screen(true, terminal, json, json, () => TextReader.Null), state, [step], plans);
        return (text.ToString(), hidden, json.ToString(), PlanDiff.Text(bytes));
    }

    [Fact, Clause("ART-06"), Clause("ART-09")]
    public async Task An_inline_patch_is_shown_as_a_patch()
    {
        const string patch = """--- /dev/null\\n+++ b/x.sh\\n@@ -0,0 +1 @@\\n+rm -rf /\\n""";
        var (shown, hidden, json, raw) = await ShowAsync($$$"""artifact p "$(printf '{"type":"file_patch","action":"create","role":"evidence","body":"{{{patch}}}"}')" evidence""");
        Assert.Contains("create x.sh", shown);
        Assert.Contains("+rm -rf /", shown);
        Assert.Contains("rm -rf /", json);
        Assert.Contains("+rm -rf /", raw);
        Assert.Null(hidden.Words);
    }

    [Fact, Clause("ART-06")]
    public async Task Moves_in_git_and_all_metadata_are_shown()
    {
        var (shown, _, _, _) = await ShowAsync($$$$"""artifact g '{"type":"note","action":"x","role":"evidence","target":"prod","metadata":{"then":"drop tables","git":{"refs":{"refs/heads/main":{"before":"{{{{Commit}}}}","after":null}},"head":"ref: refs/heads/evil","index":true}}}' evidence""",
            static workspace => File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(workspace, ".git/refs/heads")).FullName, "main"), Commit + "\n"));
        Assert.Contains("refs/heads/main: aaaaaaaaaaaa -> DELETED", shown);
        Assert.Contains("ref: refs/heads/evil", shown);
        Assert.Contains("git index", shown);
        Assert.Contains("drop tables", shown);
        Assert.Contains("for prod", shown);
    }

    [Fact, Clause("ART-09"), Clause("ART-06")]
    public async Task Artifacts_of_unknown_type_state_and_inline_json_are_shown_as_data()
    {
        var (shown, hidden, json, _) = await ShowAsync("""
            artifact s '{"type":"weird","action":"launch","role":"state","body":{"missiles":[1,2]}}' state
            artifact t '{"type":"weird","action":"x","role":"evidence","body":"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+looks like a patch, and is none\n"}' evidence
            """);
        Assert.Contains("s (state, weird, launch)", shown);
        Assert.Contains("\"missiles\":[1,2]", shown);
        // Not rendered as a change to a file: it is none.
        Assert.DoesNotContain("update x", shown);
        Assert.Contains("+looks like a patch", shown);
        Assert.Contains("missiles", json);
        Assert.Null(hidden.Words);
    }

    [Fact, Clause("ART-06")]
    public async Task What_is_no_text_or_too_long_is_said_to_be_missing()
    {
        var (shown, hidden, _, _) = await ShowAsync("""
            body() { mkdir "$CABINCREW_ARTIFACTS_DIR/$1"; cat > "$CABINCREW_ARTIFACTS_DIR/$1/body.data"; local d="{\"type\":\"report\",\"action\":\"x\",\"role\":\"evidence\",\"body_file\":\"body.data\",\"integrity\":\"sha256:$(sha256sum < "$CABINCREW_ARTIFACTS_DIR/$1/body.data" | cut -d' ' -f1)\"}"; printf %s "$d" > "$CABINCREW_ARTIFACTS_DIR/$1/artifact.json"; list="$list${list:+,}{\"name\":\"$1\",\"role\":\"evidence\",\"path\":\"$1/artifact.json\",\"hash\":\"sha256:$(printf %s "$d" | sha256sum | cut -d' ' -f1)\"}"; }
            body many < <(seq 3000)
            body wide < <(printf '%5000d\n' 1)
            body binary < <(printf 'a\0b')
            """);
        Assert.Equal((1001, 1), (hidden.Lines, hidden.Artifacts));
        Assert.Contains("NOT shown here", hidden.Words);
        Assert.Contains("3 bytes that are no text", shown);
    }

    [Fact, Clause("ART-06")]
    public async Task Nothing_in_metadata_moves_the_cursor_or_turns_the_text_around()
    {
        var (shown, _, json, _) = await ShowAsync("""artifact g "$(printf '{"type":"n\\u001b[2Jote","action":"x\\u202e","role":"evidence","target":"a\\u0007","metadata":{"a":"\xe2\x80\xae","b":"\\u001b[2J"}}')" evidence""");
        Assert.DoesNotContain('\x1b', shown + json);
        Assert.DoesNotContain('\u202e', shown + json);
        Assert.DoesNotContain('\x7', shown + json);
        Assert.Contains("\\u{202e}", shown);
    }
}
