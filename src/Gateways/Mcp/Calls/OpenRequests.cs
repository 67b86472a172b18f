// The requests that went on and have no answer yet: the place each takes of its caller's limit, and what its answer is to carry.
// Invariant: a place that was taken is given back once: with the answer, with the word that there will be none, or with the end of the session.
using System.Collections.Concurrent;
using System.Text;
using CabinCrew.Gateways.Firewall.Limits;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Policies.Messages;

namespace CabinCrew.Gateways.Mcp.Calls;

/// <param name="Place">Null: the request is not the caller's, and takes none.</param>
internal sealed record OpenRequest(CallPlace? Place, IReadOnlyList<string> Warnings, long Began);

internal sealed class OpenRequests(int perSessionMax)
{
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, OpenRequest>> sessions = new(StringComparer.Ordinal);

    /// <summary>False: too many are open, or one with this id is.</summary>
    public bool TryAdd(string session, string server, MessageDirection direction, Frame request, OpenRequest open)
    {
        var own = sessions.GetOrAdd(session, static _ => new(StringComparer.Ordinal));
        return own.Count < perSessionMax && own.TryAdd(Key(server, direction, request.Id), open);
    }

    /// <summary>Takes out the request that an answer in this direction belongs to.</summary>
    public OpenRequest? TakeAnswered(string session, string server, MessageDirection answer, ReadOnlyMemory<byte> id) =>
        Take(session, server, answer == MessageDirection.ToCaller ? MessageDirection.ToServer : MessageDirection.ToCaller, id);

    public OpenRequest? Take(string session, string server, MessageDirection direction, ReadOnlyMemory<byte> id) =>
        sessions.TryGetValue(session, out var own) && own.TryRemove(Key(server, direction, id), out var open) ? open : null;

    public void End(string session)
    {
        if (!sessions.TryRemove(session, out var own)) return;
        foreach (var (_, open) in own) open.Place?.GiveBack();
    }

    private static string Key(string server, MessageDirection direction, ReadOnlyMemory<byte> id) =>
        string.Concat(direction == MessageDirection.ToServer ? ">" : "<", server, "\n", Encoding.UTF8.GetString(id.Span));
}
