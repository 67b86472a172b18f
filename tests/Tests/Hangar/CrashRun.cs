// One process of a crash test, seen from outside: CrashHost with its orders, and how it ended.
using System.Diagnostics;
using System.Globalization;
using CabinCrew.Orchestrator.Engines.Processes;

namespace CabinCrew.Tests.Hangar;

internal sealed class CrashRun : IDisposable
{
    private const int Killed = 128 + 9;
    private const int Stop = 19, Continue = 18;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly string orders = Path.GetTempFileName();
    private readonly Process process;
    private readonly Task<string> errors;

    private CrashRun(IEnumerable<CrashOrder> given, string mode, TimeSpan wrong)
    {
        File.WriteAllLines(orders, given.Select(o => o.Line));
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "CabinCrew.Tests"),
            [CrashHost.Verb, orders, mode, wrong.TotalSeconds.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment.Remove("CABINCREW_IDENTITY_TOKEN");
        process = Process.Start(start)!;
        errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Flies them all, each to its cut, and dies there. True: killed; false: every one came to its end.</summary>
    public static async Task<bool> DieAsync(IReadOnlyList<CrashOrder> orders, TimeSpan wrong = default)
    {
        if (orders.Count == 0) return false;
        foreach (var order in orders) File.Delete(Path.Combine(order.Root, CrashHost.Heard));
        using var run = new CrashRun(orders, CrashHost.Die, wrong);
        var code = await run.EndAsync();
        Assert.True(code is 0 or Killed, $"the process ended with {code}: {await run.errors}");
        foreach (var order in orders)
        {
            var heard = File.ReadLines(Path.Combine(order.Root, CrashHost.Heard)).First();
            Assert.False(heard.StartsWith("broken", StringComparison.Ordinal), $"{order.Cut}: {heard}");
        }
        return code == Killed;
    }

    /// <summary>To the end, in a process that nobody kills.</summary>
    public static Task<bool> FlyAsync(IEnumerable<CrashScene> scenes, TimeSpan wrong = default) => DieAsync([.. scenes.Select(s => new CrashOrder(s.Root))], wrong);

    /// <summary>Begins, and comes back at once.</summary>
    public static CrashRun Begin(IEnumerable<CrashOrder> orders, string mode = CrashHost.Die, TimeSpan wrong = default) => new(orders, mode, wrong);

    /// <summary>Every house stands at its cut, and the process lives.</summary>
    public async Task HeldAsync() => Assert.Equal("held", await process.StandardOutput.ReadLineAsync().WaitAsync(Patience));

    public void Suspend() => Send(Stop);

    public void Resume() => Send(Continue);

    public void Kill() => process.Kill();

    public bool HasEnded => process.HasExited;

    /// <summary>What stood still goes on.</summary>
    public async Task GoOnAsync()
    {
        await process.StandardInput.WriteLineAsync("go");
        await process.StandardInput.FlushAsync();
        Assert.Equal(0, await EndAsync());
    }

    public async Task<int> EndAsync()
    {
        await process.WaitForExitAsync().WaitAsync(Patience);
        return process.ExitCode;
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
            process.WaitForExit();
        }
        process.Dispose();
        File.Delete(orders);
    }

    private void Send(int signal) => Assert.Equal(0, SpawnNative.Kill(process.Id, signal));
}
