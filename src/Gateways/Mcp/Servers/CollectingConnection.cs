// The connection to a file server in plan mode: calls go to a server that works on a copy-on-write view, and `submit_changes` is answered here (INT-03).
// To propose, the server is ended when it has answered what it was asked, its changes become a plan, and a new one takes over on a new view; nobody who is connected
// sees that but for the wait. Whatever is changed and not submitted is proposed when the session ends.
using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading.Channels;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Servers;

public sealed class CollectingConnection : IServerConnection
{
    /// <summary>The tool, as the file server shows it.</summary>
    public const string Tool = "submit_changes";

    private const int MessageCharsMax = 4000, FramesHeldMax = 1024;
    private static readonly TimeSpan AnswersMax = TimeSpan.FromMinutes(2);

    private readonly IChangeCollector collector;
    private readonly Func<IServerProcess, IServerConnection> connect;
    private readonly Action<Outcome<Proposal>> atTheEnd;
    private readonly Channel<Outcome<ReadOnlyMemory<byte>>> frames = Channel.CreateBounded<Outcome<ReadOnlyMemory<byte>>>(new BoundedChannelOptions(FramesHeldMax) { SingleReader = true });
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly CancellationTokenSource ending = new();
    private readonly ConcurrentDictionary<string, bool> open = new(StringComparer.Ordinal);
    private ReadOnlyMemory<byte> initialize, initialized;
    private Served? served;
    private bool touched;

    private sealed record Served(IServerProcess Process, IServerConnection Connection)
    {
        public Task Pumping { get; set; } = Task.CompletedTask;
    }

    private CollectingConnection(IChangeCollector collector, Func<IServerProcess, IServerConnection> connect, Action<Outcome<Proposal>> atTheEnd) =>
        (this.collector, this.connect, this.atTheEnd) = (collector, connect, atTheEnd);

    /// <param name="connect">Makes a connection of a process; it does not own the process.</param>
    /// <param name="atTheEnd">Told what became of changes that were not submitted when the session ended.</param>
    public static async Task<Outcome<CollectingConnection>> OpenAsync(IChangeCollector collector, Func<IServerProcess, IServerConnection> connect, Action<Outcome<Proposal>> atTheEnd, CancellationToken ct)
    {
        var made = new CollectingConnection(collector, connect, atTheEnd);
        return (await made.ServeAsync(ct).ConfigureAwait(false)).Map(_ => made);
    }

    private async Task<Outcome<Done>> ServeAsync(CancellationToken ct)
    {
        if (!(await collector.StartAsync(ct).ConfigureAwait(false)).Try(out var process, out var problem)) return problem;
        served = new(process, connect(process));
        _ = DropAsync(process.StandardError);
        if (!initialize.IsEmpty && (await ReplayAsync(served.Connection, ct).ConfigureAwait(false)).Problem is { } unready) return unready;
        served.Pumping = PumpAsync(served);
        return Done.Ok;
    }

    /// <summary>A new server is told what the old one was; its answer is the one that the client has had.</summary>
    private async Task<Outcome<Done>> ReplayAsync(IServerConnection connection, CancellationToken ct)
    {
        if ((await connection.SendAsync(initialize, ct).ConfigureAwait(false)).Problem is { } unsent) return unsent;
        if (await connection.ReceiveAsync(ct).ConfigureAwait(false) is not { } answer) return new Problem(ProblemCode.UpstreamFailed, "the file server ended before it answered");
        if (answer.Problem is { } broken) return broken;
        return initialized.IsEmpty ? Done.Ok : await connection.SendAsync(initialized, ct).ConfigureAwait(false);
    }

    private static async Task DropAsync(Stream words)
    {
        try
        {
            var buffer = new byte[4096];
            while (await words.ReadAsync(buffer).ConfigureAwait(false) > 0) { }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // It has ended.
        }
    }

    private async Task PumpAsync(Served from)
    {
        try
        {
            while (await from.Connection.ReceiveAsync(ending.Token).ConfigureAwait(false) is { } frame)
            {
                if (frame.Ok && Peek.Of(frame.Value.Span) is { Method: null, Id: { } id }) open.TryRemove(id, out _);
                try
                {
                    await frames.Writer.WriteAsync(frame, ending.Token).ConfigureAwait(false);
                }
                catch (ChannelClosedException)
                {
                    // Nobody reads any more; that it was answered still counts.
                }
                if (!frame.Ok) break;
            }
            // One that ends by itself ends the connection; one that is being replaced does not.
            if (served == from) frames.Writer.TryComplete();
        }
        catch (OperationCanceledException)
        {
        }
    }

    public async ValueTask<Outcome<Done>> SendAsync(ReadOnlyMemory<byte> frame, CancellationToken ct)
    {
        var peek = Peek.Of(frame.Span);
        await gate.WaitAsync(ct).ConfigureAwait(false);
        var held = true;
        try
        {
            if (peek is { Method: "tools/call", Name: Tool, Id: not null })
            {
                held = false;
                // The caller's thread is not kept waiting: the answer comes like any other. Until then nothing else is sent.
                _ = Task.Run(() => SubmitAsync(frame.ToArray()), CancellationToken.None);
                return Done.Ok;
            }
            if (served is null) return new Problem(ProblemCode.UpstreamFailed, "the file server has ended");
            if (peek is { Method: "initialize" }) initialize = frame.ToArray();
            else if (peek is { Method: "notifications/initialized" }) initialized = frame.ToArray();
            if (peek is { Method: not null, Id: { } id }) open[id] = true;
            // A request that was cancelled gets no answer.
            else if (peek is { Method: "notifications/cancelled", Cancelled: { } given }) open.TryRemove(given, out _);
            if (peek is { Method: "tools/call" }) touched = true;
            return await served.Connection.SendAsync(frame, ct).ConfigureAwait(false);
        }
        finally
        {
            if (held) gate.Release();
        }
    }

    public async ValueTask<Outcome<ReadOnlyMemory<byte>>?> ReceiveAsync(CancellationToken ct)
    {
        try
        {
            return await frames.Reader.ReadAsync(ct).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            return null;
        }
    }

    /// <summary>Holds the gate from before it was called, and gives it back.</summary>
    private async Task SubmitAsync(byte[] frame)
    {
        try
        {
            var (message, overNewer, wrong) = Arguments(frame);
            var outcome = wrong ?? await ProposeAsync(message, overNewer, ending.Token).ConfigureAwait(false);
            await frames.Writer.WriteAsync(Answer(Peek.Of(frame).Id!, outcome), ending.Token).ConfigureAwait(false);
            if (served is null) frames.Writer.TryComplete();
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
        {
            // The session has ended meanwhile, and says itself what became of the changes.
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<Outcome<Proposal>> ProposeAsync(string message, bool overNewer, CancellationToken ct)
    {
        for (var waited = TimeSpan.Zero; !open.IsEmpty; waited += TimeSpan.FromMilliseconds(20))
        {
            if (waited > AnswersMax) return new Problem(ProblemCode.UpstreamFailed, "calls that were made before are still not answered; nothing was proposed") { Remedy = "Cancel them, or wait, and submit again." };
            await Task.Delay(20, ct).ConfigureAwait(false);
        }
        await EndAsync().ConfigureAwait(false);
        var outcome = await collector.ProposeAsync(message, overNewer, ct).ConfigureAwait(false);
        if (outcome.Ok) touched = false;
        // In either case the session goes on.
        return (await ServeAsync(ct).ConfigureAwait(false)).Problem is not { } unserved ? outcome
            : outcome.Map(p => p with { Words = $"{p.Words} The file server could not be started again: {unserved.Message}" });
    }

    private async Task EndAsync()
    {
        if (served is not { } old) return;
        served = null;
        await old.Process.DisposeAsync().ConfigureAwait(false);
        await old.Pumping.ConfigureAwait(false);
        await old.Connection.DisposeAsync().ConfigureAwait(false);
    }

    private static (string Message, bool OverNewer, Problem? Wrong) Arguments(byte[] frame)
    {
        using var document = JsonDocument.Parse(frame);
        var given = document.RootElement.GetProperty("params").TryGetProperty("arguments", out var a) && a.ValueKind == JsonValueKind.Object ? a : default;
        var message = given.ValueKind == JsonValueKind.Object && given.TryGetProperty("message", out var m) && m.ValueKind == JsonValueKind.String ? m.GetString()!.Trim() : "";
        var overNewer = given.ValueKind == JsonValueKind.Object && given.TryGetProperty("over_newer", out var n) && n.ValueKind == JsonValueKind.True;
        return message.Length is > 0 and <= MessageCharsMax
            ? (message, overNewer, null)
            : ("", false, new(ProblemCode.InvalidArgument, $"{Tool} needs a message of 1 to {MessageCharsMax} characters: what the change does and why, for the person who approves it; nothing was proposed"));
    }

    private static ReadOnlyMemory<byte> Answer(string id, Outcome<Proposal> outcome)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var w = new Utf8JsonWriter(buffer, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            w.WriteStartObject();
            w.WriteString("jsonrpc", "2.0");
            w.WritePropertyName("id");
            w.WriteRawValue(id);
            w.WriteStartObject("result");
            w.WriteString("resultType", "complete");
            w.WriteStartArray("content");
            w.WriteStartObject();
            w.WriteString("type", "text");
            w.WriteString("text", outcome.Try(out var proposal, out var problem) ? proposal.Words : $"{problem}{(problem.Remedy is { } remedy ? $"\n{remedy}" : "")}");
            w.WriteEndObject();
            w.WriteEndArray();
            w.WriteBoolean("isError", !outcome.Ok);
            w.WriteEndObject();
            w.WriteEndObject();
        }
        return buffer.WrittenMemory;
    }

    public async ValueTask DisposeAsync()
    {
        if (ending.IsCancellationRequested) return;
        // Nobody reads any more: whoever waits for room to write is let go of.
        frames.Writer.TryComplete();
        // A submission that is under way comes to its end first: it may already be a plan.
        await gate.WaitAsync().ConfigureAwait(false);
        try
        {
            await EndAsync().ConfigureAwait(false);
            if (touched) atTheEnd(await collector.ProposeAsync("Changes that an agent made and did not submit before its session ended.", overNewer: false, CancellationToken.None).ConfigureAwait(false));
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await collector.DisposeAsync().ConfigureAwait(false);
            gate.Release();
        }
    }

    /// <summary>What is told from a frame at a glance: its method, its id as it stands there, the name of the tool that it calls, and the id that it cancels. Frames were read strictly before they come here.</summary>
    private readonly record struct Peek(string? Method, string? Id, string? Name, string? Cancelled)
    {
        public static Peek Of(ReadOnlySpan<byte> frame)
        {
            string? method = null, id = null, name = null, cancelled = null;
            try
            {
                var reader = new Utf8JsonReader(frame);
                while (reader.Read())
                {
                    if (reader.TokenType != JsonTokenType.PropertyName) continue;
                    if (reader.CurrentDepth == 1 && reader.ValueTextEquals("method"u8)) method = Text(ref reader);
                    else if (reader.CurrentDepth == 1 && reader.ValueTextEquals("id"u8)) id = Raw(ref reader);
                    else if (reader.CurrentDepth == 1 && !reader.ValueTextEquals("params"u8)) reader.Skip();
                    else if (reader.CurrentDepth == 2 && reader.ValueTextEquals("name"u8)) name = Text(ref reader);
                    else if (reader.CurrentDepth == 2 && reader.ValueTextEquals("requestId"u8)) cancelled = Raw(ref reader);
                    else if (reader.CurrentDepth == 2) reader.Skip();
                }
            }
            catch (JsonException)
            {
                return default;
            }
            return new(method, id, name, cancelled);
        }

        private static string? Text(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;

        private static string? Raw(ref Utf8JsonReader reader)
        {
            if (!reader.Read() || reader.TokenType is not (JsonTokenType.String or JsonTokenType.Number)) return null;
            var value = reader.ValueSpan;
            return reader.TokenType == JsonTokenType.Number ? Encoding.UTF8.GetString(value) : $"\"{Encoding.UTF8.GetString(value)}\"";
        }
    }
}
