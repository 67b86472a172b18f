// The core language between syntax and steps: names resolved, declarations turned into locals, nested calls into expressions of their own.
// Terms are immutable; the expressions of a body are reordered for safety, never changed otherwise.
using CabinCrew.Rego.Builtins;
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile;

internal abstract class CoreTerm;

internal sealed class CoreConst(Value value) : CoreTerm
{
    public static readonly CoreConst True = new(BooleanValue.True);

    public Value Value => value;
}

internal sealed class CoreLocal(Local local) : CoreTerm
{
    public Local Local => local;
}

/// <summary>A reference. A path that is empty means the whole of <c>input</c> or <c>data</c>; a local with an empty path is a <see cref="CoreLocal"/>.</summary>
internal sealed class CoreRef(RefRoot root, Local? local, CoreTerm[] path) : CoreTerm
{
    public RefRoot Root => root;

    public Local? Local => local;

    public CoreTerm[] Path => path;

    /// <summary>The leading constant strings of the path.</summary>
    public IEnumerable<string> StaticPrefix()
    {
        foreach (var term in path)
        {
            if (term is not CoreConst { Value: StringValue text }) yield break;
            yield return text.Text;
        }
    }
}

internal sealed class CoreArray(CoreTerm[] items) : CoreTerm
{
    public CoreTerm[] Items => items;
}

internal sealed class CoreSet(CoreTerm[] items) : CoreTerm
{
    public CoreTerm[] Items => items;
}

internal sealed class CoreObject(CoreTerm[] keys, CoreTerm[] values) : CoreTerm
{
    private CoreTerm[]? parts;

    public CoreTerm[] Keys => keys;

    public CoreTerm[] Values => values;

    /// <summary>The keys, then the values.</summary>
    public CoreTerm[] Parts => parts ??= [.. keys, .. values];
}

internal enum ComprehensionKind
{
    Array,
    Set,
    Object,
}

/// <summary>A comprehension; key (objects only) and value need no evaluation but that of locals.</summary>
internal sealed class CoreComprehension(ComprehensionKind kind, CoreTerm? key, CoreTerm value, CoreBody body) : CoreTerm
{
    public ComprehensionKind Kind => kind;

    public CoreTerm? Key => key;

    public CoreTerm Value => value;

    public CoreBody Body => body;
}

/// <summary>A template string: parts are text or closures, each with the term whose first value is printed.</summary>
internal sealed class CoreTemplate((string? Text, CoreTerm? Value, CoreBody? Body)[] parts, SourceSpan span) : CoreTerm
{
    public (string? Text, CoreTerm? Value, CoreBody? Body)[] Parts => parts;

    public SourceSpan Span => span;
}

internal sealed class CoreBody(List<CoreExpr> expressions)
{
    /// <summary>In the order of evaluation once the safety check has passed.</summary>
    public List<CoreExpr> Expressions { get; set; } = expressions;
}

/// <summary>What a <c>with</c> replaces: <c>input</c> or <c>data</c> at a path, or a function.</summary>
internal sealed class CoreWith(CoreRef? document, Callee? function, CoreTerm? value, Callee? replacement)
{
    public CoreRef? Document => document;

    public Callee? Function => function;

    /// <summary>The value put in the place; null where a function takes the place.</summary>
    public CoreTerm? Value => value;

    public Callee? Replacement => replacement;
}

internal abstract class CoreExpr(SourceSpan span)
{
    private CoreTerm[]? terms;
    private CoreBody[]? bodies;

    public SourceSpan Span => span;

    /// <summary>The terms that stand directly in it.</summary>
    public CoreTerm[] Terms => terms ??= this switch
    {
        CoreTruth truth => [truth.Term],
        CoreUnify unify => [unify.Left, unify.Right],
        CoreCall { Output: { } output } call => [.. call.Arguments, output],
        CoreCall call => call.Arguments,
        CoreEvery every => [every.Domain],
        _ => [],
    };

    /// <summary>The bodies that stand directly in it.</summary>
    public CoreBody[] Bodies => bodies ??= this switch
    {
        CoreEvery every => [every.Body],
        CoreNot not => [not.Body],
        CoreLogical logical => [logical.Left, logical.Right],
        _ => [],
    };

    public CoreWith[] Withs { get; set; } = [];

    /// <summary>Negated in the old way: only this expression is inside, what it needs is evaluated before.</summary>
    public bool Negated { get; set; }

    /// <summary>Came from inside another expression.</summary>
    public bool Generated { get; set; }
}

/// <summary>Holds unless undefined or false.</summary>
internal sealed class CoreTruth(CoreTerm term, SourceSpan span) : CoreExpr(span)
{
    public CoreTerm Term => term;
}

internal sealed class CoreUnify(CoreTerm left, CoreTerm right, SourceSpan span) : CoreExpr(span)
{
    public CoreTerm Left => left;

    public CoreTerm Right => right;
}

/// <summary>A call; without <see cref="Output"/> it holds unless undefined or false.</summary>
internal sealed class CoreCall(Callee callee, CoreTerm[] arguments, CoreTerm? output, SourceSpan span) : CoreExpr(span)
{
    public Callee Callee => callee;

    public CoreTerm[] Arguments => arguments;

    public CoreTerm? Output => output;
}

internal sealed class CoreEvery(Local key, Local value, CoreTerm domain, CoreBody body, SourceSpan span) : CoreExpr(span)
{
    public Local Key => key;

    public Local Value => value;

    public CoreTerm Domain => domain;

    public CoreBody Body => body;
}

/// <summary><c>not</c> around a body. Where <see cref="Open"/> is false the locals of its expressions must be safe outside.</summary>
internal sealed class CoreNot(CoreBody body, bool open, SourceSpan span) : CoreExpr(span)
{
    public CoreBody Body => body;

    public bool Open => open;
}

internal sealed class CoreLogical(bool isOr, CoreBody left, CoreBody right, SourceSpan span) : CoreExpr(span)
{
    public bool IsOr => isOr;

    public CoreBody Left => left;

    public CoreBody Right => right;
}

/// <summary>What a call calls: a built-in or the rules of one function.</summary>
internal sealed class Callee(Builtin? builtin, RuleNode? function)
{
    public Builtin? Builtin => builtin;

    public RuleNode? Function => function;

    public int Arity => builtin?.Arity ?? function?.Arity ?? -1;
}
