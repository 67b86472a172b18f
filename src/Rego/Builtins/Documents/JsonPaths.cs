// json.filter and json.remove: a tree of paths laid over a document. Array positions in a path are strings.
using System.Runtime.CompilerServices;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Documents;

internal static class JsonPaths
{
    private const string Paths = "any<array[any<string, array[any]>], set[any<string, array[any]>]>";

    public static Builtin[] Table =>
    [
        new("json.filter", $"object: object[any: any], paths: {Paths} -> filtered: any", static (context, args) => Run(context, args, Filter)),
        new("json.remove", $"object: object[any: any], paths: {Paths} -> output: any", static (context, args) => Run(context, args, Remove)),
    ];

    /// <summary>The steps of a path given as <c>a/b</c> (with <c>~0</c> and <c>~1</c>) or as a list; null, with the error set, for anything else.</summary>
    public static Value[]? Steps(BuiltinContext context, Value path)
    {
        switch (path)
        {
            case StringValue { Text: "" }: return [];
            case StringValue word: return [.. word.Text.TrimStart('/').Split('/').Select(Step)];
            case ArrayValue array: return array.Items.ToArray();
            default:
                context.Fail($"operand 2 must be one of {{set, array}} containing string paths or array of path segments but got {TypeNames.Of(path)}", BuiltinContext.TypeError);
                return null;
        }
    }

    private static StringValue Step(string part) => new(part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal));

    private static Value? Run(BuiltinContext context, ReadOnlySpan<Value> args, Func<BuiltinContext, Value, Branch, Value?> apply)
    {
        if (!context.Object(args, 0, out var map) || !context.Items(args, 1, out var paths)) return null;
        var root = new Branch();
        foreach (var path in paths)
        {
            if (Steps(context, path) is not { } steps) return null;
            context.Charge(steps.Length);
            root.Add(steps);
        }

        return apply(context, map, root);
    }

    private static Value? Remove(BuiltinContext context, Value value, Branch branch)
    {
        if (branch.IsEnd) return null;
        RuntimeHelpers.EnsureSufficientExecutionStack();
        context.Charge(1 + value.Count);
        switch (value)
        {
            case ObjectValue map:
                var left = new ObjectValue.Builder(map.Count);
                for (var i = 0; i < map.Count; i++)
                {
                    if (Trimmed(context, map.Values[i], branch, map.Keys[i]) is { } kept) left.Set(map.Keys[i], kept);
                }

                return left.Build();
            case SetValue set:
                var members = new SetValue.Builder(set.Count);
                foreach (var item in set.Items)
                {
                    if (Trimmed(context, item, branch, item) is { } kept) members.Add(kept);
                }

                return members.Build();
            case ArrayValue array:
                var items = new ArrayValue.Builder(array.Count);
                for (var i = 0; i < array.Count; i++)
                {
                    if (Trimmed(context, array[i], branch, Position(i)) is { } kept) items.Add(kept);
                }

                return items.Build();
            default:
                return value;
        }
    }

    private static Value? Trimmed(BuiltinContext context, Value value, Branch branch, Value key) =>
        branch.Find(key) is { } deeper ? Remove(context, value, deeper) : value;

    private static Value? Filter(BuiltinContext context, Value value, Branch branch)
    {
        if (branch.IsEnd) return value;
        RuntimeHelpers.EnsureSufficientExecutionStack();
        context.Charge(1 + value.Count);
        switch (value)
        {
            case ObjectValue map:
                var left = new ObjectValue.Builder();
                for (var i = 0; i < map.Count; i++)
                {
                    if (branch.Find(map.Keys[i]) is { } deeper && Filter(context, map.Values[i], deeper) is { } kept) left.Set(map.Keys[i], kept);
                }

                return left.Build();
            case SetValue set:
                var members = new SetValue.Builder();
                foreach (var item in set.Items)
                {
                    if (branch.Find(item) is { } deeper && Filter(context, item, deeper) is { } kept) members.Add(kept);
                }

                return members.Build();
            case ArrayValue array:
                var items = new ArrayValue.Builder();
                for (var i = 0; i < array.Count; i++)
                {
                    if (branch.Find(Position(i)) is { } deeper && Filter(context, array[i], deeper) is { } kept) items.Add(kept);
                }

                return items.Build();
            default:
                return value;
        }
    }

    private static StringValue Position(int index) => new(index.ToString(System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>A node of the tree of paths; an end makes everything below it pointless.</summary>
    private sealed class Branch
    {
        private readonly Dictionary<Value, Branch> children = [];

        public bool IsEnd { get; private set; }

        public Branch? Find(Value key) => children.GetValueOrDefault(key);

        public void Add(ReadOnlySpan<Value> steps)
        {
            var node = this;
            for (var i = 0; i < steps.Length && !node.IsEnd; i++)
            {
                if (!node.children.TryGetValue(steps[i], out var next)) node.children[steps[i]] = next = new Branch();
                node = next;
            }

            if (steps.Length == 0 || node.IsEnd) return;
            node.IsEnd = true;
            node.children.Clear();
        }
    }
}
