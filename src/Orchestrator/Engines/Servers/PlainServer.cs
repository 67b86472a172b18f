// A server without a sandbox: an ordinary process of this user, made only where the user said so in so many words. It prevents nothing; what it starts is
// found by a mark that it inherits, and ended with it.
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Protocol;
using static CabinCrew.Orchestrator.Engines.RunThread;

namespace CabinCrew.Orchestrator.Engines.Servers;

internal sealed class PlainServer(ServerRun run) : RunningServer
{
    private const int BlockFd = 3;

    // Waits for our word, so that it bears the mark before its first instruction.
    private const string Wait = "cd \"$1\" || exit 126; shift; read -r go <&3 || exit 125; exec 3<&-; exec \"$@\"";

    /// <summary>Of this process's own environment, what an ordinary program needs.</summary>
    private static readonly string[] Passed = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR"];

    private readonly ProcessBrand brand = ProcessBrand.Next();
    private ChildProcess? leader;
    private bool branded;

    public override string Tier => Tiers.None;

    private protected override ChildProcess? Leader => leader;

    private protected override int LookMilliseconds => -1;

    private protected override unsafe Problem? Launch()
    {
        using var block = Pipe.Create();
        // Dies with the thread that spawned it, which lives as long as we do.
        IReadOnlyList<string> mortal = Programs.Find("setpriv") is { } setpriv ? [setpriv, "--pdeathsig", "KILL", "--"] : [];
        IReadOnlyList<string> command = [.. mortal, "/bin/sh", "-c", Wait, "sh", run.WorkingDirectory ?? Environment.CurrentDirectory, .. run.Command];
        var variables = Passed.Select(name => (Key: name, Value: Environment.GetEnvironmentVariable(name))).Where(v => v.Value is not null && !run.Environment.ContainsKey(v.Key))
            .Select(v => $"{v.Key}={v.Value}").Concat(run.Environment.Select(v => $"{v.Key}={v.Value}"));
        var started = Spawn.Start(new(command[0], [.. command.Skip(1)], [.. variables], [.. Standard, (block.Reader, BlockFd)]) { NewSession = true });
        if (!started.Try(out leader, out var problem)) return problem;
        branded = brand.Put(leader.Pid);
        fixed (byte* go = "go\n"u8) SpawnNative.Write(Number(block.Writer), go, 3);
        return null;
    }

    private protected override Problem? Look() => null;

    private protected override bool End()
    {
        if (leader is null) return true;
        // While the leader is not collected its number, and so its group, is nobody else's.
        for (var tries = 0; tries < 100; tries++)
        {
            SpawnNative.Kill(-leader.Pid, SpawnNative.SigKill);
            if ((!branded || brand.Kill() == 0) && WaitFor(leader.Descriptor, 100)) return true;
            Thread.Sleep(5);
        }
        return false;
    }

    private protected override Outcome<int> ExitCode() => leader!.Wait() switch
    {
        null => new Problem(ProblemCode.EngineKilled, "The server's exit code was lost."),
        126 or 127 => new Problem(ProblemCode.EngineStartFailed, $"The server's program '{run.Command[0]}' could not be started."),
        { } code => code,
    };

    private protected override void Release() => leader?.Dispose();
}
