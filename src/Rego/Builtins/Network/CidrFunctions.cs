// net.cidr_*: arithmetic on networks. Nothing here touches a network.
using System.Numerics;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Network;

internal static class CidrFunctions
{
    private const string Element = "any<string, array[any]>";
    private const string Matchable = $"any<string, array[{Element}], set[{Element}], object[string: {Element}]>";

    public static Builtin[] Table =>
    [
        new("net.cidr_contains", "cidr: string, cidr_or_ip: string -> result: boolean", Contains),
        new("net.cidr_overlap", "string, string -> boolean", Contains, BuiltinTraits.Deprecated),
        new("net.cidr_intersects", "cidr1: string, cidr2: string -> result: boolean", Intersects),
        new("net.cidr_is_valid", "cidr: string -> result: boolean", static (_, args) => Value.From(args[0] is StringValue text && Cidr.Parse(text.Text) is not null)),
        new("net.cidr_expand", "cidr: string -> hosts: set[string]", Expand),
        new("net.cidr_contains_matches", $"cidrs: {Matchable}, cidrs_or_ips: {Matchable} -> output: set[array<any, any>]", ContainsMatches),
        new("net.cidr_merge", "addrs: any<array[string], set[string]> -> output: set[string]", Merge),
    ];

    private static Cidr? Network(BuiltinContext context, Value given)
    {
        if (given is not StringValue { Text: var text })
        {
            context.FailOperand(0, given, "string");
            return null;
        }

        if (Cidr.Parse(text) is { } cidr) return cidr;
        context.Fail($"invalid CIDR address: {text}");
        return null;
    }

    private static Value? Contains(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (Network(context, args[0]) is not { } outer) return null;
        if (args[1] is not StringValue { Text: var text }) return context.FailOperand(1, args[1], "string");
        if ((Cidr.ParseAddress(text) ?? Cidr.Parse(text)) is not { } inner) return context.Fail($"not a valid textual representation of an IP address or CIDR: {text}");
        return Value.From(outer.Contains(inner));
    }

    private static Value? Intersects(BuiltinContext context, ReadOnlySpan<Value> args) =>
        Network(context, args[0]) is { } left && Network(context, args[1]) is { } right ? Value.From(left.Overlaps(right)) : null;

    private static Value? Expand(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (Network(context, args[0]) is not { } cidr) return null;
        var count = BigInteger.One << (cidr.Bits - cidr.PrefixBits);
        context.Charge((long)BigInteger.Min(count * 2, BuiltinContext.ChargeMax));
        if (count > 10_000_000) return context.Fail("network too large to expand");
        var hosts = new SetValue.Builder((int)count);
        for (var address = cidr.First; address <= cidr.Last; address += 1) hosts.Add(new StringValue(Cidr.Format(address, cidr.Bits)));
        return hosts.Build();
    }

    // Pairs of what names an element: the index in an array, the key in an object, else the element itself.
    private static Value? ContainsMatches(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (Candidates(context, args, 0) is not { } outers || Candidates(context, args, 1) is not { } inners) return null;
        context.Charge((long)outers.Count * inners.Count);
        var found = new SetValue.Builder();
        foreach (var (outer, outerName) in outers)
        {
            foreach (var (inner, innerName) in inners)
            {
                if (Contains(context, [outer, inner]) is not { } contained) return null;
                if (contained.IsTruthy) found.Add(ArrayValue.Of(outerName, innerName));
            }
        }

        return found.Build();
    }

    private static List<(Value Cidr, Value Name)>? Candidates(BuiltinContext context, ReadOnlySpan<Value> args, int index)
    {
        var found = new List<(Value, Value)>();
        switch (args[index])
        {
            case StringValue one:
                found.Add((one, one));
                break;
            case ArrayValue array:
                for (var i = 0; i < array.Count; i++) found.Add((array[i], NumberValue.Of(i)));
                break;
            case SetValue set:
                foreach (var item in set.Items) found.Add((item, item));
                break;
            case ObjectValue map:
                for (var i = 0; i < map.Count; i++) found.Add((map.Values[i], map.Keys[i]));
                break;
            default:
                context.FailOperand(index, args[index], "string", "array", "set", "object");
                return null;
        }

        for (var i = 0; i < found.Count; i++)
        {
            var (given, name) = found[i];
            if (given is StringValue) continue;
            if (given is ArrayValue { Count: > 0 } tuple)
            {
                found[i] = (tuple[0], name);
                continue;
            }

            context.Fail($"operand {index + 1}: element must be string or non-empty array");
            return null;
        }

        return found;
    }

    private static Value? Merge(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (args[0].Kind is not (ValueKind.Array or ValueKind.Set)) return context.Fail("operand must be an array");
        context.Items(args, 0, out var items);
        context.Charge(items.Length);
        var merging = new CidrMerging();
        foreach (var item in items)
        {
            if (item is not StringValue { Text: var text }) return context.Fail("element must be string");
            if (merging.Add(text) is { } problem) return context.Fail(problem);
        }

        return SetValue.Of([.. merging.Merged().Select(text => new StringValue(text))]);
    }
}
