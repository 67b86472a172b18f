// The caller who waits at the other end: kept alive while a stream is held, and answered once, in parts where a stream goes on while it comes (LLM-02).
using System.Net;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Http;
using CabinCrew.Gateways.Llm.Calls;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Endpoint;

internal sealed class CallerLine : ICallerLine, IAsyncDisposable
{
    private const string ExchangeHeader = "x-cabincrew-exchange", WarningHeader = "x-cabincrew-warning";
    private const int WarningCharsMax = 1000;

    private readonly IHttpExchange http;
    private readonly LlmApi api;
    private readonly string id;
    private readonly bool isStream;
    private readonly SemaphoreSlim door = new(1, 1);
    private readonly CancellationTokenSource over;
    private readonly Task beat;
    private string named;
    private bool begun, done;

    public CallerLine(IHttpExchange http, Prompt prompt, string id, TimeSpan every, TimeProvider clock)
    {
        (this.http, api, this.id, isStream, named) = (http, prompt.Api, id, prompt.Said.Stream, id);
        over = CancellationTokenSource.CreateLinkedTokenSource(http.Aborted);
        beat = isStream ? BeatAsync(every, clock) : Task.CompletedTask;
    }

    public bool CanAskPerson => false;

    public ValueTask<bool?> AskPersonAsync(string question, CancellationToken ct) => default;

    // The beat shows it already.
    public ValueTask ProgressAsync(string words, CancellationToken ct) => default;

    public async Task AnswerAsync(int status, IReadOnlyList<(string Name, string Value)> headers, bool answerIsStream, LlmPassage passage)
    {
        await door.WaitAsync(http.Aborted).ConfigureAwait(false);
        try
        {
            done = true;
            if (!begun) Begin(status, headers, answerIsStream, passage);
            var bytes = passage.Bytes;
            // The head of a stream is out already, and what came is none: its body is the only event.
            if (begun && !answerIsStream) bytes = (ReadOnlyMemory<byte>)(byte[])[.. (api.Family == ApiFamily.Anthropic ? "event: error\ndata: "u8 : "data: "u8), .. OneLine(passage.Bytes.Span), .. "\n\n"u8];
            await http.WriteAsync(bytes, http.Aborted).ConfigureAwait(false);
        }
        finally
        {
            door.Release();
        }
    }

    /// <summary>A part of a stream, of which more is to come.</summary>
    /// <param name="name">What the stream calls its answer. Null: nothing.</param>
    public async Task ReleaseAsync(int status, IReadOnlyList<(string Name, string Value)> headers, string? name, LlmPassage passage, CancellationToken ct)
    {
        await door.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            if (!begun) Begin(status, headers, true, passage);
            begun = true;
            named = name ?? named;
            await http.WriteAsync(passage.Bytes, ct).ConfigureAwait(false);
        }
        finally
        {
            door.Release();
        }
    }

    private void Begin(int status, IReadOnlyList<(string Name, string Value)> headers, bool isStream, LlmPassage passage)
    {
        List<(string, string)> all = [.. headers, (ExchangeHeader, id)];
        if (passage.Warnings.Count > 0) all.Add((WarningHeader, HeaderText.Encode(Plain.Text(string.Join("; ", passage.Warnings), WarningCharsMax))));
        http.Begin(status, isStream ? "text/event-stream" : "application/json", [.. all]);
    }

    public async Task RefuseAsync(Problem problem)
    {
        await door.WaitAsync(http.Aborted).ConfigureAwait(false);
        try
        {
            done = true;
            if (!begun) http.Begin(ApiErrors.Status(problem), "application/json", (ExchangeHeader, id));
            await http.WriteAsync(begun ? ApiErrors.Event(api, problem, named) : ApiErrors.Body(api.Family, problem), http.Aborted).ConfigureAwait(false);
        }
        finally
        {
            door.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await over.CancelAsync().ConfigureAwait(false);
        await beat.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        over.Dispose();
        door.Dispose();
    }

    private async Task BeatAsync(TimeSpan every, TimeProvider clock)
    {
        while (true)
        {
            await Task.Delay(every, clock, over.Token).ConfigureAwait(false);
            await door.WaitAsync(over.Token).ConfigureAwait(false);
            try
            {
                if (done) return;
                if (!begun) http.Begin((int)HttpStatusCode.OK, "text/event-stream", (ExchangeHeader, id));
                begun = true;
                await http.WriteAsync(": held\n\n"u8.ToArray(), over.Token).ConfigureAwait(false);
            }
            finally
            {
                door.Release();
            }
        }
    }

    private static byte[] OneLine(ReadOnlySpan<byte> json)
    {
        var line = json.ToArray();
        line.AsSpan().Replace((byte)'\n', (byte)' ');
        line.AsSpan().Replace((byte)'\r', (byte)' ');
        return line;
    }
}
