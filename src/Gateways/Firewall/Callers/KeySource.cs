// Where an issuer's keys come from: a file, or an address that is asked now and then (MCP-08).
// Invariant: an address that fails, lies or hangs never yields keys; the last good ones serve for a bounded time, and no token can make it be asked more often than AskAgainAfter.
using System.Net.Http.Headers;
using CabinCrew.Gateways.Http;
using CabinCrew.Governance.Files;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Firewall.Callers;

/// <param name="where">A path, or an <c>https</c> address (<c>http</c> only for this machine itself).</param>
/// <param name="http">Follows no redirects; null where only files are read.</param>
public sealed class KeySource(string where, HttpMessageInvoker? http, TimeProvider clock)
{
    public static readonly TimeSpan FreshFor = TimeSpan.FromMinutes(5), AskAgainAfter = TimeSpan.FromSeconds(15), StaleMax = TimeSpan.FromHours(1), AnswerWithin = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim door = new(1, 1);
    private Known? known;
    private long? asked;

    private sealed record Known(JsonWebKeys Keys, long At);

    /// <param name="keyId">What a token names: unknown, the keys are asked for again, but not at once.</param>
    public async ValueTask<Outcome<JsonWebKeys>> KeysAsync(string? keyId, CancellationToken ct)
    {
        if (Usable(keyId) is { } keys) return keys;
        await door.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            if (Usable(keyId) is { } meanwhile) return meanwhile;
            if (asked is { } last && clock.GetElapsedTime(last) < AskAgainAfter) return Last(Failed("it was asked a moment ago"));
            asked = clock.GetTimestamp();
            var read = await ReadAsync(ct).ConfigureAwait(false);
            if (!read.Try(out var fresh, out var problem)) return Last(problem.Code == ProblemCode.CallerNotAuthenticated ? problem : Failed(problem.Message));
            known = new(fresh, clock.GetTimestamp());
            return fresh;
        }
        finally
        {
            door.Release();
        }
    }

    private JsonWebKeys? Usable(string? keyId) =>
        Volatile.Read(ref known) is { } last && clock.GetElapsedTime(last.At) < FreshFor && (keyId is null || last.Keys.Keys.Any(k => k.Id == keyId)) ? last.Keys : null;

    private Outcome<JsonWebKeys> Last(Problem why) => known is { } last && clock.GetElapsedTime(last.At) < StaleMax ? last.Keys : why;

    private async Task<Outcome<JsonWebKeys>> ReadAsync(CancellationToken ct)
    {
        if (!where.Contains("://", StringComparison.Ordinal))
            return PlainFile.Read(where, JsonWebKeys.BytesMax, ProblemCode.GatewayFileInvalid).Then(file => JsonWebKeys.Read(file.Bytes, where));
        if (http is null || !Uri.TryCreate(where, UriKind.Absolute, out var address) || !(address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback)))
            return new Problem(ProblemCode.GatewayFileInvalid, "keys are read from a file or from an https address") { Where = where };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        stop.CancelAfter(AnswerWithin);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
            using var response = await http.SendAsync(request, stop.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode) return Failed($"it answered with status {(int)response.StatusCode}");
            return (await BytesAsync(response.Content, stop.Token).ConfigureAwait(false)).Then(bytes => JsonWebKeys.Read(bytes, where));
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return Failed(e is OperationCanceledException ? $"no answer within {AnswerWithin.TotalSeconds:0} s" : e.Message);
        }
    }

    private async Task<Outcome<ReadOnlyMemory<byte>>> BytesAsync(HttpContent content, CancellationToken ct)
    {
        await using var stream = await content.ReadAsStreamAsync(ct).ConfigureAwait(false);
        return await WholeBody.ReadAsync(stream, JsonWebKeys.BytesMax, ct).ConfigureAwait(false) is { } all ? all : Failed($"it answered with more than {JsonWebKeys.BytesMax} bytes");
    }

    // Where and why is for the record: whoever calls is not known yet.
    private Problem Failed(string why) => new(ProblemCode.CallerNotAuthenticated, "the issuer's keys cannot be had at the moment") { Where = $"{where}: {why}" };
}
