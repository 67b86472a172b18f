// Which rules each rule asks for. Found once, used for the recursion check and for the order in which types are inferred.
// Vertices are rules, and places of the tree that stand for all rules there, so that the number of edges stays linear in the text.
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile.Checks;

/// <summary>Rules of one component of the graph; where it is cyclic they ask for themselves.</summary>
internal sealed record RuleGroup(List<PlacedRule> Rules, bool IsCyclic);

internal sealed class RuleGraph
{
    // Above this, rules behind one dynamic reference are not told apart by what is asked of them.
    private const int ToldApartMax = 1000;

    // Above this, references with variables in the path of a package count as references to all of it.
    private const int StepsMax = 100_000;

    private sealed record Place(object Vertex, List<int> Edges);

    private readonly RuleNode root;
    private readonly CompileBudget budget;
    private int steps;
    private readonly Dictionary<object, int> numbers = new(ReferenceEqualityComparer.Instance);
    private readonly List<Place> vertices = [];
    private readonly Queue<RuleNode> newPlaces = [];

    public RuleGraph(RuleNode root, IReadOnlyDictionary<PlacedRule, CoreRule> rules, CompileBudget budget)
    {
        this.root = root;
        this.budget = budget;
        foreach (var (placed, rule) in rules)
        {
            var edges = EdgesOf(placed);
            for (var one = rule; one is not null; one = one.Else)
                CoreWalk.Visit(one, reference => AddReference(reference, edges), callee => AddCall(callee, edges));
            while (newPlaces.TryDequeue(out var place))
                Fill(place);
        }
    }

    private List<int> EdgesOf(object vertex) => vertices[NumberOf(vertex)].Edges;

    private int NumberOf(object vertex)
    {
        if (!numbers.TryGetValue(vertex, out var number))
        {
            numbers[vertex] = number = vertices.Count;
            vertices.Add(new(vertex, []));
            if (vertex is RuleNode place)
                newPlaces.Enqueue(place);
        }

        return number;
    }

    // A place stands for the rules at it and everything below.
    private void Fill(RuleNode place)
    {
        var edges = EdgesOf(place);
        foreach (var placed in place.Rules)
            edges.Add(NumberOf(placed));
        foreach (var child in place.Children)
            edges.Add(NumberOf(child));
    }

    private void AddCall(Callee callee, List<int> edges)
    {
        if (callee.Function is { } function)
            edges.Add(NumberOf(function));
    }

    private void AddReference(CoreRef reference, List<int> edges)
    {
        if (reference.Root != RefRoot.Data)
            return;

        Follow(root, reference.Path, edges);
    }

    // A step that is not constant leads to every child, as long as that does not get out of hand.
    private void Follow(RuleNode place, ReadOnlySpan<CoreTerm> rest, List<int> edges)
    {
        budget.Charge(1);
        if (rest.IsEmpty)
            edges.Add(NumberOf(place));
        else if (place.Rules.Count > 0)
            AddWithin(place, rest, edges);
        else if (rest[0] is CoreConst { Value: var key })
        {
            if (key is StringValue name && place.Child(name.Text) is { } child)
                Follow(child, rest[1..], edges);
        }
        else if ((steps += place.Children.Count) > StepsMax)
            edges.Add(NumberOf(place));
        else
        {
            foreach (var child in place.Children)
                Follow(child, rest[1..], edges);
        }
    }

    // Rules that share a document: those whose references cannot match what is asked for do not count.
    private void AddWithin(RuleNode place, ReadOnlySpan<CoreTerm> rest, List<int> edges)
    {
        if (place.Children.Count > 0 || place.Rules.Count > ToldApartMax || place.Rules.TrueForAll(placed => placed.Rule.Head.Reference.Path.Length < placed.GroundLength))
        {
            edges.Add(NumberOf(place));
            return;
        }

        budget.Charge(place.Rules.Count);
        foreach (var placed in place.Rules)
        {
            if (CanMatch(placed, place.PathValues.Length, rest))
                edges.Add(NumberOf(placed));
        }
    }

    private static bool CanMatch(PlacedRule placed, int depth, ReadOnlySpan<CoreTerm> rest)
    {
        var path = placed.Rule.Head.Reference.Path;
        var first = depth - placed.Module.Package.Path.Length - 1;
        for (var i = 0; i < rest.Length && first + i < path.Length; i++)
        {
            if (rest[i] is CoreConst asked && path[first + i] is ScalarTerm own && !asked.Value.Equals(own.Value))
                return false;
        }

        return true;
    }

    /// <summary>Rules that ask for each other, or single ones; each group comes after those it asks for.</summary>
    public List<RuleGroup> Groups()
    {
        var groups = new List<RuleGroup>();
        foreach (var component in new Tarjan(vertices.ConvertAll(vertex => vertex.Edges)).Run())
        {
            var rules = new List<PlacedRule>(component.Count);
            foreach (var number in component)
            {
                if (vertices[number].Vertex is PlacedRule placed)
                    rules.Add(placed);
            }

            if (rules.Count > 0)
                groups.Add(new(rules, component.Count > 1 || vertices[component[0]].Edges.Contains(component[0])));
        }

        return groups;
    }

    /// <summary>The shortest way from a rule back to itself, or null.</summary>
    public List<PlacedRule>? CycleOf(PlacedRule start)
    {
        var first = NumberOf(start);
        var cameFrom = new Dictionary<int, int>();
        var queue = new Queue<int>([first]);
        while (queue.TryDequeue(out var number))
        {
            budget.Charge(vertices[number].Edges.Count);
            foreach (var next in vertices[number].Edges)
            {
                if (next == first)
                    return WayTo(number, first, cameFrom);
                if (cameFrom.TryAdd(next, number))
                    queue.Enqueue(next);
            }
        }

        return null;
    }

    private List<PlacedRule> WayTo(int number, int first, Dictionary<int, int> cameFrom)
    {
        var way = new List<PlacedRule>();
        for (; number != first; number = cameFrom[number])
        {
            if (vertices[number].Vertex is PlacedRule rule)
                way.Insert(0, rule);
        }

        return way;
    }
}
