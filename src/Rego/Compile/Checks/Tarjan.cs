// Strongly connected components without recursion, so that a long chain of rules takes no stack. Source: R. Tarjan, 1972.
namespace CabinCrew.Rego.Compile.Checks;

/// <summary>Works on vertices 0..n-1 given by their edges.</summary>
internal sealed class Tarjan(List<List<int>> edges)
{
    private readonly int[] index = new int[edges.Count];
    private readonly int[] low = new int[edges.Count];
    private readonly bool[] isOpen = new bool[edges.Count];
    private readonly int[] nextEdge = new int[edges.Count];
    private readonly List<int> open = [];
    private readonly List<List<int>> components = [];
    private int counter;

    /// <summary>The components; each comes after all those it has edges to.</summary>
    public List<List<int>> Run()
    {
        for (var vertex = 0; vertex < edges.Count; vertex++)
        {
            if (index[vertex] == 0)
                Explore(vertex);
        }

        return components;
    }

    private void Explore(int start)
    {
        var path = new List<int> { start };
        while (path.Count > 0)
        {
            var vertex = path[^1];
            if (index[vertex] == 0)
            {
                index[vertex] = low[vertex] = ++counter;
                open.Add(vertex);
                isOpen[vertex] = true;
            }
            else
                low[vertex] = Math.Min(low[vertex], low[edges[vertex][nextEdge[vertex] - 1]]);

            var next = NextOf(vertex, ref nextEdge[vertex]);
            if (next >= 0)
            {
                path.Add(next);
                continue;
            }

            path.RemoveAt(path.Count - 1);
            if (low[vertex] == index[vertex])
                Close(vertex);
        }
    }

    // The next vertex to explore from here; edges to open ones are counted on the way.
    private int NextOf(int vertex, ref int edge)
    {
        while (edge < edges[vertex].Count)
        {
            var to = edges[vertex][edge++];
            if (index[to] == 0)
                return to;
            if (isOpen[to])
                low[vertex] = Math.Min(low[vertex], index[to]);
        }

        return -1;
    }

    private void Close(int vertex)
    {
        var component = new List<int>();
        int member;
        do
        {
            member = open[^1];
            open.RemoveAt(open.Count - 1);
            isOpen[member] = false;
            component.Add(member);
        }
        while (member != vertex);
        components.Add(component);
    }
}
