// A prompt and its answer through the LLM gateway (rules, Rego, credentials looked for on both ways, audit), against a bare forwarder on the same web server and the same client:
// what is added to the median of one connection, and how many a second of 32. Provider, forwarder, gateway and caller are in this process.
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using CabinCrew.Gateways.Http;
using CabinCrew.Gateways.Llm.Configuration;
using CabinCrew.Gateways.Llm.Endpoint;
using CabinCrew.Governance.Access;
using CabinCrew.Ledger;
using CabinCrew.Protocol;
using CabinCrew.Server;

namespace CabinCrew.Benchmarks;

internal sealed class LlmBenchmark : IBenchmark
{
    private const int Rounds = 7, CallsARound = 600, ManyARound = 2000, AtOnce = 32, BodyMax = 1 << 20;
    private const string Key = "the-key-of-the-benchmark-0123456789";

    private const string Policy = """
        package cabincrew.llm

        deny contains "no shell" if { some call in input.exchange.tool_calls; call.name == "shell" }
        require_approval contains "a long prompt" if { input.kind == "request"; sum([count(said.text) | some said in input.exchange.texts]) > 200000 }
        """;

    private static readonly byte[] Prompt = Encoding.UTF8.GetBytes("""{"model":"m","messages":[{"role":"system","content":"You review changes to a repository, and say in a few words what is wrong with them."},{"role":"user","content":"TEXT"}],"max_tokens":200}"""
        .Replace("TEXT", string.Join(' ', Enumerable.Repeat("The service is deployed twice a week, and its limits were raised.", 12)), StringComparison.Ordinal));

    private static readonly byte[] Answer = Encoding.UTF8.GetBytes("""{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"TEXT","refusal":null},"finish_reason":"stop"}],"usage":{"prompt_tokens":190,"completion_tokens":120,"total_tokens":310}}"""
        .Replace("TEXT", string.Join(' ', Enumerable.Repeat("Nothing in this change is dangerous by itself.", 16)), StringComparison.Ordinal));

    public string Name => "llm";

    public async Task<IReadOnlyList<Measure>> RunAsync(string scratch)
    {
        using var provider = new Provider();
        await using var ledger = (await Stores.OpenAsync(Path.Combine(scratch, "store"), TimeProvider.System, new RandomIds(), default)).Value;
        await File.WriteAllTextAsync(Path.Combine(scratch, "policy.rego"), Policy);
        var definition = LlmFile.Of(Encoding.UTF8.GetBytes($$"""
            version: 1
            listen: { address: 127.0.0.1:{{FreePort()}} }
            providers: { one: { url: {{provider.Address}}, api: openai } }
            models: { m: { to: one } }
            policies: [ { builtin: llm-defaults }, { rego: policy.rego } ]
            callers: { keys: [ { name: b, kind: automation, key_sha256: {{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Key)))}} } ] }
            limits: { calls_per_minute: 1000000, burst: 1000000, concurrent: 1000 }
            """), Path.Combine(scratch, LlmFile.DefaultName)).Value;
        var identities = IdentityBook.Load(Path.Combine(scratch, "identities.yaml"), new("b", 1000, null, null)).Value;
        await using var host = (await LlmHost.OpenAsync(definition, GatewayListener.Hosts(definition.Listen), ledger, identities, new((_, _, _) => throw new InvalidOperationException("no keys here"), null), default)).Value;
        await using var gateway = (await GatewayListener.StartAsync(definition.Listen, "/v1", BodyMax, host.Endpoint.Handle, default)).Value;
        using var upstream = UpstreamClient.Create(privateAddress: true);
        await using var bare = (await GatewayListener.StartAsync(definition.Listen with { Port = FreePort() }, "/v1", BodyMax, (_, http) => ForwardAsync(http, upstream, provider.Address), default)).Value;
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = AtOnce });

        List<double> ours = [], peers = [], ourRate = [], peerRate = [];
        for (var round = -2; round < Rounds; round++)
        {
            var (through, without) = (await OneAsync(client, gateway.Address), await OneAsync(client, bare.Address));
            var (many, manyWithout) = (await ManyAsync(client, gateway.Address), await ManyAsync(client, bare.Address));
            if (round < 0) continue;
            ours.Add(through);
            peers.Add(without);
            ourRate.Add(many);
            peerRate.Add(manyWithout);
        }
        var (p50, p50Bare, rate, rateBare) = (Pairs.Median(ours), Pairs.Median(peers), Pairs.Median(ourRate), Pairs.Median(peerRate));
        return
        [
            new("added to an exchange's p50, 1 at once", "us", p50 - p50Bare, "bound", 120, 1) { Note = $"p50 {p50:0} us, without it {p50Bare:0} us; {Prompt.Length} bytes asked, {Answer.Length} answered" },
            new("exchanges a second of a bare forwarder, 32 at once", "/s", rateBare, "of the gateway", rate, 1 / 0.6),
        ];
    }

    private static async Task<double> OneAsync(HttpClient client, Uri address)
    {
        List<double> took = new(CallsARound);
        for (var i = 0; i < CallsARound; i++)
        {
            var began = Stopwatch.GetTimestamp();
            await AskAsync(client, address);
            took.Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds);
        }
        return Pairs.Median(took);
    }

    private static async Task<double> ManyAsync(HttpClient client, Uri address)
    {
        var left = ManyARound;
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async _ =>
        {
            while (Interlocked.Decrement(ref left) >= 0) await AskAsync(client, address);
        }));
        return ManyARound / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task AskAsync(HttpClient client, Uri address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, "/v1/chat/completions")) { Content = new ByteArrayContent(Prompt) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.Authorization = new("Bearer", Key);
        using var response = await client.SendAsync(request);
        var body = await response.Content.ReadAsByteArrayAsync();
        if (response.StatusCode != HttpStatusCode.OK || !body.AsSpan().SequenceEqual(Answer)) throw new InvalidOperationException($"not answered as it should: {(int)response.StatusCode} {Encoding.UTF8.GetString(body)}");
    }

    private static async Task ForwardAsync(IHttpExchange http, HttpMessageInvoker upstream, Uri address)
    {
        using var all = new MemoryStream();
        await http.Body.CopyToAsync(all);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, "/v1/chat/completions")) { Content = new ReadOnlyMemoryContent(all.GetBuffer().AsMemory(0, (int)all.Length)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await upstream.SendAsync(request, http.Aborted);
        var body = await response.Content.ReadAsByteArrayAsync();
        http.Begin((int)response.StatusCode, "application/json");
        await http.WriteAsync(body, http.Aborted);
    }

    private static int FreePort()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Answers every POST with the same bytes, and costs as little as can be.</summary>
    private sealed class Provider : IDisposable
    {
        private static readonly byte[] Response = [.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {Answer.Length}\r\n\r\n"), .. Answer];

        private readonly TcpListener listener = new(IPAddress.Loopback, 0);

        public Provider()
        {
            listener.Start();
            _ = AcceptAsync();
        }

        public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");

        public void Dispose() => listener.Stop();

        private async Task AcceptAsync()
        {
            try
            {
                while (true) _ = ServeAsync(await listener.AcceptSocketAsync());
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The measurement is over.
            }
        }

        private static async Task ServeAsync(Socket socket)
        {
            using var _ = socket;
            socket.NoDelay = true;
            var buffer = new byte[64 * 1024];
            var filled = 0;
            while (await socket.ReceiveAsync(buffer.AsMemory(filled)) is > 0 and var count)
            {
                filled += count;
                while (Whole(buffer.AsSpan(0, filled)) is > 0 and var length)
                {
                    buffer.AsSpan(length, filled - length).CopyTo(buffer);
                    filled -= length;
                    await socket.SendAsync(Response);
                }
            }
        }

        private static int Whole(ReadOnlySpan<byte> request)
        {
            var end = request.IndexOf("\r\n\r\n"u8);
            if (end < 0) return 0;
            var head = Encoding.ASCII.GetString(request[..end]);
            var at = head.IndexOf("Content-Length: ", StringComparison.OrdinalIgnoreCase);
            var length = int.Parse(head.AsSpan(at + 16, Math.Max(head.IndexOf('\r', at), 0) is > 0 and var line ? line - at - 16 : head.Length - at - 16), provider: null);
            return request.Length >= end + 4 + length ? end + 4 + length : 0;
        }
    }
}
