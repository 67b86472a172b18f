// Where a workflow's policies are loaded from, and what they may have beside them: commits, secrets, the last good bundle.
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Bundles;
using CabinCrew.Ledger;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workflows;

internal static class PolicyPlaces
{
    /// <param name="readOnly">Good bundles are found, and none is kept.</param>
    public static PolicySurroundings At(LedgerRoom ledger, string baseDirectory, bool readOnly) => new(baseDirectory, ledger.Redactor)
    {
        Git = GitTrees.ReadAsync,
        Secrets = (kind, value, stop) => SecretReader.ReadAsync(new(kind, value, []), stop),
        LastGood = ledger.Directory is { } store ? new(ledger.Blobs, TenantId.Local, Path.Combine(store, LastGoodBundles.FolderName), readOnly) : null,
    };

    public static Task<Outcome<PolicySet>> LoadAsync(LedgerRoom ledger, WorkflowDefinition definition, bool readOnly, CancellationToken ct) =>
        PolicySet.LoadAsync(definition.Policies, At(ledger, Path.GetDirectoryName(definition.File)!, readOnly), definition.Aggregation, definition.PolicyTimeLimit, ct);
}
