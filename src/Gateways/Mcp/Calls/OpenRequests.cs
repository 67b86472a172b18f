// The requests that went on and have no answer yet: the place each takes of its caller's limit, and what its answer is to carry.
// Invariant: a place that was taken is given back once: with the answer, with the word that there will be none, with the request's withdrawal, or with the end of the session.
using System.Collections.Concurrent;
using System.Text;
using CabinCrew.Gateways.Firewall.Limits;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Policies.Messages;

namespace CabinCrew.Gateways.Mcp.Calls;

/// <param name="place">Null: the request is not the caller's, and takes none.</param>
/// <param name="name">What it addresses, as it may be told.</param>
internal sealed class OpenCall(CallPlace? place, IReadOnlyList<string> warnings, long began, string? name)
{
    private CancellationTokenRegistration withdrawal;

    public IReadOnlyList<string> Warnings => warnings;
    public long Began => began;
    public string? Name => name;

    /// <param name="forget">Done when whoever asked takes the request back.</param>
    public void Watch(Action forget, CancellationToken withdrawn) => withdrawal = withdrawn.UnsafeRegister(static forget => ((Action)forget!)(), forget);

    public void End()
    {
        withdrawal.Unregister();
        place?.GiveBack();
    }
}

internal sealed class OpenRequests(int perSessionMax)
{
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, OpenCall>> sessions = new(StringComparer.Ordinal);

    /// <summary>False: too many are open, or one with this id is.</summary>
    /// <param name="withdrawn">Cancelled when whoever asked takes it back: then it is not open any more, and its id is free.</param>
    public bool TryAdd(string session, string server, MessageDirection direction, Frame request, OpenCall open, CancellationToken withdrawn)
    {
        var own = sessions.GetOrAdd(session, static _ => new(StringComparer.Ordinal));
        var key = Key(server, direction, request.Id);
        if (own.Count >= perSessionMax || !own.TryAdd(key, open)) return false;
        if (withdrawn.CanBeCanceled)
            open.Watch(() =>
            {
                // That one and no other that has its id by now.
                if (own.TryRemove(KeyValuePair.Create(key, open))) open.End();
            }, withdrawn);
        return true;
    }

    /// <summary>Takes out the request that an answer in this direction belongs to, and ends it.</summary>
    public OpenCall? TakeAnswered(string session, string server, MessageDirection answer, ReadOnlyMemory<byte> id) =>
        Take(session, server, answer == MessageDirection.ToCaller ? MessageDirection.ToServer : MessageDirection.ToCaller, id);

    public OpenCall? Take(string session, string server, MessageDirection direction, ReadOnlyMemory<byte> id)
    {
        if (!sessions.TryGetValue(session, out var own) || !own.TryRemove(Key(server, direction, id), out var open)) return null;
        open.End();
        return open;
    }

    public void End(string session)
    {
        if (!sessions.TryRemove(session, out var own)) return;
        foreach (var (_, open) in own) open.End();
    }

    private static string Key(string server, MessageDirection direction, ReadOnlyMemory<byte> id) =>
        string.Concat(direction == MessageDirection.ToServer ? ">" : "<", server, "\n", Encoding.UTF8.GetString(id.Span));
}
