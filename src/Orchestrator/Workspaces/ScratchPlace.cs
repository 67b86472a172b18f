// Where a take-off's view is laid: the first directory that can hold an overlay's upper layer, else one that can hold a copy. What counts is the file system that
// is found there, and its room; never a path's name.
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workspaces;

/// <param name="HoldsOverlay">An overlay's upper layer may lie there; else the workspace is copied.</param>
/// <param name="Passed">Directories that came before it, and why each was passed over.</param>
internal sealed record ScratchPlace(string Path, FileSystem FileSystem, bool HoldsOverlay, IReadOnlyList<string> Passed)
{
    public const string Variable = "CABINCREW_SCRATCH";

    private const long MarginBytes = 64L << 20;

    /// <summary>In the order of preference.</summary>
    public static IReadOnlyList<string> Candidates(Func<string, string?> environment) =>
        [.. new[] { environment(Variable), "/var/tmp", environment("TMPDIR"), "/tmp", environment("XDG_RUNTIME_DIR") }.OfType<string>().Where(d => d.StartsWith('/')).Distinct()];

    public static Outcome<ScratchPlace> Choose(string? workspace) =>
        Choose(Candidates(System.Environment.GetEnvironmentVariable), FileSystem.Of, new Lazy<long>(() => workspace is null ? 0 : SizeOf(workspace)));

    /// <param name="workspaceBytes">Asked only where memory would be the place.</param>
    internal static Outcome<ScratchPlace> Choose(IReadOnlyList<string> candidates, Func<string, FileSystem?> fileSystem, Lazy<long> workspaceBytes)
    {
        var passed = new List<string>();
        ScratchPlace? copying = null;
        foreach (var path in candidates)
        {
            if (fileSystem(path) is not { } found || !Directory.Exists(path)) continue;
            if (Unfit(found, workspaceBytes) is { } unfit)
            {
                passed.Add($"{path} ({found.Name}): {unfit}");
                continue;
            }
            if (found.UnfitForOverlay is not { } only) return new ScratchPlace(path, found, true, passed);
            passed.Add($"{path} ({found.Name}): {only}");
            copying ??= new(path, found, false, [.. passed]);
        }
        return copying is not null ? copying with { Passed = passed }
            : new Problem(ProblemCode.IoFailed, $"no directory can hold the view of a take-off: {(passed.Count == 0 ? "none is there" : string.Join("; ", passed))}") { Remedy = $"Name one on a disk: `export {Variable}=/path`." };
    }

    // A place in memory must hold the whole workspace, in case that it is copied or all of it rewritten.
    private static string? Unfit(FileSystem found, Lazy<long> workspaceBytes) =>
        found.ReadOnly ? "it is read-only"
        : found.NoExec ? "no program on it can be started (noexec)"
        : found.IsInMemory && found.FreeBytes < workspaceBytes.Value + MarginBytes ? $"it is in memory and has {found.FreeBytes >> 20} MiB, the workspace needs {(workspaceBytes.Value + MarginBytes) >> 20} MiB"
        : null;

    private static long SizeOf(string workspace)
    {
        try
        {
            return new DirectoryInfo(workspace).EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint }).Sum(f => f.Length);
        }
        catch (IOException)
        {
            return long.MaxValue - MarginBytes; // it moves under us: then memory is no place for it
        }
    }
}
