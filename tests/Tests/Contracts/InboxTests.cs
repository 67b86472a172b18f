// The queue to the store's writer: in order, bounded, nothing lost at its end, and nobody left waiting.
using CabinCrew.Ledger.Streams.Sqlite;
using Xunit;

namespace CabinCrew.Tests.Contracts;

public sealed class InboxTests
{
    [Fact]
    public async Task What_many_put_in_comes_out_once_and_each_ones_in_order()
    {
        var inbox = new Inbox<(int Who, int Number)>(7);
        var writers = Enumerable.Range(0, 6).Select(who => Task.Run(() =>
        {
            for (var i = 0; i < 2_000; i++) Assert.True(inbox.Add((who, i)));
        })).ToArray();
        var next = new int[writers.Length];
        for (var taken = 0; taken < 6 * 2_000; taken++)
        {
            Assert.True(inbox.TryTake(out var item, TimeSpan.FromSeconds(20)));
            Assert.Equal(next[item.Who]++, item.Number);
            Assert.InRange(inbox.Count, 0, 7);
        }
        await Task.WhenAll(writers);
        Assert.False(inbox.TryTake(out _));
    }

    [Fact]
    public async Task It_is_emptied_after_it_is_closed_and_wakes_whoever_waits()
    {
        var inbox = new Inbox<int>(1);
        Assert.True(inbox.Add(1));
        var full = Task.Run(() => inbox.Add(2));
        await Task.Delay(50);
        inbox.Close();
        Assert.False(await full.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.True(inbox.TryTake(out var left, Timeout.InfiniteTimeSpan) && left == 1);
        Assert.False(inbox.TryTake(out _, Timeout.InfiniteTimeSpan));
        Assert.False(inbox.Add(3));
    }

    [Fact]
    public void Waiting_ends_with_the_time_or_with_the_caller()
    {
        var inbox = new Inbox<int>(1);
        Assert.False(inbox.TryTake(out _, TimeSpan.FromMilliseconds(20)));
        inbox.Add(1);
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        Assert.Throws<OperationCanceledException>(() => inbox.Add(2, soon.Token));
        Assert.Equal(1, inbox.Count);
    }
}
