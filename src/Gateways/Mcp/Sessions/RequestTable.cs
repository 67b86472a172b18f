// The open requests of one asking side, by id and by progress token, bounded (MCP-07).
// Invariant: no two open requests have ids or progress tokens that could be taken for one another.
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Sessions;

internal sealed class RequestTable(int most, long bytesMost)
{
    /// <summary>Ids that were let go of while an answer might still come; such answers are dropped without a word.</summary>
    private const int ForgottenMax = 1024;
    private readonly Lock gate = new();
    private readonly Dictionary<IdKey, OpenRequest> byId = [];
    private readonly Dictionary<IdKey, OpenRequest> byToken = [];
    private readonly Queue<IdKey> forgottenInOrder = new();
    private readonly HashSet<IdKey> forgotten = [];
    private TaskCompletionSource? emptied;
    private long bytes;

    /// <summary>Completes when nothing is open.</summary>
    public Task EmptyAsync()
    {
        lock (gate)
        {
            if (byId.Count == 0) return Task.CompletedTask;
            emptied ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            return emptied.Task;
        }
    }

    public Problem? Add(OpenRequest open)
    {
        var id = new IdKey(open.Id);
        lock (gate)
        {
            if (byId.Count >= most) return new Problem(ProblemCode.CallerConcurrencyExceeded, $"{most} requests are open; this one was not read further").With("limit", $"{most}");
            if (byId.Count > 0 && bytes + open.Frame.Bytes.Length > bytesMost)
                return new Problem(ProblemCode.CallerConcurrencyExceeded, $"the open requests have more than {bytesMost} bytes together; this one was not read further").With("limit", $"{bytesMost}");
            if (!byId.TryAdd(id, open)) return new Problem(ProblemCode.MessageIdTaken, "a request with this id, or with one that could be taken for it, is still open");
            if (open.Token.IsEmpty || byToken.TryAdd(new IdKey(open.Token), open))
            {
                bytes += open.Frame.Bytes.Length;
                if (forgotten.Count > 0) forgotten.Remove(id);
                return null;
            }
            byId.Remove(id);
            return new Problem(ProblemCode.MessageIdTaken, "an open request has the same progress token, or one that could be taken for it");
        }
    }

    /// <summary>The open request with exactly this id: a string is none that was a number.</summary>
    public OpenRequest? Find(ReadOnlyMemory<byte> id)
    {
        if (id.IsEmpty) return null;
        var key = new IdKey(id);
        lock (gate) return byId.TryGetValue(key, out var open) && new IdKey(open.Id).IsString == key.IsString ? open : null;
    }

    public OpenRequest? FindByToken(ReadOnlyMemory<byte> token)
    {
        if (token.IsEmpty) return null;
        lock (gate) return byToken.GetValueOrDefault(new IdKey(token));
    }

    /// <summary>It is closed. Where an answer may still come, that one is expected and dropped.</summary>
    public void Remove(OpenRequest open, bool answerMayCome)
    {
        var id = new IdKey(open.Id);
        lock (gate)
        {
            if (!byId.TryGetValue(id, out var present) || present != open) return;
            byId.Remove(id);
            bytes -= open.Frame.Bytes.Length;
            if (byId.Count == 0) emptied?.TrySetResult();
            if (!open.Token.IsEmpty) byToken.Remove(new IdKey(open.Token));
            if (!answerMayCome || !forgotten.Add(id)) return;
            forgottenInOrder.Enqueue(id);
            if (forgottenInOrder.Count > ForgottenMax) forgotten.Remove(forgottenInOrder.Dequeue());
        }
    }

    /// <summary>An answer to it was no longer waited for. It is forgiven once.</summary>
    public bool WasForgotten(ReadOnlyMemory<byte> id)
    {
        if (id.IsEmpty) return false;
        lock (gate) return forgotten.Remove(new IdKey(id));
    }

    public List<OpenRequest> All()
    {
        lock (gate) return [.. byId.Values];
    }
}
