// The tree of packages and rules under `data`. A node with rules is a virtual document (or a function); where one of its rules has a variable in its
// reference, all rules below are part of the same document and the node has no children that count.
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Evaluate;

/// <summary>A rule and the module it stands in.</summary>
internal sealed record PlacedRule(RegoModule Module, Rule Rule, string[] Path, int GroundLength);

internal sealed class RuleNode(string name, RuleNode? parent)
{
    private Dictionary<string, RuleNode>? children;
    private Value[]? pathValues;
    private Value[]? documentKeys;
    private Index? index;

    private sealed record Index(SortedKeys Names, RuleNode[] Nodes)
    {
        public static Index Of(Dictionary<string, RuleNode>.ValueCollection children)
        {
            var names = new Value[children.Count];
            var nodes = new RuleNode[children.Count];
            children.CopyTo(nodes, 0);
            for (var i = 0; i < nodes.Length; i++) names[i] = nodes[i].NameValue;
            Array.Sort(names, nodes);
            return new(new(names), nodes);
        }
    }

    public string Name => name;

    public StringValue NameValue { get; } = new(name);

    public RuleNode? Parent => parent;

    public List<PlacedRule> Rules { get; } = [];

    public IReadOnlyCollection<RuleNode> Children => children is null ? [] : children.Values;

    /// <summary>What evaluates this node; null for a mere package or path.</summary>
    public RuleSet? Plan { get; set; }

    public int Arity => Rules.Count == 0 ? 0 : Rules[0].Rule.Head.Arguments.Length;

    public bool IsFunction => Arity > 0;

    public RuleNode? Child(string key) => children is not null && children.TryGetValue(key, out var child) ? child : null;

    /// <summary>The same by a value, whose hash is known already. Asked for once the tree is whole.</summary>
    public RuleNode? Child(Value key)
    {
        if (children is null) return null;
        // Two threads may both make it; they make the same.
        var (names, nodes) = index ??= Index.Of(children.Values);
        var at = names.Find(key);
        return at < 0 ? null : nodes[at];
    }

    public RuleNode AddChild(string key)
    {
        children ??= new(StringComparer.Ordinal);
        if (!children.TryGetValue(key, out var child)) children[key] = child = new(key, this);
        return child;
    }

    /// <summary>The node at a path, or null; stops at the first node with rules, whose remaining path is then not static.</summary>
    public RuleNode? Find(IEnumerable<string> path)
    {
        var node = this;
        foreach (var key in path)
        {
            node = node.Child(key);
            if (node is null) return null;
        }

        return node;
    }

    /// <summary>The keys that lead from <c>data</c> to here.</summary>
    public Value[] PathValues => pathValues ??= parent is null ? [] : [.. parent.PathValues, NameValue];

    /// <summary>The names below that are documents, in order. Asked for once the tree is whole.</summary>
    public Value[] DocumentKeys => documentKeys ??= MakeDocumentKeys();

    private Value[] MakeDocumentKeys()
    {
        var keys = new List<Value>(Children.Count);
        foreach (var child in Children)
        {
            if (!child.IsFunction) keys.Add(child.NameValue);
        }

        keys.Sort();
        return [.. keys];
    }

    public override string ToString() => parent is null ? "data" : $"{parent}.{name}";

    /// <summary>Takes all rules below into this node.</summary>
    public void Absorb()
    {
        if (children is null) return;
        foreach (var child in children.Values)
        {
            child.Absorb();
            Rules.AddRange(child.Rules);
        }

        children = null;
    }
}
