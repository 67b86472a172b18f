// Terms as operands (one value), as patterns (held against a value), and references that search.
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile;

internal sealed partial class Generator
{
    /// <summary>Locals that only a value from elsewhere can bind; what references bind by searching does not count.</summary>
    private bool IsReady(CoreTerm term) => term switch
    {
        CoreLocal local => bound.Contains(local.Local),
        CoreRef reference => reference.Local is not { } head || bound.Contains(head),
        CoreArray or CoreSet or CoreObject => Array.TrueForAll(LocalWalk.Parts(term), IsReady),
        _ => true,
    };

    private bool HasUnbound(CoreTerm term) => term switch
    {
        CoreLocal local => !bound.Contains(local.Local),
        CoreRef { Local: { } head } when !bound.Contains(head) => true,
        CoreRef or CoreArray or CoreSet or CoreObject => Array.Exists(LocalWalk.Parts(term), HasUnbound),
        _ => false,
    };

    /// <summary>The value of a term. Where a reference in it searches, the search becomes a step before.</summary>
    public Operand Operand(CoreTerm term)
    {
        switch (term)
        {
            case CoreConst constant:
                return new ConstOperand(constant.Value);
            case CoreLocal local:
                return bound.Contains(local.Local) ? new SlotOperand(local.Local.Slot) : throw new UnboundLocal(local.Local);
            case CoreRef reference when HasUnbound(reference):
                var found = frame.Generate();
                EmitRef(reference, () => new BindPattern(found.Slot));
                bound.Add(found);
                return new SlotOperand(found.Slot);
            case CoreRef reference:
                return Lookup(reference);
            case CoreArray array:
                return new ArrayOperand(Operands(array.Items));
            case CoreSet set:
                return new SetOperand(Operands(set.Items));
            case CoreObject map:
                return new ObjectOperand(Operands(map.Keys), Operands(map.Values));
            case CoreComprehension comprehension:
                return Comprehension(comprehension);
            case CoreTemplate template:
                var span = template.Span;
                return new TemplateOperand([.. template.Parts.Select(p => p.Body is null
                    ? new TemplateSegment(p.Text, null)
                    : new TemplateSegment(null, Closure(p.Body, g => new TemplateOperand.EndStep(g.Operand(p.Value!), span))))]);
            default:
                throw new InvalidOperationException($"no such term: {term.GetType().Name}");
        }
    }

    private Operand[] Operands(CoreTerm[] terms)
    {
        var result = new Operand[terms.Length];
        for (var i = 0; i < result.Length; i++) result[i] = Operand(terms[i]);
        return result;
    }

    private CollectOperand Comprehension(CoreComprehension comprehension)
    {
        var body = comprehension.Body;
        var span = body.Expressions[0].Span;
        return comprehension.Kind switch
        {
            ComprehensionKind.Array => new ArrayCollectOperand(Closure(body, g => new ArrayEmitStep(g.Operand(comprehension.Value)))),
            ComprehensionKind.Set => new SetCollectOperand(Closure(body, g => new SetEmitStep(g.Operand(comprehension.Value)))),
            _ => new ObjectCollectOperand(Closure(body, g => new ObjectEmitStep(g.Operand(comprehension.Key!), g.Operand(comprehension.Value), span))),
        };
    }

    /// <summary>A term that a value is held against; its unbound locals are bound by that.</summary>
    public Pattern Pattern(CoreTerm term)
    {
        switch (term)
        {
            case CoreConst constant:
                return new ConstPattern(constant.Value);
            case CoreLocal local when !bound.Contains(local.Local):
                bound.Add(local.Local);
                return local.Local.IsWildcard ? AnyPattern.Instance : new BindPattern(local.Local.Slot);
            case CoreArray array when HasUnbound(array):
                return new ArrayPattern(Array.ConvertAll(array.Items, Pattern));
            case CoreObject map when HasUnbound(map):
                return new ObjectPattern(Operands(map.Keys), Array.ConvertAll(map.Values, Pattern));
            default:
                return new EqualPattern(Operand(term));
        }
    }

    private Operand Lookup(CoreRef reference)
    {
        var (root, tree, start) = Root(reference);
        var rest = reference.Path[start..];
        if (tree is not null) return new TreeOperand(tree, Operands(rest));
        if (rest.Length == 0) return root!;
        if (!Array.TrueForAll(rest, static p => p is CoreConst)) return new DynamicPathOperand(root!, Operands(rest));
        var keys = Array.ConvertAll(rest, Key);
        return root is InputOperand ? new InputPathOperand(keys) : new PathOperand(root!, keys);
    }

    // Members are asked for by the names that documents have.
    private static Value Key(CoreTerm constant) => ((CoreConst)constant).Value is StringValue name ? JsonValueReader.NameLike(name) : ((CoreConst)constant).Value;

    /// <summary>A step for a reference with unbound parts. The pattern for what it finds is made when all parts of the path are bound.</summary>
    private void EmitRef(CoreRef reference, Func<Pattern> result)
    {
        var (root, tree, start) = Root(reference);
        var path = new PathPart[reference.Path.Length - start];
        for (var i = 0; i < path.Length; i++)
        {
            var term = reference.Path[start + i];
            path[i] = term is CoreConst ? new(new ConstOperand(Key(term)), null) : IsReady(term) ? new(Operand(term), null) : new(null, Pattern(term));
        }

        IsCostly = true;
        var pattern = result();
        steps.Add(new RefStep(root, tree, path, pattern));
    }

    /// <summary>Where a reference starts: at an operand or a node of the rule tree, and how much of the path that has used up.</summary>
    private (Operand? Root, RuleNode? Tree, int Start) Root(CoreRef reference)
    {
        switch (reference.Root)
        {
            case RefRoot.Local:
                return (Operand(new CoreLocal(reference.Local!)), null, 0);
            case RefRoot.Input:
                footprint.Open();
                return (InputOperand.Instance, null, 0);
        }

        var node = planner.Root;
        for (var i = 0; i < reference.Path.Length; i++)
        {
            if (reference.Path[i] is not CoreConst { Value: StringValue key }) return Tree(node, i);
            var child = node.Child(key.Text);
            if (child is null || child.IsFunction) return (DataPath(reference, out var used), null, used);
            IsCostly |= child.Plan is not null;
            if (child.Plan is { } rules)
            {
                footprint.Asks.Add(rules);
                return (new RulesOperand(rules), null, i + 1);
            }

            node = child;
        }

        return Tree(node, reference.Path.Length);
    }

    // Which rules it leads to is seen when it is evaluated.
    private (Operand? Root, RuleNode? Tree, int Start) Tree(RuleNode node, int start)
    {
        footprint.Open();
        return (null, node, start);
    }

    private static DataPathOperand DataPath(CoreRef reference, out int used)
    {
        used = 0;
        while (used < reference.Path.Length && reference.Path[used] is CoreConst) used++;
        return new(Array.ConvertAll(reference.Path[..used], Key));
    }
}
