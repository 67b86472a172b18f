// AUD-04: an engine tries to get its secret into the store by every way there is; the raw bytes of the store have it in no form.
using System.Text;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Attacks;

public sealed class SecretLeakTests
{
    private const string Secret = "xyzzy-4711-hunter2!";

    [Theory, Clause("AUD-04"), Clause("ART-07")]
    [InlineData("standard error", "echo \"it is $S\" >&2; propose a.txt new", null)]
    [InlineData("standard error of a failure", "echo \"it is $S\" >&2; exit 1", ProblemCode.EngineFailed)]
    [InlineData("the receipt's error", "receipt failure \"\\\"error\\\":\\\"it is $S\\\"\"; exit 1", ProblemCode.EngineFailed)]
    [InlineData("the receipt's warning", "propose a.txt new; receipt success \"\\\"warnings\\\":[\\\"$S\\\"],\\\"diagnostics\\\":{\\\"$S\\\":1}\"; exit 0", null)]
    [InlineData("the receipt's names", "propose a.txt new; receipt | sed \"s/scripted/$S/; s/r-1/$S/\"; exit 0", null)]
    [InlineData("chatter", "echo \"$S\"; receipt; exit 0", ProblemCode.ReceiptTrailingOutput)]
    [InlineData("an artifact's name", "mkdir \"$A/$S\"", ProblemCode.ArtifactNameInvalid)]
    [InlineData("a file's name", "bare x evidence note; touch \"$A/x/$S\"", ProblemCode.ArtifactUnexpectedEntry)]
    [InlineData("a body", "propose a.txt \"$S\"", ProblemCode.ArtifactSecret)]
    [InlineData("a body in base64", "propose a.txt \"$(printf %s \"$S\" | base64)\"", ProblemCode.ArtifactSecret)]
    [InlineData("a path", "propose \"$S.txt\" new", ProblemCode.ArtifactSecret)]
    [InlineData("metadata", "bare x evidence note \"\\\"metadata\\\":{\\\"$S\\\":true}\"", ProblemCode.ArtifactSecret)]
    [InlineData("a duplicate key", "bare x evidence note \"\\\"$S\\\":1,\\\"$S\\\":2\"", ProblemCode.JsonDuplicateKey)]
    [InlineData("a log artifact", "echo \"$S\" | emit x log text; propose a.txt new", ProblemCode.ArtifactSecret)]
    public async Task A_secret_is_nowhere_in_the_store_nor_in_what_people_are_told(string way, string plan, ProblemCode? code)
    {
        await using var house = await FlightHouse.OpenAsync(FlightHouse.Ask);
        house.File("home/secret", Secret);
        var report = await house.FlyScriptAsync($"S=$(grep -o '\"TOKEN\":\"[^\"]*\"' <<< \"$input\" | cut -d'\"' -f4); [ ${{#S}} = {Secret.Length} ] || exit 3\n" + plan,
            "echo \"$input\" >&2; apply", "secrets: { TOKEN: { file: secret } }");
        Assert.True(report.Problem?.Code == (code ?? ProblemCode.ApprovalRequired), $"{way}: {report.Problem}");
        if (code is null)
        {
            Assert.Null((await house.AnswerAsync(report.State.Id, "ann")).Problem);
            report = await house.AdvanceAsync(report.State.Id);
            Assert.Null(report.Problem);
        }
        await house.ProveAsync(report.State.Id, report.State);
        AssertNowhere(house, report, way);
    }

    // A secret comes from the environment or a file elsewhere, and lies in the workspace all the same, where every step's engine can read it.
    [Theory, Clause("AUD-04"), Clause("ART-07")]
    [InlineData("a", "log", null)]
    [InlineData("a", "body", ProblemCode.ArtifactSecret)]
    [InlineData("b", "log", null)]
    [InlineData("b", "body", ProblemCode.ArtifactSecret)]
    public async Task A_secret_that_another_step_maps_is_nowhere_either_also_after_a_restart(string leaks, string way, ProblemCode? code)
    {
        await using var house = await FlightHouse.OpenAsync();
        house.File("workspace/.env", Secret).File("home/secret", Secret);
        const string harmless = "propose $STEP.txt new";
        string Plan(string step) => (leaks != step ? harmless : way == "log" ? $"cat $W/.env >&2; {harmless}" : "propose $STEP.txt \"$(cat $W/.env)\"").Replace("$STEP", step, StringComparison.Ordinal);
        house.Script("a", Plan("a")).Script("b", Plan("b"));
        var mapped = leaks == "a" ? "b" : "a";
        string Step(string step) => $"{{ id: {step}, engine: ./engines/{step}{(step == "b" ? ", needs: [a]" : "")}{(step == mapped ? ", secrets: { TOKEN: { file: secret } }" : "")} }}";
        var definition = house.Workflow($"  - {Step("a")}\n  - {Step("b")}");
        // Another process goes on after the first step: it has read that step's secret never.
        if (leaks == "b") house.Store.OnCommit = c => c.Entries.Any(e => e.EntryType == WalEntryTypes.StepCompleted) ? Cut.Kept : Cut.No;
        var id = await house.StartAsync(definition);
        if (leaks == "b")
        {
            await house.TryAdvanceAsync(id);
            Assert.True(house.Store.IsDead);
            await house.DieAsync();
        }
        var report = await house.AdvanceAsync(id);
        Assert.True(report.Problem?.Code == code, $"{report.Problem}");
        AssertNowhere(house, report, $"{way} of {leaks}");
    }

    private static void AssertNowhere(FlightHouse house, FlightReport report, string way)
    {
        Assert.DoesNotContain(Secret, string.Join('\n', house.Told) + report.Problem + string.Join('\n', report.Problem?.Evidence.Values ?? []) + FlightHouse.Text(report.State), StringComparison.Ordinal);
        byte[][] forms = [Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(Convert.ToBase64String(Encoding.UTF8.GetBytes(Secret))), Encoding.UTF8.GetBytes(Convert.ToHexStringLower(Encoding.UTF8.GetBytes(Secret)))];
        var files = Directory.EnumerateFiles(house.StoreDirectory, "*", SearchOption.AllDirectories).ToList();
        Assert.Contains(files, f => f.EndsWith("state.db-wal", StringComparison.Ordinal));
        foreach (var file in files)
        {
            var bytes = ReadShared(file);
            foreach (var form in forms) Assert.True(bytes.AsSpan().IndexOf(form) < 0, $"{way}: in {Path.GetFileName(file)}");
        }
    }

    private static byte[] ReadShared(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
