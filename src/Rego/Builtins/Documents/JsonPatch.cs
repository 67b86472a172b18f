// json.patch: RFC 6902, also on sets, where a member is its own path. Any patch that fails makes the whole undefined.
using System.Globalization;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Documents;

internal static class JsonPatch
{
    private const int DepthMax = 500;

    public static Builtin[] Table =>
    [
        new("json.patch", "target: any, patches: array[object<op: string, path: any>[any: any]] -> output: any", Patch),
    ];

    private static Value? Patch(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Array(args, 1, out var operations)) return null;
        Value? document = args[0];
        foreach (var operation in operations.Items)
        {
            if (operation is ObjectValue patch && Apply(context, document, patch, out document)) continue;
            context.ClearError();
            return null;
        }

        return document;
    }

    private static bool Apply(BuiltinContext context, Value? document, ObjectValue patch, out Value? result)
    {
        result = null;
        if (patch.Get("op") is not StringValue { Text: var op } || patch.Get("path") is not { } target) return false;
        if (JsonPaths.Steps(context, target) is not { Length: <= DepthMax } path) return false;
        var value = patch.Get("value");
        switch (op)
        {
            case "add":
                return value is not null && (result = Insert(context, document, path, value)) is not null;
            case "remove":
                return (result = Delete(context, document, path)) is not null;
            case "replace":
                if (value is null || Find(document, path) is null) return false;
                return (result = path.Length == 0 ? value : Insert(context, Delete(context, document, path), path, value)) is not null;
            case "move" or "copy":
                if (patch.Get("from") is not { } source || JsonPaths.Steps(context, source) is not { Length: <= DepthMax } from) return false;
                if (Find(document, from) is not { } moved) return false;
                var rest = op == "copy" || from.Length == 0 ? document : Delete(context, document, from);
                return (result = Insert(context, rest, path, moved)) is not null;
            case "test":
                result = document;
                return value is not null && Find(document, path)?.Equals(value) == true;
            default:
                return false;
        }
    }

    private static Value? Find(Value? document, ReadOnlySpan<Value> path)
    {
        foreach (var step in path)
        {
            document = document is ArrayValue array ? Index(step, array.Count) is { } index && index < array.Count ? array[index] : null : document?.Get(step);
        }

        return document;
    }

    private static Value? Insert(BuiltinContext context, Value? document, ReadOnlySpan<Value> path, Value value)
    {
        if (path.IsEmpty) return value;
        if (document is null) return null;
        context.Charge(1 + document.Count);
        if (path.Length > 1) return Change(document, path[0], Find(document, path[..1]) is { } inner ? Insert(context, inner, path[1..], value) : null);
        return document switch
        {
            ObjectValue map => map.With(path[0], value),
            SetValue set => path[0].Equals(value) ? set.Union(SetValue.Of(value)) : null,
            ArrayValue array when Index(path[0], array.Count) is { } index && index <= array.Count =>
                ArrayValue.Own([.. array.Items[..index], value, .. array.Items[index..]]),
            _ => null,
        };
    }

    private static Value? Delete(BuiltinContext context, Value? document, ReadOnlySpan<Value> path)
    {
        if (document is null || path.IsEmpty || Find(document, path[..1]) is not { } inner) return null;
        context.Charge(1 + document.Count);
        if (path.Length > 1) return Change(document, path[0], Delete(context, inner, path[1..]));
        return document switch
        {
            ObjectValue map => map.Without(path[0]),
            SetValue set => set.Except(SetValue.Of(path[0])),
            ArrayValue array when Index(path[0], array.Count) is { } index => ArrayValue.Own([.. array.Items[..index], .. array.Items[(index + 1)..]]),
            _ => null,
        };
    }

    // A member of a set that is changed moves to where it now belongs.
    private static Value? Change(Value document, Value key, Value? inner)
    {
        if (inner is null) return null;
        switch (document)
        {
            case ObjectValue map:
                return map.With(key, inner);
            case SetValue set:
                return set.Except(SetValue.Of(key)).Union(SetValue.Of(inner));
            case ArrayValue array when Index(key, array.Count) is { } index && index < array.Count:
                var items = array.Items.ToArray();
                items[index] = inner;
                return ArrayValue.Own(items);
            default:
                return null;
        }
    }

    // A number, its digits without leading zeros, or "-" for the place behind the last.
    private static int? Index(Value step, int count) => step switch
    {
        NumberValue number when number.TryInt64(out var index) && index >= 0 && index <= count => (int)index,
        StringValue { Text: "-" } => count,
        StringValue { Text: var text } when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && (text.Length == 1 || text[0] != '0') && index <= count => index,
        _ => null,
    };
}
