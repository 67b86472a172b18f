// What is no error and hardly what was meant, as far as the types tell: comparisons that the types alone decide, answers that nobody looks at, and conditions
// that turn out otherwise than they read where a value is not there.
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Types;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile.Checks.Types;

internal sealed partial class TypeChecker
{
    // What is counted, by the local that takes the number.
    private readonly Dictionary<Local, CoreRef> counted = [];

    private void Note(string rule, string message) => notes.Add(new(rule, message, at.ToLocation()));

    // Values of different types are never equal and are ordered by their types: no error, but hardly what was meant.
    private void NoteComparison(CoreCall call)
    {
        if (call is { Callee.Builtin.Name: ("neq" or "lt" or "lte" or "gt" or "gte" or "equal") and var name, Arguments: [var left, var right] }
            && TypeOf(left) is { } a && TypeOf(right) is { } b && !types.Unify(a, b))
            Note("mixed-types", $"{name} compares {a} with {b}: the types alone decide the outcome");
    }

    // An answer that can be neither false nor undefined is no condition.
    private void NoteResult(CoreCall call)
    {
        if (call is { Output: null, Negated: false, Callee.Builtin: { Signature.Result: ScalarType { Kind: not ValueKind.Boolean } or ArrayType or SetType or ObjectType } builtin } && !builtin.IsRelation)
            Note("unused-result", $"nobody looks at what {builtin.Name} answers, and as a condition it always holds: assign it, or compare it");
    }

    private void NoteUndefined(CoreExpr expression)
    {
        if (expression is CoreCall { Callee.Builtin.Name: "count", Output: CoreLocal { Local: var number }, Arguments: [CoreRef given] })
            counted[number] = given;
        else if (EmptyOf(expression) is { } empty && MayBeMissing(empty))
            Note("count-undefined", $"where {TypeMessages.Reference(empty)} is undefined this does not hold, as if there were something: count(object.get(...)) with [] as the default says what is meant");
        if (!expression.Negated)
            return;

        // A comparison stands inside of the negation; what a call is given is worked out before it.
        var (isInside, terms) = expression switch
        {
            CoreUnify unify => (true, (CoreTerm[])[unify.Left, unify.Right]),
            CoreCall { Callee.Builtin.Name: "equal" } call => (true, call.Arguments),
            CoreCall call => (false, call.Arguments),
            _ => (false, []),
        };
        foreach (var reference in terms.OfType<CoreRef>().Where(MayBeMissing))
        {
            var name = TypeMessages.Reference(reference);
            if (isInside)
                Note("negated-undefined", $"this holds where {name} is undefined, too: write `!=` if it must be there, or object.get with a default to say so");
            else
                Note("negated-undefined", $"this does not hold where {name} is undefined, since that is asked before the negation: use object.get with a default, or a rule of its own that is negated");
        }
    }

    private CoreRef? EmptyOf(CoreExpr expression)
    {
        var (left, right, isEmpty) = expression switch
        {
            CoreUnify unify => (unify.Left, unify.Right, "0"),
            CoreCall { Callee.Builtin.Name: "equal" or "lte", Output: null, Arguments: [var a, var b] } => (a, b, "0"),
            CoreCall { Callee.Builtin.Name: "lt", Output: null, Arguments: [var a, var b] } => (a, b, "1"),
            _ => (null, null, ""),
        };
        if (expression.Negated || right is not CoreConst { Value: NumberValue bound } || bound.ToString() != isEmpty)
            return null;
        return left is CoreLocal { Local: var local } ? counted.GetValueOrDefault(local) : null;
    }

    /// <summary>A reference into the input of which nothing says that it is always there. Of rules and data nothing is said: that they may be undefined is what they are for.</summary>
    private bool MayBeMissing(CoreRef reference)
    {
        if (reference.Path.Length == 0 || reference.Root == RefRoot.Data)
            return false;
        var type = reference.Root == RefRoot.Input ? scope.Input : locals.GetValueOrDefault(reference.Local!);
        if (type is null or AnyType)
            return reference.Root == RefRoot.Input;

        foreach (var step in reference.Path)
        {
            // What is looked through has the keys that it has; of what is not described nothing is known.
            if (type is AnyType)
                return false;
            if (step is not CoreConst { Value: var key })
                type = types.ValuesOf(type) ?? RegoType.Any;
            else if (RegoType.Members(type).Any(one => one is ObjectType items && items.Static.FirstOrDefault(property => property.Key.Equals(key)) is null or { IsOptional: true }))
                return true;
            else
                type = types.Select(type, key) ?? RegoType.Any;
        }

        return false;
    }
}
