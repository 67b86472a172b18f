// One judged request: asked of the far side (or of the record), and its answer handed on as it comes, hashed and kept on the way.
using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines.Network;

internal sealed class ProxyExchange(NetworkProxy proxy, Stream client, HttpHead head, string url, int place)
{
    /// <summary>Between two machines only, never passed on; besides whatever Connection names.</summary>
    private static readonly string[] HopByHop =
        ["Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length"];

    private NetworkExchange record = new() { Method = head.Method, Url = proxy.Recorder.Url(url), Status = 0 };

    /// <returns>Whether the connection may carry another.</returns>
    public async Task<bool> RunAsync(ReadOnlyMemory<byte> body, CancellationToken ct)
    {
        record = record with { RequestBytes = body.Length, RequestBody = body.IsEmpty ? null : Digest.Of(body.Span), Key = proxy.Recorder.Key(head, url, body.Span) };
        try
        {
            return proxy.Replay is { } replay ? await ReplayAsync(replay, ct).ConfigureAwait(false) : await AskAsync(body, ct).ConfigureAwait(false);
        }
        finally
        {
            proxy.Recorder.End(place, record);
        }
    }

    private async Task<bool> ReplayAsync(NetworkReplay replay, CancellationToken ct)
    {
        if (!replay.Answer(record.Key!.Value, record.Method, record.Url).Try(out var answer, out var problem)) return await RefuseAsync(problem, ct).ConfigureAwait(false);
        var (recorded, body) = answer;
        proxy.Rules.Learn(head, url, recorded.Status, ContentType(recorded.Headers));
        await WriteHeadAsync(recorded.Status, recorded.Headers, HasBody(recorded.Status) ? body.Length : null, false, ct).ConfigureAwait(false);
        if (HasBody(recorded.Status)) await client.WriteAsync(body, ct).ConfigureAwait(false);
        await client.FlushAsync(ct).ConfigureAwait(false);
        if (!body.IsEmpty) proxy.Recorder.Keep(recorded.ResponseBody!.Value, body);
        record = recorded;
        return head.KeepsAlive;
    }

    private async Task<bool> AskAsync(ReadOnlyMemory<byte> body, CancellationToken ct)
    {
        using var request = Request(body);
        if (!(await proxy.Upstream!.AskAsync(request, ct).ConfigureAwait(false)).Try(out var answered, out var problem)) return await RefuseAsync(problem, ct).ConfigureAwait(false);
        using var answer = answered;
        var status = (int)answer.StatusCode;
        var headers = Headers(answer);
        if (head.Method == "HEAD" && answer.Content.Headers.ContentLength is { } would) headers.Add(("Content-Length", would.ToString(CultureInfo.InvariantCulture)));
        proxy.Rules.Learn(head, url, status, answer.Content.Headers.ContentType?.MediaType);
        record = record with { Status = status, Headers = proxy.Recorder.Headers(headers) };
        // The old protocol has no chunks: the end of the connection is the end of the body.
        var length = HasBody(status) ? answer.Content.Headers.ContentLength : null;
        var chunked = HasBody(status) && length is null && !head.Old;
        var keeps = head.KeepsAlive && (length is not null || chunked || !HasBody(status));
        await WriteHeadAsync(status, headers, length, chunked, ct, keeps).ConfigureAwait(false);
        return await CopyAsync(answer, length, chunked, ct).ConfigureAwait(false) && keeps;
    }

    private HttpRequestMessage Request(ReadOnlyMemory<byte> body)
    {
        // What was judged is what is sent: the framework must not tidy up the path.
        var request = new HttpRequestMessage(new HttpMethod(head.Method), new Uri(url, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }))
        {
            Version = System.Net.HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        var writes = !body.IsEmpty || head.Method is not ("GET" or "HEAD" or "OPTIONS" or "DELETE");
        if (writes) request.Content = new ReadOnlyMemoryContent(body);
        var dropped = head.List("Connection").Concat(["host", "expect"]).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in head.Headers)
        {
            if (dropped.Contains(name) || HopByHop.Contains(name, StringComparer.OrdinalIgnoreCase)) continue;
            if (!request.Headers.TryAddWithoutValidation(name, value)) request.Content?.Headers.TryAddWithoutValidation(name, value);
        }
        return request;
    }

    private static List<(string Name, string Value)> Headers(HttpResponseMessage answer)
    {
        var dropped = new HashSet<string>([.. HopByHop, .. answer.Headers.Connection, "Alt-Svc"], StringComparer.OrdinalIgnoreCase);
        return [.. answer.Headers.NonValidated.Concat(answer.Content.Headers.NonValidated).Where(h => !dropped.Contains(h.Key)).SelectMany(h => h.Value, (h, v) => (h.Key, v))
            .Where(h => h.v.All(c => c is '\t' or (>= ' ' and <= '~')))];
    }

    private static string? ContentType(ImmutableArray<(string Name, string Value)> headers) =>
        headers.FirstOrDefault(h => h.Name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase)).Value?.Split(';')[0].Trim();

    private bool HasBody(int status) => head.Method != "HEAD" && status is not (204 or 304);

    private async Task WriteHeadAsync(
        int status, IEnumerable<(string Name, string Value)> headers, long? length, bool chunked, CancellationToken ct, bool? keeps = null)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {status} {(status == 200 ? "OK" : ((System.Net.HttpStatusCode)status).ToString())}\r\n");
        foreach (var (name, value) in headers) text.Append(name).Append(": ").Append(value).Append("\r\n");
        if (chunked) text.Append("Transfer-Encoding: chunked\r\n");
        else if (length is { } n) text.Append(CultureInfo.InvariantCulture, $"Content-Length: {n}\r\n");
        if (!(keeps ?? head.KeepsAlive)) text.Append("Connection: close\r\n");
        await client.WriteAsync(Encoding.Latin1.GetBytes(text.Append("\r\n").ToString()), ct).ConfigureAwait(false);
    }

    /// <returns>Whether the answer came to its end.</returns>
    private async Task<bool> CopyAsync(HttpResponseMessage answer, long? length, bool chunked, CancellationToken ct)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (limits, recorder) = (proxy.Grant.Limits, proxy.Recorder);
        var kept = length is null || length <= limits.KeptBytes ? new MemoryStream() : null;
        var buffer = new byte[32 << 10];
        var (total, reserved) = (0L, 0L);
        using var time = CancellationTokenSource.CreateLinkedTokenSource(ct);
        try
        {
            using var stream = await answer.Content.ReadAsStreamAsync(ct).ConfigureAwait(false);
            while (true)
            {
                time.CancelAfter(limits.Answer);
                var n = await stream.ReadAsync(buffer, time.Token).ConfigureAwait(false);
                if (n == 0) break;
                if (!recorder.Count(n)) return Broken(ProblemCode.LimitNetwork, $"the run has exchanged more than {limits.TotalBytes} bytes", total);
                total += n;
                hash.AppendData(buffer, 0, n);
                if (kept is not null && (total > limits.KeptBytes || !recorder.Reserve(n))) kept = null;
                else if (kept is not null) reserved += n;
                kept?.Write(buffer, 0, n);
                if (chunked) await client.WriteAsync(Encoding.ASCII.GetBytes(n.ToString("x", CultureInfo.InvariantCulture) + "\r\n"), ct).ConfigureAwait(false);
                await client.WriteAsync(buffer.AsMemory(0, n), ct).ConfigureAwait(false);
                if (chunked) await client.WriteAsync("\r\n"u8.ToArray(), ct).ConfigureAwait(false);
            }
            if (chunked) await client.WriteAsync("0\r\n\r\n"u8.ToArray(), ct).ConfigureAwait(false);
            await client.FlushAsync(ct).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return Broken(ProblemCode.NetworkUpstreamFailed, "the answer did not come to its end", total);
        }
        finally
        {
            if (kept is null) recorder.Reserve(-reserved);
        }
        var digest = Digest.FromHash(hash.GetHashAndReset());
        record = record with { ResponseBytes = total, ResponseBody = total == 0 ? null : digest, Kept = total > 0 && kept is not null && recorder.Keep(digest, kept.ToArray()) };
        return true;
    }

    // Half an answer cannot be taken back: the connection is cut, so that nobody takes it for a whole one.
    private bool Broken(ProblemCode code, string message, long total)
    {
        record = record with { ResponseBytes = total, Problem = code.Id(), Message = message, Key = null };
        return false;
    }

    private async Task<bool> RefuseAsync(Problem problem, CancellationToken ct)
    {
        record = record with { Status = Refusals.StatusOf(problem), Problem = problem.Code.Id(), Message = proxy.Recorder.Text(problem.Message) };
        await Refusals.WriteAsync(client, problem, ct).ConfigureAwait(false);
        return false;
    }
}
