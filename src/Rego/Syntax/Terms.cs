// Terms: what stands for a value. Names of infix operators are already those of the built-ins they call ("+" is plus, "in" is internal.member_2).
using System.Collections.Immutable;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Syntax;

/// <summary>A term: it has a value, or is undefined, or has many values in turn.</summary>
internal abstract class Term(SourceSpan span) : Node(span);

/// <summary><c>null</c>, a boolean, a number (with its exact text) or a string (escapes resolved). <see cref="IsRaw"/> where a string was written with backquotes.</summary>
internal sealed class ScalarTerm(SourceSpan span, Value value, bool isRaw = false) : Term(span)
{
    public Value Value { get; } = value;

    public bool IsRaw { get; } = isRaw;
}

/// <summary>
/// A variable as written: not yet known to be a local, a rule, an import or a built-in. Each wildcard <c>_</c> gets a name of its own
/// (<c>$0</c>, <c>$1</c>, ... within the module), which no written name can equal.
/// </summary>
internal sealed class VarTerm(SourceSpan span, string name) : Term(span)
{
    public string Name { get; } = name;

    public bool IsWildcard => Name[0] == '$';
}

/// <summary>
/// A reference <c>head.a[b]</c>. The head is a <see cref="VarTerm"/> or any term that can be looked into (collection, comprehension, call).
/// <c>.a</c> is a string <see cref="ScalarTerm"/> in the path. A bare <c>input</c> or <c>data</c> is a reference with an empty path; a bare other name is a <see cref="VarTerm"/>.
/// </summary>
internal sealed class RefTerm(SourceSpan span, Term head, ImmutableArray<Term> path) : Term(span)
{
    public Term Head { get; } = head;

    public ImmutableArray<Term> Path { get; } = path;
}

/// <summary>
/// A call. The operator is a reference (<c>count</c>, <c>io.jwt.decode</c>, <c>data.lib.f</c>): its head is a <see cref="VarTerm"/> for everything that can be called.
/// <see cref="Symbol"/> is the operator's sign where the call was written infix (<c>+</c>, <c>==</c>, <c>in</c>), else null.
/// </summary>
internal sealed class CallTerm(SourceSpan span, RefTerm @operator, ImmutableArray<Term> arguments, string? symbol = null) : Term(span)
{
    public RefTerm Operator { get; } = @operator;

    public ImmutableArray<Term> Arguments { get; } = arguments;

    public string? Symbol { get; } = symbol;
}

/// <summary><c>[a, b]</c></summary>
internal sealed class ArrayTerm(SourceSpan span, ImmutableArray<Term> items) : Term(span)
{
    public ImmutableArray<Term> Items { get; } = items;
}

/// <summary><c>{a, b}</c> or <c>set()</c></summary>
internal sealed class SetTerm(SourceSpan span, ImmutableArray<Term> items) : Term(span)
{
    public ImmutableArray<Term> Items { get; } = items;
}

/// <summary>One <c>key: value</c> of an object literal.</summary>
internal sealed record ObjectItem(Term Key, Term Value);

/// <summary><c>{k: v}</c> or <c>{}</c>. Keys may be any terms; equal keys are found at evaluation.</summary>
internal sealed class ObjectTerm(SourceSpan span, ImmutableArray<ObjectItem> items) : Term(span)
{
    public ImmutableArray<ObjectItem> Items { get; } = items;
}

/// <summary><c>[head | body]</c></summary>
internal sealed class ArrayComprehension(SourceSpan span, Term head, Body body) : Term(span)
{
    public Term Head { get; } = head;

    public Body Body { get; } = body;
}

/// <summary><c>{head | body}</c></summary>
internal sealed class SetComprehension(SourceSpan span, Term head, Body body) : Term(span)
{
    public Term Head { get; } = head;

    public Body Body { get; } = body;
}

/// <summary><c>{key: value | body}</c></summary>
internal sealed class ObjectComprehension(SourceSpan span, Term key, Term value, Body body) : Term(span)
{
    public Term Key { get; } = key;

    public Term Value { get; } = value;

    public Body Body { get; } = body;
}

/// <summary><c>$"text {expression}"</c>; <see cref="IsRaw"/> where written with backquotes.</summary>
internal sealed class TemplateTerm(SourceSpan span, bool isRaw, ImmutableArray<TemplatePart> parts) : Term(span)
{
    public bool IsRaw { get; } = isRaw;

    public ImmutableArray<TemplatePart> Parts { get; } = parts;
}

/// <summary>
/// One part of a template string: text (escapes resolved, never empty), or else an expression (a <see cref="TermExpr"/>, perhaps with <c>with</c>).
/// An undefined expression prints as <c>&lt;undefined&gt;</c>, a string without quotes, everything else as its term text.
/// </summary>
internal readonly record struct TemplatePart(string? Text, TermExpr? Expression);
