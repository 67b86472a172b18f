// A prompt and its answer through the LLM gateway (rules, Rego, credentials looked for on both ways, audit), against a bare forwarder on the same web server and the same client:
// what is added to the median of one connection, how many a second of 32, and when the first word of a stream is there that goes on while it comes. Provider, forwarder, gateway and caller are in this process.
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
    private const int Rounds = 7, CallsARound = 600, ManyARound = 2000, AtOnce = 32, BodyMax = 1 << 20, StreamsARound = 12;

    // Of a provider that streams: until its first word, and from word to word. Real ones take ten times as long for either.
    private static readonly TimeSpan Thinks = TimeSpan.FromMilliseconds(20), Speaks = TimeSpan.FromMilliseconds(1);
    private const string Key = "the-key-of-the-benchmark-0123456789";

    private const string Policy = """
        package cabincrew.llm

        deny contains "no shell" if { some call in input.exchange.tool_calls; call.name == "shell" }
        require_approval contains "a long prompt" if { input.kind == "request"; sum([count(said.text) | some said in input.exchange.texts]) > 200000 }
        """;

    private static readonly byte[] Prompt = Encoding.UTF8.GetBytes("""{"model":"m","messages":[{"role":"system","content":"You review changes to a repository, and say in a few words what is wrong with them."},{"role":"user","content":"TEXT"}],"max_tokens":200}"""
        .Replace("TEXT", string.Join(' ', Enumerable.Repeat("The service is deployed twice a week, and its limits were raised.", 12)), StringComparison.Ordinal));

    private static readonly byte[] StreamPrompt = [.. Prompt.AsSpan(0, Prompt.Length - 1), .. ",\"stream\":true}"u8];

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
            streams: { release: window, window: 0 }
            callers: { keys: [ { name: b, kind: automation, key_sha256: {{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Key)))}} } ] }
            limits: { calls_per_minute: 1000000, burst: 1000000, concurrent: 1000 }
            """), Path.Combine(scratch, LlmFile.DefaultName)).Value;
        var identities = IdentityBook.Load(Path.Combine(scratch, "identities.yaml"), new("b", 1000, null, null)).Value;
        await using var host = (await LlmHost.OpenAsync(definition, GatewayListener.Hosts(definition.Listen), ledger, identities, new((_, _, _) => throw new InvalidOperationException("no keys here"), null), default)).Value;
        await using var gateway = (await GatewayListener.StartAsync(definition.Listen, "/v1", BodyMax, host.Endpoint.Handle, default)).Value;
        using var upstream = UpstreamClient.Create(privateAddress: true);
        await using var bare = (await GatewayListener.StartAsync(definition.Listen with { Port = FreePort() }, "/v1", BodyMax, (_, http) => ForwardAsync(http, upstream, provider.Address), default)).Value;
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = AtOnce });

        List<double> ours = [], peers = [], ourRate = [], peerRate = [], ourFirst = [], peerFirst = [];
        for (var round = -2; round < Rounds; round++)
        {
            var (through, without) = (await OneAsync(client, gateway.Address), await OneAsync(client, bare.Address));
            var (many, manyWithout) = (await ManyAsync(client, gateway.Address), await ManyAsync(client, bare.Address));
            var (first, firstBare) = (await FirstAsync(client, gateway.Address), await FirstAsync(client, bare.Address));
            if (round < 0) continue;
            ourFirst.Add(first);
            peerFirst.Add(firstBare);
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
            new("a stream's first word, 1 at once", "ms", Pairs.Median(ourFirst) / 1000, "a bare forwarder", Pairs.Median(peerFirst) / 1000, 1.2) { Note = $"the provider takes {Thinks.TotalMilliseconds:0} ms for its first word; nothing is held but the word that is not over" },
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

    // Until the first word that is none of the head.
    private static async Task<double> FirstAsync(HttpClient client, Uri address)
    {
        List<double> took = new(StreamsARound);
        for (var i = 0; i < StreamsARound; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, "/v1/chat/completions")) { Content = new ByteArrayContent(StreamPrompt) };
            request.Content.Headers.ContentType = new("application/json");
            request.Headers.Authorization = new("Bearer", Key);
            var began = Stopwatch.GetTimestamp();
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
            var (first, last) = (0.0, "");
            while (await reader.ReadLineAsync() is { } line)
            {
                if (first == 0 && line.Contains("word", StringComparison.Ordinal)) first = Stopwatch.GetElapsedTime(began).TotalMicroseconds;
                if (line.Length > 0) last = line;
            }
            if (last != "data: [DONE]") throw new InvalidOperationException($"a stream did not end as it should: {last}");
            took.Add(first);
        }
        return Pairs.Median(took);
    }

    private static async Task ForwardAsync(IHttpExchange http, HttpMessageInvoker upstream, Uri address)
    {
        using var all = new MemoryStream();
        await http.Body.CopyToAsync(all);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, "/v1/chat/completions")) { Content = new ReadOnlyMemoryContent(all.GetBuffer().AsMemory(0, (int)all.Length)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await upstream.SendAsync(request, http.Aborted);
        var type = response.Content.Headers.ContentType?.MediaType;
        http.Begin((int)response.StatusCode, type);
        if (type != "text/event-stream")
        {
            await http.WriteAsync(await response.Content.ReadAsByteArrayAsync(), http.Aborted);
            return;
        }
        await using var events = await response.Content.ReadAsStreamAsync();
        var part = new byte[16 << 10];
        while (await events.ReadAsync(part, http.Aborted) is > 0 and var count) await http.WriteAsync(part.AsMemory(0, count), http.Aborted);
    }

    private static int FreePort()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Answers every POST with the same bytes, or with a stream of words, and costs as little as can be.</summary>
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
                    var isStream = buffer.AsSpan(0, length).EndsWith(",\"stream\":true}"u8);
                    buffer.AsSpan(length, filled - length).CopyTo(buffer);
                    filled -= length;
                    if (isStream) await SpeakAsync(socket);
                    else await socket.SendAsync(Response);
                }
            }
        }

        private static async Task SpeakAsync(Socket socket)
        {
            await socket.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray());
            await SayAsync("""data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}""");
            await Task.Delay(Thinks);
            for (var i = 0; i < 20; i++)
            {
                await SayAsync("""data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}]}""");
                await Task.Delay(Speaks);
            }
            await SayAsync("""data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""");
            await SayAsync("data: [DONE]");
            await socket.SendAsync("0\r\n\r\n"u8.ToArray());

            Task<int> SayAsync(string said) => socket.SendAsync(Encoding.ASCII.GetBytes($"{said.Length + 2:x}\r\n{said}\n\n\r\n"), SocketFlags.None);
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
