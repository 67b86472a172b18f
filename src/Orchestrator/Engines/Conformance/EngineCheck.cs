// The conformance checks of ENG and ART on one engine: run for real, in the sandbox, on a workspace that is never changed.
// A check reports what it saw; none can pass without having run.
using System.Text;
using System.Text.Json;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Orchestrator.Artifacts;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Engines.Conformance;

public sealed record CheckFinding(string Clause, string Name, bool Ok, string Detail);

public sealed record CheckReport(string Engine, Digest Digest, IReadOnlyList<CheckFinding> Findings)
{
    public bool Ok => Findings.All(f => f.Ok);
}

public sealed class EngineCheck
{
    /// <summary>Handed to the engine as a secret; must come back nowhere.</summary>
    private const string Canary = "canary-5f1c0e7a93b24d68";

    private static readonly JsonElement Empty = JsonElement.Parse("{}"u8);

    private readonly List<CheckFinding> findings = [];
    private readonly ResolvedEngine engine;
    private readonly IEngineRunner runner;
    private readonly JsonElement config;
    private readonly string workspace;
    private readonly CheckScratch scratch;
    private readonly Redactor redactor = new();

    private EngineCheck(ResolvedEngine engine, IEngineRunner runner, JsonElement config, string workspace, CheckScratch scratch)
    {
        (this.engine, this.runner, this.config, this.workspace, this.scratch) = (engine, runner, config, workspace, scratch);
        redactor.Learn("CHECK_SECRET", Canary);
    }

    public static async Task<Outcome<CheckReport>> RunAsync(string reference, string baseDirectory, JsonElement config, string? workspace, CancellationToken ct)
    {
        if (!EngineCatalog.Resolve(reference, baseDirectory).Try(out var engine, out var problem)) return problem;
        if (!EngineRunners.Create(unsandboxed: false).Try(out var runner, out problem)) return problem;
        using var scratch = CheckScratch.Create(new RandomIds());
        var at = workspace is null ? scratch.SampleWorkspace() : Path.GetFullPath(workspace, baseDirectory);
        if (!Directory.Exists(at)) return new Problem(ProblemCode.NotFound, $"there is no directory {at}");
        var check = new EngineCheck(engine, runner, config, at, scratch);
        await check.AllAsync(ct).ConfigureAwait(false);
        return new CheckReport(engine.Id, engine.Digest, check.findings);
    }

    private async Task AllAsync(CancellationToken ct)
    {
        var before = WorkspaceHasher.Hash(workspace, ct);
        var first = await PlanAsync(Input(EngineMode.FlightPlan, null), ct).ConfigureAwait(false);
        Say("ENG-05", "flight-plan succeeds with this config", first.Problem is null, first.Problem?.ToString() ?? "exit code 0 and a receipt that says success");
        if (first.Problem?.Code is { } code && code.Entry().Clause is "ENG-04" or "ENG-05") Say("ENG-04", "one receipt on standard output, nothing else", first.Receipt is not null, first.Problem!.ToString());
        else Say("ENG-04", "one receipt on standard output, nothing else", first.Receipt is not null, first.Receipt is null ? "no receipt came back" : $"receipt {first.Receipt.ReceiptId}");
        if (first.Plan is { } plan)
        {
            Say("ART-04", "artifacts are valid and agree with the receipt", true, $"{plan.Artifacts.Count} artifact(s), {plan.Changes.Count} declared change(s)");
            Say("ART-07", "the secret it was given is in no artifact, receipt or log", !first.LeaksSecret, first.LeaksSecret ? "the secret came back in the receipt or on standard error" : "not found in any form");
            await DeterminismAsync(first, ct).ConfigureAwait(false);
            await TakeOffAsync(first, ct).ConfigureAwait(false);
        }
        else
        {
            Say("ART-04", "artifacts are valid and agree with the receipt", false, first.Problem?.ToString() ?? "there is no plan");
        }
        Say("ENG-06", "flight-plan leaves the workspace alone", before.Ok && WorkspaceHasher.Hash(workspace, ct) is { Ok: true } after && after.Value.Hash == before.Value.Hash,
            before.Ok ? "hash before and after compared" : before.ToString());
        await BadInputAsync("ENG-05", "input that is not JSON is refused", "this is not JSON"u8.ToArray(), ct).ConfigureAwait(false);
        await BadInputAsync("ENG-05", "input of an unknown protocol version is refused", Input(EngineMode.FlightPlan, null, version: "no-such-version"), ct).ConfigureAwait(false);
        await BadInputAsync("ENG-03", "empty input is refused", [], ct).ConfigureAwait(false);
    }

    private sealed record Planned(EngineOutput? Receipt, ValidatedPlan? Plan, Problem? Problem, bool LeaksSecret);

    private async Task<Planned> PlanAsync(byte[] input, CancellationToken ct)
    {
        var (result, failure) = await runner.RunAsync(Run(EngineMode.FlightPlan, input), ct).ConfigureAwait(false);
        if (result is null) return new(null, null, failure!.Problem, false);
        using (result)
        {
            var leaks = redactor.FindIn(result.ReceiptBytes.Span) is not null || redactor.FindIn(result.Log.Span) is not null;
            var read = ArtifactReader.Read(result.Artifacts!, result.Receipt, EngineLimits.Default, redactor, WorkspaceHasher.Reader(workspace));
            return read.Try(out var plan, out var problem) ? new(result.Receipt, plan, null, leaks) : new(result.Receipt, null, problem, leaks);
        }
    }

    private async Task DeterminismAsync(Planned first, CancellationToken ct)
    {
        var second = await PlanAsync(Input(EngineMode.FlightPlan, null), ct).ConfigureAwait(false);
        if (second.Plan is null)
        {
            Say("ENG-07", "the same input gives the same artifacts", false, second.Problem!.ToString());
            return;
        }
        var different = first.Plan!.Artifacts.Select(a => a.Bound).Except(second.Plan.Artifacts.Select(a => a.Bound)).Select(a => a.Name.ToString()).ToList();
        Say("ENG-07", "the same input gives the same artifacts", different.Count == 0 && first.Plan.Artifacts.Count == second.Plan.Artifacts.Count,
            different.Count == 0 ? "two runs, byte for byte" : $"these differ between two runs: {string.Join(", ", different)}");
    }

    private async Task TakeOffAsync(Planned planned, CancellationToken ct)
    {
        const string name = "take-off makes exactly the declared change";
        if (!WorkspaceViews.Create(workspace, scratch.NewDirectory("view")).Try(out var view, out var problem))
        {
            Say("ENG-09", name, false, problem.ToString());
            return;
        }
        using (view)
        {
            var (result, failure) = await runner.RunAsync(Run(EngineMode.TakeOff, Input(EngineMode.TakeOff, Digest.Of("check"u8))) with
            {
                Workspace = view.Root,
                LaunchPrefix = view.LaunchPrefix,
                FrozenArtifacts = scratch.WriteArtifacts(planned.Plan!),
            }, ct).ConfigureAwait(false);
            Say("ENG-08", "take-off succeeds from the artifacts alone", result is not null, failure?.Problem.ToString() ?? "exit code 0 and a receipt that says success");
            if (result is null) return;
            using (result)
            {
                var compared = view.Changes(ct).Then(actual => ChangeComparison.Compare(planned.Plan!, actual));
                Say("ENG-09", name, compared.Ok, compared.Problem?.ToString() ?? $"{planned.Plan!.Changes.Count} path(s) compared byte for byte");
            }
        }
    }

    private async Task BadInputAsync(string clause, string name, byte[] input, CancellationToken ct)
    {
        var (result, failure) = await runner.RunAsync(Run(EngineMode.FlightPlan, input), ct).ConfigureAwait(false);
        using (result)
        {
            var refused = failure?.Problem.Code is ProblemCode.EngineFailed or ProblemCode.EngineValidationFailed;
            Say(clause, name, refused, result is not null ? "it succeeded on input that it cannot have understood" : failure!.Problem.ToString());
        }
    }

    private EngineRun Run(EngineMode mode, byte[] input) => new()
    {
        Engine = engine,
        Mode = mode,
        Clearance = EngineRun.Cleared(input),
        Limits = EngineLimits.Default with { WallClockSeconds = 60 },
        Workspace = workspace,
        HiddenEntries = Directory.Exists(Path.Combine(workspace, WorkspaceHasher.StoreDirectory)) ? [WorkspaceHasher.StoreDirectory] : [],
    };

    private byte[] Input(EngineMode mode, Digest? token, string version = ProtocolWords.ProtocolVersion) => JsonSerializer.SerializeToUtf8Bytes(new EngineInput
    {
        ProtocolVersion = version,
        Mode = mode,
        Meta = new("wf-check", "check"),
        Config = config,
        Secrets = new Dictionary<string, string>(StringComparer.Ordinal) { ["CHECK_SECRET"] = Canary },
        AllowedSecrets = ["CHECK_SECRET"],
        Context = Empty,
        Orchestrator = new(0, Digest.Of([]).ToString(), "check"),
        ExpectedPlanToken = token?.ToString(),
    }, ProtocolJson.Default.EngineInput);

    private void Say(string clause, string name, bool ok, string detail) => findings.Add(new(clause, name, ok, detail));
}
