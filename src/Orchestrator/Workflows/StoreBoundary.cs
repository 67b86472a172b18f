// The store holds identities, keys and approvals: it stands where no engine can read or change it, or the flight is not begun (ENG-06, APR-03).
// The one place inside a workspace is the entry that views hide and patches may not name: .cabincrew at its top.
using CabinCrew.Governance.Files;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workflows;

internal static class StoreBoundary
{
    /// <param name="store">Null: not on this machine's disk.</param>
    public static Problem? Fault(string? store, WorkflowDefinition definition)
    {
        if (store is null) return null;
        if (CanonicalPath.Of(store) is not { } real) return Exposed(store, "the store cannot be found");
        if (CanonicalPath.Contains(real, definition.Workspace)) return Exposed(store, $"the workspace {definition.Workspace} stands inside the store");
        var hidden = Path.Join(definition.Workspace, WorkspaceHasher.StoreDirectory);
        if (CanonicalPath.Contains(definition.Workspace, real) && real != hidden)
            return Exposed(store, $"the store stands inside the workspace {definition.Workspace}, where only {hidden} is kept from engines");
        return definition.Steps.SelectMany(s => s.Outside.Select(o => (s.Id, Directory: o))).FirstOrDefault(o => Touch(o.Directory, real)) is { Directory: { } outside } step
            ? Exposed(store, $"step {step.Id} may write {outside}, and the store with it")
            : null;
    }

    /// <summary>An engine sees its own files: the store may not be among them.</summary>
    public static Problem? Fault(string? store, ResolvedEngine engine) =>
        store is not null && CanonicalPath.Of(store) is { } real && engine.Mounts.FirstOrDefault(m => Touch(CanonicalPath.Of(m.Source) ?? m.Source, real)) is { } mount
            ? Exposed(store, $"the engine {engine.Id} is mounted with all of {mount.Source}, and the store with it")
            : null;

    private static bool Touch(string a, string b) => CanonicalPath.Contains(a, b) || CanonicalPath.Contains(b, a);

    private static Problem Exposed(string store, string why) => new(ProblemCode.StoreExposed, why) { Where = store };
}
