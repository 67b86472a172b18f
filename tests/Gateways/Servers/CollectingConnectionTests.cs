// INT-03: the connection in plan mode: what reaches the server, what is answered here, and that no change is lost.
using System.Text;
using System.Text.Json.Nodes;
using CabinCrew.Gateways.Mcp.Servers;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Servers;

public sealed class CollectingConnectionTests
{
    private const string Submit = """{"jsonrpc":"2.0","id":"s-1","method":"tools/call","params":{"name":"submit_changes","arguments":{"message":"because"}}}""";

    /// <summary>A server that says which of them it is and what it was asked; never answers <c>slow</c> before it is told to.</summary>
    private sealed class Server(int number) : IServerProcess, IServerConnection
    {
        private readonly System.Threading.Channels.Channel<byte[]> answers = System.Threading.Channels.Channel.CreateUnbounded<byte[]>();
        public List<string> Heard { get; } = [];
        public bool Gone { get; private set; }
        public Stream StandardInput => Stream.Null;
        public Stream StandardOutput => Stream.Null;
        public Stream StandardError => Stream.Null;
        public string Isolation => "none";
        public Task<Outcome<int>> Ended => new TaskCompletionSource<Outcome<int>>().Task;

        public void Say(string frame) => answers.Writer.TryWrite(Encoding.UTF8.GetBytes(frame));

        public void Fail() => answers.Writer.TryComplete();

        public ValueTask<Outcome<Done>> SendAsync(ReadOnlyMemory<byte> frame, CancellationToken ct)
        {
            var text = Encoding.UTF8.GetString(frame.Span);
            Heard.Add(text);
            var message = JsonNode.Parse(text)!;
            if (message["id"] is { } id && message["method"]!.GetValue<string>() != "slow") Say($$"""{"jsonrpc":"2.0","id":{{id.ToJsonString()}},"result":{"server":{{number}} } }""");
            return new(Done.Ok);
        }

        public async ValueTask<Outcome<ReadOnlyMemory<byte>>?> ReceiveAsync(CancellationToken ct)
        {
            try
            {
                return (ReadOnlyMemory<byte>)await answers.Reader.ReadAsync(ct);
            }
            catch (System.Threading.Channels.ChannelClosedException)
            {
                return null;
            }
        }

        public ValueTask DisposeAsync()
        {
            Gone = true;
            answers.Writer.TryComplete();
            return default;
        }
    }

    private sealed class Collector : IChangeCollector
    {
        public List<Server> Servers { get; } = [];
        public List<(string Message, bool OverNewer)> Proposed { get; } = [];
        public Problem? Refusal { get; set; }
        public bool Disposed { get; private set; }

        public Task<Outcome<IServerProcess>> StartAsync(CancellationToken ct)
        {
            Servers.Add(new(Servers.Count));
            return Task.FromResult(Outcome.Of<IServerProcess>(Servers[^1]));
        }

        public Task<Outcome<Proposal>> ProposeAsync(string message, bool overNewer, CancellationToken ct)
        {
            Assert.True(Servers.TrueForAll(s => s.Gone), "a process was still at work in the view");
            Proposed.Add((message, overNewer));
            return Task.FromResult(Refusal is { } refusal ? refusal : (Outcome<Proposal>)new Proposal("wf-1", "Proposed as workflow wf-1."));
        }

        public ValueTask DisposeAsync()
        {
            Disposed = true;
            return default;
        }
    }

    private readonly Collector collector = new();
    private readonly List<Outcome<Proposal>> atTheEnd = [];

    private async Task<CollectingConnection> OpenAsync() => (await CollectingConnection.OpenAsync(collector, p => (Server)p, atTheEnd.Add, default)).Value;

    private static Task<Outcome<Done>> SendAsync(CollectingConnection connection, string frame) => connection.SendAsync(Encoding.UTF8.GetBytes(frame), default).AsTask();

    private static async Task<JsonNode> NextAsync(CollectingConnection connection)
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        return JsonNode.Parse((await connection.ReceiveAsync(stop.Token))!.Value.Value.Span)!;
    }

    private static string Call(int id, string method = "tools/call") => $$"""{"jsonrpc":"2.0","id":{{id}},"method":"{{method}}","params":{"name":"write_file","arguments":{ } } }""";

    [Fact]
    public async Task A_submission_is_answered_here_and_a_new_server_takes_over_that_knows_what_the_old_one_was_told()
    {
        await using var connection = await OpenAsync();
        await SendAsync(connection, """{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}""");
        await SendAsync(connection, """{"jsonrpc":"2.0","method":"notifications/initialized"}""");
        await SendAsync(connection, Call(1));
        Assert.Equal(["0", "1"], [(await NextAsync(connection))["id"]!.ToJsonString(), (await NextAsync(connection))["id"]!.ToJsonString()]);

        await SendAsync(connection, Submit);
        var answer = await NextAsync(connection);
        Assert.Equal("s-1", answer["id"]!.GetValue<string>());
        Assert.Equal(("Proposed as workflow wf-1.", false), (answer["result"]!["content"]![0]!["text"]!.GetValue<string>(), answer["result"]!["isError"]!.GetValue<bool>()));
        Assert.Equal(("because", false), Assert.Single(collector.Proposed));

        await SendAsync(connection, Call(2));
        Assert.Equal(1, (await NextAsync(connection))["result"]!["server"]!.GetValue<int>());
        Assert.DoesNotContain(collector.Servers[0].Heard, h => h.Contains("submit_changes"));
        Assert.Equal(["initialize", "notifications/initialized", "tools/call"], collector.Servers[1].Heard.Select(h => JsonNode.Parse(h)!["method"]!.GetValue<string>()));
    }

    [Fact]
    public async Task A_submission_waits_for_the_calls_before_it_and_holds_those_after_it()
    {
        await using var connection = await OpenAsync();
        await SendAsync(connection, Call(1, "slow"));
        await SendAsync(connection, Submit);
        var after = SendAsync(connection, Call(2));
        await Task.Delay(200);
        Assert.Empty(collector.Proposed);
        Assert.False(after.IsCompleted);
        collector.Servers[0].Say("""{"jsonrpc":"2.0","id":1,"result":{}}""");
        Assert.Equal(["1", "\"s-1\"", "2"], [(await NextAsync(connection))["id"]!.ToJsonString(), (await NextAsync(connection))["id"]!.ToJsonString(), (await NextAsync(connection))["id"]!.ToJsonString()]);
        Assert.Single(collector.Proposed);
    }

    [Fact]
    public async Task A_call_that_was_cancelled_is_not_waited_for()
    {
        await using var connection = await OpenAsync();
        await SendAsync(connection, Call(1, "slow"));
        await SendAsync(connection, """{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}""");
        await SendAsync(connection, Submit);
        Assert.Equal("s-1", (await NextAsync(connection))["id"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_refused_proposal_is_told_and_the_session_goes_on_with_its_changes()
    {
        await using var connection = await OpenAsync();
        await SendAsync(connection, Call(1));
        await NextAsync(connection);
        collector.Refusal = new(ProblemCode.WorkspaceDrift, "moved") { Remedy = "look" };
        await SendAsync(connection, Submit.Replace("\"because\"", "\"because\",\"over_newer\":true"));
        var answer = await NextAsync(connection);
        Assert.True(answer["result"]!["isError"]!.GetValue<bool>());
        Assert.Equal("workspace_drift: moved\nlook", answer["result"]!["content"]![0]!["text"]!.GetValue<string>());
        Assert.True(collector.Proposed[0].OverNewer);
        collector.Refusal = null;
        await SendAsync(connection, Submit);
        Assert.False((await NextAsync(connection))["result"]!["isError"]!.GetValue<bool>());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"message":""}""")]
    [InlineData("""{"message":7}""")]
    public async Task Without_a_message_nothing_is_proposed(string arguments)
    {
        await using var connection = await OpenAsync();
        await SendAsync(connection, Submit.Replace("""{"message":"because"}""", arguments));
        Assert.True((await NextAsync(connection))["result"]!["isError"]!.GetValue<bool>());
        Assert.Empty(collector.Proposed);
    }

    [Fact]
    public async Task What_was_not_submitted_is_proposed_when_the_session_ends()
    {
        var connection = await OpenAsync();
        await SendAsync(connection, Call(1));
        await connection.DisposeAsync();
        Assert.StartsWith("Changes that an agent made and did not submit", Assert.Single(collector.Proposed).Message);
        Assert.Equal("wf-1", Assert.Single(atTheEnd).Value.Workflow);
        Assert.True(collector.Disposed);
    }

    [Fact]
    public async Task A_session_without_calls_proposes_nothing()
    {
        var connection = await OpenAsync();
        await SendAsync(connection, """{"jsonrpc":"2.0","id":0,"method":"tools/list"}""");
        await connection.DisposeAsync();
        Assert.Empty(collector.Proposed);
        Assert.True(collector.Disposed);
    }

    [Fact]
    public async Task A_session_that_ends_while_it_submits_has_submitted()
    {
        var connection = await OpenAsync();
        await SendAsync(connection, Call(1, "slow"));
        await SendAsync(connection, Submit);
        var ending = connection.DisposeAsync().AsTask();
        collector.Servers[0].Say("""{"jsonrpc":"2.0","id":1,"result":{}}""");
        await ending.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("because", Assert.Single(collector.Proposed).Message);
    }

    [Fact]
    public async Task A_server_that_ends_by_itself_ends_the_connection_and_its_changes_are_still_proposed()
    {
        var connection = await OpenAsync();
        await SendAsync(connection, Call(1));
        await NextAsync(connection);
        collector.Servers[0].Fail();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        Assert.Null(await connection.ReceiveAsync(stop.Token));
        await connection.DisposeAsync();
        Assert.Single(collector.Proposed);
    }
}
