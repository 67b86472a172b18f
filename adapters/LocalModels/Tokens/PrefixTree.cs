// Texts by their beginnings: from one place, every known text that stands there. Time by the length of the longest, whatever is searched.
namespace CabinCrew.LocalModels.Tokens;

internal sealed class PrefixTree
{
    private readonly Dictionary<long, int> edges = [];
    private readonly List<int> values = [-1];

    public int LongestLength { get; private set; }

    /// <summary>The later of two equal texts counts.</summary>
    public void Add(ReadOnlySpan<char> text, int value)
    {
        var node = 0;
        foreach (var c in text)
        {
            if (!edges.TryGetValue(Key(node, c), out var next))
            {
                edges[Key(node, c)] = next = values.Count;
                values.Add(-1);
            }
            node = next;
        }
        values[node] = value;
        LongestLength = Math.Max(LongestLength, text.Length);
    }

    /// <summary>One step down from a node (the root is 0); -1 where nothing goes on. The value is -1 where no text ends.</summary>
    public int Step(int node, char c, out int value)
    {
        if (!edges.TryGetValue(Key(node, c), out node))
        {
            value = -1;
            return -1;
        }
        value = values[node];
        return node;
    }

    /// <summary>The longest text that the span begins with.</summary>
    public (int Length, int Value) Longest(ReadOnlySpan<char> text)
    {
        var found = (0, -1);
        var node = 0;
        for (var i = 0; i < text.Length && (node = Step(node, text[i], out var value)) >= 0; i++)
            if (value >= 0) found = (i + 1, value);
        return found;
    }

    private static long Key(int node, char c) => (long)node << 16 | c;
}
