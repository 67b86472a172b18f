// A remote OPA as a judge: POST /v1/data/PATH with the input document, and its answer read as a package's (PRE-05). It is asked at the one address that the workflow names:
// no proxy, no redirect, no cookie. Anything but a whole, timely, small answer of a known shape is a failure, which counts as deny (PRE-04).
// What the server judges by is its own affair: the digest binds where and how it is asked; its decision id and the revisions of its bundles go into the evidence.
using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Governance.Policies.Rego;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Governance.Policies.Sources;

internal sealed class OpaPolicySource : IPolicySource
{
    public const int AnswerBytesMax = 1 << 20;

    private const int HeaderKiBMax = 32;
    private const int IdCharsMax = 200;
    private const string Path = "/v1/data/";
    private static readonly TimeSpan TimeLimitMax = TimeSpan.FromMinutes(5);
    private static readonly JsonLimits Answers = new(AnswerBytesMax, DepthMax: 32, ValuesMax: 50_000);

    private readonly Uri address;
    private readonly OpaPolicyOptions options;
    private readonly string? token;
    private readonly Redactor redactor;

    private OpaPolicySource(Uri address, OpaPolicyOptions options, string? token, Redactor redactor)
    {
        (this.address, this.options, this.token, this.redactor) = (address, options, token, redactor);
        Name = $"opa:{address.GetLeftPart(UriPartial.Path)}";
        Digest = Protocol.Digest.Of(CanonicalJson.Write(new JsonObject
        {
            ["version"] = 1,
            ["url"] = address.AbsoluteUri,
            ["time_limit_ms"] = (long)options.TimeLimit.TotalMilliseconds,
            ["token"] = options.TokenKind switch { null => null, "env" => $"env:{options.TokenValue}", var kind => kind }, // where a file lies is this machine's affair
        }));
    }

    public string Name { get; }

    public PolicyOrigin Origin => PolicyOrigin.Opa;

    public Digest Digest { get; }

    public static async Task<Outcome<IPolicySource>> LoadAsync(PolicyRef reference, PolicySurroundings at, CancellationToken ct)
    {
        var options = reference.Opa ?? new(OpaPolicyOptions.TimeLimitDefault);
        if (!Address(reference.Value, options.TokenKind is not null).Try(out var address, out var problem)) return problem;
        if (options.TimeLimit <= TimeSpan.Zero || options.TimeLimit > TimeLimitMax) return Wrong(reference.Value, $"its time limit must be above zero and at most {TimeLimitMax.TotalMinutes:0} minutes");
        string? token = null;
        if (options.TokenKind is { } kind)
        {
            if (at.Secrets is null) return Wrong(reference.Value, "secrets cannot be read here");
            var read = await at.Secrets(kind, options.TokenValue ?? "", ct).ConfigureAwait(false);
            if (!read.Try(out token, out problem)) return problem.At($"opa: {reference.Value}");
            at.Redactor.Learn("OPA_TOKEN", token);
            if (token.AsSpan().ContainsAnyExceptInRange('!', '~')) return Wrong(reference.Value, "its token has characters that no header may have");
        }
        return Outcome.Of<IPolicySource>(new OpaPolicySource(address, options, token, at.Redactor));
    }

    /// <summary>Throws for whatever goes wrong: the evaluator makes a deny of it.</summary>
    public async ValueTask<IReadOnlyList<PolicyVerdict>> EvaluateAsync(PolicySubject subject, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (!InputDocument.Write(subject, redactor).Try(out var input, out var problem)) throw new PolicyAnswerException(problem);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        stop.CancelAfter(options.TimeLimit);
        try
        {
            return Verdicts(await AskAsync(input, stop.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new PolicyAnswerException($"OPA at {address.Authority} did not answer within {options.TimeLimit.TotalSeconds:0.###} s");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new PolicyAnswerException($"OPA at {address.Authority} could not be asked ({(e as HttpRequestException)?.HttpRequestError.ToString() ?? e.GetType().Name}); is it running, and is that its address?");
        }
    }

    private async Task<byte[]> AskAsync(ReadOnlyMemory<byte> input, CancellationToken ct)
    {
        using var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false, UseProxy = false, UseCookies = false, AutomaticDecompression = DecompressionMethods.None,
            MaxResponseHeadersLength = HeaderKiBMax, ConnectTimeout = options.TimeLimit, ActivityHeadersPropagator = null, PreAuthenticate = false, Credentials = null,
        };
        using var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = Body(input) };
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.OK)
            throw new PolicyAnswerException($"OPA at {address.Authority} answered {(int)response.StatusCode}{((int)response.StatusCode is >= 300 and < 400 ? ", a redirect, which is not followed" : "")}");
        await using var stream = await response.Content.ReadAsStreamAsync(ct).ConfigureAwait(false);
        var answer = new byte[AnswerBytesMax + 1];
        var filled = await stream.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false, ct).ConfigureAwait(false);
        return filled <= AnswerBytesMax ? answer[..filled] : throw new PolicyAnswerException($"OPA at {address.Authority} answered more than {AnswerBytesMax} bytes");
    }

    private static ByteArrayContent Body(ReadOnlyMemory<byte> input)
    {
        var content = new ByteArrayContent([.. "{\"input\":"u8, .. input.Span, (byte)'}']);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    private IReadOnlyList<PolicyVerdict> Verdicts(byte[] answer)
    {
        if (!StrictJson.Parse(answer, Answers).Try(out var json, out var problem)) throw new PolicyAnswerException($"OPA at {address.Authority} answered what is not strict JSON: {problem.Message}");
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("result", out var result))
            throw new PolicyAnswerException($"OPA at {address.Authority} has no such document: there is no 'result' for {address.AbsolutePath}; is the policy loaded there?");
        if (!RegoDecision.Read(result, Name).Try(out var verdicts, out problem)) throw new PolicyAnswerException(problem);
        var evidence = Evidence(json);
        return [.. verdicts.Select(v => v with { Evidence = With(evidence, v.Evidence) })];
    }

    // Whose decision this was, in the server's own words: for whoever looks it up in the server's log.
    private JsonObject Evidence(JsonElement answer)
    {
        var evidence = new JsonObject { ["opa"] = address.GetLeftPart(UriPartial.Path) };
        if (answer.TryGetProperty("decision_id", out var id) && id.ValueKind == JsonValueKind.String) evidence["decision_id"] = Clip(id.GetString()!);
        if (answer.TryGetProperty("provenance", out var origin) && origin.ValueKind == JsonValueKind.Object && origin.TryGetProperty("bundles", out var bundles) && bundles.ValueKind == JsonValueKind.Object)
            evidence["bundles"] = new JsonObject(bundles.EnumerateObject().Take(20).Select(b => KeyValuePair.Create<string, JsonNode?>(Clip(b.Name),
                b.Value.ValueKind == JsonValueKind.Object && b.Value.TryGetProperty("revision", out var revision) && revision.ValueKind == JsonValueKind.String ? Clip(revision.GetString()!) : null)));
        return evidence;
    }

    private static JsonElement With(JsonObject evidence, JsonElement? own)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            foreach (var (name, value) in evidence)
            {
                json.WritePropertyName(name);
                if (value is null) json.WriteNullValue();
                else value.WriteTo(json);
            }
            if (own is { } given)
            {
                json.WritePropertyName("evidence");
                given.WriteTo(json);
            }
            json.WriteEndObject();
        }
        return JsonElement.Parse(bytes.WrittenSpan);
    }

    private static Outcome<Uri> Address(string text, bool hasToken)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https")) return Wrong(text, "expected the URL of a document, such as http://127.0.0.1:8181/v1/data/cabincrew/preflight");
        if (uri.UserInfo.Length > 0) return Wrong(text, "a URL is no place for a password; name the token's source under `token`");
        if (uri.Fragment.Length > 0 || uri.Query.Length > 0 || !uri.AbsolutePath.StartsWith(Path, StringComparison.Ordinal) || uri.AbsolutePath.Length == Path.Length)
            return Wrong(text, $"expected a URL whose path is {Path}PACKAGE, without query and fragment");
        if (hasToken && uri.Scheme == "http" && !uri.IsLoopback) return Wrong(text, "its token would cross the network in the clear; use https");
        // Asks for the revisions of the server's bundles as well.
        return new UriBuilder(uri) { Query = "provenance=true" }.Uri;
    }

    private static Problem Wrong(string url, string why) => new(ProblemCode.PolicyInvalid, $"The policy `opa: {Clip(url)}` cannot be used: {why}.") { Remedy = "Mend the entry under `policies`." };

    private static string Clip(string text) => TextCut.Clip(text, IdCharsMax);
}
