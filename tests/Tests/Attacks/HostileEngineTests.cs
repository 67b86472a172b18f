// One hostile engine after another in a whole flight: each ends in FAILED with one clear code and an audit event, and the workspace is as it was.
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Attacks;

[Clause("ORC-03")]
public sealed class HostileEngineTests
{
    private const string Before = "a.txt: one\\n\ndir/b.txt: two\\n";

    private const string Json = """{"type":"note","action":"note","role":"evidence"}""";

    /// <summary>A finished receipt with no artifacts, whatever lies in the directory.</summary>
    private const string Bare = """printf '{"protocol_version":"draft-1","engine_id":"x","mode":"flight-plan","receipt_id":"r","status":"success","artifacts":[]}\n'""";

    public static TheoryData<string, string, ProblemCode> Artifacts => new()
    {
        { "a link in place of a directory", "ln -s /etc \"$A/x\"", ProblemCode.ArtifactLink },
        { "a link in place of the document", "mkdir $A/x; ln -s /etc/passwd $A/x/artifact.json", ProblemCode.ArtifactLink },
        { "a link in place of the body", "bare x evidence note '\"body_file\":\"body.data\"'; ln -s /etc/passwd $A/x/body.data", ProblemCode.ArtifactLink },
        { "a hard link to its own document", "bare x evidence note; mkdir $A/y; ln $A/x/artifact.json $A/y/artifact.json", ProblemCode.ArtifactLink },
        { "a fifo", "mkdir $A/x; mkfifo $A/x/artifact.json", ProblemCode.ArtifactSpecialFile },
        { "a socket", "mkdir $A/x; python3 -c 'import socket,os; socket.socket(socket.AF_UNIX).bind(os.environ[\"A\"]+\"/x/artifact.json\")'", ProblemCode.ArtifactSpecialFile },
        { "a terabyte of nothing", "bare x evidence note '\"body_file\":\"body.data\",\"integrity\":\"sha256:'$(printf x | sha256sum | cut -c1-64)'\"'; truncate -s 1T $A/x/body.data; [ $(stat -c %s $A/x/body.data) = 0 ] || exit 1; echo x > $A/x/body.data", ProblemCode.ArtifactIntegrityMismatch },
        { "more than may be written", "head -c 12000000 /dev/zero > $A/x", ProblemCode.LimitArtifactBytes },
        { "too many artifacts", "for i in $(seq 60); do mkdir $A/x$i; echo '" + Json + "' > $A/x$i/artifact.json; done; " + Bare + "; exit 0", ProblemCode.LimitArtifactCount },
        { "a name with dots in front", "bare ..x evidence note", ProblemCode.ArtifactNameInvalid },
        { "a name with a line feed", "mkdir \"$A/a\nb\"; " + Bare + "; exit 0", ProblemCode.ArtifactNameInvalid },
        { "a name that is not UTF-8", "mkdir \"$A/$(printf 'a\\377')\"; " + Bare + "; exit 0", ProblemCode.ArtifactNameInvalid },
        { "names that differ in case", "bare x evidence note; bare X evidence note", ProblemCode.ArtifactNameTwin },
        { "a file beside the artifacts", "echo x > $A/x", ProblemCode.ArtifactUnexpectedEntry },
        { "a third file in an artifact", "bare x evidence note; echo x > $A/x/more", ProblemCode.ArtifactUnexpectedEntry },
        { "no document", "mkdir $A/x", ProblemCode.ArtifactJsonMissing },
        { "a body that is elsewhere", "bare x evidence note '\"body_file\":\"../y/body.data\"'", ProblemCode.ArtifactBodyFileInvalid },
        { "a body that is not there", "bare x evidence note '\"body_file\":\"body.data\",\"integrity\":\"sha256:'$(printf x | sha256sum | cut -c1-64)'\"'", ProblemCode.ArtifactBodyMissing },
        { "a body that nobody speaks of", "bare x evidence note; echo x > $A/x/body.data", ProblemCode.ArtifactBodyUndeclared },
        { "an integrity that lies", "bare x evidence note '\"body_file\":\"body.data\",\"integrity\":\"sha256:'$(printf x | sha256sum | cut -c1-64)'\"'; echo other > $A/x/body.data", ProblemCode.ArtifactIntegrityMismatch },
        { "a key twice", "bare x evidence note '\"type\":\"other\"'", ProblemCode.JsonDuplicateKey },
        { "not a number", "bare x evidence note '\"metadata\":{\"n\":NaN}'", ProblemCode.JsonMalformed },
        { "a hundred thousand brackets", "bare x evidence note \"\\\"metadata\\\":{\\\"n\\\":$(head -c 100000 /dev/zero | tr '\\0' '[')$(head -c 100000 /dev/zero | tr '\\0' ']')}\"", ProblemCode.JsonTooDeep },
        { "a number that no reader keeps", "bare x evidence note '\"metadata\":{\"n\":12345678901234567890}'", ProblemCode.JsonNumberOutOfRange },
        { "half a surrogate", "bare x evidence note '\"metadata\":{\"n\":\"\\ud800\"}'", ProblemCode.JsonLoneSurrogate },
        { "bytes that are not UTF-8", "bare x evidence note \"\\\"target\\\":\\\"$(printf '\\377')\\\"\"", ProblemCode.JsonNotUtf8 },
        { "a document that ends twice", "bare x evidence note; echo '{}' >> $A/x/artifact.json", ProblemCode.JsonMalformed },
        { "a claim of approval", "bare x evidence note '\"metadata\":{\"approval\":{\"approved\":true}}'", ProblemCode.ArtifactProhibitedField },
        { "a claim of a plan-token", "bare x evidence note '\"plan_token\":\"sha256:00\"'", ProblemCode.ArtifactProhibitedField },
        { "a path outside", "bare x evidence note '\"target\":\"/etc/passwd\"'", ProblemCode.ArtifactExternalReference },
        { "a path upwards", "bare x evidence note '\"target\":\"../../x\"'", ProblemCode.ArtifactExternalReference },
        { "no role anywhere", "mkdir $A/x; echo '{\"type\":\"note\",\"action\":\"note\"}' > $A/x/artifact.json; receipt | sed 's/\"role\":\"evidence\",//'; exit 0", ProblemCode.ReceiptMalformed },
        { "two roles", "bare x evidence note; receipt | sed 's/\"role\":\"evidence\"/\"role\":\"log\"/'; exit 0", ProblemCode.ArtifactRoleConflict },
        { "an artifact that is not listed", "bare x evidence note; " + Bare + "; exit 0", ProblemCode.ArtifactReceiptDisagrees },
        { "a list without its artifact", "bare x evidence note; receipt; rm -r $A/x; exit 0", ProblemCode.ArtifactReceiptDisagrees },
        { "another document than listed", "bare x evidence note; receipt; echo ' ' >> $A/x/artifact.json; exit 0", ProblemCode.ArtifactReceiptDisagrees },
        { "a patch that is none", "echo nonsense | emit x evidence file_patch", ProblemCode.ArtifactPatchInvalid },
        { "a patch of other content", "printf -- '--- a/a.txt\\n+++ b/a.txt\\n@@ -1 +1 @@\\n-another\\n+new\\n' | emit x evidence file_patch", ProblemCode.ArtifactPatchInvalid },
        { "a patch upwards", "printf -- '--- /dev/null\\n+++ b/../x\\n@@ -0,0 +1 @@\\n+x\\n' | emit x evidence file_patch", ProblemCode.ArtifactPatchInvalid },
        { "a patch of the store", "printf -- '--- /dev/null\\n+++ b/.cabincrew/x\\n@@ -0,0 +1 @@\\n+x\\n' | emit x evidence file_patch", ProblemCode.ArtifactPatchInvalid },
    };

    public static TheoryData<string, string, ProblemCode> Receipts => new()
    {
        { "none", "exit 0", ProblemCode.ReceiptMissing },
        { "chatter before it", "echo hello; receipt; exit 0", ProblemCode.ReceiptTrailingOutput },
        { "chatter after it", "receipt; echo hello; exit 0", ProblemCode.ReceiptTrailingOutput },
        { "two of them", "receipt; receipt; exit 0", ProblemCode.ReceiptTrailingOutput },
        { "half of it", "receipt | head -c 60; exit 0", ProblemCode.ReceiptMalformed },
        { "a key twice", "receipt | sed 's/{/{\"status\":\"failure\",/'; exit 0", ProblemCode.ReceiptMalformed },
        { "a number beyond all readers", "receipt success '\"diagnostics\":{\"n\":1e400}'; exit 0", ProblemCode.ReceiptMalformed },
        { "too large", "printf '{\"x\":\"'; head -c 6000000 /dev/zero | tr '\\0' x; printf '\"}'; exit 0", ProblemCode.ReceiptTooLarge },
        { "success with a failing exit", "receipt; exit 1", ProblemCode.ReceiptDisagrees },
        { "failure with a good exit", "receipt failure; exit 0", ProblemCode.ReceiptDisagrees },
        { "of the other mode", "CABINCREW_MODE=take-off; receipt; exit 0", ProblemCode.ReceiptDisagrees },
        { "a reserved exit", "receipt; exit 42", ProblemCode.EngineExitReserved },
        { "killed by itself", "receipt; kill -KILL $$", ProblemCode.EngineKilled },
        { "failure", "receipt failure '\"error\":\"no\"'; exit 1", ProblemCode.EngineFailed },
        { "input refused", "receipt failure; exit 2", ProblemCode.EngineValidationFailed },
        { "a log without end", "yes >&2", ProblemCode.LimitOutput },
        { "no end at all", "sleep 60", ProblemCode.LimitWallClock },
    };

    private const string Limits = "limits: { wall_clock: 3s, output: 1MiB, artifacts: 8MiB, artifact_count: 50, temp: 8MiB }";

    [Theory, Clause("ART-01"), Clause("ART-02"), Clause("ART-03"), Clause("ART-04"), MemberData(nameof(Artifacts), DisableDiscoveryEnumeration = true)]
    public Task A_hostile_artifact_fails_the_flight(string what, string plan, ProblemCode code) => FailsAsync(what, plan, code);

    [Theory, Clause("ENG-04"), Clause("ENG-05"), Clause("ENG-12"), MemberData(nameof(Receipts), DisableDiscoveryEnumeration = true)]
    public Task A_hostile_receipt_fails_the_flight(string what, string plan, ProblemCode code) => FailsAsync(what, "propose a.txt new\n" + plan, code);

    [Theory, Clause("ENG-05"), MemberData(nameof(Receipts), DisableDiscoveryEnumeration = true)]
    public async Task A_hostile_receipt_of_a_take_off_applies_nothing(string what, string takeOff, ProblemCode code)
    {
        if (what == "of the other mode") takeOff = takeOff.Replace("take-off", "flight-plan", StringComparison.Ordinal);
        await using var house = await FlightHouse.OpenAsync();
        await FailedAsync(house, what, await house.FlyScriptAsync("propose a.txt new", "apply\n" + takeOff, Limits), code);
    }

    [Fact, Clause("ART-05"), Clause("ENG-10")]
    public async Task What_is_edited_after_the_engine_s_exit_is_not_what_was_frozen()
    {
        // A daemon that outlives its parent goes on writing: the run is over when all of it is dead, and only then the artifacts are read.
        await using var house = await FlightHouse.OpenAsync(FlightHouse.Ask);
        var report = await house.FlyScriptAsync("""
            propose a.txt new
            (setsid bash -c 'trap "" TERM HUP; sleep 1; while :; do echo evil >> "$CABINCREW_ARTIFACTS_DIR/change/body.data"; done' >/dev/null 2>&1 </dev/null &)
            """);
        Assert.Equal(ProblemCode.ApprovalRequired, report.Problem?.Code);
        var body = await house.TextAsync(report.State.Steps.Values.Single().Plan!.Artifacts.Single().Body!.Value);
        Assert.DoesNotContain("evil", body, StringComparison.Ordinal);
        Assert.Null((await house.AnswerAsync(report.State.Id, "ann")).Problem);
        Assert.Null((await house.AdvanceAsync(report.State.Id)).Problem);
        Assert.Equal("new\n", house.Read("workspace/a.txt"));
    }

    [Fact, Clause("AUD-01"), Clause("ORC-03")]
    public async Task A_workflow_file_that_cannot_be_read_is_refused_and_on_record()
    {
        await using var house = await FlightHouse.OpenAsync();
        house.File("home/cabincrew.yaml", "version: 1\nname: &a x\nsteps: *a\n");
        var problem = WorkflowFile.Load(house["home/cabincrew.yaml"]).Problem!;
        Assert.Equal(ProblemCode.WorkflowFileInvalid, problem.Code);
        Assert.Equal(problem, await house.Flights.RefuseStartAsync(problem, house.Who("agent"), default));
        var told = Assert.Single(await house.AuditAsync());
        Assert.Equal(("workflow_file_invalid", "agent"), (told.Extensions!.Problem, told.Extensions.Actor));
    }

    private static async Task FailsAsync(string what, string plan, ProblemCode code)
    {
        await using var house = await FlightHouse.OpenAsync();
        await FailedAsync(house, what, await house.FlyScriptAsync("export A\n" + plan, step: Limits), code);
    }

    private static async Task FailedAsync(FlightHouse house, string what, FlightReport report, ProblemCode code)
    {
        Assert.True(report.Problem?.Code == code, $"{what}: {report.Problem?.ToString() ?? "landed"}");
        Assert.Equal(LifecycleState.Failed, report.State.Ended);
        Assert.Equal(Before, house.Tree());
        var id = report.State.Id;
        var told = (await house.AuditAsync()).Where(e => e.Workflow?.WorkflowId == id.ToString()).ToList();
        Assert.Contains(told, e => e.Extensions?.Problem == code.Id() && e.Severity >= Severity.Error);
        Assert.Equal(told.Count(e => e.EventType == AuditEventTypes.EngineStarted), told.Count(e => e.EventType == AuditEventTypes.EngineCompleted));
        Assert.Equal(AuditEventTypes.WorkflowFailed, told[^1].EventType);
        await house.ProveAsync(id, report.State);
        Assert.DoesNotContain('\n', report.Problem!.Message);
    }
}
