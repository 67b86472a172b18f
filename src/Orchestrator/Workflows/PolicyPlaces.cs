// Where a workflow's policies are loaded from, and what they may have beside them: commits, secrets, the last good bundle, models.
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Bundles;
using CabinCrew.Ledger;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workflows;

/// <param name="models">Null: no model can be run.</param>
internal sealed class PolicyPlaces(LedgerRoom ledger, TextModelLoader? models)
{
    /// <param name="readOnly">Good bundles are found, and none is kept.</param>
    public PolicySurroundings At(string baseDirectory, bool readOnly) => new(baseDirectory, ledger.Redactor)
    {
        Git = GitTrees.ReadAsync,
        Secrets = (kind, value, stop) => SecretReader.ReadAsync(new(kind, value, []), stop),
        Models = models,
        LastGood = ledger.Directory is { } store ? new(ledger.Blobs, TenantId.Local, Path.Combine(store, LastGoodBundles.FolderName), readOnly) : null,
    };

    public Task<Outcome<PolicySet>> LoadAsync(WorkflowDefinition definition, bool readOnly, CancellationToken ct) =>
        PolicySet.LoadAsync(definition.Policies, At(Path.GetDirectoryName(definition.File)!, readOnly), definition.Aggregation, definition.PolicyTimeLimit, ct);
}
