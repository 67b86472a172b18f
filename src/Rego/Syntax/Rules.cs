// Rules and their heads, in one normal form whatever the way they were written.
using System.Collections.Immutable;

namespace CabinCrew.Rego.Syntax;

/// <summary>What a rule contributes to the document at its head's reference.</summary>
internal enum RuleKind
{
    /// <summary>The value at the reference: <c>p := 1</c>, <c>p.q[x] := y if ...</c> (a partial object where the path has variables), <c>f(x) := y</c>.</summary>
    SingleValue,

    /// <summary>An element of the set at the reference: <c>p contains x</c>, <c>p.q[y] contains x</c>, and <c>p[x] { ... }</c> of v0.</summary>
    MultiValue,
}

/// <summary>
/// A rule's head. <see cref="Reference"/> is relative to the package and starts with a <see cref="VarTerm"/>: <c>p</c> has an empty path.
/// <c>p[x] := y</c> has x in the path, <c>p contains x</c> has it as <see cref="Key"/>.
/// </summary>
internal sealed class RuleHead(SourceSpan span, RefTerm reference, RuleKind kind) : Node(span)
{
    public RefTerm Reference { get; } = reference;

    public RuleKind Kind { get; } = kind;

    /// <summary>The first name of the reference.</summary>
    public string Name => ((VarTerm)Reference.Head).Name;

    /// <summary>The parameters (patterns) of a function, empty for a rule. <c>f()</c> is a rule.</summary>
    public ImmutableArray<Term> Arguments { get; init; } = [];

    public bool IsFunction => !Arguments.IsEmpty;

    /// <summary>The element that a <see cref="RuleKind.MultiValue"/> rule adds, else null.</summary>
    public Term? Key { get; init; }

    /// <summary>The value of a <see cref="RuleKind.SingleValue"/> rule (<c>true</c> where none was written), else null.</summary>
    public Term? Value { get; init; }

    /// <summary>The value was not written: it is <c>true</c>.</summary>
    public bool HasGeneratedValue { get; init; }

    /// <summary>Written with <c>:=</c>.</summary>
    public bool IsAssigned { get; init; }

    /// <summary>Written with <c>if</c> before the body.</summary>
    public bool HasIf { get; init; }

    /// <summary>Written with <c>contains</c>.</summary>
    public bool HasContains { get; init; }
}

/// <summary>A rule. Chained bodies (<c>p { a } { b }</c>) come as several rules; an <c>else</c> is in <see cref="Else"/> with the same reference and arguments.</summary>
internal sealed class Rule(SourceSpan span, RuleHead head, Body body) : Node(span)
{
    public RuleHead Head { get; } = head;

    /// <summary>The conditions; the one expression <c>true</c> where none was written.</summary>
    public Body Body { get; } = body;

    public bool HasGeneratedBody { get; init; }

    /// <summary>What is tried where this body does not hold. Its head has the value of the alternative.</summary>
    public Rule? Else { get; init; }

    /// <summary><c>default p := value</c> or <c>default f(x) := value</c>.</summary>
    public bool IsDefault { get; init; }
}
