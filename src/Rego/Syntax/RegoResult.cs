// A value or errors, for everything that reads, compiles or evaluates policies. Invariant: exactly one of the two is present.
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace CabinCrew.Rego.Syntax;

/// <summary>Either a value or at least one <see cref="RegoError"/>.</summary>
public readonly struct RegoResult<T>
    where T : class
{
    private readonly ImmutableArray<RegoError> errors;

    private RegoResult(T? value, ImmutableArray<RegoError> errors)
    {
        Value = value;
        this.errors = errors;
    }

    /// <summary>The value, or null where there are errors.</summary>
    public T? Value { get; }

    [MemberNotNullWhen(true, nameof(Value))]
    public bool Ok => Value is not null;

    /// <summary>The errors in the order of the text; empty when there is a value.</summary>
    public IReadOnlyList<RegoError> Errors => errors.IsDefault ? [] : errors;

    public static implicit operator RegoResult<T>(T value) => new(value, []);

    public static RegoResult<T> Failed(params ImmutableArray<RegoError> errors) =>
        errors.IsDefaultOrEmpty ? throw new ArgumentException("a failure has at least one error", nameof(errors)) : new(null, errors);
}
