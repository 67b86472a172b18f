// Messages that came together go out together, in order, and none of them is held back while anybody waits (MCP-01, MCP-07).
using System.Text;
using CabinCrew.Gateways.Mcp.Servers;

namespace CabinCrew.Gateways.Tests.Servers;

[Clause("MCP-01")]
public sealed class BurstTests
{
    /// <summary>Keeps each write by itself.</summary>
    private sealed class Sink : MemoryStream
    {
        private readonly List<string> writes = [];
        private readonly TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Begun => begun.Task;

        public IReadOnlyList<string> Writes => writes;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            writes.Add(Encoding.UTF8.GetString(buffer.Span));
            begun.TrySetResult();
            return default;
        }
    }

    private static string Lines(int from, int to) => string.Concat(Enumerable.Range(from, to - from).Select(i => $"line {i}\n"));

    /// <summary>Has nothing to read before somebody waits for it, so that what is read is carried on the reading thread.</summary>
    private sealed class Gated(string text) : MemoryStream(Encoding.UTF8.GetBytes(text))
    {
        private readonly ManualResetEventSlim gate = new();

        public override int Read(Span<byte> buffer)
        {
            gate.Wait();
            return base.Read(buffer);
        }

        internal async Task BeginAsync(Task waits)
        {
            gate.Set();
            await waits.ConfigureAwait(false);
        }
    }

    private static StreamConnection Reading(Gated stream) => new(new ReadingThread(stream, "reader"), Stream.Null, StreamRules.Client, TimeProvider.System);

    private static StreamConnection Writing(Stream sink) => new(Stream.Null, sink, StreamRules.Client, TimeProvider.System);

    // As a session does: on the reading thread, as long as nothing has to be waited for.
    private static async Task CarryAsync(StreamConnection from, params StreamConnection[] to)
    {
        for (var count = 0; await from.ReceiveAsync(default).ConfigureAwait(false) is { } line; count++) Assert.True((await to[count % to.Length].SendAsync(line.Value, default).ConfigureAwait(false)).Ok);
    }

    [Fact]
    public async Task What_came_together_goes_out_together_and_in_order()
    {
        var sink = new Sink();
        var source = new Gated(Lines(0, 20));
        await using StreamConnection from = Reading(source), to = Writing(sink);
        await source.BeginAsync(CarryAsync(from, to));
        Assert.Equal([Lines(0, 8), Lines(8, 16), Lines(16, 20)], sink.Writes);
    }

    [Fact]
    public async Task What_is_large_goes_out_at_once_with_all_before_it()
    {
        var sink = new Sink();
        var large = new string('x', 20_000);
        var source = new Gated($"{Lines(0, 2)}{large}\n{Lines(2, 4)}");
        await using StreamConnection from = Reading(source), to = Writing(sink);
        await source.BeginAsync(CarryAsync(from, to));
        // Of what is that long the reader does not look for the end before it has to.
        Assert.Equal($"{Lines(0, 2)}{large}\n{Lines(2, 4)}", string.Concat(sink.Writes));
        Assert.EndsWith($"{large}\n", sink.Writes.Single(w => w.Contains(large, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Two_who_are_sent_to_in_turn_have_all_of_it_when_the_reader_is_done()
    {
        Sink odd = new(), even = new();
        var source = new Gated(Lines(0, 9));
        await using StreamConnection from = Reading(source), first = Writing(even), second = Writing(odd);
        await source.BeginAsync(CarryAsync(from, first, second));
        Assert.Equal(Lines(0, 9).Split('\n', StringSplitOptions.RemoveEmptyEntries).Where((_, i) => i % 2 == 0), string.Concat(even.Writes).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(4, string.Concat(odd.Writes).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task Nothing_is_held_back_while_what_came_after_it_waits()
    {
        var (sink, approved) = (new Sink(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var source = new Gated(Lines(0, 2));
        await using StreamConnection from = Reading(source), to = Writing(sink);
        var carried = source.BeginAsync(CarryAndWaitAsync());
        await sink.Begun.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal([Lines(0, 1)], sink.Writes);
        approved.SetResult();
        await carried;
        Assert.Equal(Lines(0, 2), string.Concat(sink.Writes));

        async Task CarryAndWaitAsync()
        {
            for (var count = 0; await from.ReceiveAsync(default).ConfigureAwait(false) is { } line; count++)
            {
                if (count == 1) await approved.Task.ConfigureAwait(false);
                await to.SendAsync(line.Value, default).ConfigureAwait(false);
            }
        }
    }
}
