// Equations. Taken apart until on one side of each part everything is bound; that side is worked out, the other is the pattern.
using CabinCrew.Rego.Evaluate;

namespace CabinCrew.Rego.Compile;

internal sealed partial class Generator
{
    private sealed record Equation(CoreTerm Left, CoreTerm Right);

    private void Unify(CoreTerm left, CoreTerm right)
    {
        var pending = new List<Equation>();
        if (!TakeApart(left, right, pending))
        {
            steps.Add(new NeverStep());
            return;
        }

        while (pending.Count > 0)
        {
            var at = pending.FindIndex(p => IsReady(p.Left) || IsReady(p.Right));
            if (at < 0) throw Unbound(pending[0].Left);
            var (a, b) = pending[at];
            pending.RemoveAt(at);
            if (IsReady(b)) Equate(b, a);
            else Equate(a, b);
        }
    }

    private bool TakeApart(CoreTerm left, CoreTerm right, List<Equation> into)
    {
        if (HasUnbound(left) && HasUnbound(right))
        {
            switch (left, right)
            {
                case (CoreArray a, CoreArray b):
                    if (a.Items.Length != b.Items.Length) return false;
                    for (var i = 0; i < a.Items.Length; i++)
                    {
                        if (!TakeApart(a.Items[i], b.Items[i], into)) return false;
                    }

                    return true;
                case (CoreObject a, CoreObject b):
                    if (a.Keys.Length != b.Keys.Length) return false;
                    var partners = a.Keys.Select(k => Array.FindIndex(b.Keys, other => Unifier.SameKey(k, other))).ToArray();
                    if (partners.Contains(-1)) break;
                    for (var i = 0; i < partners.Length; i++)
                    {
                        if (!TakeApart(a.Values[i], b.Values[partners[i]], into)) return false;
                    }

                    return true;
            }
        }

        into.Add(new(left, right));
        return true;
    }

    /// <summary>One part: the first term is ready.</summary>
    private void Equate(CoreTerm ready, CoreTerm other)
    {
        if (ready is CoreRef search && HasUnbound(search))
        {
            // The other side is worked out once, before the search, where it needs no part of it.
            if (IsReady(other) && other is not (CoreConst or CoreLocal))
            {
                var operand = Operand(other);
                if (operand is not SlotOperand)
                {
                    var local = frame.Generate();
                    steps.Add(new BindStep(local.Slot, operand));
                    bound.Add(local);
                    other = new CoreLocal(local);
                }
                else
                {
                    EmitRef(search, () => new EqualPattern(operand));
                    return;
                }
            }

            EmitRef(search, () => Pattern(other));
            return;
        }

        if (other is CoreRef mirrored && HasUnbound(mirrored) && IsReady(mirrored))
        {
            Equate(other, ready);
            return;
        }

        var value = Operand(ready);
        if (other is CoreLocal target && !bound.Contains(target.Local))
        {
            bound.Add(target.Local);
            steps.Add(new BindStep(target.Local.Slot, value));
        }
        else if (HasUnbound(other))
        {
            steps.Add(new MatchStep(value, Pattern(other)));
        }
        else
        {
            steps.Add(new EqualStep(value, Operand(other)));
        }
    }

    private UnboundLocal Unbound(CoreTerm term)
    {
        var locals = new LocalSet();
        LocalWalk.Collect(term, Skip.None, locals);
        foreach (var slot in locals.Slots())
        {
            if (!bound.Contains(frame.Locals[slot])) return new(frame.Locals[slot]);
        }

        return new(frame.Locals[0]);
    }
}
