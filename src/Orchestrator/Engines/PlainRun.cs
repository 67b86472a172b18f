// A run without a sandbox, for machines that have none and users who said so: the same limits as far as a plain process allows (and the reduced isolation's base).
// It prevents nothing by itself. A process that leaves its group and clears its environment can survive.
using System.Text;
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Orchestrator.Engines.Sandbox;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines;

internal class PlainRun : RunThread
{
    private const int BlockFd = 3, FilesEveryTicks = 5, EntriesMax = 200_000;

    // Waits for our word, so that limits are in place before the engine's first instruction.
    private const string Wait = "cd \"$1\" || exit 126; shift; read -r go <&3 || exit 125; exec 3<&-; exec \"$@\"";

    private readonly Pipe block = Pipe.Create();
    private readonly string root;
    private int ticks;

    public PlainRun(EngineRun run, CancellationToken ct) : base(run, ct)
    {
        root = Directory.CreateTempSubdirectory("cabincrew-run-").FullName;
        Temp = Directory.CreateDirectory(Path.Join(root, "temp")).FullName;
        ArtifactsPath = run.FrozenArtifacts ?? Directory.CreateDirectory(Path.Join(root, "artifacts")).FullName;
        Cleanup = Remove;
    }

    protected string Temp { get; }

    protected string ArtifactsPath { get; }

    // The launch prefix needs the system's directories too; they come after the documented ones.
    protected virtual IEnumerable<(string Name, string Value)> Variables() => Bubblewrap.Environment(Run.Mode, Run.Workspace, ArtifactsPath, Temp)
        .Select(v => v.Name == "PATH" ? (v.Name, v.Value + ":/usr/sbin:/sbin:/usr/local/bin") : v);

    protected virtual Outcome<ChildProcess> Begin(SpawnRequest request) => Spawn.Start(request);

    /// <summary>Takes hold of the process that waits for our word.</summary>
    protected virtual Problem? Hold(ChildProcess child) => null;

    protected override unsafe Problem? Launch()
    {
        IReadOnlyList<string> command = [.. Run.LaunchPrefix, "/bin/sh", "-c", Wait, "sh", Run.Workspace, .. Run.Engine.Command.Select(OnHost), "--mode", Run.Mode.Word()];
        if (Programs.Find(command[0]) is not { } program) return new(ProblemCode.EngineStartFailed, $"The program '{command[0]}' was not found.");
        var started = Begin(new(program, [.. command.Skip(1)], [.. Variables().Select(v => $"{v.Name}={v.Value}")],
            [(Input, 0), (Output.Writer, 1), (Log.Writer, 2), (block.Reader, BlockFd)]) { NewGroup = true });
        block.Reader.Dispose();
        if (!started.Try(out var leader, out var problem)) return problem;
        Leader = leader;
        if (Run.FrozenArtifacts is null) Artifacts = DirectoryHandle.Open(ArtifactsPath);
        // The number of processes is a user's, not a run's: the watchdog counts instead.
        if (ProcessLimits.Set(leader.Pid, Run.Limits, FileBytesMax, own: 1_000_000) is { } failed) return failed;
        if (Hold(leader) is { } loose) return loose;
        if (Clear() is { } refused) return refused;
        fixed (byte* go = "go\n"u8) SpawnNative.Write(Number(block.Writer), go, 3);
        block.Writer.Dispose();
        return null;
    }

    /// <summary>A path inside the sandbox, on the host.</summary>
    private string OnHost(string word) =>
        Run.Engine.Mounts.FirstOrDefault(m => word == m.Target || word.StartsWith(m.Target + "/", StringComparison.Ordinal)) is { } mount ? mount.Source + word[mount.Target.Length..] : word;

    protected override ProcessUse Measure() => ProcessTable.Tree(Leader!.Pid);

    protected override Problem? CheckFiles(bool final)
    {
        // A walk, not one question to a file system of its own: so not at every tick.
        if (!final && ++ticks % FilesEveryTicks != 0) return null;
        var limits = Run.Limits;
        var (tempBytes, tempEntries) = Size(Temp);
        if (tempBytes > limits.TempBytes) return Exceeded(ProblemCode.LimitFiles, "temporary files", limits.TempBytes, "bytes", tempBytes);
        if (tempEntries > EntriesMax) return Exceeded(ProblemCode.LimitFiles, "temporary files", EntriesMax, "entries");
        if (Run.FrozenArtifacts is not null) return null;
        var (bytes, entries) = Size(ArtifactsPath);
        if (bytes > limits.ArtifactBytes) return Exceeded(ProblemCode.LimitArtifactBytes, "artifacts", limits.ArtifactBytes, "bytes", bytes);
        return entries > limits.ArtifactCount * 3L ? Exceeded(ProblemCode.LimitArtifactCount, "artifacts", limits.ArtifactCount, "") : null;
    }

    private static (long Bytes, int Entries) Size(string directory)
    {
        var (bytes, entries) = (0L, 0);
        try
        {
            foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }))
            {
                if (++entries > EntriesMax) break;
                if (entry is FileInfo file) bytes += file.Length;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Things go away while they are counted; the next count sees what is left.
        }
        return (bytes, entries);
    }

    protected override bool End()
    {
        if (Leader is not { } leader) return true;
        // While the leader is not collected its number, and so its group, is nobody else's.
        for (var tries = 0; tries < 100; tries++)
        {
            SpawnNative.Kill(-leader.Pid, SpawnNative.SigKill);
            if (KillOthers() == 0 && WaitFor(leader.Descriptor, 100)) return true;
            Thread.Sleep(5);
        }
        return false;
    }

    /// <summary>Wherever they fled to; how many there were.</summary>
    protected virtual int KillOthers()
    {
        var left = ProcessTable.Pids().Where(p => p != Leader!.Pid && IsOfThisRun(p)).ToList();
        foreach (var pid in left) SpawnNative.Kill(pid, SpawnNative.SigKill);
        return left.Count;
    }

    /// <summary>Known by the environment that it inherited: the run's own directory stands in it.</summary>
    private bool IsOfThisRun(int pid)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{pid}/environ").AsSpan().IndexOf(Encoding.UTF8.GetBytes($"CABINCREW_TEMP_DIR={Temp}\0")) >= 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    protected override Outcome<int> ExitCode() => Leader!.Wait() switch
    {
        null => new Problem(ProblemCode.EngineKilled, "The engine's exit code was lost."),
        126 or 127 => new Problem(ProblemCode.EngineStartFailed, $"The engine's program '{Run.Engine.Command[0]}' could not be started."),
        { } code => code,
    };

    private void Remove()
    {
        try
        {
            Directory.Delete(root, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // An engine may have made a directory that even we cannot enter; the system's own cleaning of temp gets it.
        }
    }

    public override void Dispose()
    {
        block.Dispose();
        base.Dispose();
    }
}
