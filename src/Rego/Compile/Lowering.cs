// From syntax to the core language, one rule or query at a time. Order of what is made: an expression comes after what was taken out of it.
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile;

/// <summary>A rule in the core language; an <c>else</c> is a rule of its own that shares nothing but the place.</summary>
internal sealed class CoreRule(PlacedRule source, Rule rule, Frame frame)
{
    public PlacedRule Source => source;

    public Rule Rule => rule;

    public Frame Frame => frame;

    public CoreTerm[] Arguments { get; init; } = [];

    /// <summary>The reference behind the ground part.</summary>
    public CoreTerm[] Tail { get; init; } = [];

    public CoreTerm? Key { get; init; }

    public CoreTerm? Value { get; init; }

    public required CoreBody Body { get; init; }

    public CoreRule? Else { get; set; }
}

internal sealed partial class Lowering
{
    private readonly Frame frame;
    private readonly Scopes scopes;

    private readonly CallLog calls;
    private PlacedRule? owner;

    private List<RegoError> Errors => scopes.Errors;

    private Lowering(ModuleNames names, CallLog calls)
    {
        frame = new();
        scopes = new(frame, names);
        this.calls = calls;
    }

    public static CoreRule LowerRule(PlacedRule placed, Rule rule, ModuleNames names, List<RegoError> errors, CallLog calls)
    {
        var lowering = new Lowering(names, calls);
        var result = lowering.LowerRule(placed, rule);
        errors.AddRange(lowering.Errors);
        lowering.CheckSize(rule.Span, errors);
        if (rule.Else is { } next) result.Else = LowerRule(placed, next, names, errors, calls);
        return result;
    }

    /// <summary>A query: its body and frame. Its variables are all those of the frame that the user wrote.</summary>
    public static (CoreBody Body, Frame Frame) LowerQuery(Body query, ModuleNames names, List<RegoError> errors, CallLog calls)
    {
        var lowering = new Lowering(names, calls);
        lowering.scopes.Push(Scopes.DeclaredIn(query));
        var body = lowering.LowerBody(query);
        lowering.scopes.Pop();
        errors.AddRange(lowering.Errors);
        lowering.CheckSize(query.Span, errors);
        if (errors.Count == 0) errors.AddRange(calls.Errors());
        return (body, lowering.frame);
    }

    private void CheckSize(SourceSpan span, List<RegoError> errors)
    {
        if (frame.Size > Frame.LocalsMax) errors.Add(span.Error("rego_compile_error", $"more than {Frame.LocalsMax} variables and intermediate values in one rule"));
    }

    private CoreRule LowerRule(PlacedRule placed, Rule rule)
    {
        owner = placed;
        var head = rule.Head;
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var argument in head.Arguments) Scopes.PatternNames(argument, names);
        scopes.Push(Scopes.DeclaredIn(rule.Body));
        foreach (var name in names) scopes.Declare(name, Occurrence.Argument, head.Span);
        var extras = new List<CoreExpr>();
        var arguments = new CoreTerm[head.Arguments.Length];
        for (var i = 0; i < arguments.Length; i++) arguments[i] = SettleParts(LowerTerm(head.Arguments[i], extras), head.Arguments[i].Span, extras);
        var body = LowerBody(rule.Body);
        body.Expressions.AddRange(extras);
        var written = body.Expressions.Count;
        var ground = Math.Min(Math.Max(placed.GroundLength - 1, 0), head.Reference.Path.Length);
        var tail = new CoreTerm[head.Reference.Path.Length - ground];
        for (var i = 0; i < tail.Length; i++) tail[i] = LowerHeadTerm(head.Reference.Path[ground + i], body);
        var key = head.Key is null ? null : LowerHeadTerm(head.Key, body);
        if (calls.AnnouncesCases && rule == placed.Rule && TestRules.CaseOf(placed, tail, key) is { } parts) TestRules.Announce(body, written, parts, head.Span);
        var value = head.Value is null ? null : LowerHeadTerm(head.Value, body);
        scopes.Pop();
        return new(placed, rule, frame) { Arguments = arguments, Tail = tail, Key = key, Value = value, Body = body };
    }

    // What the head says is worked out at the end of the body, so that it is only a matter of locals afterwards.
    private CoreTerm LowerHeadTerm(Term term, CoreBody body)
    {
        var lowered = LowerTerm(term, body.Expressions);
        return Settle(lowered, term.Span, body.Expressions);
    }

    // A term that needs evaluation is bound to a local first.
    private CoreTerm Settle(CoreTerm term, SourceSpan span, List<CoreExpr> into)
    {
        if (!NeedsEvaluation(term)) return term;
        var local = new CoreLocal(frame.Generate());
        into.Add(new CoreUnify(local, term, span) { Generated = true });
        return local;
    }

    // A parameter is a pattern; what has to be evaluated in it is compared in the body.
    private CoreTerm SettleParts(CoreTerm term, SourceSpan span, List<CoreExpr> into) => term switch
    {
        CoreArray array => new CoreArray([.. array.Items.Select(i => SettleParts(i, span, into))]),
        CoreObject map => new CoreObject(map.Keys, [.. map.Values.Select(v => SettleParts(v, span, into))]),
        _ => Settle(term, span, into),
    };

    private static bool NeedsEvaluation(CoreTerm term) =>
        term is CoreRef or CoreComprehension or CoreTemplate || Array.Exists(LocalWalk.Parts(term), NeedsEvaluation);

    private CoreBody LowerBody(Body body)
    {
        var result = new List<CoreExpr>(body.Expressions.Length);
        foreach (var expression in body.Expressions) LowerExpression(expression, result);
        if (result.Count == 0) result.Add(new CoreTruth(CoreConst.True, body.Span));
        return new(result);
    }

    /// <summary>A body with a scope of its own.</summary>
    private CoreBody LowerClosure(Body body)
    {
        scopes.Push(Scopes.DeclaredIn(body));
        var result = LowerBody(body);
        scopes.Pop();
        return result;
    }

    private static CoreConst Text(string text) => new(new StringValue(text));
}
