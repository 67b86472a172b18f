// Which processes belong to a sandbox: those in its pid namespace, and those that hide theirs (a process may forbid to be looked at, prctl(2) PR_SET_DUMPABLE)
// but not whose children they are: in a pid namespace every process descends from the first one.
using CabinCrew.Orchestrator.Engines.Processes;

namespace CabinCrew.Orchestrator.Engines.Sandbox;

/// <param name="name">Of the pid namespace; somebody holds it open, so that no other gets it.</param>
internal sealed class NamespaceMembers(string name)
{
    /// <summary>Processes that did not let us look and turned out to be somebody else's; nobody changes sides.</summary>
    private HashSet<int> foreign = [];

    public ProcessUse Measure() => ProcessTable.Sum(Pids());

    public IReadOnlyCollection<int> Pids()
    {
        var members = new HashSet<int>();
        var hidden = new List<(int Pid, int Parent)>();
        var still = new HashSet<int>();
        foreach (var pid in ProcessTable.Pids())
        {
            if (ProcessTable.Namespace(pid) is { } own)
            {
                if (own == name) members.Add(pid);
            }
            else if (foreign.Contains(pid)) still.Add(pid);
            else if (ProcessTable.Parent(pid) is { } parent) hidden.Add((pid, parent));
        }
        while (hidden.RemoveAll(h => members.Contains(h.Parent) && members.Add(h.Pid)) > 0) { }
        still.UnionWith(hidden.Select(h => h.Pid));
        foreign = still;
        return members;
    }
}
