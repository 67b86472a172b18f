// One party over two streams: whole lines from many senders, back-pressure, and a party that is dead or deaf (MCP-01, MCP-07).
using System.IO.Pipelines;
using System.IO.Pipes;
using System.Text;
using CabinCrew.Gateways.Mcp.Servers;
using CabinCrew.Protocol;
using PipeOptions = System.IO.Pipelines.PipeOptions;

namespace CabinCrew.Gateways.Tests.Sessions;

public sealed class StreamConnectionTests
{
    private static StreamConnection Over(Pipe input, Pipe output, StreamRules? rules = null) =>
        new(input.Reader.AsStream(), output.Writer.AsStream(), rules ?? StreamRules.Server, TimeProvider.System);

    [Fact]
    public async Task Lines_of_many_senders_are_never_mixed()
    {
        var output = new Pipe(new PipeOptions(pauseWriterThreshold: 4096, resumeWriterThreshold: 1024));
        await using var connection = Over(new Pipe(), output);
        var reader = new StreamReader(output.Reader.AsStream());
        var senders = Enumerable.Range(0, 20).Select(i => Task.Run(async () =>
        {
            for (var n = 0; n < 50; n++) Assert.True((await connection.SendAsync(Encoding.UTF8.GetBytes(new string((char)('a' + i), 300)), default)).Ok);
        })).ToArray();
        for (var n = 0; n < 1000; n++)
        {
            var line = (await reader.ReadLineAsync().WaitAsync(Peer.Patience))!;
            Assert.Equal(new string(line[0], 300), line);
        }
        await Task.WhenAll(senders);
    }

    [Fact]
    public async Task A_message_of_several_lines_becomes_one_and_reads_the_same()
    {
        var output = new Pipe();
        await using var connection = Over(new Pipe(), output);
        await connection.SendAsync("{\r\n\t\"a\":\n\"x\\ny\"}"u8.ToArray(), default);
        Assert.Equal("{  \t\"a\": \"x\\ny\"}", await new StreamReader(output.Reader.AsStream()).ReadLineAsync());
    }

    [Fact]
    public async Task A_party_that_takes_nothing_is_gone_after_a_while_and_no_sender_hangs()
    {
        var output = new Pipe(new PipeOptions(pauseWriterThreshold: 1000, resumeWriterThreshold: 500));
        await using var connection = Over(new Pipe(), output, StreamRules.Server with { SendTimeMax = TimeSpan.FromMilliseconds(100) });
        var sends = Enumerable.Range(0, 5).Select(_ => connection.SendAsync(new byte[600], default).AsTask()).ToArray();
        var results = await Task.WhenAll(sends).WaitAsync(Peer.Patience);
        Assert.True(results[0].Ok);
        Assert.All(results[1..], r => Assert.Equal(ProblemCode.UpstreamFailed, r.Problem!.Code));
        Assert.Null(await connection.ReceiveAsync(default));
    }

    [Fact]
    public async Task A_party_that_is_slow_holds_the_sender_back_and_loses_nothing()
    {
        var output = new Pipe(new PipeOptions(pauseWriterThreshold: 1000, resumeWriterThreshold: 500));
        await using var connection = Over(new Pipe(), output);
        var first = connection.SendAsync(new byte[600], default);
        var second = connection.SendAsync(new byte[600], default);
        Assert.True(first.IsCompleted);
        await Task.Delay(50);
        Assert.False(second.IsCompleted);
        var read = 0;
        while (read < 1202)
        {
            var got = await output.Reader.ReadAsync();
            read += (int)got.Buffer.Length;
            output.Reader.AdvanceTo(got.Buffer.End);
        }
        Assert.True((await second.AsTask().WaitAsync(Peer.Patience)).Ok);
    }

    [Fact]
    public async Task Closing_lets_go_of_a_reader_and_of_senders_that_wait()
    {
        var output = new Pipe(new PipeOptions(pauseWriterThreshold: 100, resumeWriterThreshold: 50));
        var connection = Over(new Pipe(), output, StreamRules.Client);
        var reading = connection.ReceiveAsync(default).AsTask();
        var sending = Enumerable.Range(0, 3).Select(_ => connection.SendAsync(new byte[200], default).AsTask()).ToArray();
        await connection.DisposeAsync();
        Assert.Null(await reading.WaitAsync(Peer.Patience));
        foreach (var send in sending) Assert.False((await send.WaitAsync(Peer.Patience)).Ok);
    }

    /// <summary>A read that nothing calls off, as of a pipe of the operating system.</summary>
    private sealed class Stubborn : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken ct = default) => new(new TaskCompletionSource<int>().Task);
    }

    [Fact]
    public async Task A_read_that_cannot_be_called_off_holds_nobody_up()
    {
        await using var connection = new StreamConnection(new Stubborn(), Stream.Null, StreamRules.Server, TimeProvider.System);
        using var stop = new CancellationTokenSource(20);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await connection.ReceiveAsync(stop.Token).AsTask().WaitAsync(Peer.Patience));
        Assert.Null(await connection.ReceiveAsync(default));
    }

    [Fact]
    public async Task A_thread_of_its_own_reads_and_goes_on_with_what_was_read()
    {
        using var write = new AnonymousPipeServerStream(PipeDirection.Out);
        var stream = new ReadingThread(new AnonymousPipeClientStream(PipeDirection.In, write.ClientSafePipeHandle), "the reader");
        await using var connection = new StreamConnection(stream, Stream.Null, StreamRules.Server, TimeProvider.System);
        var names = new List<string?>();
        var reading = Task.Run(async () =>
        {
            while (await connection.ReceiveAsync(default) is { } received)
                if (received.Value.Length > 1) names.Add(Thread.CurrentThread.Name);
        });
        foreach (var line in (string[])["a\nbb\nc", "cc\n", "ddd\n"])
        {
            write.Write(Encoding.UTF8.GetBytes(line));
            await Task.Delay(30);
        }
        await connection.DisposeAsync();
        await reading.WaitAsync(Peer.Patience);
        Assert.Equal(3, names.Count);
        Assert.Equal(["the reader", "the reader"], names[1..]);
        Assert.Equal(0, await stream.ReadAsync(new byte[1]).AsTask().WaitAsync(Peer.Patience));
    }

    [Fact]
    public async Task A_thread_that_reads_lets_go_of_whoever_waits_and_closes_its_pipe_when_the_other_end_leaves()
    {
        var write = new AnonymousPipeServerStream(PipeDirection.Out);
        var pipe = new AnonymousPipeClientStream(PipeDirection.In, write.ClientSafePipeHandle);
        var handle = pipe.SafePipeHandle;
        var connection = new StreamConnection(new ReadingThread(pipe, "the reader"), Stream.Null, StreamRules.Server, TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var reading = connection.ReceiveAsync(stop.Token).AsTask();
        await Task.Delay(20);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await reading.WaitAsync(Peer.Patience));
        await connection.DisposeAsync();
        write.WriteByte(1);
        await write.DisposeAsync();
        for (var i = 0; i < 1000 && !handle.IsClosed; i++) await Task.Delay(10);
        Assert.True(handle.IsClosed);
    }

    [Fact]
    public async Task What_fits_into_a_pipe_is_written_on_the_spot_and_the_rest_when_somebody_reads()
    {
        using var read = new AnonymousPipeServerStream(PipeDirection.In);
        using var end = read.ClientSafePipeHandle;
        await using var writer = new ReadyWriter((int)end.DangerousGetHandle());
        Assert.True(writer.WriteAsync(new byte[3000]).AsTask().IsCompletedSuccessfully);
        var large = Enumerable.Range(0, 300_000).Select(i => (byte)i).ToArray();
        var waiting = writer.WriteAsync(large).AsTask();
        await Task.Delay(30);
        Assert.False(waiting.IsCompleted);
        // Whoever writes to a full pipe goes on with something else.
        var got = new byte[303_000];
        await Task.Run(() => read.ReadExactly(got)).WaitAsync(Peer.Patience);
        await waiting.WaitAsync(Peer.Patience);
        Assert.Equal(large, got[3000..]);
        await read.DisposeAsync();
        await Assert.ThrowsAsync<IOException>(async () => await writer.WriteAsync(new byte[1]));
    }

    [Fact]
    public async Task A_line_beyond_the_limit_ends_a_server_and_only_annoys_with_a_client()
    {
        var frames = new Mcp.Wire.FrameLimits(BytesMax: 50);
        foreach (var rules in (StreamRules[])[StreamRules.Server, StreamRules.Client])
        {
            var input = new Pipe();
            await using var connection = Over(input, new Pipe(), rules with { Frames = frames });
            await input.Writer.WriteAsync(Encoding.UTF8.GetBytes($$$"""{"jsonrpc":"2.0","id":8,"method":"{{{new string('m', 100)}}}"}""" + "\nnext\n"));
            var refused = (await connection.ReceiveAsync(default))!.Value.Problem!;
            Assert.Equal((ProblemCode.MessageTooLarge, "8"), (refused.Code, refused.Evidence[Mcp.Wire.FrameReader.IdKey]));
            var next = await connection.ReceiveAsync(default);
            if (rules.EndsWhenTooLong) Assert.Null(next);
            else Assert.Equal("next", Encoding.UTF8.GetString(next!.Value.Value.Span));
        }
    }
}
