// Terms against types: what an equality or a parameter says of the locals in a pattern.
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Types;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile.Checks.Types;

internal sealed partial class TypeChecker
{
    private bool UnifyTerms(CoreTerm a, RegoType? typeA, CoreTerm b, RegoType? typeB)
    {
        if (typeA is not null && typeB is not null)
            return types.Unify(typeA, typeB);
        if (typeA is not null)
            return UnifyWith(b, typeA);
        if (typeB is not null)
            return UnifyWith(a, typeB);

        return (a, b) switch
        {
            (CoreArray one, CoreArray two) => one.Items.Length == two.Items.Length
                && one.Items.Zip(two.Items).All(pair => UnifyTerms(pair.First, TypeOf(pair.First), pair.Second, TypeOf(pair.Second))),
            (CoreObject one, CoreObject two) => UnifyObjects(one, two),
            (CoreLocal, _) => UnifyWith(b, RegoType.Any) && UnifyWith(a, TypeOf(b) ?? RegoType.Any),
            (_, CoreLocal) => UnifyWith(a, RegoType.Any) && UnifyWith(b, TypeOf(a) ?? RegoType.Any),
            _ => false,
        };
    }

    // Keys that are not constant may be equal: nothing can be said then.
    private bool UnifyObjects(CoreObject one, CoreObject two)
    {
        if (one.Keys.Length != two.Keys.Length)
            return false;
        for (var i = 0; i < one.Keys.Length; i++)
        {
            var match = one.Keys[i] is CoreConst key ? Array.FindIndex(two.Keys, other => other is CoreConst constant && constant.Value.Equals(key.Value)) : -1;
            if (match < 0)
                UnifyWith(one.Values[i], RegoType.Any);
            else if (!UnifyTerms(one.Values[i], TypeOf(one.Values[i]), two.Values[match], TypeOf(two.Values[match])))
                return false;
        }

        foreach (var value in two.Values)
            UnifyWith(value, TypeOf(value) ?? RegoType.Any);
        return true;
    }

    /// <summary>Whether a term can be of a type; locals in it that have none yet get theirs. <paramref name="widen"/>: one of several alternatives, which add up.</summary>
    private bool UnifyWith(CoreTerm term, RegoType type, bool widen = false)
    {
        switch (term)
        {
            case CoreLocal { Local: var local }:
                var known = locals.GetValueOrDefault(local);
                if (known is not null && !widen)
                    return types.Unify(known, type);
                locals[local] = types.Or(known, type)!;
                return true;
            case CoreArray or CoreObject or CoreSet when type is AnyType:
                foreach (var part in LocalWalk.Parts(term))
                    UnifyWith(part, RegoType.Any, widen: true);
                return true;
            case CoreArray or CoreObject or CoreSet when type is UnionType union:
                var fits = false;
                foreach (var one in union.Alternatives)
                    fits |= UnifyWith(term, one, widen: true);
                return fits;
            case CoreArray array:
                return type is ArrayType wanted && UnifyItems(array, wanted, widen);
            case CoreObject items:
                return type is ObjectType shape && UnifyProperties(items, shape, widen);
            case CoreSet set:
                return type is SetType members && set.Items.All(item => UnifyWith(item, members.Member, widen));
            case CoreConst { Value: var value }:
                return Fits(value, type);
            default:
                return types.Unify(TypeOf(term), type);
        }
    }

    // A constant need not have all the keys that an open object type names.
    private bool Fits(Value value, RegoType type) => (value, type) switch
    {
        (_, AnyType) => true,
        (_, UnionType union) => union.Alternatives.Any(one => Fits(value, one)),
        (ArrayValue array, ArrayType wanted) => (wanted.Dynamic is not null || array.Count == wanted.Static.Length)
            && ItemsFit(array, wanted),
        (SetValue set, SetType wanted) => set.Items.ToArray().All(item => Fits(item, wanted.Member)),
        (ObjectValue items, ObjectType wanted) => (wanted.Dynamic is not null || items.Count == wanted.Static.Length)
            && PropertiesFit(items, wanted),
        _ => type.Accepts(value),
    };

    private bool ItemsFit(ArrayValue array, ArrayType wanted)
    {
        for (var i = 0; i < array.Count; i++)
        {
            if (!Fits(array[i], TypeOperations.ItemOf(wanted, i)!)) return false;
        }

        return true;
    }

    private bool PropertiesFit(ObjectValue items, ObjectType wanted)
    {
        for (var i = 0; i < items.Count; i++)
        {
            if (types.Select(wanted, items.Keys[i]) is not { } property || !Fits(items.Values[i], property)) return false;
        }

        return true;
    }

    private bool UnifyItems(CoreArray array, ArrayType wanted, bool widen)
    {
        if (wanted.Dynamic is null && array.Items.Length != wanted.Static.Length)
            return false;
        for (var i = 0; i < array.Items.Length; i++)
        {
            if (!UnifyWith(array.Items[i], TypeOperations.ItemOf(wanted, i)!, widen))
                return false;
        }

        return true;
    }

    private bool UnifyProperties(CoreObject items, ObjectType wanted, bool widen)
    {
        if (wanted.Dynamic is null && items.Keys.Length != wanted.Static.Length)
            return false;
        for (var i = 0; i < items.Keys.Length; i++)
        {
            if (items.Keys[i] is not CoreConst { Value: var key })
                UnifyWith(items.Values[i], RegoType.Any, widen);
            else if (types.Select(wanted, key) is not { } property || !UnifyWith(items.Values[i], property, widen))
                return false;
        }

        return true;
    }
}
