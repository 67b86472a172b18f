// Which locals an equation makes safe, given those that are safe already: OPA's own rule, so that the same policies compile.
using CabinCrew.Rego.Evaluate;

namespace CabinCrew.Rego.Compile;

internal sealed class Unifier
{
    private const Skip Inner = Skip.RefHead | Skip.ObjectKeys | Skip.Closures;

    private readonly LocalSet safe;
    private readonly LocalSet unified = new();
    private readonly Dictionary<Local, List<Local>> waiting = [];
    private readonly Frame frame;

    private Unifier(LocalSet safe, Frame frame)
    {
        this.safe = safe;
        this.frame = frame;
    }

    public static LocalSet Unify(LocalSet safe, Frame frame, CoreTerm left, CoreTerm right)
    {
        var unifier = new Unifier(safe, frame);
        unifier.Unify(left, right);
        return unifier.unified;
    }

    private bool IsSafe(Local local) => safe.Contains(local) || unified.Contains(local);

    private bool HeadIsSafe(CoreRef reference) => reference.Local is not { } local || IsSafe(local);

    private void Unify(CoreTerm left, CoreTerm right)
    {
        switch (left, right)
        {
            case (CoreLocal a, CoreLocal b):
                if (IsSafe(b.Local)) MarkSafe(a.Local);
                else if (IsSafe(a.Local)) MarkSafe(b.Local);
                else
                {
                    MarkWaiting(a.Local, b.Local);
                    MarkWaiting(b.Local, a.Local);
                }

                break;
            case (CoreLocal a, CoreArray or CoreObject):
                UnifyAll(a.Local, right);
                break;
            case (CoreArray or CoreObject, CoreLocal b):
                UnifyAll(b.Local, left);
                break;
            case (CoreLocal a, CoreRef b):
                if (HeadIsSafe(b)) MarkSafe(a.Local);
                break;
            case (CoreRef a, CoreLocal b):
                if (HeadIsSafe(a)) MarkSafe(b.Local);
                break;
            case (CoreLocal a, _):
                MarkSafe(a.Local);
                break;
            case (_, CoreLocal b):
                MarkSafe(b.Local);
                break;
            case (CoreRef a, CoreArray or CoreObject):
                if (HeadIsSafe(a)) MarkAllSafe(right);
                break;
            case (CoreArray or CoreObject, CoreRef b):
                if (HeadIsSafe(b)) MarkAllSafe(left);
                break;
            case (CoreArray a, CoreArray b) when a.Items.Length == b.Items.Length:
                for (var i = 0; i < a.Items.Length; i++) Unify(a.Items[i], b.Items[i]);
                break;
            case (CoreObject a, CoreObject b) when a.Keys.Length == b.Keys.Length:
                for (var i = 0; i < a.Keys.Length; i++)
                {
                    var at = Array.FindIndex(b.Keys, k => SameKey(k, a.Keys[i]));
                    if (at >= 0) Unify(a.Values[i], b.Values[at]);
                }

                break;
            case (CoreArray, CoreComprehension { Kind: ComprehensionKind.Array } or CoreConst):
            case (CoreObject, CoreComprehension { Kind: ComprehensionKind.Object } or CoreConst):
                MarkAllSafe(left);
                break;
            case (CoreComprehension { Kind: ComprehensionKind.Array } or CoreConst, CoreArray):
            case (CoreComprehension { Kind: ComprehensionKind.Object } or CoreConst, CoreObject):
                MarkAllSafe(right);
                break;
        }
    }

    public static bool SameKey(CoreTerm left, CoreTerm right) => (left, right) switch
    {
        (CoreConst a, CoreConst b) => a.Value.Equals(b.Value),
        (CoreLocal a, CoreLocal b) => a.Local == b.Local,
        _ => false,
    };

    private void UnifyAll(Local local, CoreTerm term)
    {
        if (IsSafe(local))
        {
            MarkAllSafe(term);
            return;
        }

        var inside = new LocalSet();
        LocalWalk.Collect(term, Inner, inside);
        var missing = inside.Except(safe).Except(unified);
        if (missing.IsEmpty)
        {
            MarkSafe(local);
            return;
        }

        foreach (var slot in missing.Slots()) MarkWaiting(local, frame.Locals[slot]);
    }

    private void MarkAllSafe(CoreTerm term)
    {
        var inside = new LocalSet();
        LocalWalk.Collect(term, Inner, inside);
        foreach (var slot in inside.Slots()) MarkSafe(frame.Locals[slot]);
    }

    private void MarkWaiting(Local local, Local on)
    {
        if (!waiting.TryGetValue(local, out var list)) waiting[local] = list = [];
        if (!list.Contains(on)) list.Add(on);
    }

    private void MarkSafe(Local local)
    {
        if (unified.Contains(local)) return;
        unified.Add(local);
        if (waiting.Remove(local, out var parts))
        {
            foreach (var part in parts) MarkSafe(part);
        }

        if (waiting.Count == 0) return;
        foreach (var (other, on) in waiting.ToArray())
        {
            if (on.Remove(local) && on.Count == 0)
            {
                waiting.Remove(other);
                MarkSafe(other);
            }
        }
    }
}
