// References: what each step looks into must have such a key; variables in the path get the types of the keys.
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Types;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile.Checks.Types;

internal sealed partial class TypeChecker
{
    /// <summary>The type of what a reference leads to; null where that is not known or cannot be.</summary>
    private RegoType? TypeOf(CoreRef reference)
    {
        var (type, depth) = StartOf(reference);
        for (; depth < reference.Path.Length && type is not null; depth++)
            type = reference.Path[depth] is CoreConst { Value: var key } ? types.Select(type, key) : types.ValuesOf(type);
        return type;
    }

    /// <summary>The type at which the checkable part of a reference begins, and how many steps lead there: those through packages cannot be wrong.</summary>
    private (RegoType? Type, int Depth) StartOf(CoreRef reference)
    {
        if (reference.Root == RefRoot.Local)
            return (locals.GetValueOrDefault(reference.Local!, RegoType.Any), 0);
        if (reference.Root == RefRoot.Input)
            return (scope.Input, 0);
        if (scope.DataAt(reference.Path) is { } annotated)
            return (annotated.Type, annotated.Depth);

        var place = documents.Root;
        for (var depth = 0; depth < reference.Path.Length; depth++)
        {
            if (documents.RulesAt(place) is { } type)
                return (type, depth);
            if (reference.Path[depth] is not CoreConst { Value: var key })
                return (documents.ExtentOf(place), depth);
            if (key is not StringValue name || place.Child(name.Text) is not { } child)
                return (RegoType.Any, depth + 1);
            place = child;
        }

        return (documents.ExtentOf(place), reference.Path.Length);
    }

    private void CheckReference(CoreRef reference)
    {
        var (type, depth) = StartOf(reference);
        if (type is FunctionType)
        {
            errors.Add(TypeMessages.NotACollection(at, reference, depth, type));
            return;
        }

        for (; depth < reference.Path.Length; depth++)
        {
            var step = reference.Path[depth];
            var key = (step as CoreConst)?.Value;
            // What a constant leads to tells that there is such a key; which others there are is for the message.
            if (key is not null && types.Select(type, key) is { } selected)
            {
                type = selected;
                continue;
            }

            var keys = types.KeysOf(type);
            if (keys is null)
            {
                errors.Add(TypeMessages.NotACollection(at, reference, depth, type));
                return;
            }

            if (key is not null)
            {
                errors.Add(TypeMessages.NoSuchKey(at, reference, depth, null, keys, [.. TypeOperations.KnownKeys(type)]));
                return;
            }

            var have = TypeOf(step);
            if (!UnifyWith(step, keys) && (have is not null || step is CoreArray or CoreObject or CoreSet))
            {
                errors.Add(TypeMessages.NoSuchKey(at, reference, depth, have, keys, [.. TypeOperations.KnownKeys(type)]));
                return;
            }

            type = types.ValuesOf(type);
        }
    }
}
