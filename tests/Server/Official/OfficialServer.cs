// A server on the official C# SDK that offers something of everything: started by the gateway as a process would be (over pipes), or answering Streamable HTTP of the era of sessions.
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text.Json;
using CabinCrew.Gateways.Mcp.Servers;
using CabinCrew.Protocol;
using Microsoft.AspNetCore.Http;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace CabinCrew.Server.Tests.Official;

internal static class OfficialServer
{
    public const int ToolsPerPage = 3;

    private static readonly string[] Tools = ["echo", "ask_model", "ask_person", "ask_roots", "count", "wait", "log"];

    /// <summary>Calls of <c>wait</c> that have begun, and those that were taken back.</summary>
    public static ConcurrentQueue<string> Begun { get; } = new();

    public static ConcurrentQueue<string> TakenBack { get; } = new();

    public static McpServerOptions Options() => new()
    {
        ServerInfo = new() { Name = "official", Version = "1.0.0" },
        ServerInstructions = "Ask for anything.",
        Capabilities = new() { Tools = new(), Resources = new() { Subscribe = true }, Prompts = new(), Completions = new(), Logging = new() },
        Handlers = new()
        {
            ListToolsHandler = (request, _) => new(Page(request.Params?.Cursor)),
            CallToolHandler = (request, ct) => CallAsync(request, ct),
            ListResourcesHandler = (_, _) => new(new ListResourcesResult { Resources = [new() { Name = "notes", Uri = "notes://today", MimeType = "text/plain" }] }),
            ListResourceTemplatesHandler = (_, _) => new(new ListResourceTemplatesResult { ResourceTemplates = [new() { Name = "day", UriTemplate = "notes://{day}" }] }),
            ReadResourceHandler = (request, _) => new(new ReadResourceResult { Contents = [new TextResourceContents { Uri = request.Params!.Uri, Text = $"what was noted at {request.Params.Uri}" }] }),
            SubscribeToResourcesHandler = async (request, ct) =>
            {
                await request.Server.SendNotificationAsync(NotificationMethods.ResourceUpdatedNotification, new ResourceUpdatedNotificationParams { Uri = request.Params!.Uri }, cancellationToken: ct);
                return new();
            },
            UnsubscribeFromResourcesHandler = (_, _) => new(new EmptyResult()),
            ListPromptsHandler = (_, _) => new(new ListPromptsResult { Prompts = [new() { Name = "greet", Description = "Greets", Arguments = [new() { Name = "who", Required = true }] }] }),
            GetPromptHandler = (request, _) => new(new GetPromptResult { Messages = [new() { Role = Role.User, Content = new TextContentBlock { Text = $"Greet {request.Params!.Arguments!["who"]}" } }] }),
            CompleteHandler = (request, _) => new(new CompleteResult { Completion = new() { Values = [$"{request.Params!.Argument.Value}nn", $"{request.Params.Argument.Value}nna"], Total = 2 } }),
            SetLoggingLevelHandler = (_, _) => new(new EmptyResult()),
        },
    };

    private static ListToolsResult Page(string? cursor)
    {
        var from = cursor is null ? 0 : int.Parse(cursor, System.Globalization.CultureInfo.InvariantCulture);
        var next = from + ToolsPerPage;
        return new()
        {
            Tools = [.. Tools.Skip(from).Take(ToolsPerPage).Select(t => new Tool { Name = t, Description = $"The tool {t}", InputSchema = JsonElement.Parse("""{"type":"object"}"""), Annotations = new() { ReadOnlyHint = true } })],
            NextCursor = next < Tools.Length ? $"{next}" : null,
        };
    }

    private static async ValueTask<CallToolResult> CallAsync(RequestContext<CallToolRequestParams> request, CancellationToken ct)
    {
        var (server, call) = (request.Server, request.Params!);
        switch (call.Name)
        {
            case "echo":
                return Said(call.Arguments!["text"].GetString()!);
            case "ask_model":
                var sampled = await server.SampleAsync(new CreateMessageRequestParams { MaxTokens = 10, Messages = [new() { Role = Role.User, Content = [new TextContentBlock { Text = "say something" }] }] }, ct);
                return Said(((TextContentBlock)sampled.Content[0]).Text);
            case "ask_person":
                var answer = await server.ElicitAsync(new ElicitRequestParams { Message = "Who are you?", RequestedSchema = new() { Properties = { ["name"] = new ElicitRequestParams.StringSchema() } } }, ct);
                return Said($"{answer.Action} {answer.Content?["name"].GetString()}");
            case "ask_roots":
                return Said(string.Join(' ', (await server.RequestRootsAsync(new(), ct)).Roots.Select(r => r.Uri)));
            case "count":
                for (var i = 1; i <= 3; i++)
                {
                    await server.NotifyProgressAsync(call.ProgressToken!.Value, new() { Progress = i, Total = 3, Message = $"step {i}" }, cancellationToken: ct);
                    // The client hears messages side by side, and progress that comes with the answer may be lost on it.
                    await Task.Delay(100, ct);
                }
                return Said("counted");
            case "wait":
                var mark = call.Arguments!["mark"].GetString()!;
                Begun.Enqueue(mark);
                try
                {
                    await Task.Delay(TimeSpan.FromMinutes(5), ct);
                }
                catch (OperationCanceledException)
                {
                    TakenBack.Enqueue(mark);
                    throw;
                }
                return Said("waited");
            case "log":
                await server.SendNotificationAsync(NotificationMethods.LoggingMessageNotification, new LoggingMessageNotificationParams { Level = LoggingLevel.Warning, Data = JsonElement.Parse("\"mind the gap\"") }, cancellationToken: ct);
                return Said("logged");
            default:
                throw new McpProtocolException($"there is no tool '{call.Name}'", McpErrorCode.InvalidParams);
        }
    }

    private static CallToolResult Said(string text) => new() { Content = [new TextContentBlock { Text = text }] };

    /// <summary>Streamable HTTP of the era of sessions, with nothing but the SDK's own transport.</summary>
    public static Task<Web> OverHttpAsync()
    {
        var sessions = new ConcurrentDictionary<string, StreamableHttpServerTransport>();
        return Web.StartAsync(async context =>
        {
            var (request, response) = (context.Request, context.Response);
            if (request.Method == "GET" || request.Method == "DELETE")
            {
                if (!sessions.TryGetValue(request.Headers["Mcp-Session-Id"].ToString(), out var known)) response.StatusCode = 404;
                else if (request.Method == "DELETE") await known.DisposeAsync();
                else
                {
                    response.ContentType = "text/event-stream";
                    await known.HandleGetRequestAsync(response.Body, context.RequestAborted);
                }
                return;
            }
            var message = await JsonSerializer.DeserializeAsync<JsonRpcMessage>(request.Body, McpJsonUtilities.DefaultOptions, context.RequestAborted);
            if (message is JsonRpcRequest { Method: "initialize" })
            {
                var id = $"session-{sessions.Count}";
                var made = sessions[id] = new StreamableHttpServerTransport { SessionId = id };
                response.Headers["Mcp-Session-Id"] = id;
                _ = McpServer.Create(made, Options()).RunAsync(CancellationToken.None);
            }
            if (!sessions.TryGetValue(message is JsonRpcRequest { Method: "initialize" } ? response.Headers["Mcp-Session-Id"].ToString() : request.Headers["Mcp-Session-Id"].ToString(), out var transport))
            {
                // Neither the era of sessions nor a session: what a server that knows no other era says.
                response.StatusCode = 400;
                return;
            }
            response.ContentType = "text/event-stream";
            if (await transport.HandlePostRequestAsync(message!, response.Body, context.RequestAborted)) return;
            response.ContentType = null;
            response.StatusCode = 202;
        });
    }
}

/// <summary>Starts the server in this process, at the ends of two pipes.</summary>
internal sealed class OfficialLauncher : IServerLauncher
{
    public Task<Outcome<IServerProcess>> StartAsync(ServerProgram program, CancellationToken ct) => Task.FromResult(Outcome.Of<IServerProcess>(new Process()));

    private sealed class Process : IServerProcess
    {
        private readonly CancellationTokenSource stop = new();
        private readonly Pipe input = new(), output = new();
        private readonly Task<Outcome<int>> ended;

        public Process() => ended = RunAsync();

        public Stream StandardInput => input.Writer.AsStream();
        public Stream StandardOutput => output.Reader.AsStream();
        public Stream StandardError => Stream.Null;
        public string Isolation => "none";
        public Task<Outcome<int>> Ended => ended;

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await ended;
        }

        private async Task<Outcome<int>> RunAsync()
        {
            await using var transport = new StreamServerTransport(input.Reader.AsStream(), output.Writer.AsStream());
            await using var server = McpServer.Create(transport, OfficialServer.Options());
            try
            {
                await server.RunAsync(stop.Token);
            }
            catch (OperationCanceledException)
            {
                // The gateway ended it.
            }
            await output.Writer.CompleteAsync();
            return 0;
        }
    }
}
