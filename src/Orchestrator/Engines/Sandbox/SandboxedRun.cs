// An engine's run inside bubblewrap: what it is shown, a hand on the file systems that it writes to, and the words for what goes wrong.
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Protocol;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Orchestrator.Engines.Sandbox;

internal sealed class SandboxedRun : RunThread
{
    private const int OpenDirectory = 0x10000, OpenPath = 0x200000, OpenNoFollow = 0x20000;

    private readonly BubblewrapFeatures features;
    private readonly NetworkProxy? proxy;
    private readonly SandboxedProcess sandbox;
    private SafeFileHandle? artifactsFiles;
    private ViewGrowth? view;

    /// <param name="ownDevices">See <see cref="SandboxedProcess"/>.</param>
    public SandboxedRun(EngineRun run, string bubblewrap, BubblewrapFeatures features, CancellationToken ct, bool ownDevices = true) : base(run, ct)
    {
        this.features = features;
        proxy = run.DeclaredNetwork is { } grant ? new(grant, run.Mode) : null;
        sandbox = new(bubblewrap, run.Limits, proxy, ownDevices);
    }

    protected override Problem? Launch()
    {
        if (HiddenEntries() is not { } hidden)
            return new(ProblemCode.SandboxFailed, "An entry of the workspace that must stay hidden from engines is a link.") { Remedy = $"Replace the link in {Run.Workspace} by a directory." };
        if (Run.Written is { } written) view = new(written, Run.Limits.TempBytes, EntriesMax);
        if (sandbox.Spawn(new(Run.LaunchPrefix, UnixSockets: !Run.Network, devices => Bubblewrap.Arguments(Run, hidden, HostLayout.OfThisMachine, features, devices),
            [(Input, 0), (Output.Writer, 1), (Log.Writer, 2)])) is { } failed) return failed;
        Leader = sandbox.Leader;
        if (!sandbox.Hold(OpenArtifacts)) return SetupFailed();
        if (!sandbox.Connect().Try(out var connected, out var unconnected)) return unconnected;
        if (!connected) return SetupFailed();
        if (sandbox.Limit(FileBytesMax) is { } limit) return limit;
        if (Clear() is { } refused) return refused;
        sandbox.Release();
        return null;
    }

    protected override NetworkLog? EndNetwork() => proxy?.Stop();

    /// <summary>What there is to cover. In a view that only the launcher sees, the caller vouches for it (see <see cref="EngineRun.LaunchPrefix"/>).</summary>
    private List<(string, bool)>? HiddenEntries()
    {
        var hidden = new List<(string, bool)>();
        foreach (var name in Run.HiddenEntries)
        {
            var entry = new FileInfo(Path.Join(Run.Workspace, name));
            if (Run.LaunchPrefix.Count > 0) hidden.Add((name, true));
            else if (entry.LinkTarget is not null) return null;
            else if (Directory.Exists(entry.FullName)) hidden.Add((name, true));
            else if (entry.Exists) hidden.Add((name, false));
        }
        return hidden;
    }

    private bool OpenArtifacts(int child)
    {
        var handle = SpawnNative.Opened(SpawnNative.Open($"/proc/{child}/root{Bubblewrap.Artifacts}", OpenDirectory | OpenNoFollow | SpawnNative.CloseOnExec));
        if (handle is null) return false;
        if (Run.FrozenArtifacts is not null)
        {
            handle.Dispose();
            return true;
        }
        if (!SandboxedProcess.IsTmpfs(handle, Run.Limits.ArtifactBytes))
        {
            handle.Dispose();
            return false;
        }
        artifactsFiles = SpawnNative.Opened(SpawnNative.Open($"/proc/{child}/root{Bubblewrap.Artifacts}", OpenPath | OpenDirectory | OpenNoFollow | SpawnNative.CloseOnExec));
        Artifacts = DirectoryHandle.From(handle);
        return artifactsFiles is not null;
    }

    /// <summary>The launcher's own words: the engine has written nothing yet.</summary>
    private Problem SetupFailed()
    {
        Leader!.Kill();
        Leader.Wait();
        Output.Writer.Dispose();
        Log.Writer.Dispose();
        var words = PeekLog();
        return new Problem(ProblemCode.SandboxFailed, $"The sandbox could not be set up: {(words.Length == 0 ? "bubblewrap ended without a word" : words)}.")
            .With("bubblewrap", words);
    }

    protected override ProcessUse Measure() => sandbox.Measure();

    protected override Problem? CheckFiles(bool final)
    {
        var limits = Run.Limits;
        if (sandbox.Refused is { } code)
            return code == ProblemCode.LimitMemory ? Exceeded(code, "memory", limits.MemoryBytes, "bytes") : Exceeded(code, "processes and threads", limits.Processes, "");
        var files = sandbox.Files();
        if (files.TempBytes > limits.TempBytes) return Exceeded(ProblemCode.LimitFiles, "temporary files", limits.TempBytes, "bytes", files.TempBytes);
        if (files.TempEntries > EntriesMax) return Exceeded(ProblemCode.LimitFiles, "temporary files", EntriesMax, "entries");
        if (files.SharedEntries > EntriesMax) return Exceeded(ProblemCode.LimitFiles, "shared memory files", EntriesMax, "entries");
        if (view?.Beyond(() => final ? [] : sandbox.Pids()) is var (bytes, entries))
            return bytes > limits.TempBytes
                ? Exceeded(ProblemCode.LimitFiles, "what a take-off writes to the workspace", limits.TempBytes, "bytes", bytes)
                : Exceeded(ProblemCode.LimitFiles, "what a take-off writes to the workspace", EntriesMax, "entries", entries);
        if (artifactsFiles is null) return null;
        var artifacts = SandboxedProcess.UseOf(artifactsFiles);
        if (artifacts.Bytes > limits.ArtifactBytes) return Exceeded(ProblemCode.LimitArtifactBytes, "artifacts", limits.ArtifactBytes, "bytes", artifacts.Bytes);
        // A directory and two files each, and the root.
        return artifacts.Entries > limits.ArtifactCount * 3L + 1 ? Exceeded(ProblemCode.LimitArtifactCount, "artifacts", limits.ArtifactCount, "") : null;
    }

    private long EntriesMax => Bubblewrap.EntriesMax(Run.Limits);

    protected override bool End() => sandbox.End();

    protected override Outcome<int> ExitCode()
    {
        if (sandbox.ExitCode() is { } code) return code;
        var words = PeekLog();
        var start = words.LastIndexOf("bwrap: ", StringComparison.Ordinal);
        return new Problem(sandbox.Released && start >= 0 ? ProblemCode.EngineStartFailed : ProblemCode.EngineKilled,
            start >= 0 ? $"The engine could not be started: {words[(start + 7)..]}." : "The engine's sandbox was ended from outside.")
        {
            Remedy = start >= 0 ? "Check that the program and its interpreter exist inside the sandbox: of the host it sees /usr, and what the engine brings." : null,
        };
    }

    public override void Dispose()
    {
        artifactsFiles?.Dispose();
        view?.Dispose();
        sandbox.Dispose();
        proxy?.Dispose();
        base.Dispose();
    }
}
