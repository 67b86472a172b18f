// A plan as the blob store has it, read back and verified: the only form in which a plan is judged, approved or applied (TOK-04, ART-05).
using CabinCrew.Ledger;
using CabinCrew.Orchestrator.Artifacts;
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Workflows.Stages;

/// <param name="Hash">Of the body, or of artifact.json where there is none.</param>
/// <param name="Content">The body, wherever it stands; null: none.</param>
public sealed record ShownArtifact(ArtifactName Name, ArtifactRole Role, ArtifactDocument Document, Digest Hash, ReadOnlyMemory<byte>? Content)
{
    public bool IsPatch => Role == ArtifactRole.Evidence && ArtifactTypes.DeclaresFileChanges(Document.Type);
}

public readonly record struct GitDeclaration(DeclaredGit? Git);

/// <summary>The bytes behind a step's plan, each verified against its digest.</summary>
public sealed record FrozenBytes(
    WorkflowId Workflow, StepFlight Flight, IReadOnlyList<(ArtifactName Name, ReadOnlyMemory<byte> Document, ReadOnlyMemory<byte>? Body, ArtifactRole Role)> Artifacts)
{
    /// <summary>The token document bears this orchestrator's signature (TOK-03).</summary>
    public required bool Signed { get; init; }

    /// <summary>What the flight-plan said to a declared network, as the token binds it.</summary>
    public NetworkLog? Network { get; init; }

    /// <summary>What the take-off said to it, once it has landed.</summary>
    public NetworkLog? TakeOffNetwork { get; init; }

    /// <summary>Null when the plan may still be judged, approved and applied.</summary>
    public Problem? Stale(DateTimeOffset now) =>
        VerifyToken() ?? (Flight.Token!.Extensions?.ExpiresAt is { } end && now >= end
            ? new Problem(ProblemCode.TokenExpired, $"the plan-token expired at {end:O}").At($"step {Flight.Id}")
            : null);

    /// <summary>Everything that is judged, read from the very bytes that the token binds: for those who show it. Logs are left out.</summary>
    public Outcome<IReadOnlyList<ShownArtifact>> Shown()
    {
        var shown = new List<ShownArtifact>();
        foreach (var (name, document, body, role) in Artifacts.Where(a => a.Role != ArtifactRole.Log))
        {
            if (!ArtifactDocuments.Read(document).Try(out var artifact, out var problem)) return problem.At($"artifact {name}");
            shown.Add(new(name, role, artifact, Digest.Of((body ?? document).Span), body ?? ArtifactDocument.BytesOf(artifact.Body)));
        }
        return shown;
    }

    /// <summary>What the plan declares inside .git; null: nothing.</summary>
    public Outcome<GitDeclaration> Git()
    {
        if (!Shown().Try(out var shown, out var problem)) return problem;
        var by = shown.FirstOrDefault(a => a.Role == ArtifactRole.Evidence && a.Document.Metadata is { ValueKind: System.Text.Json.JsonValueKind.Object } m && m.TryGetProperty("git", out _));
        return by is null ? new GitDeclaration(null) : DeclaredGitReader.Read(by.Name, by.Document.Metadata!.Value).Map(git => new GitDeclaration(git));
    }

    /// <summary>The token of what is stored now.</summary>
    public Outcome<Digest> Recompute()
    {
        var bound = new List<BoundArtifact>();
        foreach (var (name, document, body, role) in Artifacts)
        {
            var read = ArtifactDocuments.Read(document);
            if (!read.Try(out var artifact, out var problem)) return problem.At($"artifact {name}");
            bound.Add(new(name, artifact.Role ?? role, artifact.Type, artifact.Action, Digest.Of(document.Span), body is { } b ? Digest.Of(b.Span) : null, body?.Length ?? 0));
        }
        return PlanTokens.Compute(Flight.Plan!.TokenInputs(Workflow, Flight.Id) with { Artifacts = bound, ContextHash = Digest.Of(CanonicalJson.Write(Flight.Plan.Context)) });
    }

    /// <summary>Null when the stored bytes still hash to the token.</summary>
    public Problem? VerifyToken()
    {
        if (!Recompute().Try(out var actual, out var problem)) return problem;
        if (!Signed) return new Problem(ProblemCode.TokenMismatch, "the plan-token's signature is not this orchestrator's").At($"step {Flight.Id}");
        return actual == Flight.Token!.Token
            ? null
            : new Problem(ProblemCode.TokenMismatch, "what is stored no longer hashes to the plan-token").At($"step {Flight.Id}")
                .With("expected", Flight.Token.Token.ToString()).With("actual", actual.ToString());
    }

    /// <summary>The plan with its declared changes, read against a workspace.</summary>
    public Outcome<ValidatedPlan> Rebuild(string workspace) => ArtifactReader.Rebuild(Artifacts, WorkspaceHasher.Reader(workspace));

    /// <summary>The plan with its declared changes as they were recorded when it was made, whatever became of the workspace: to be judged again, never to be applied.</summary>
    public Outcome<ValidatedPlan> Recorded() => ArtifactReader.Recorded(Artifacts, [.. Flight.Plan!.Changes.Select(c => new FileWrite(c.ToChange(), null))]);
}

public static class FrozenPlans
{
    public static async Task<Outcome<FrozenBytes>> LoadAsync(LedgerRoom ledger, TenantId tenant, FlightState state, StepId step, CancellationToken ct)
    {
        var flight = state.Steps[step];
        if (flight.Plan is not { } plan) return new Problem(ProblemCode.NotFound, "there is no plan yet").At($"step {step}");
        var artifacts = new List<(ArtifactName, ReadOnlyMemory<byte>, ReadOnlyMemory<byte>?, ArtifactRole)>();
        foreach (var frozen in plan.Artifacts)
        {
            var document = await ledger.Blobs.GetAsync(tenant, frozen.Document, ct).ConfigureAwait(false);
            if (!document.Try(out var bytes, out var problem)) return problem.At($"step {step}, artifact {frozen.Name}");
            ReadOnlyMemory<byte>? body = null;
            if (frozen.Body is { } digest)
            {
                var read = await ledger.Blobs.GetAsync(tenant, digest, ct).ConfigureAwait(false);
                if (!read.Try(out var content, out problem)) return problem.At($"step {step}, artifact {frozen.Name}");
                body = content;
            }
            artifacts.Add((frozen.Bound.Name, bytes, body, frozen.Role));
        }
        var networks = new NetworkLog?[2];
        foreach (var (i, record) in new[] { (0, plan.Network), (1, flight.TakeOff?.Network) })
        {
            if (record is null) continue;
            var heard = await StepNetwork.LoadAsync(ledger, record, ct).ConfigureAwait(false);
            if (!heard.Try(out networks[i], out var problem)) return problem.At($"step {step}, network");
        }
        return new FrozenBytes(state.Id, flight, artifacts) { Network = networks[0], TakeOffNetwork = networks[1], Signed = flight.Token is { } token && TokenSigning.Verify(token, ledger.Signer) };
    }
}
