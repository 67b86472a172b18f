// The official C# client works through the gateway as it does without one: both eras, over standard input and output and over HTTP, with the default policy and its detectors (MCP-01).
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Gateways.Mcp.Servers;
using CabinCrew.Gateways.Mcp.Sessions;
using CabinCrew.Governance.Policies.Messages;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace CabinCrew.Server.Tests.Official;

[Clause("MCP-01")]
public sealed class OfficialClientTests
{
    private const string Sessions = "2025-11-25", Stateless = "2026-07-28";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>What the client speaks to the gateway, what the gateway speaks to the server, and the era.</summary>
    public static TheoryData<string, string, string> Ways => new()
    {
        { "stdio", "stdio", Sessions }, { "stdio", "stdio", Stateless }, { "http", "stdio", Sessions }, { "http", "stdio", Stateless }, { "stdio", "http", Sessions }, { "http", "http", Sessions },
    };

    /// <summary>A client behind a gateway before a server, and the person who approves what is held.</summary>
    private sealed class Line : IAsyncDisposable
    {
        private readonly CancellationTokenSource leave = new();
        private readonly List<Func<Task>> ends = [];

        public required StandingGateway Gateway { get; init; }
        public McpClient Client { get; private set; } = null!;
        public ConcurrentQueue<JsonRpcNotification> Heard { get; } = new();

        public static async Task<Line> OpenAsync(string front, string back, string era)
        {
            var web = back == "http" ? await OfficialServer.OverHttpAsync() : null;
            var server = web is null ? "command: [ official ]" : $"url: \"{web.Address}\", private: true";
            var gateway = await StandingGateway.OpenAsync($$"""
                servers: { official: { {{server}} } }
                callers: { {{StandingGateway.KeyCaller}} }
                listen: { address: "127.0.0.1:PORT" }
                """, new OfficialLauncher());
            var line = new Line { Gateway = gateway };
            var approving = gateway.ApproveAllAsync(line.leave.Token);
            line.ends.Add(() => approving);
            line.ends.Add(async () => await gateway.DisposeAsync());
            if (web is not null) line.ends.Add(async () => await web.DisposeAsync());
            line.Client = await McpClient.CreateAsync(front == "http" ? Http(gateway) : line.Standard(), line.Options(era)).WaitAsync(Patience);
            return line;
        }

        private static HttpClientTransport Http(StandingGateway gateway) => new(new HttpClientTransportOptions
        {
            Endpoint = gateway.Address, TransportMode = HttpTransportMode.StreamableHttp, AdditionalHeaders = new Dictionary<string, string> { ["X-API-Key"] = StandingGateway.Key },
        });

        /// <summary>The gateway as a client starts it: standard input and output, which are pipes here.</summary>
        private StreamClientTransport Standard()
        {
            var (input, output) = (new Pipe(), new Pipe());
            var own = new StreamClient(new StreamConnection(input.Reader.AsStream(), output.Writer.AsStream(), StreamRules.Client with { Frames = Gateway.Host.Frames }, TimeProvider.System));
            var session = Gateway.Host.SessionOf("standard", new MessageCaller("agent", false, [], "os_user"), own).Value;
            var running = session.RunAsync(leave.Token);
            ends.Insert(0, () => running);
            return new StreamClientTransport(input.Writer.AsStream(), output.Reader.AsStream());
        }

        private McpClientOptions Options(string era) => new()
        {
            ClientInfo = new() { Name = "official-client", Version = "1.0.0" },
            ProtocolVersion = era,
            Capabilities = new() { Sampling = new(), Elicitation = new() { Form = new() }, Roots = new() },
            Handlers = new()
            {
                SamplingHandler = (_, _, _) => new(new CreateMessageResult { Model = "none", Content = [new TextContentBlock { Text = "a model would say this" }] }),
                ElicitationHandler = (_, _) => new(new ElicitResult { Action = "accept", Content = new Dictionary<string, JsonElement> { ["name"] = JsonElement.Parse("\"Ann\"") } }),
                RootsHandler = (_, _) => new(new ListRootsResult { Roots = [new() { Uri = "file:///project" }] }),
                NotificationHandlers = [.. new[] { NotificationMethods.ResourceUpdatedNotification, NotificationMethods.LoggingMessageNotification }.Select(m => KeyValuePair.Create<string, Func<JsonRpcNotification, CancellationToken, ValueTask>>(m, (n, _) =>
                {
                    Heard.Enqueue(n);
                    return default;
                }))],
            },
        };

        public async Task<string> CallAsync(string tool, Dictionary<string, object?>? arguments = null)
        {
            var result = await Client.CallToolAsync(tool, arguments).AsTask().WaitAsync(Patience);
            return Assert.IsType<TextContentBlock>(Assert.Single(result.Content)).Text;
        }

        public async Task<JsonRpcNotification> HearsAsync(string method)
        {
            for (var tries = 0; tries < 500; tries++)
            {
                if (Heard.FirstOrDefault(n => n.Method == method) is { } heard) return heard;
                await Task.Delay(20);
            }
            throw new TimeoutException($"no {method} came");
        }

        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            await leave.CancelAsync();
            foreach (var end in ends) await end().WaitAsync(Patience);
        }
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task What_a_server_offers_is_listed_page_by_page_and_read(string front, string back, string era)
    {
        await using var line = await Line.OpenAsync(front, back, era);
        Assert.Equal(("official", "Ask for anything.", era), (line.Client.ServerInfo!.Name, line.Client.ServerInstructions, line.Client.NegotiatedProtocolVersion));
        var first = await line.Client.ListToolsAsync(new ListToolsRequestParams());
        Assert.Equal(OfficialServer.ToolsPerPage, first.Tools.Count);
        Assert.Equal(["echo", "ask_model", "ask_person", "ask_roots", "count", "wait", "log"], (await line.Client.ListToolsAsync()).Select(t => t.Name));
        Assert.Equal("notes://today", Assert.Single(await line.Client.ListResourcesAsync()).Uri);
        Assert.Equal("notes://{day}", Assert.Single(await line.Client.ListResourceTemplatesAsync()).UriTemplate);
        Assert.Equal("what was noted at notes://monday", Assert.IsType<TextResourceContents>(Assert.Single((await line.Client.ReadResourceAsync("notes://monday")).Contents)).Text);
        Assert.Equal("greet", Assert.Single(await line.Client.ListPromptsAsync()).Name);
        var prompt = await line.Client.GetPromptAsync("greet", new Dictionary<string, object?> { ["who"] = "Ann" });
        Assert.Equal("Greet Ann", Assert.IsType<TextContentBlock>(Assert.Single(prompt.Messages).Content).Text);
        Assert.Equal(["Ann", "Anna"], (await line.Client.CompleteAsync(new PromptReference { Name = "greet" }, "who", "A")).Completion.Values);
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task Calls_their_errors_and_their_progress_come_through(string front, string back, string era)
    {
        await using var line = await Line.OpenAsync(front, back, era);
        await line.Client.ListToolsAsync();
        Assert.Equal("größer ✓ \u2028", await line.CallAsync("echo", new() { ["text"] = "größer ✓ \u2028" }));
        var unknown = await Assert.ThrowsAsync<McpProtocolException>(() => line.CallAsync("none"));
        Assert.Equal((McpErrorCode.InvalidParams, true), (unknown.ErrorCode, unknown.Message.Contains("there is no tool 'none'", StringComparison.Ordinal)));
        var progress = new ConcurrentQueue<float>();
        await line.Client.CallToolAsync("count", progress: new Told(p => progress.Enqueue(p.Progress))).AsTask().WaitAsync(Patience);
        Assert.Equal([1, 2, 3], progress);
        Assert.Equal("logged", await line.CallAsync("log"));
        if (era == Sessions) Assert.Contains("mind the gap", (await line.HearsAsync(NotificationMethods.LoggingMessageNotification)).Params!.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task What_a_server_asks_of_the_client_is_answered(string front, string back, string era)
    {
        await using var line = await Line.OpenAsync(front, back, era);
        await line.Client.ListToolsAsync();
        Assert.Equal("accept Ann", await line.CallAsync("ask_person"));
        Assert.Equal("file:///project", await line.CallAsync("ask_roots"));
        // The default policy has a person say yes to words for a model, in both eras.
        Assert.Equal("a model would say this", await line.CallAsync("ask_model"));
        Assert.Contains(await line.Gateway.EventsAsync(), e => e.GetProperty("event_type").GetString() == "call_released");
    }

    private static async Task AwaitAsync(ConcurrentQueue<string> marks, string mark)
    {
        for (var tries = 0; tries < 500 && !marks.Contains(mark); tries++) await Task.Delay(20);
        Assert.Contains(mark, marks);
    }

    // By the message itself: the client does not always send it of its own accord when its token is cancelled.
    [Theory]
    [InlineData("stdio", "stdio")]
    [InlineData("http", "stdio")]
    [InlineData("stdio", "http")]
    [InlineData("http", "http")]
    public async Task A_call_that_is_taken_back_ends_at_the_server(string front, string back)
    {
        await using var line = await Line.OpenAsync(front, back, Sessions);
        await line.Client.ListToolsAsync();
        using var stop = new CancellationTokenSource();
        var mark = $"{front} {back}";
        var call = new JsonRpcRequest { Id = new RequestId("mine"), Method = RequestMethods.ToolsCall, Params = new JsonObject { ["name"] = "wait", ["arguments"] = new JsonObject { ["mark"] = mark } } };
        var calling = line.Client.SendRequestAsync(call, stop.Token);
        await AwaitAsync(OfficialServer.Begun, mark);
        await line.Client.SendNotificationAsync(NotificationMethods.CancelledNotification, new CancelledNotificationParams { RequestId = call.Id });
        await AwaitAsync(OfficialServer.TakenBack, mark);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calling.WaitAsync(Patience));
        Assert.Equal("still here", await line.CallAsync("echo", new() { ["text"] = "still here" }));
    }

    [Fact]
    public async Task Without_sessions_the_end_of_the_stream_takes_a_call_back()
    {
        await using var line = await Line.OpenAsync("http", "stdio", Stateless);
        await line.Client.ListToolsAsync();
        using var stop = new CancellationTokenSource();
        var calling = line.Client.CallToolAsync("wait", new Dictionary<string, object?> { ["mark"] = Stateless }, cancellationToken: stop.Token).AsTask();
        await AwaitAsync(OfficialServer.Begun, Stateless);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calling.WaitAsync(Patience));
        await AwaitAsync(OfficialServer.TakenBack, Stateless);
        Assert.Equal("still here", await line.CallAsync("echo", new() { ["text"] = "still here" }));
    }

    [Theory]
    [InlineData("stdio", "stdio")]
    [InlineData("http", "stdio")]
    [InlineData("http", "http")]
    public async Task A_subscribed_resource_tells_of_its_change(string front, string back)
    {
        await using var line = await Line.OpenAsync(front, back, Sessions);
        await line.Client.SubscribeToResourceAsync("notes://today").WaitAsync(Patience);
        Assert.Equal("notes://today", (await line.HearsAsync(NotificationMethods.ResourceUpdatedNotification)).Params!["uri"]!.GetValue<string>());
        await line.Client.SetLoggingLevelAsync(LoggingLevel.Debug);
        await line.Client.UnsubscribeFromResourceAsync("notes://today");
        await line.Client.PingAsync();
    }

    /// <summary>Progress as it comes, on the spot.</summary>
    private sealed class Told(Action<ProgressNotificationValue> told) : IProgress<ProgressNotificationValue>
    {
        public void Report(ProgressNotificationValue value) => told(value);
    }
}
