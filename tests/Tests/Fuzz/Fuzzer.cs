// The loop: an input that went a new way is kept to go on from; what must not happen is made small and told with the seed that leads there.
// What a refusal says stands in for coverage: there is no instrumentation. Time is the thread's own on the processor, so that it means the same on a busy machine.
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using CabinCrew.Protocol;

namespace CabinCrew.Tests.Fuzz;

/// <param name="Kind">What went wrong, the same for all inputs that show it.</param>
internal sealed record FuzzFinding(string Kind, string Message, byte[] Input);

internal sealed partial class Fuzzer
{
    private const int KeptMax = 600;
    private const int InputBytesMax = 400_000;
    private const int HangSeconds = 60, BusySeconds = 20;

    private readonly FuzzTarget target;
    private readonly int seed;
    private readonly Random random;
    private readonly Mutator mutator;
    private readonly List<byte[]> pool = [];
    private readonly HashSet<string> ways = new(StringComparer.Ordinal);
    private (byte[] Input, long Since, TimeSpan Spent) now = ([], Stopwatch.GetTimestamp(), default);
    private string thread = "";
    private long tried;

    public Fuzzer(FuzzTarget target, int seed)
    {
        this.target = target;
        this.seed = seed;
        random = new Random(seed ^ BitConverter.ToInt32(Convert.FromHexString(Digest.Of(Encoding.UTF8.GetBytes(target.Name)).Hex), 0));
        mutator = new(random, target);
    }

    public static int Seed => int.TryParse(Environment.GetEnvironmentVariable("CABINCREW_FUZZ_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 1;

    /// <summary>How many different ways through the door were met.</summary>
    public int Ways => ways.Count;

    public long Tried => tried;

    /// <summary>Tries until the count or the time is used up; fails the test with the first finding.</summary>
    public void Run(long inputs, TimeSpan most)
    {
        FuzzFinding? found = null;
        Exception? broken = null;
        // A thread of its own, with an ordinary stack: what hangs is seen from outside, and named.
        var work = new Thread(() =>
        {
            thread = $"/proc/{new FileInfo("/proc/thread-self").LinkTarget}/stat";
            try { found = Search(inputs, most); }
            catch (Exception e) { broken = e; }
        }, 1 << 20) { IsBackground = true };
        work.Start();
        while (!work.Join(TimeSpan.FromSeconds(1)))
        {
            var (input, since, spent) = now;
            if (Stopwatch.GetElapsedTime(since).TotalSeconds > HangSeconds && !IsStarved(spent)) Fail(new("hang", $"no answer within {HangSeconds} seconds", input));
        }
        if (broken is not null) throw new InvalidOperationException($"the fuzzer itself broke at {target.Name}, seed {seed}", broken);
        if (found is not null) Fail(found);
    }

    /// <summary>One input, for regressions: null when all is well.</summary>
    public FuzzFinding? Examine(byte[] input)
    {
        var start = Spent();
        now = (input, Stopwatch.GetTimestamp(), start);
        tried++;
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        string way;
        try
        {
            way = target.Try(input);
        }
        catch (BrokenPropertyException e)
        {
            return new(new string([.. e.Message.TakeWhile(c => c is not ':' and not '\n')]), e.Message, input);
        }
        catch (Exception e)
        {
            return new($"{e.GetType().Name} {e.StackTrace?.Split('\n').FirstOrDefault()?.Trim()}", e.ToString(), input);
        }
        var took = Spent() - start;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        if (ways.Add(way) && pool.Count < KeptMax && input.Length < 20_000) pool.Add(input);
        if (allocated > target.Memory.Base + target.Memory.PerByte * input.Length)
            return new("memory", $"{allocated:N0} bytes were allocated for an input of {input.Length:N0} ({way})", input);
        var allowed = target.Time.Base + target.Time.PerByte * input.Length / 1000;
        for (var again = 0; again < 3 && took.TotalMilliseconds > allowed; again++)
        {
            start = Spent();
            target.Try(input);
            if (Spent() - start is var less && less < took) took = less;
        }
        return took.TotalMilliseconds > allowed ? new("time", $"{took.TotalMilliseconds:N0} ms for an input of {input.Length:N0} bytes ({way})", input) : null;
    }

    /// <summary>Whether the worker would go on if only it were let: ready to run, and not for long by its own clock.</summary>
    private bool IsStarved(TimeSpan before)
    {
        var fields = File.ReadAllText(thread).Split(") ")[^1].Split(' ');
        var ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
        return fields[0] == "R" && TimeSpan.FromSeconds(ticks / 100.0) - before < TimeSpan.FromSeconds(BusySeconds);
    }

    /// <summary>What this thread has had of the processor.</summary>
    private static TimeSpan Spent()
    {
        const int threadCpuTime = 3;
        Assert.Equal(0, clock_gettime(threadCpuTime, out var time));
        return TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromTicks(time.Nanoseconds / TimeSpan.NanosecondsPerTick);
    }

    private readonly record struct KernelTime(long Seconds, long Nanoseconds);

    [LibraryImport("libc")]
    private static partial int clock_gettime(int clock, out KernelTime time);

    private FuzzFinding? Search(long inputs, TimeSpan most)
    {
        List<byte[]> first = [.. target.Seeds, .. target.Kept.Select(k => k.Bytes)];
        // Once for the compiler and for whatever is built on first use, once to be measured.
        foreach (var input in first) Examine(input);
        foreach (var input in first)
            if (Examine(input) is { } early) return Smaller(early);
        pool.AddRange(first);
        tried = 0;
        var begun = Stopwatch.GetTimestamp();
        while (tried < inputs && Stopwatch.GetElapsedTime(begun) < most)
        {
            var input = mutator.Next(Any(), Any());
            if (input.Length > InputBytesMax) continue;
            if (Examine(input) is { } found) return Smaller(found);
        }
        return null;
    }

    private byte[] Any() => pool[random.Next(pool.Count)];

    // Ever smaller pieces are left out as long as the same thing goes wrong.
    private FuzzFinding Smaller(FuzzFinding found)
    {
        var begun = Stopwatch.GetTimestamp();
        for (var piece = Math.Max(1, found.Input.Length / 2); piece > 0; piece /= 2)
            for (var at = 0; at < found.Input.Length && Stopwatch.GetElapsedTime(begun).TotalSeconds < 10;)
            {
                byte[] less = [.. found.Input.AsSpan(0, at), .. found.Input.AsSpan(Math.Min(found.Input.Length, at + piece))];
                if (Examine(less) is { } same && same.Kind == found.Kind) found = same;
                else at += piece;
            }
        return found;
    }

    private void Fail(FuzzFinding found)
    {
        var shown = Encoding.Latin1.GetString(found.Input.AsSpan(0, Math.Min(found.Input.Length, 1500)));
        var text = string.Concat(shown.Select(c => c is '\n' or (>= ' ' and < '\x7f') ? c.ToString() : $"\\x{(int)c:x2}"));
        Assert.Fail($"""
            {target.Name}, seed {seed}, input {tried}: {found.Kind}
            {found.Message}
            {found.Input.Length} bytes, smallest that was found, to be kept as testkit/fuzz/{target.Name}/NAME:
            {text}
            base64: {Convert.ToBase64String(found.Input.AsSpan(0, Math.Min(found.Input.Length, 6000)))}
            """);
    }
}
