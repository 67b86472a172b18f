// The steps' needs as a graph: a cycle named step by step, and what a step may draw context from (ORC-06). Pure.
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workflows;

internal sealed class StepGraph(IReadOnlyDictionary<StepId, IReadOnlyList<StepId>> needs)
{
    /// <summary>A cycle as a path whose first and last step are the same, or null. Steps that are needed but not there are passed over.</summary>
    public IReadOnlyList<StepId>? Cycle()
    {
        var done = new HashSet<StepId>();
        var path = new List<StepId>();
        var onPath = new HashSet<StepId>();
        foreach (var start in needs.Keys.Order())
            if (Walk(start) is { } cycle) return cycle;
        return null;

        // Depth is bounded by the number of steps (WorkflowFile.StepsMax), so the recursion is too.
        IReadOnlyList<StepId>? Walk(StepId step)
        {
            if (done.Contains(step) || !needs.TryGetValue(step, out var next)) return null;
            if (!onPath.Add(step)) return [.. path.SkipWhile(s => s != step), step];
            path.Add(step);
            foreach (var need in next.Order())
                if (Walk(need) is { } cycle) return cycle;
            path.RemoveAt(path.Count - 1);
            onPath.Remove(step);
            done.Add(step);
            return null;
        }
    }

    /// <summary>Whether <paramref name="earlier"/> is certain to have ended before <paramref name="step"/> starts.</summary>
    public bool Precedes(StepId earlier, StepId step)
    {
        var seen = new HashSet<StepId>();
        var open = new Stack<StepId>(needs.TryGetValue(step, out var first) ? first : []);
        while (open.TryPop(out var at))
        {
            if (at == earlier) return true;
            if (!seen.Add(at) || !needs.TryGetValue(at, out var more)) continue;
            foreach (var need in more) open.Push(need);
        }
        return false;
    }
}
