// Expressions: what stands in bodies. A body is the conjunction of its expressions in the order written; ordering for safety is not done here.
using System.Collections.Immutable;

namespace CabinCrew.Rego.Syntax;

/// <summary>A conjunction of expressions; never empty.</summary>
internal sealed class Body(SourceSpan span, ImmutableArray<Expr> expressions) : Node(span)
{
    public ImmutableArray<Expr> Expressions { get; } = expressions;
}

/// <summary>One <c>with target as value</c>. The target is a <see cref="RefTerm"/> (<c>input.x</c>, <c>data.a.b</c>, <c>time.now_ns</c>) or a <see cref="VarTerm"/> (a function or built-in).</summary>
internal sealed class With(SourceSpan span, Term target, Term value) : Node(span)
{
    public Term Target { get; } = target;

    public Term Value { get; } = value;
}

/// <summary>An expression with its <c>with</c> modifiers, which hold for all of it (for <see cref="NotExpr"/>: for what is negated).</summary>
internal abstract class Expr(SourceSpan span, ImmutableArray<With> withs) : Node(span)
{
    public ImmutableArray<With> Withs { get; } = withs;
}

/// <summary>A term or call alone: it holds unless undefined or false. <c>x == y</c> is one of these (a call of <c>equal</c>).</summary>
internal sealed class TermExpr(SourceSpan span, Term term, ImmutableArray<With> withs) : Expr(span, withs)
{
    public Term Term { get; } = term;
}

/// <summary><c>a = b</c>, unification. (A direct call <c>eq(a, b)</c> comes as this too.)</summary>
internal sealed class UnifyExpr(SourceSpan span, Term left, Term right, ImmutableArray<With> withs) : Expr(span, withs)
{
    public Term Left { get; } = left;

    public Term Right { get; } = right;
}

/// <summary><c>a := b</c>: declares the variables of <see cref="Left"/> (a variable, or arrays and objects holding some) in this body. (A direct call <c>assign(a, b)</c> comes as this too.)</summary>
internal sealed class AssignExpr(SourceSpan span, Term left, Term right, ImmutableArray<With> withs) : Expr(span, withs)
{
    public Term Left { get; } = left;

    public Term Right { get; } = right;
}

/// <summary><c>some x, y</c></summary>
internal sealed class SomeExpr(SourceSpan span, ImmutableArray<VarTerm> variables) : Expr(span, [])
{
    public ImmutableArray<VarTerm> Variables { get; } = variables;
}

/// <summary><c>some value in domain</c>, <c>some key, value in domain</c>: declares the variables in key and value, then iterates. Key and value may be any patterns.</summary>
internal sealed class SomeInExpr(SourceSpan span, Term? key, Term value, Term domain, ImmutableArray<With> withs) : Expr(span, withs)
{
    public Term? Key { get; } = key;

    public Term Value { get; } = value;

    public Term Domain { get; } = domain;
}

/// <summary><c>every value in domain { body }</c>, <c>every key, value in domain { body }</c>.</summary>
internal sealed class EveryExpr(SourceSpan span, VarTerm? key, VarTerm value, Term domain, Body body, ImmutableArray<With> withs) : Expr(span, withs)
{
    public VarTerm? Key { get; } = key;

    public VarTerm Value { get; } = value;

    public Term Domain { get; } = domain;

    public Body Body { get; } = body;
}

/// <summary>How a negation was written, which decides what is inside it.</summary>
internal enum NotForm
{
    /// <summary>Without <c>import future.keywords.not</c>: nested calls and references of the one expression are evaluated before the negation, so undefined ones fail the body.</summary>
    Legacy,

    /// <summary>With the import: all of the one expression is inside, so undefined ones make the negation hold. It may not assign.</summary>
    Implicit,

    /// <summary>With the import: <c>not { ... }</c>, a body with a scope of its own.</summary>
    Explicit,

    /// <summary>With the import: <c>not ( ... )</c> around <c>and</c>/<c>or</c>; the body is one <see cref="LogicalExpr"/>.</summary>
    Group,
}

/// <summary><c>not e</c>, <c>not { ... }</c>, <c>not (a or b)</c>. The inner expressions of the one-expression forms carry no modifiers: they are on this node.</summary>
internal sealed class NotExpr(SourceSpan span, Body body, NotForm form, ImmutableArray<With> withs) : Expr(span, withs)
{
    public Body Body { get; } = body;

    public NotForm Form { get; } = form;
}

/// <summary>How an operand of <c>and</c>/<c>or</c> was written.</summary>
internal enum OperandForm
{
    /// <summary>One expression (which may be a <see cref="NotExpr"/> or a nested <see cref="LogicalExpr"/> by precedence); it may not assign.</summary>
    Implicit,

    /// <summary><c>( ... )</c>: one expression, perhaps with modifiers.</summary>
    Group,

    /// <summary><c>{ ... }</c>: a body with a scope of its own.</summary>
    Explicit,
}

/// <summary>An operand of <c>and</c>/<c>or</c>. Variables that its body binds are not seen outside.</summary>
internal readonly record struct LogicalOperand(Body Body, OperandForm Form);

/// <summary><c>a and b</c>, <c>a or b</c> (with <c>import future.keywords.and/or</c>): holds at most once, stops early, has no value.</summary>
internal sealed class LogicalExpr(SourceSpan span, bool isOr, LogicalOperand left, LogicalOperand right, ImmutableArray<With> withs) : Expr(span, withs)
{
    public bool IsOr { get; } = isOr;

    public LogicalOperand Left { get; } = left;

    public LogicalOperand Right { get; } = right;
}
