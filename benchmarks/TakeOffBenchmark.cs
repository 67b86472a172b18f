// A take-off that writes 1,000 files, against `cp -r` of the same files and an fsync of each file and directory (coreutils' `sync`, one fsync an argument).
// The whole stage counts: claim, conditions, token, drift, view, the engine in its sandbox, comparison, blobs, commit marker, workspace, end.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Benchmarks;

internal sealed class TakeOffBenchmark : IBenchmark
{
    private const int Edited = 900, Created = 100, Deleted = 100;
    private const int Rounds = 9;

    // Two versions of a tree; a flight goes from the one that stands to the other. `tar` does the writing, so that the engine is no slower than cp.
    private const string Engine = """
        #!/bin/bash
        set -eu
        cd "$CABINCREW_WORKSPACE"
        read -r now < version
        next=$((1 - now))
        if [ "$CABINCREW_MODE" = take-off ]; then
          tar -xf /engine/tree$next.tar
          rm -r only$now
          echo '{"protocol_version":"draft-1","engine_id":"tree","mode":"take-off","receipt_id":"tree","status":"success","artifacts":[]}'
          exit 0
        fi
        mkdir "$CABINCREW_ARTIFACTS_DIR/tree"
        cd "$CABINCREW_ARTIFACTS_DIR/tree"
        cp /engine/to$next.patch body.data
        hash=$(sha256sum body.data)
        printf '{"type":"file_patch","action":"update","role":"evidence","metadata":{},"body_file":"body.data","integrity":"sha256:%s"}' "${hash%% *}" > artifact.json
        hash=$(sha256sum artifact.json)
        printf '{"protocol_version":"draft-1","engine_id":"tree","mode":"flight-plan","receipt_id":"tree","status":"success","artifacts":[{"name":"tree","role":"evidence","path":"tree/artifact.json","hash":"sha256:%s"}]}\n' "${hash%% *}"
        """;

    private const string Peer = """cp -r "$1" "$2" && find "$2" -print0 | xargs -0 sync""";

    public string Name => "takeoff";

    public async Task<IReadOnlyList<Measure>> RunAsync(string scratch)
    {
        List<(string Path, string Text)>[] trees = [Tree(0), Tree(1)];
        var root = Directory.CreateDirectory(Path.Combine(scratch, "home")).FullName;
        await LayEngineAsync(root, trees);
        var definition = Ground.Lay(root, "", trees[0]) with { };
        await File.WriteAllTextAsync(definition.File, (await File.ReadAllTextAsync(definition.File)).Replace("./engine.sh", "./engine", StringComparison.Ordinal));
        definition = WorkflowFile.Load(definition.File).Value;

        var source = Path.Combine(scratch, "source");
        foreach (var (path, text) in trees[1].Where(f => f.Path != "version")) await WriteAsync(Path.Combine(source, path), text);
        await using var ground = await Ground.OpenAsync(Path.Combine(root, "workspace", WorkspaceHasher.StoreDirectory));
        var copies = 0;
        var (ours, peer) = await Pairs.MedianAsync(Rounds, async () =>
        {
            var id = await ground.StartAsync(definition);
            await ground.AdvanceAsync(id, FlightGoal.Plan, LifecycleState.ReadyForTakeoff);
            var (cpu, clock) = (Usage.OfSelf() + Usage.OfChildren(), Stopwatch.StartNew());
            await ground.AdvanceAsync(id, FlightGoal.Land, LifecycleState.Completed);
            return new(clock.Elapsed.TotalMilliseconds, (Usage.OfSelf() + Usage.OfChildren() - cpu).TotalMilliseconds);
        }, async () =>
        {
            var target = Path.Combine(scratch, string.Create(CultureInfo.InvariantCulture, $"copy{copies++}"));
            return await Timing.ProcessAsync("/bin/sh", ["-c", Peer, "sh", source, target], scratch);
        });
        return
        [
            new($"take-off of {Edited + Created} written files, time", "ms", ours.WallMs, "cp -r and fsync", peer.WallMs, 3)
            {
                Note = string.Create(CultureInfo.InvariantCulture, $"{Edited} edited, {Created} created, and {Deleted} deleted, about 3 KB each; load {Usage.Load()}"),
            },
            new("  CPU of the same", "ms", ours.CpuMs, "cp -r and fsync", peer.CpuMs, double.PositiveInfinity),
        ];
    }

    private static List<(string Path, string Text)> Tree(int version)
    {
        var files = new List<(string, string)>();
        for (var i = 0; i < Edited; i++) files.Add((string.Create(CultureInfo.InvariantCulture, $"src/unit{i / 20:00}/file{i:000}.txt"), Text(i, version)));
        for (var i = 0; i < Created; i++) files.Add((string.Create(CultureInfo.InvariantCulture, $"only{version}/unit{i / 20}/file{i:000}.txt"), Text(10_000 + i, 0)));
        files.Add(("version", string.Create(CultureInfo.InvariantCulture, $"{version}\n")));
        return files;
    }

    // Fifty lines of sixty characters; the one in the middle tells the version.
    private static string Text(int number, int version)
    {
        var random = new Random(number);
        var text = new StringBuilder();
        for (var line = 0; line < 50; line++)
        {
            if (line == 25) text.Append(CultureInfo.InvariantCulture, $"version {version}\n");
            for (var c = 0; c < 60; c++) text.Append((char)random.Next('a', 'z' + 1));
            text.Append('\n');
        }
        return text.ToString();
    }

    private static async Task LayEngineAsync(string root, List<(string Path, string Text)>[] trees)
    {
        var engine = Directory.CreateDirectory(Path.Combine(root, "engine")).FullName;
        await File.WriteAllTextAsync(Path.Combine(engine, "run"), Engine + "\n");
        File.SetUnixFileMode(Path.Combine(engine, "run"), (UnixFileMode)0b111_101_101);
        await File.WriteAllTextAsync(Path.Combine(engine, "cabincrew-engine.json"), """{"engine_id": "tree", "command": ["./run"]}""");
        for (var next = 0; next < 2; next++)
        {
            var tree = Path.Combine(root, string.Create(CultureInfo.InvariantCulture, $"tree{next}"));
            foreach (var (path, text) in trees[next]) await WriteAsync(Path.Combine(tree, path), text);
            await Timing.ProcessAsync("tar", ["-cf", Path.Combine(engine, $"tree{next}.tar"), "-C", tree, "."], root);
            var before = Contents(trees[1 - next]);
            var after = Contents(trees[next]);
            var writes = before.Keys.Union(after.Keys).Where(p => !(before.TryGetValue(p, out var b) && after.TryGetValue(p, out var a) && a.State == b.State))
                .Select(p => new FileWrite(new(p, before.GetValueOrDefault(p)?.State, after.GetValueOrDefault(p)?.State), after.GetValueOrDefault(p)?.Bytes));
            await File.WriteAllBytesAsync(Path.Combine(engine, $"to{next}.patch"), GitPatch.Write(writes, p => before.GetValueOrDefault(p)));
        }
    }

    private static Dictionary<WorkspacePath, FileContent> Contents(List<(string Path, string Text)> tree) =>
        tree.ToDictionary(f => WorkspacePath.Parse(f.Path), f => new FileContent(FileKind.Regular, Encoding.UTF8.GetBytes(f.Text)));

    private static async Task WriteAsync(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, text);
    }
}
