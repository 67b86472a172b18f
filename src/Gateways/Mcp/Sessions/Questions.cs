// Questions of the gateway to the client's person while a request is held (MCP-03): beside the request (era of sessions), or by its result (stateless era).
// Invariant: an answer counts for the one request that it was asked for. What goes on afterwards is the request that was held, never the words of the one that brought the answer.
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Sessions;

internal sealed class Questions(SessionParts session)
{
    private static readonly TimeSpan ReclaimMax = TimeSpan.FromMinutes(10);

    // Part of every id, so that no other session's answers fit.
    private readonly string prefix = "cabincrew-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(session.Standing.Facts.Id)).AsSpan(0, 6)) + "-";
    private readonly Lock gate = new();
    private readonly Dictionary<string, Waiting> byState = new(StringComparer.Ordinal);
    private int last;

    /// <param name="Answer">Of the person.</param>
    /// <param name="Reclaimed">The client has asked again and waits for the answer to its request.</param>
    private sealed record Waiting(OpenRequest Open, TaskCompletionSource<bool?> Answer, TaskCompletionSource Reclaimed);

    /// <summary>The next id of the gateway's own, as JSON text.</summary>
    public ReadOnlyMemory<byte> NextId() => Encoding.ASCII.GetBytes($"\"{prefix}{Interlocked.Increment(ref last)}\"");

    public bool IsOwn(ReadOnlyMemory<byte> id) => JsonParts.Text(id)?.StartsWith(prefix, StringComparison.Ordinal) ?? false;

    public async ValueTask<bool?> AskAsync(string question, ReadOnlyMemory<byte> regarding, CancellationToken ct)
    {
        var id = NextId();
        var bytes = Replies.Question(id, question);
        var answer = new TaskCompletionSource<Frame?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var open = new OpenRequest(session.Read(bytes), link: null) { AskerId = id, Id = id, Facts = session.Standing.Facts, Own = answer };
        if (session.ToClient.Add(open) is not null) return null;
        open.TrySend();
        await session.SendToClientAsync(bytes, regarding);
        try
        {
            return await answer.Task.WaitAsync(ct) is { Kind: FrameKind.Result } result ? Meaning(result.Answer) : null;
        }
        catch (OperationCanceledException) when (open.TryClose(out _))
        {
            session.ToClient.Remove(open, answerMayCome: true);
            await session.SendToClientAsync(Replies.Cancelled(id, "the question is no longer open"), regarding);
            throw;
        }
    }

    /// <summary>Answers the held request with the question. The client asks again, under another id, and brings the answer.</summary>
    public async ValueTask<bool?> AskByResultAsync(OpenRequest open, string question, CancellationToken ct)
    {
        var state = $"{prefix}{Interlocked.Increment(ref last)}";
        var waiting = new Waiting(open, new(TaskCreationOptions.RunContinuationsAsynchronously), new(TaskCreationOptions.RunContinuationsAsynchronously));
        var id = open.AskerId;
        lock (gate)
        {
            if (byState.Count >= session.Limits.ServerRequestsMax || id.IsEmpty || open.Stage is not RequestStage.Judged) return null;
            byState.Add(state, waiting);
            open.AskerId = default;
        }
        session.FromClient.Remove(open, answerMayCome: false);
        await session.SendToClientAsync(Replies.InputRequired(id, question, state), id);
        return await waiting.Answer.Task.WaitAsync(ct);
    }

    /// <summary>Is this the request that was held, asked again? Then it takes the held one's place, or is refused.</summary>
    public bool Resumes(Frame again, out Problem? refused)
    {
        refused = null;
        if (last == 0 || again.Version is null) return false;
        if (JsonParts.Text(JsonParts.Member(again.Params, "requestState"u8)) is not { } state || !state.StartsWith(prefix, StringComparison.Ordinal)) return false;
        Waiting? waiting;
        lock (gate) byState.TryGetValue(state, out waiting);
        if (waiting is null)
        {
            refused = new Problem(ProblemCode.MessageUnexpected, "nothing is held that this answers; it was answered before, or its time is over");
            return true;
        }
        var held = waiting.Open;
        // As its server would see it: names there are the server's own.
        var route = session.Routes.Request(again);
        if (route.Link != held.Link || !Alike(held.Frame, route.Frame))
        {
            refused = new Problem(ProblemCode.MessageUnexpected, "this is not the request that is held: its method, name or arguments are others");
            return true;
        }
        // The state is used up by whoever comes first.
        lock (gate) if (!byState.Remove(state)) refused = new Problem(ProblemCode.MessageUnexpected, "the answer was given before");
        if (refused is not null) return true;
        held.AskerId = held.Id = again.Id;
        if (session.FromClient.Add(held) is { } taken)
        {
            held.AskerId = default;
            lock (gate) byState.Add(state, waiting);
            refused = taken;
            return true;
        }
        waiting.Answer.TrySetResult(Meaning(JsonParts.Member(JsonParts.Member(again.Params, "inputResponses"u8), Encoding.ASCII.GetBytes(Replies.InputKey))));
        waiting.Reclaimed.TrySetResult();
        return true;
    }

    /// <summary>Waits until the client has asked again for what was decided meanwhile. False: it did not, and nobody waits for the request.</summary>
    public async ValueTask<bool> ReclaimedAsync(OpenRequest open)
    {
        KeyValuePair<string, Waiting> entry;
        lock (gate) entry = byState.FirstOrDefault(w => w.Value.Open == open);
        if (entry.Key is null) return !open.AskerId.IsEmpty;
        try
        {
            await entry.Value.Reclaimed.Task.WaitAsync(ReclaimMax, session.Setup.Time, open.Withdrawn);
            return true;
        }
        catch (TimeoutException)
        {
            lock (gate) if (byState.Remove(entry.Key)) open.TryClose(out _);
            return !open.AskerId.IsEmpty;
        }
    }

    /// <summary>Takes back the held requests of a server whose clients are to ask again (null: of all servers): nobody knows them by an id.</summary>
    public List<OpenRequest> Unclaimed(Link? of)
    {
        lock (gate)
        {
            var those = byState.Where(w => of is null || w.Value.Open.Link == of).ToList();
            foreach (var (state, _) in those) byState.Remove(state);
            return [.. those.Select(w => w.Value.Open)];
        }
    }

    private static bool Alike(Frame held, Frame again) =>
        held.Method == again.Method && held.Name == again.Name
        && (held.Arguments.Span.SequenceEqual(again.Arguments.Span)
            || (!held.Arguments.IsEmpty && !again.Arguments.IsEmpty && JsonElement.DeepEquals(JsonElement.Parse(held.Arguments.Span), JsonElement.Parse(again.Arguments.Span))));

    private static bool? Meaning(ReadOnlyMemory<byte> answer)
    {
        if (JsonParts.Text(JsonParts.Member(answer, "action"u8)) is not "accept") return null;
        var approve = JsonParts.Member(JsonParts.Member(answer, "content"u8), Encoding.ASCII.GetBytes(Replies.Approve)).Span;
        return approve.SequenceEqual("true"u8) ? true : approve.SequenceEqual("false"u8) ? false : null;
    }
}
