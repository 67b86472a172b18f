// Where a changed link leads. The target is the one "line" that a link's patch adds; a target that cannot be seen counts as outside.
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Governance.Policies.Rules;

internal static class LinkTargets
{
    /// <summary>Whether the change leaves a link that leads out of the workspace, or into what is not the workspace's own (.git, .cabincrew).</summary>
    public static bool LeadsOutside(JudgedChange change)
    {
        if (change.Change.After?.Kind != FileKind.Link) return false;
        if (change.AddedLines is not [{ Text: { Length: > 0 } target }] || target[0] == '/') return true;
        var depth = change.Change.Path.ToString().Split('/')[..^1].ToList();
        foreach (var part in target.Split('/'))
        {
            if (part is "" or ".") continue;
            if (part != "..") depth.Add(part);
            else if (depth.Count == 0) return true;
            else depth.RemoveAt(depth.Count - 1);
        }

        return depth is [".git" or ".cabincrew", ..];
    }
}
