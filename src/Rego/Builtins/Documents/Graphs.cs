// walk, graph.reachable and graph.reachable_paths.
using System.Runtime.CompilerServices;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Documents;

internal static class Graphs
{
    private const string Edges = "object[any: any<set[any], array[any]>]";
    private const string Vertices = "any<set[any], array[any]>";

    public static Builtin[] Table =>
    [
        new("walk", "x: any -> output: array<array[any], any>", WalkAll, BuiltinTraits.Relation),
        new("graph.reachable", $"graph: {Edges}, initial: {Vertices} -> output: set[any]", Reachable),
        new("graph.reachable_paths", $"graph: {Edges}, initial: {Vertices} -> output: set[array[any]]", ReachablePaths),
    ];

    /// <summary>Every value in a document with its path, the document itself first; without paths each is an empty array.</summary>
    public static IEnumerable<(ArrayValue Path, Value Value)> Walk(BuiltinContext context, Value root, bool withPaths = true)
    {
        var open = new Stack<(ArrayValue Path, Value Value)>();
        open.Push((ArrayValue.Empty, root));
        while (open.TryPop(out var found))
        {
            context.Charge(1 + (withPaths ? found.Path.Count / 4 : 0));
            yield return found;
            PushChildren(open, found.Path, found.Value, withPaths);
        }
    }

    // The last first, so that the first is taken next.
    private static void PushChildren(Stack<(ArrayValue, Value)> open, ArrayValue path, Value value, bool withPaths)
    {
        for (var i = value.Count - 1; i >= 0; i--)
        {
            var (key, child) = value switch
            {
                ArrayValue array => (NumberValue.Of(i), array[i]),
                ObjectValue map => (map.Keys[i], map.Values[i]),
                _ => (((SetValue)value)[i], ((SetValue)value)[i]),
            };
            open.Push((withPaths ? ArrayValue.Own([.. path.Items, key]) : path, child));
        }
    }

    private static ArrayValue WalkAll(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        var all = new ArrayValue.Builder();
        foreach (var (path, value) in Walk(context, args[0])) all.Add(ArrayValue.Of(path, value));
        return all.Build();
    }

    private static bool Operands(BuiltinContext context, ReadOnlySpan<Value> args, out ObjectValue graph, out ReadOnlySpan<Value> initial)
    {
        initial = default;
        if (!context.Object(args, 0, out graph!)) return false;
        initial = Vertex(args[1]);
        if (args[1].Kind is ValueKind.Array or ValueKind.Set) return true;
        context.FailOperand(1, args[1], "{array, set}");
        return false;
    }

    private static ReadOnlySpan<Value> Vertex(Value collection) => collection switch { ArrayValue array => array.Items, SetValue set => set.Items, _ => default };

    private static Value? Reachable(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!Operands(context, args, out var graph, out var initial)) return null;
        var queue = new Queue<Value>(initial.ToArray());
        var reached = new HashSet<Value>();
        while (queue.TryDequeue(out var node))
        {
            context.Charge(1);
            if (graph.Get(node) is not { } edges || !reached.Add(node)) continue;
            foreach (var neighbour in Vertex(edges))
            {
                if (!reached.Contains(neighbour)) queue.Enqueue(neighbour);
            }
        }

        return SetValue.Of([.. reached]);
    }

    private static Value? ReachablePaths(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!Operands(context, args, out var graph, out var initial)) return null;
        var found = new SetValue.Builder();
        foreach (var node in initial)
        {
            if (graph.Get(node) is not { } edges) continue;
            var path = new List<Value> { node };
            if (Vertex(edges).IsEmpty) found.Add(ArrayValue.Of(node));
            foreach (var neighbour in Vertex(edges)) Extend(context, graph, neighbour, path, [node], found);
        }

        return found.Build();
    }

    // A path ends at a node without edges, before a node outside of the graph, and before it would close a circle.
    private static void Extend(BuiltinContext context, ObjectValue graph, Value node, List<Value> path, HashSet<Value> reached, SetValue.Builder found)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        context.Charge(1);
        if (reached.Contains(node) || graph.Get(node) is not { } edges)
        {
            Commit(context, path, found);
            return;
        }

        path.Add(node);
        if (Vertex(edges).IsEmpty) Commit(context, path, found);
        reached.Add(node);
        foreach (var neighbour in Vertex(edges)) Extend(context, graph, neighbour, path, reached, found);
        reached.Remove(node);
        path.RemoveAt(path.Count - 1);
    }

    private static void Commit(BuiltinContext context, List<Value> path, SetValue.Builder found)
    {
        context.Charge(path.Count);
        found.Add(ArrayValue.Own([.. path]));
    }
}
