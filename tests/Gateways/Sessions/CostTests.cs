// What carrying costs: allocations and processor time a call, with a gate that does nothing, over pipes of the operating system.
using System.Diagnostics;
using System.IO.Pipes;
using System.Text;
using CabinCrew.Gateways.Mcp.Servers;
using CabinCrew.Gateways.Mcp.Sessions;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Sessions;

[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>Alone: what it measures is of the whole process.</summary>
[Collection(nameof(Alone))]
public sealed class CostTests(ITestOutputHelper output)
{
    private const int Calls = 5000;

    private sealed record Ends(Stream Read, Stream Write)
    {
        public static (Ends Here, Ends There) Pair()
        {
            var (toThere, there) = Pipe();
            var (toHere, here) = Pipe();
            return (new(here, toThere), new(there, toHere));
        }

        private static (Stream Write, Stream Read) Pipe()
        {
            var write = new AnonymousPipeServerStream(PipeDirection.Out);
            return (write, new AnonymousPipeClientStream(PipeDirection.In, write.ClientSafePipeHandle));
        }
    }

    private sealed class Fixed(IServerConnection connection) : IServerSource
    {
        private int asked;

        public string Name => "one";

        public Task<Outcome<IServerConnection>> ConnectAsync(CancellationToken ct) =>
            Task.FromResult(asked++ == 0 ? Outcome.Of(connection) : new Problem(ProblemCode.UpstreamFailed, "no more"));
    }

    /// <summary>Answers each call as a server that has nothing to do.</summary>
    private static async Task ServeAsync(Ends ends)
    {
        var lines = new LineReader(ends.Read, 1 << 20);
        while (await lines.ReadAsync(default) is { Kind: LineKind.Line } line)
        {
            var id = FrameReader.Read(line.Bytes, FrameLimits.Default).Value.Id;
            byte[] answer = [.. """{"jsonrpc":"2.0","id":"""u8, .. id.Span, .. ""","result":{"content":[{"type":"text","text":"the text of a small file"}]}}"""u8, (byte)'\n'];
            await ends.Write.WriteAsync(answer);
        }
    }

    private static async Task CallAsync(Ends ends, int from, int calls, int window)
    {
        var lines = new LineReader(ends.Read, 1 << 20);
        var (sent, got) = (0, 0);
        while (got < calls)
        {
            while (sent < calls && sent - got < window)
                await ends.Write.WriteAsync(Encoding.UTF8.GetBytes($$$$"""{"jsonrpc":"2.0","id":{{{{from + sent++}}}},"method":"tools/call","params":{"name":"read_file","arguments":{"path":"/workspace/src/a.cs","head":20},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}""" + "\n"));
            Assert.Equal(LineKind.Line, (await lines.ReadAsync(default)).Kind);
            got++;
        }
    }

    private static async Task<(double Microseconds, double Bytes)> MeasureAsync(Ends client, int window)
    {
        await CallAsync(client, 0, Calls, window);
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var bytes = GC.GetTotalAllocatedBytes(precise: true);
        await CallAsync(client, Calls, Calls, window);
        return ((Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalMicroseconds / Calls, (GC.GetTotalAllocatedBytes(precise: true) - bytes) / (double)Calls);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(32, false)]
    [InlineData(32, true)]
    public async Task A_forwarded_call_costs_little(int window, bool ownThreads)
    {
        var (client, server) = Ends.Pair();
        var serving = Task.Run(() => ServeAsync(server));
        var bare = await Task.Run(() => MeasureAsync(client, window));
        client.Write.Dispose();
        await serving;

        var (left, clientEnd) = Ends.Pair();
        var (right, serverEnd) = Ends.Pair();
        serving = Task.Run(() => ServeAsync(serverEnd));
        var time = TimeProvider.System;
        Stream Reading(Stream pipe) => ownThreads ? new ReadingThread(pipe, "read") : pipe;
        var session = new Session(new SessionSetup
        {
            Id = "s",
            Caller = new MessageCaller("ann", true, [], "os_user"),
            Client = new StreamClient(new StreamConnection(Reading(left.Read), left.Write, StreamRules.Client, time)),
            Servers = [new Fixed(new StreamConnection(Reading(right.Read), right.Write, StreamRules.Server, time))],
            Gate = new OpenGate(),
            Record = new Records(),
            Time = time,
        });
        // Beside the tests' own scheduling, as in a program.
        var running = Task.Run(() => session.RunAsync(default));
        var carried = await Task.Run(() => MeasureAsync(clientEnd, window));
        clientEnd.Write.Dispose();
        Assert.Equal(SessionEnd.ClientLeft, await running.WaitAsync(Peer.Patience));
        await serving;
        output.WriteLine($"window {window}{(ownThreads ? ", own threads" : "")}: bare {bare.Microseconds:0.0} us {bare.Bytes:0} B, carried {carried.Microseconds:0.0} us {carried.Bytes:0} B, added {carried.Microseconds - bare.Microseconds:0.0} us {carried.Bytes - bare.Bytes:0} B a call");
        // A build without optimisation allocates each state machine: several times what a real one takes.
        Assert.InRange(carried.Bytes - bare.Bytes, 0, 24_000);
    }

    private sealed class OpenGate : Mcp.IMessageGate
    {
        public ValueTask<Firewall.Passage> PassAsync(Mcp.InterceptedFrame message, Firewall.ICallerLine caller, CancellationToken ct) => new(Firewall.Passage.Unchanged);

        public ValueTask EndAsync(Mcp.SessionFacts session) => ValueTask.CompletedTask;
    }
}
