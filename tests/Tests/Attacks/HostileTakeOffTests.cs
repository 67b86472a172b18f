// What a workflow or an engine tries beside the plan: commands of its own on the host, secrets in its last words, effects outside and then a failure.
using CabinCrew.Ledger.Blobs;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using Xunit;

namespace CabinCrew.Tests.Attacks;

public sealed class HostileTakeOffTests
{
    private const string Report = """artifact n '{"type":"report","action":"x","role":"evidence"}' evidence""";

    private static string SecretFrom(string command) => $"  secrets:\n    TOKEN:\n      command: {command}\n";

    private static async Task<string> AuditAsync(FlightLab lab) =>
        string.Join('\n', (await lab.Room.Store.ReadAuditAsync(TenantId.Local, 1, 1000, default)).Value.Rows.Select(r => r.Json));

    [Fact, Clause("ENG-03"), Clause("AUD-01")]
    public async Task A_workflows_command_does_not_run_before_a_person_allowed_that_very_command()
    {
        await using var lab = await new FlightLab().OpenAsync();
        lab.Engine(Report, "");
        var mark = lab.Files["ran"];
        var definition = lab.Workflow(SecretFrom($"[/bin/sh, -c, \"touch '{mark}'; echo a-long-enough-secret\"]")).Value;
        var refused = await lab.Flights.StartAsync(definition, FlightLab.Rita, false, default);
        Assert.Equal(ProblemCode.SecretCommandNotAllowed, refused.Problem?.Code);
        Assert.Contains("touch", refused.Problem!.Message);
        Assert.Contains("--allow-secret-commands", ProblemCodes.Table.Single(e => e.Code == refused.Problem.Code).Remedy);
        Assert.False(File.Exists(mark));

        var consents = new SecretConsents(lab.Room);
        Assert.False((await consents.AllowAsync(definition, FlightLab.Rita with { Human = false }, default)).Ok);
        Assert.True((await consents.AllowAsync(definition, FlightLab.Rita, default)).Ok);
        var report = await lab.FlyAsync(definition);
        Assert.Null(report.Problem);
        Assert.True(File.Exists(mark));
        Assert.Contains(AuditEventTypes.SecretCommandAllowed, await AuditAsync(lab));

        // One word more is another command; and consent that is taken back counts at the next use.
        Assert.NotNull(consents.Missing(lab.Workflow(SecretFrom($"[/bin/sh, -c, \"touch '{mark}'; echo a-long-enough-secret\", x]")).Value));
        Directory.Delete(Path.Combine(lab.Store, "consents"), recursive: true);
        Assert.NotNull(consents.Missing(definition));
    }

    [Fact, Clause("AUD-04")]
    public async Task A_secret_in_an_engines_last_words_reaches_neither_terminal_nor_report_nor_store()
    {
        const string secret = "correct-horse-battery-staple";
        await using var lab = await new FlightLab().OpenAsync();
        lab.Files.File("secret", secret);
        lab.Engine($$"""receipt failure ",\"error\":\"{{secret}}\""; exit 1""", "");
        var report = await lab.FlyAsync(lab.Workflow("  secrets:\n    TOKEN:\n      file: ../secret\n").Value);
        Assert.Equal(ProblemCode.EngineFailed, report.Problem?.Code);
        var shown = $"{report.Problem} {report.State.Problem?.Message} {report.State.Steps.Values.Single().Problem?.Message} {string.Join(' ', lab.Told)} {string.Join(' ', report.State.Timeline.Select(t => t.Text))} {await AuditAsync(lab)}";
        Assert.Contains("TOKEN", shown);
        Assert.DoesNotContain(secret, shown);
    }

    [Fact, Clause("ORC-05"), Clause("ENG-09")]
    public async Task Effects_outside_and_then_an_undeclared_change_is_in_doubt_and_keeps_the_lock()
    {
        await using var lab = await new FlightLab().OpenAsync();
        Directory.CreateDirectory(lab.Files["out"]);
        lab.Engine(Report, $"echo sent > '{lab.Files["out/sent"]}'; echo x > undeclared");
        lab.Files.File("ws/allow.yaml", "version: 1\ndefault: allow\nrules:\n- {id: none, when: {paths: nothing}, decision: deny, reason: r}\n");
        var definition = lab.Workflow("  outside: [../out]\n", "rules: allow.yaml").Value;
        var report = await lab.FlyAsync(definition);
        Assert.True(File.Exists(lab.Files["out/sent"]));
        Assert.Equal(ProblemCode.TakeOffOutcomeUnknown, report.Problem?.Code);
        Assert.True(report.State.InDoubt);
        Assert.False(File.Exists(lab.Files["ws/undeclared"]));

        // It is never run again, and nobody else takes off on that workspace.
        File.Delete(lab.Files["out/sent"]);
        Assert.Equal(ProblemCode.TakeOffOutcomeUnknown, (await lab.GoOnAsync(report.State.Id)).Problem?.Code);
        Assert.False(File.Exists(lab.Files["out/sent"]));
        Assert.Equal(ProblemCode.WorkspaceLocked, (await lab.FlyAsync(definition)).Problem?.Code);
    }

    [Fact, Clause("ORC-05")]
    public async Task A_change_that_is_durably_decided_is_never_declared_failed_while_half_of_it_is_there()
    {
        var broken = new BrokenBlobs(Digest.Of("hello\n"u8));
        await using var lab = await new FlightLab().OpenAsync(room => room with { Blobs = broken.Over(room.Blobs) });
        lab.Files.File("ws/allow.yaml", "version: 1\ndefault: allow\nrules:\n- {id: none, when: {paths: nothing}, decision: deny, reason: r}\n");
        const string patch = """--- /dev/null\\n+++ b/new.txt\\n@@ -0,0 +1 @@\\n+hello\\n""";
        lab.Engine($$$"""artifact p "$(printf '{"type":"file_patch","action":"create","role":"evidence","body":"{{{patch}}}"}')" evidence""", "echo hello > new.txt");
        var definition = lab.Workflow("", "rules: allow.yaml").Value;
        var report = await lab.FlyAsync(definition);
        Assert.NotNull(report.Problem);
        Assert.Equal(LifecycleState.TakeoffRunning, report.State.Overall);
        Assert.Equal(ProblemCode.WorkspaceLocked, (await lab.FlyAsync(definition)).Problem?.Code);

        broken.Mended = true;
        Assert.Null((await lab.GoOnAsync(report.State.Id)).Problem);
        Assert.Equal("hello\n", File.ReadAllText(lab.Files["ws/new.txt"]));
    }

    /// <summary>Throws, as only a bug does, where one blob is read.</summary>
    private sealed class BrokenBlobs(Digest victim) : IBlobStore
    {
        private IBlobStore inner = null!;

        public bool Mended { get; set; }

        public BrokenBlobs Over(IBlobStore store)
        {
            inner = store;
            return this;
        }

        public Task<Outcome<IReadOnlyList<Digest>>> PutAsync(TenantId tenant, IReadOnlyList<ReadOnlyMemory<byte>> contents, CancellationToken ct) => inner.PutAsync(tenant, contents, ct);

        public Task<Outcome<IReadOnlyList<Digest>>> PutAheadAsync(TenantId tenant, IReadOnlyList<ReadOnlyMemory<byte>> contents, CancellationToken ct) => inner.PutAheadAsync(tenant, contents, ct);

        public Task<Outcome<ReadOnlyMemory<byte>>> GetAsync(TenantId tenant, Digest digest, CancellationToken ct) =>
            digest == victim && !Mended ? throw new InvalidOperationException("a bug") : inner.GetAsync(tenant, digest, ct);
    }
}
