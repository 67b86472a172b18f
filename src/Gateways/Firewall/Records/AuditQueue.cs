// The events of passing messages on their way into the tenant's log: in order, one writer, a group at a time (AUD-01, AUD-03).
// Batched: a message goes on when its event is queued; the log may lag by what AuditSettings bounds, and a power cut may take that much. Strict: it goes on when its event is durable.
// Invariant (AUD-05): after a write that failed, with a queue that stays full, or with a writer that is late, nothing is taken, and so nothing goes on.
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Gateways.Firewall.Records;

public sealed record AuditSettings
{
    /// <summary>Every event is durable before its message goes on.</summary>
    public bool Strict { get; init; }

    /// <summary>How many events may be on their way at most.</summary>
    public int QueuedMax { get; init; } = 4096;

    /// <summary>For how long events are gathered before they are written together.</summary>
    public TimeSpan GatherFor { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Older than this no event may be and not be written: then nothing goes on until the writer has caught up.</summary>
    public TimeSpan LagMax { get; init; } = TimeSpan.FromSeconds(2);
}

public sealed class AuditQueue : IAsyncDisposable
{
    private const int GroupMax = 512;

    private readonly IStore store;
    private readonly TenantId tenant;
    private readonly AuditSettings settings;
    private readonly TimeProvider clock;
    private readonly Lock gate = new();
    private readonly SemaphoreSlim work = new(0), urgent = new(0);
    private readonly Task writer;
    private List<Queued> queued = [];
    private int writing;
    private long oldest;
    private bool closed;
    private Problem? broken;
    private TaskCompletionSource? room;

    private readonly record struct Queued(IAuditWords Told, TaskCompletionSource<Outcome<Done>>? Waiting);

    public AuditQueue(IStore store, TenantId tenant, AuditSettings settings, TimeProvider clock)
    {
        (this.store, this.tenant, this.settings, this.clock) = (store, tenant, settings, clock);
        writer = Task.Run(WriteAsync);
    }

    /// <summary>Puts an event on record. A refusal means that what it tells of must not happen.</summary>
    /// <param name="told">Put into words by the writer.</param>
    /// <param name="strict">It is durable when this returns, whatever the settings say.</param>
    public ValueTask<Outcome<Done>> RecordAsync(IAuditWords told, bool strict)
    {
        lock (gate)
        {
            if (Refusal() is { } refusal) return ValueTask.FromResult<Outcome<Done>>(refusal);
            if (HasRoom) return Take(told, strict || settings.Strict) is { } waiting ? new(waiting) : ValueTask.FromResult(Done.Ok);
        }
        return new(RecordWhenThereIsRoomAsync(told, strict || settings.Strict));
    }

    public ValueTask<Outcome<Done>> RecordAsync(AuditEvent told, bool strict) => RecordAsync(new Said(told), strict);

    private sealed record Said(AuditEvent Event) : IAuditWords
    {
        public AuditEvent ToEvent() => Event;
    }

    private bool HasRoom => queued.Count + writing < settings.QueuedMax;

    // Whoever is faster than the disk waits for it, for as long as an event may wait.
    private async Task<Outcome<Done>> RecordWhenThereIsRoomAsync(IAuditWords told, bool strict)
    {
        while (true)
        {
            Task waiting;
            lock (gate)
            {
                if (Refusal() is { } refusal) return refusal;
                if (HasRoom) waiting = Take(told, strict) ?? Task.FromResult(Done.Ok);
                else
                {
                    Hurry();
                    waiting = (room ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
                }
            }
            if (waiting is Task<Outcome<Done>> taken) return await taken.ConfigureAwait(false);
            try
            {
                await waiting.WaitAsync(settings.LagMax).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                return Unwritable($"{settings.QueuedMax} events wait to be written, and none was within {settings.LagMax.TotalSeconds:0.###} s");
            }
        }
    }

    private Task<Outcome<Done>>? Take(IAuditWords told, bool strict)
    {
        var waiting = strict ? new TaskCompletionSource<Outcome<Done>>(TaskCreationOptions.RunContinuationsAsynchronously) : null;
        if (queued.Count + writing == 0) oldest = clock.GetTimestamp();
        queued.Add(new(told, waiting));
        if (queued.Count == 1) work.Release();
        if (waiting is not null || queued.Count >= GroupMax) Hurry();
        return waiting?.Task;
    }

    /// <summary>Whether anything would be taken now.</summary>
    public Problem? Fault
    {
        get
        {
            lock (gate) return Refusal();
        }
    }

    /// <summary>Everything that was taken is durable when this returns without a problem.</summary>
    public async Task<Outcome<Done>> FlushAsync()
    {
        while (true)
        {
            lock (gate)
            {
                if (broken is not null) return broken;
                if (queued.Count + writing == 0) return Done.Ok;
                Hurry();
            }
            await Task.Delay(TimeSpan.FromMilliseconds(1)).ConfigureAwait(false);
        }
    }

    /// <summary>Takes nothing more and writes what was taken.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            if (closed) return;
            closed = true;
            work.Release();
            Hurry();
        }
        await writer.ConfigureAwait(false);
        work.Dispose();
        urgent.Dispose();
    }

    private Problem? Refusal()
    {
        if (broken is not null) return broken;
        if (closed) return Unwritable("the gateway is closing");
        return queued.Count + writing > 0 && clock.GetElapsedTime(oldest) > settings.LagMax ? Unwritable($"events wait to be written for more than {settings.LagMax.TotalSeconds:0.###} s") : null;
    }

    private static Problem Unwritable(string why) => new(ProblemCode.AuditUnwritable, $"the audit log does not keep up: {why}; so nothing goes on");

    private void Hurry()
    {
        if (urgent.CurrentCount == 0) urgent.Release();
    }

    private async Task WriteAsync()
    {
        while (true)
        {
            await work.WaitAsync().ConfigureAwait(false);
            // Gathered on the real clock, whatever the clock of the records is. Whoever waits for the disk does not wait for others first.
            if (settings.GatherFor > TimeSpan.Zero) await urgent.WaitAsync(settings.GatherFor).ConfigureAwait(false);
            List<Queued> group;
            lock (gate)
            {
                if (queued.Count == 0 && closed) return;
                group = queued;
                queued = [];
                writing = group.Count;
            }
            var done = group.Count == 0 ? Done.Ok : await AppendAsync(group).ConfigureAwait(false);
            if (done.Problem is { } problem) done = problem with { Code = ProblemCode.AuditUnwritable };
            bool last;
            TaskCompletionSource? waited;
            lock (gate)
            {
                (waited, room) = (room, null);
                broken ??= done.Problem;
                writing = 0;
                oldest = clock.GetTimestamp();
                if (broken is not null) queued = Refused(queued, broken);
                last = closed && queued.Count == 0;
            }
            foreach (var (_, waiting) in group) waiting?.SetResult(done);
            waited?.SetResult();
            if (last) return;
        }
    }

    private async Task<Outcome<Done>> AppendAsync(List<Queued> group)
    {
        try
        {
            var told = new IAuditWords[group.Count];
            for (var i = 0; i < told.Length; i++) told[i] = group[i].Told;
            return await store.AppendAuditWordsAsync(tenant, told, CancellationToken.None).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // AUD-05: whatever keeps an event from being written stops everything that would have to be told.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new Problem(ProblemCode.AuditUnwritable, $"the audit log could not be written: {e.GetType().Name}: {e.Message}");
        }
    }

    private static List<Queued> Refused(List<Queued> queued, Problem why)
    {
        foreach (var (_, waiting) in queued) waiting?.SetResult(why);
        return [];
    }
}
