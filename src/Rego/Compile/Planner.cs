// Makes the plan of a program: for every node of the rule tree that has rules, what evaluates it.
// Shells first, bodies afterwards, for bodies refer to the shells of other nodes.
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile;

internal sealed class Planner(RuleNode root, bool instrumented)
{
    private readonly List<RuleInfo> infos = [];
    private readonly List<RuleSet> sets = [];

    // Made where something is traced: a list of own structs is compiled anew at every start.
    private List<RegoLocation>? traced;

    public RuleNode Root => root;

    public bool Instrumented => instrumented;

    public static Plan Make(RuleNode root, IReadOnlyDictionary<PlacedRule, CoreRule> rules, bool instrumented, List<RegoError> errors)
    {
        var planner = new Planner(root, instrumented);
        planner.Shells(root);
        foreach (var set in planner.sets)
        {
            var bodies = new List<RuleBody>(set.Node.Rules.Count);
            foreach (var defaults in (ReadOnlySpan<bool>)[false, true])
            {
                // Defaults last.
                foreach (var placed in set.Node.Rules)
                {
                    if (placed.Rule.IsDefault == defaults && planner.Fill(set, rules[placed], errors) is { } body) bodies.Add(body);
                }
            }

            set.Bodies = [.. bodies];
            set.Index = RuleIndex.Make(set.Bodies);
        }

        Footprint.Settle(planner.sets);

        return new(root, planner.infos, planner.sets.Count, instrumented) { Traced = planner.traced };
    }

    /// <summary>A step that tells the observer about an expression.</summary>
    public TraceStep Trace(SourceSpan span, bool held)
    {
        if (!held) (traced ??= []).Add(span.ToLocation());
        return new(span, held);
    }

    public static CallTarget Target(Callee callee) => callee.Builtin is { } builtin ? new BuiltinTarget(builtin) : new FunctionTarget((FunctionRules)callee.Function!.Plan!);

    private void Shells(RuleNode node)
    {
        if (node.Rules.Count > 0)
        {
            node.Plan = Shell(node);
            sets.Add(node.Plan);
        }

        foreach (var child in node.Children) Shells(child);
    }

    private RuleSet Shell(RuleNode node)
    {
        if (node.IsFunction) return new FunctionRules(node, sets.Count);
        var depth = node.PathValues.Length;
        var simple = node.Rules.TrueForAll(r => r.Path.Length == depth && r.GroundLength == r.Rule.Head.Reference.Path.Length + 1);
        if (simple && node.Rules.TrueForAll(r => r.Rule.Head.Kind == RuleKind.MultiValue)) return new PartialSetRules(node, sets.Count);
        if (simple && node.Rules.TrueForAll(r => r.Rule.Head.Kind == RuleKind.SingleValue)) return new CompleteRules(node, sets.Count);
        return new PartialObjectRules(node, sets.Count);
    }

    // A default is kept apart from the bodies.
    private RuleBody? Fill(RuleSet set, CoreRule rule, List<RegoError> errors)
    {
        try
        {
            var body = set is CompleteRules or FunctionRules ? Complete(set, rule) : Partial(set, rule);
            if (!rule.Rule.IsDefault || set is not (CompleteRules or FunctionRules)) return body;
            set.Default = body;
        }
        catch (UnboundLocal e)
        {
            errors.Add(rule.Rule.Span.Error("rego_unsafe_var_error", e.Local.IsGenerated ? "expression is unsafe" : $"var {(e.Local.IsWildcard ? "_" : e.Local.Name)} is unsafe"));
        }

        return null;
    }

    private RuleBody Complete(RuleSet set, CoreRule rule)
    {
        var body = NewBody(rule);
        var generator = new Generator(this, rule.Frame, new(), set.Footprint);
        if (!rule.Rule.IsDefault) body.Parameters = Array.ConvertAll(rule.Arguments, generator.Pattern);
        body.Constant = (rule.Value as CoreConst)?.Value;
        var conflict = set is FunctionRules ? FunctionRules.ConflictMessage : CompleteRules.ConflictMessage;
        body.Entry = generator.Chain(rule.Body, g => new CompleteEndStep(body, g.Operand(rule.Value!), conflict));
        Describe(body, rule, generator);
        if (set is FunctionRules function) function.IsCostly |= generator.IsCostly;
        if (rule.Else is not null) body.Else = Complete(set, rule.Else);
        return body;
    }

    private RuleBody Partial(RuleSet set, CoreRule rule)
    {
        var placed = rule.Source;
        var depth = set.Node.PathValues.Length;
        if (rule.Else is not null || rule.Rule.IsDefault)
        {
            var inner = Complete(set, rule);
            Value[] fixedPath = [.. placed.Path[depth..].Select(Value.From)];
            return new() { Info = inner.Info, Span = inner.Span, Entry = new PartialObjectRules.CompletePart(inner, fixedPath, rule.Rule.IsDefault) };
        }

        var body = NewBody(rule);
        var generator = new Generator(this, rule.Frame, new(), set.Footprint);
        body.Entry = generator.Chain(rule.Body, g => set is PartialSetRules
            ? new PartialSetRules.EndStep(body, g.Operand(rule.Key!))
            : new PartialObjectRules.EndStep(body,
                [.. placed.Path[depth..].Select(p => new ConstOperand(Value.From(p))), .. rule.Tail.Select(g.Operand)],
                g.Operand(rule.Key ?? rule.Value!), rule.Key is not null));
        Describe(body, rule, generator);
        return body;
    }

    private RuleBody NewBody(CoreRule rule)
    {
        var info = new RuleInfo(infos.Count, rule.Source.Module.PackageName, "data." + string.Join('.', rule.Source.Path), rule.Rule.Span.ToLocation());
        infos.Add(info);
        return new() { Info = info, Span = rule.Rule.Span };
    }

    private static void Describe(RuleBody body, CoreRule rule, Generator generator)
    {
        var frame = rule.Frame;
        body.FrameSize = frame.Size;
        List<InputTest>? tests = null;
        foreach (var expression in rule.Body.Expressions)
        {
            if (TestOf(expression) is { } test) (tests ??= []).Add(test);
        }

        body.Tests = tests ?? (IReadOnlyList<InputTest>)[];
        List<Local>? named = null;
        foreach (var local in frame.Locals)
        {
            if (!local.IsGenerated && !local.IsWildcard && generator.IsBound(local)) (named ??= []).Add(local);
        }

        body.Info.Locals = named is null ? [] : [.. named];
    }

    private static InputTest? TestOf(CoreExpr expression)
    {
        if (expression.Negated || expression.Withs.Length > 0) return null;
        var (left, right) = expression switch
        {
            CoreUnify unify => (unify.Left, unify.Right),
            CoreCall { Output: null, Callee.Builtin.Name: "equal", Arguments: [var a, var b] } => (a, b),
            _ => default,
        };
        return (left, right) switch
        {
            (CoreRef reference, CoreConst constant) => TestOf(reference, constant),
            (CoreConst constant, CoreRef reference) => TestOf(reference, constant),
            _ => null,
        };
    }

    private static InputTest? TestOf(CoreRef reference, CoreConst constant) =>
        reference.Root == RefRoot.Input && reference.Path.Length > 0 && Array.TrueForAll(reference.Path, p => p is CoreConst)
            ? new([.. reference.Path.Select(p => ((CoreConst)p).Value)], constant.Value)
            : null;
}
