// Which server owns a URI or a task, learned from what the servers have shown (MCP-01). Bounded: what does not fit is owned by nobody, and refused.
// Invariant: who was first keeps it; no server takes over what another has shown.
namespace CabinCrew.Gateways.Mcp.Sessions.Several;

internal sealed class Owners
{
    private const int EntriesMax = 50_000;
    private readonly Lock gate = new();
    private readonly Dictionary<string, Link> exact = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Link> prefixes = new(StringComparer.Ordinal);

    /// <summary>False: it is another's.</summary>
    public bool Claim(string what, Link link)
    {
        lock (gate)
        {
            if (exact.TryGetValue(what, out var owner)) return owner == link;
            if (exact.Count < EntriesMax) exact.Add(what, link);
            return true;
        }
    }

    /// <summary>A template owns what begins as it does before its first variable.</summary>
    public bool ClaimTemplate(string template, Link link)
    {
        var variable = template.IndexOf('{', StringComparison.Ordinal);
        var prefix = variable < 0 ? template : template[..variable];
        lock (gate)
        {
            if (exact.TryGetValue(template, out var owner)) return owner == link;
            if (exact.Count < EntriesMax) exact.Add(template, link);
            if (prefix.Length > 0 && prefixes.Count < EntriesMax) prefixes.TryAdd(prefix, link);
            return true;
        }
    }

    public Link? Of(string what)
    {
        lock (gate)
        {
            if (exact.TryGetValue(what, out var owner)) return owner;
            for (var length = what.Length; length > 0; length--)
                if (prefixes.Count > 0 && prefixes.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(what.AsSpan(0, length), out var byPrefix)) return byPrefix;
            return null;
        }
    }

    public void Forget(Link link)
    {
        lock (gate)
        {
            foreach (var (what, owner) in exact)
                if (owner == link) exact.Remove(what);
            foreach (var (prefix, owner) in prefixes)
                if (owner == link) prefixes.Remove(prefix);
        }
    }
}
