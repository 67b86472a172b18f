// Hashing a workspace of 10,000 files, against git hashing the same files.
using CabinCrew.Orchestrator.Workspaces;

namespace CabinCrew.Benchmarks;

internal sealed class WorkspaceHashBenchmark : IBenchmark
{
    private const int Files = 10_000;
    private const int Rounds = 11;

    public string Name => "hash";

    public async Task<IReadOnlyList<Measure>> RunAsync(string scratch)
    {
        var paths = string.Join('\n', Scratch.Fill(scratch, Files)) + "\n";
        var (ours, git) = await Pairs.MedianAsync(Rounds,
            () => Timing.InProcess(() =>
            {
                var snapshot = WorkspaceHasher.Hash(scratch, CancellationToken.None).Value;
                if (snapshot.Files != Files) throw new InvalidOperationException($"{snapshot.Files} files hashed, not {Files}");
            }),
            () => Timing.ProcessAsync("git", ["hash-object", "--stdin-paths"], scratch, paths));
        return
        [
            new($"hash {Files} files, time", "ms", ours.WallMs, "git hash-object", git.WallMs, 1),
            new($"hash {Files} files, CPU", "ms", ours.CpuMs, "git hash-object", git.CpuMs, 1),
        ];
    }
}
