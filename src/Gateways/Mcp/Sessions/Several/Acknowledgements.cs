// One acknowledgement of several servers' for the stream of notifications that a client listens to (2026-07-28, subscriptions): what any of them agreed to tell, once, before anything else of the stream.
// Invariant: no notification of the stream reaches the client before the acknowledgement; a server that does not speak holds the others up for a bounded time only.
using System.Text;
using CabinCrew.Gateways.Mcp.Wire;

namespace CabinCrew.Gateways.Mcp.Sessions.Several;

/// <param name="whole">The client's request.</param>
/// <param name="count">Of the servers that it went to.</param>
internal sealed class Acknowledgements(SessionParts session, OpenRequest whole, int count)
{
    private const int WaitingMax = 256;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly HashSet<Link> settled = [];
    private readonly List<ReadOnlyMemory<byte>> agreed = [];
    private readonly List<ReadOnlyMemory<byte>> waiting = [];
    private bool told, patient;

    /// <summary>Carries a notification of the stream, after it was judged.</summary>
    public async ValueTask CarryAsync(Link link, ReadOnlyMemory<byte> bytes)
    {
        await turn.WaitAsync(session.Stopping);
        try
        {
            // Whoever listened has taken it back, or has its answer.
            if (whole.Stage is RequestStage.Closed) return;
            var frame = session.Read(bytes);
            if (frame.Method is McpMethods.Acknowledged)
            {
                // Whoever agrees to something afterwards tells it all the same.
                if (told || !settled.Add(link)) return;
                agreed.Add(JsonParts.Member(frame.Params, "notifications"u8));
                if (settled.Count == count) await TellAsync();
                else BePatient();
            }
            else
            {
                if (!told && waiting.Count >= WaitingMax) await TellAsync();
                if (told) await session.SendToClientAsync(bytes, whole.AskerId);
                else
                {
                    waiting.Add(bytes);
                    BePatient();
                }
            }
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>The server has answered the request itself: it has nothing more to agree to.</summary>
    public async ValueTask SettledAsync(Link link)
    {
        await turn.WaitAsync(session.Stopping);
        try
        {
            if (settled.Add(link) && settled.Count == count && agreed.Count > 0 && !told) await TellAsync();
        }
        finally
        {
            turn.Release();
        }
    }

    private void BePatient()
    {
        if (patient) return;
        patient = true;
        session.Underway.Track(TellInTimeAsync());
    }

    private async ValueTask TellInTimeAsync()
    {
        try
        {
            await Task.Delay(Patience, session.Setup.Time, session.Stopping);
            await turn.WaitAsync(session.Stopping);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        try
        {
            if (!told && whole.Stage is not RequestStage.Closed) await TellAsync();
        }
        finally
        {
            turn.Release();
        }
    }

    private async ValueTask TellAsync()
    {
        told = true;
        if (agreed.Count > 0) await session.SendToClientAsync(Replies.Acknowledged(whole.AskerId, Union()), whole.AskerId);
        foreach (var bytes in waiting) await session.SendToClientAsync(bytes, whole.AskerId);
        waiting.Clear();
    }

    // A kind of news is told where anyone tells it; lists of resources are joined.
    private ReadOnlyMemory<byte> Union()
    {
        var members = agreed.SelectMany(JsonParts.Members).GroupBy(m => JsonParts.Text(m.Name)!, m => m.Value, StringComparer.Ordinal);
        return MergedHello.Write(json =>
        {
            foreach (var member in members)
            {
                var values = member.ToList();
                var items = values.SelectMany(JsonParts.Elements).Select(e => Encoding.UTF8.GetString(e.Span)).ToList();
                json.WritePropertyName(member.Key);
                if (items.Count > 0) json.WriteRawValue($"[{string.Join(',', items)}]", skipInputValidation: true);
                else json.WriteRawValue(values.Find(JsonParts.IsTrue) is { IsEmpty: false } yes ? yes.Span : values[0].Span, skipInputValidation: true);
            }
        });
    }
}
