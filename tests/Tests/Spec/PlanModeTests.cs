// INT-03: an agent's edits through the file server, collected in a view, become one flight: planned, judged, approved as a whole and applied; and none is lost.
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using CabinCrew.Cli.Serving;
using CabinCrew.Gateways.Mcp.Servers;
using CabinCrew.Ledger.Streams;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Tests.Hangar;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class PlanModeTests
{
    /// <summary>The gateway's own connection in its shortest form: lines of a process's streams.</summary>
    private sealed class LineConnection(IServerProcess process) : IServerConnection
    {
        private readonly StreamReader reader = new(process.StandardOutput, leaveOpen: true);

        public async ValueTask<Outcome<Done>> SendAsync(ReadOnlyMemory<byte> frame, CancellationToken ct)
        {
            await process.StandardInput.WriteAsync((byte[])[.. frame.Span, (byte)'\n'], ct);
            await process.StandardInput.FlushAsync(ct);
            return Done.Ok;
        }

        public async ValueTask<Outcome<ReadOnlyMemory<byte>>?> ReceiveAsync(CancellationToken ct)
        {
            try
            {
                if (await reader.ReadLineAsync(ct) is { } line) return (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(line);
                return null;
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                return null;
            }
        }

        public ValueTask DisposeAsync() => default;
    }

    private sealed class Session : IAsyncDisposable
    {
        private CollectingConnection connection = null!;
        private int count;

        public List<Outcome<Proposal>> AtTheEnd { get; } = [];

        public static async Task<Session> OpenAsync(FlightHouse house)
        {
            var session = new Session();
            var opened = await CollectingConnection.OpenAsync(Collector(house), p => new LineConnection(p), session.AtTheEnd.Add, default);
            Assert.True(opened.Ok, opened.Problem?.ToString());
            session.connection = opened.Value;
            await session.AskAsync("initialize", new JsonObject { ["protocolVersion"] = "2025-11-25", ["capabilities"] = new JsonObject(), ["clientInfo"] = new JsonObject { ["name"] = "t", ["version"] = "1" } });
            await session.connection.SendAsync("""{"jsonrpc":"2.0","method":"notifications/initialized"}"""u8.ToArray(), default);
            return session;
        }

        public static PlanCollector Collector(FlightHouse house) => new(house.Flights, house.Who("agent"), house.Workspace, house.StoreDirectory);

        public async Task<JsonNode> AskAsync(string method, JsonObject parameters)
        {
            using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(90));
            var request = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = ++count, ["method"] = method, ["params"] = parameters };
            var sent = await connection.SendAsync(Encoding.UTF8.GetBytes(request.ToJsonString()), stop.Token);
            Assert.True(sent.Ok, sent.Problem?.ToString());
            var frame = await connection.ReceiveAsync(stop.Token) ?? throw new InvalidOperationException("the server ended");
            return JsonNode.Parse(frame.Value.Span)!["result"]!;
        }

        public async Task<(string Text, bool IsError)> CallAsync(string tool, JsonObject arguments)
        {
            var result = await AskAsync("tools/call", new() { ["name"] = tool, ["arguments"] = arguments });
            return (result["content"]![0]!["text"]!.GetValue<string>(), result["isError"]!.GetValue<bool>());
        }

        public Task<(string Text, bool IsError)> WriteAsync(string path, string text) => CallAsync("write_file", new() { ["path"] = path, ["content"] = text, ["overwrite"] = true });

        public Task<(string Text, bool IsError)> SubmitAsync(bool overNewer = false) => CallAsync("submit_changes", new() { ["message"] = "Because I was asked to.", ["over_newer"] = overNewer });

        public ValueTask DisposeAsync() => connection.DisposeAsync();
    }

    /// <summary>Judged by the rules of the test, as a workflow file in the workspace says.</summary>
    private static async Task<FlightHouse> HouseAsync(string rules)
    {
        var house = await FlightHouse.OpenAsync(rules);
        house.File("workspace/cabincrew.yaml", "version: 1\nname: own\nworkspace: .\npolicies: [{ rules: ../home/rules.yaml }]\nsteps:\n  - { id: unused, engine: patch, config: { edits: [{ path: x, content: y }] } }\n");
        return house;
    }

    private static async Task<WorkflowId> OnlyFlightAsync(FlightHouse house) => Assert.Single((await house.Ledger.Store.ListAsync(TenantId.Local, new StreamFilter(), default)).Value).Workflow;

    [Fact]
    public async Task Edits_are_collected_read_back_submitted_approved_as_a_whole_and_applied()
    {
        await using var house = await HouseAsync(FlightHouse.Ask);
        await using var session = await Session.OpenAsync(house);
        await session.WriteAsync("a.txt", "ONE\n");
        await session.WriteAsync("made/new.txt", "new\n");
        await session.CallAsync("delete_file", new() { ["path"] = "dir/b.txt" });
        Assert.Equal("ONE\n", (await session.CallAsync("read_file", new() { ["path"] = "a.txt" })).Text);
        Assert.Equal(("one\n", "two\n", false), (house.Read("workspace/a.txt"), house.Read("workspace/dir/b.txt"), File.Exists(house["workspace/made/new.txt"])));

        var (text, isError) = await session.SubmitAsync();
        Assert.False(isError, text);
        var id = await OnlyFlightAsync(house);
        var state = await house.StateAsync(id);
        var step = state.Steps.Values.Single();
        Assert.Equal((LifecycleState.AwaitingApproval, "agent"), (state.Overall, state.Requester));
        Assert.Equal(["a.txt", "dir/b.txt", "made/new.txt"], step.Plan!.Changes.Select(c => c.Path));
        Assert.Contains($"workflow {id}", text);
        Assert.Contains(step.Token!.Token.ToString(), text);
        Assert.Contains("require", text, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("one\n", house.Read("workspace/a.txt"));

        // The session goes on from the workspace as it is; what was proposed is not in its view.
        Assert.Equal("one\n", (await session.CallAsync("read_file", new() { ["path"] = "a.txt" })).Text);
        await house.AnswerAsync(id, "ann");
        Assert.Equal(LifecycleState.Completed, (await house.AdvanceAsync(id)).State.Overall);
        Assert.Equal(("ONE\n", "new\n", false), (house.Read("workspace/a.txt"), house.Read("workspace/made/new.txt"), File.Exists(house["workspace/dir/b.txt"])));
    }

    [Fact]
    public async Task What_policies_allow_is_applied_at_once_and_what_they_deny_is_not()
    {
        await using var allowing = await HouseAsync(FlightHouse.Allow);
        await using var session = await Session.OpenAsync(allowing);
        await session.WriteAsync("a.txt", "allowed\n");
        Assert.Contains("was applied", (await session.SubmitAsync()).Text);
        Assert.Equal("allowed\n", allowing.Read("workspace/a.txt"));
        Assert.Contains("nothing to propose", (await session.SubmitAsync()).Text);

        await using var denying = await HouseAsync(FlightHouse.Deny);
        await using var other = await Session.OpenAsync(denying);
        await other.WriteAsync("a.txt", "denied\n");
        Assert.Contains("nothing may pass", (await other.SubmitAsync()).Text);
        Assert.Equal("one\n", denying.Read("workspace/a.txt"));
    }

    [Fact]
    public async Task Bytes_that_are_no_text_arrive_as_they_are()
    {
        await using var house = await HouseAsync(FlightHouse.Allow);
        await using var session = await Session.OpenAsync(house);
        byte[] latin = [0x63, 0x61, 0x66, 0xE9, 0x0A], binary = [0, 1, 2, 0xFF];
        await session.CallAsync("write_file", new() { ["path"] = "latin.txt", ["content"] = Convert.ToBase64String(latin), ["encoding"] = "base64" });
        await session.CallAsync("write_file", new() { ["path"] = "b.bin", ["content"] = Convert.ToBase64String(binary), ["encoding"] = "base64" });
        var (text, isError) = await session.SubmitAsync();
        Assert.False(isError, text);
        Assert.Equal(latin, File.ReadAllBytes(house["workspace/latin.txt"]));
        Assert.Equal(binary, File.ReadAllBytes(house["workspace/b.bin"]));
    }

    [Fact]
    public async Task A_file_that_a_person_changed_meanwhile_is_not_overwritten_unless_that_is_said()
    {
        await using var house = await HouseAsync(FlightHouse.Allow);
        await using var session = await Session.OpenAsync(house);
        await session.WriteAsync("a.txt", "the agent's\n");
        house.File("workspace/a.txt", "the person's\n");
        var (text, isError) = await session.SubmitAsync();
        Assert.True(isError);
        Assert.StartsWith("workspace_drift", text);
        Assert.Equal("the person's\n", house.Read("workspace/a.txt"));
        // Nothing is lost, and the session goes on with it.
        Assert.Equal("the agent's\n", (await session.CallAsync("read_file", new() { ["path"] = "a.txt" })).Text);
        Assert.False((await session.SubmitAsync(overNewer: true)).IsError);
        Assert.Equal("the agent's\n", house.Read("workspace/a.txt"));
    }

    [Fact]
    public async Task What_was_not_submitted_is_proposed_when_the_client_goes()
    {
        await using var house = await HouseAsync(FlightHouse.Ask);
        var session = await Session.OpenAsync(house);
        await session.WriteAsync("a.txt", "unsubmitted\n");
        await session.DisposeAsync();
        Assert.Equal($"{await OnlyFlightAsync(house)}", Assert.Single(session.AtTheEnd).Value.Workflow);
        Assert.Empty(CollectedView.Abandoned(house.Workspace));
    }

    [Fact]
    public async Task The_store_in_the_workspace_is_not_in_the_view()
    {
        await using var house = await HouseAsync(FlightHouse.Allow);
        house.File("workspace/.cabincrew/key", "secret of the store\n");
        await using var session = await Session.OpenAsync(house);
        Assert.True((await session.CallAsync("read_file", new() { ["path"] = ".cabincrew/key" })).IsError);
        Assert.DoesNotContain("key", (await session.CallAsync("list_directory", new() { ["path"] = ".cabincrew" })).Text);
        Assert.Contains("nothing to propose", (await session.SubmitAsync()).Text);
    }

    [Fact]
    public async Task Of_a_gateway_that_was_killed_the_next_one_finds_the_changes()
    {
        await using var house = await HouseAsync(FlightHouse.Ask);
        // A process that collects like a gateway, changes one file through the view's server, and is killed.
        using var gateway = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [ServingHost.CollectVerb, house.Workspace, house.StoreDirectory]) { RedirectStandardOutput = true })!;
        Assert.Equal("written", await gateway.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(90)));
        Assert.Empty(CollectedView.Abandoned(house.Workspace));
        gateway.Kill();
        await gateway.WaitForExitAsync();
        Assert.Equal("one\n", house.Read("workspace/a.txt"));

        await using var collector = Session.Collector(house);
        var recovered = Assert.Single(await collector.RecoverAsync(default));
        Assert.True(recovered.Ok, recovered.Problem?.ToString());
        var id = await OnlyFlightAsync(house);
        Assert.Equal(["a.txt"], (await house.StateAsync(id)).Steps.Values.Single().Plan!.Changes.Select(c => c.Path));
        await house.AnswerAsync(id, "ann");
        await house.AdvanceAsync(id);
        Assert.Equal("survived\n", house.Read("workspace/a.txt"));
        Assert.Empty(await collector.RecoverAsync(default));
    }
}
