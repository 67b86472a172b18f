// A value or a Problem. Refusals travel as values; exceptions are bugs. Invariant: exactly one of the two is present.
using System.Diagnostics.CodeAnalysis;

namespace CabinCrew.Protocol;

/// <summary>The nothing that a successful operation without a result returns.</summary>
public readonly record struct Done
{
    /// <summary>Success without a value.</summary>
    public static readonly Outcome<Done> Ok = new Done();
}

/// <summary>Makes outcomes where the value's static type is an interface (the language converts no interface implicitly).</summary>
public static class Outcome
{
    public static Outcome<T> Of<T>(T value) => Outcome<T>.FromValue(value);
}

/// <summary>Either a value or the <see cref="Protocol.Problem"/> that stands in its place.</summary>
public readonly struct Outcome<T>
{
    private readonly T? value;

    private Outcome(T? value, Problem? problem)
    {
        this.value = value;
        Problem = problem;
    }

    /// <summary>The refusal, or null when there is a value.</summary>
    public Problem? Problem { get; }

    [MemberNotNullWhen(false, nameof(Problem))]
    public bool Ok => Problem is null && !IsUnset;

    // default(Outcome<T>) is a bug, not a success: fail closed.
    private bool IsUnset => Problem is null && value is null;

    /// <summary>The value; throws when there is none (a bug of the caller, who must look at <see cref="Ok"/> first).</summary>
    public T Value => Problem is null && value is not null
        ? value
        : throw new InvalidOperationException(Problem is null ? "an unset outcome was used" : $"no value: {Problem}");

    public bool Try([MaybeNullWhen(false)] out T value, [NotNullWhen(false)] out Problem? problem)
    {
        value = this.value;
        problem = Problem ?? (IsUnset ? Protocol.Problem.Bug("an unset outcome was used") : null);
        return problem is null;
    }

    public Outcome<R> Then<R>(Func<T, Outcome<R>> next) => Try(out var v, out var p) ? next(v) : p;

    public Outcome<R> Map<R>(Func<T, R> map) => Try(out var v, out var p) ? map(v) : (Outcome<R>)p;

    public static implicit operator Outcome<T>(T value) => new(value, null);

    internal static Outcome<T> FromValue(T value) => new(value, null);

    public static implicit operator Outcome<T>(Problem problem) => new(default, problem);

    public override string ToString() => Try(out var v, out var p) ? $"{v}" : p.ToString();
}

/// <summary>Code for value types is made ahead only in the assembly of the generic type, and only for what is used there. Every command ends with an exit code.</summary>
internal static class OutcomesAhead
{
    public static bool IsOk(Outcome<int> outcome) => outcome.Then<int>(code => code).Try(out _, out _);
}
