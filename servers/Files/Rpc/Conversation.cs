// Lines in, lines out: every request is answered once, side by side within a bound, unless it is cancelled. A line that is too long costs its answer, not the session.
using System.Collections.Concurrent;
using System.Text.Json;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Servers.Files.Rpc;

internal sealed class Conversation(Stream input, Stream output, Dispatcher dispatcher)
{
    /// <summary>One message, line end excluded: room for the largest file that is written, as base64.</summary>
    public const int LineBytesMax = 100 << 20;

    private const int SideBySideMax = 8;
    private static readonly JsonLimits Limits = new(BytesMax: LineBytesMax, DepthMax: 32, ValuesMax: 200_000);

    private readonly SemaphoreSlim writing = new(1, 1), places = new(SideBySideMax, SideBySideMax);
    private readonly ConcurrentDictionary<string, CancellationTokenSource> open = new(StringComparer.Ordinal);

    public async Task RunAsync()
    {
        var lines = new Lines(input, LineBytesMax);
        while (await lines.NextAsync().ConfigureAwait(false) is { } line)
        {
            if (line.Length == 0) continue;
            if (lines.WasTooLong) await SayAsync(Reply.Error(null, Reply.InvalidRequest, $"a message has more than {LineBytesMax} bytes")).ConfigureAwait(false);
            else await ReceiveAsync(line).ConfigureAwait(false);
        }
        // Nobody asks any more: what is still being done is finished, and nobody hears of it.
        for (var i = 0; i < SideBySideMax; i++) await places.WaitAsync().ConfigureAwait(false);
    }

    private async Task ReceiveAsync(byte[] line)
    {
        if (!StrictJson.Parse(line, Limits).Try(out var message, out var problem))
        {
            await SayAsync(Reply.Error(null, problem.Code is ProblemCode.JsonMalformed ? Reply.ParseError : Reply.InvalidRequest, problem.Message)).ConfigureAwait(false);
            return;
        }
        if (message.ValueKind != JsonValueKind.Object || !message.TryGetProperty("method", out var method) || method.ValueKind != JsonValueKind.String)
        {
            // An answer to nothing that we asked: we ask nothing.
            if (message.ValueKind != JsonValueKind.Object || !message.TryGetProperty("id", out _) || message.TryGetProperty("method", out _))
                await SayAsync(Reply.Error(null, Reply.InvalidRequest, "expected one request or notification: an object with a method")).ConfigureAwait(false);
            return;
        }
        var parameters = message.TryGetProperty("params", out var p) ? p : default;
        if (!message.TryGetProperty("id", out var id))
        {
            if (method.GetString() == "notifications/cancelled" && parameters.ValueKind == JsonValueKind.Object && parameters.TryGetProperty("requestId", out var which)) Cancel(which);
            return;
        }
        if (id.ValueKind is not (JsonValueKind.String or JsonValueKind.Number) || parameters.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Object))
        {
            await SayAsync(Reply.Error(null, Reply.InvalidRequest, "expected an id that is a text or a number, and params that are an object")).ConfigureAwait(false);
            return;
        }
        var cancelled = new CancellationTokenSource();
        if (!open.TryAdd(id.GetRawText(), cancelled))
        {
            cancelled.Dispose();
            await SayAsync(Reply.Error(null, Reply.InvalidRequest, "a request with this id is still being answered")).ConfigureAwait(false);
            return;
        }
        await places.WaitAsync().ConfigureAwait(false);
        _ = Task.Run(() => AnswerAsync(id, method.GetString()!, parameters, cancelled));
    }

    private void Cancel(JsonElement id)
    {
        if (!open.TryGetValue(id.GetRawText(), out var request)) return;
        try
        {
            request.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Answered in this very moment.
        }
    }

    private async Task AnswerAsync(JsonElement id, string method, JsonElement parameters, CancellationTokenSource cancelled)
    {
        try
        {
            var answer = await dispatcher.AnswerAsync(id, method, parameters, cancelled.Token).ConfigureAwait(false);
            // Whoever has cancelled must not hear of it any more.
            if (!cancelled.IsCancellationRequested) await SayAsync(answer).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
        }
        catch (IOException)
        {
            // Nobody reads any more.
        }
        finally
        {
            open.TryRemove(id.GetRawText(), out _);
            cancelled.Dispose();
            places.Release();
        }
    }

    private async Task SayAsync(byte[] line)
    {
        await writing.WaitAsync().ConfigureAwait(false);
        try
        {
            await output.WriteAsync(line).ConfigureAwait(false);
            await output.FlushAsync().ConfigureAwait(false);
        }
        finally
        {
            writing.Release();
        }
    }
}
