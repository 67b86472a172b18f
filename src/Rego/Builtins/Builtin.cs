// One built-in function as the table holds it. The signature is read when first asked for, so that loading the table costs next to nothing.
using CabinCrew.Rego.Types;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins;

/// <summary>Null is undefined, unless the context holds an error afterwards (<see cref="BuiltinContext.Failed"/>).</summary>
internal delegate Value? BuiltinFunction(BuiltinContext context, ReadOnlySpan<Value> args);

[Flags]
internal enum BuiltinTraits
{
    None = 0,

    /// <summary>The answer depends on the clock or the seed of the evaluation; it is the same within one.</summary>
    Nondeterministic = 1,

    /// <summary>The function answers an array whose items are all the solutions.</summary>
    Relation = 2,

    /// <summary>OPA refuses it in strict mode and in v1 modules.</summary>
    Deprecated = 4,
}

internal sealed class Builtin(string name, string notation, BuiltinFunction? function, BuiltinTraits traits = BuiltinTraits.None, string? refusal = null)
{
    private FunctionType? signature;

    public string Name => name;

    public FunctionType Signature => signature ??= TypeNotation.Function(notation);

    public int Arity => Signature.Arguments.Length;

    public BuiltinTraits Traits => traits;

    public bool IsRelation => (traits & BuiltinTraits.Relation) != 0;

    public bool IsDeprecated => (traits & BuiltinTraits.Deprecated) != 0;

    public bool IsNondeterministic => (traits & BuiltinTraits.Nondeterministic) != 0;

    /// <summary>Why the name is known but cannot be called here; null for all that can.</summary>
    public string? Refusal => refusal;

    /// <summary>Only where there is no <see cref="Refusal"/>. The evaluator has checked the number of arguments, nothing else.</summary>
    public BuiltinFunction Function => function ?? throw new InvalidOperationException($"{name} has no function");

    public static Builtin Refused(string name, string notation, string reason) => new(name, notation, null, BuiltinTraits.Nondeterministic, reason);
}
