// The flights that are killed: each in a house of its own, prepared by the test, flown by CrashHost in processes that die, judged by CrashVerdict.
// An engine with effects outside leaves a line in an append-only log that no part of the orchestrator writes or reads: the epoch and the token it was given.
using System.Diagnostics;
using System.Globalization;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Streams;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Tests.Spec;

namespace CabinCrew.Tests.Hangar;

internal enum CrashKind
{
    /// <summary>Asked for and approved; an edit, a new file in new directories, a deletion that empties a directory, a mode.</summary>
    Patch,
    /// <summary>The same, and the take-off writes to a directory outside before it changes anything.</summary>
    Outside,
    /// <summary>The workspace moves after the approval, so that it is planned and approved anew.</summary>
    Drift,
    /// <summary>The take-off changes what it had not declared. Nobody is asked for an approval.</summary>
    Refused,
    /// <summary>The engine dies over its effect outside, and a person resolves the doubt.</summary>
    Doubt,
    /// <summary>So slow that its node's lease is renewed.</summary>
    Slow,
    /// <summary>A commit by the built-in git engine.</summary>
    Git,
    /// <summary>The patch, and then a step that changes nothing: the first one completes before the flight ends.</summary>
    TwoSteps,
}

internal sealed class CrashScene : IDisposable
{
    public const string EffectsLog = "outside/effects.log";
    public const string Moved = "touched.txt";

    private const string Patch = """
        diff --git a/a.txt b/a.txt
        --- a/a.txt
        +++ b/a.txt
        @@ -1 +1 @@
        -one
        +ONE
        diff --git a/deep/er/new.txt b/deep/er/new.txt
        new file mode 100644
        --- /dev/null
        +++ b/deep/er/new.txt
        @@ -0,0 +1 @@
        +new
        diff --git a/gone/old.txt b/gone/old.txt
        deleted file mode 100644
        --- a/gone/old.txt
        +++ /dev/null
        @@ -1 +0,0 @@
        -old
        diff --git a/run.sh b/run.sh
        old mode 100644
        new mode 100755

        """;

    private const string Effect = "printf 'ONE\\n' > a.txt; mkdir -p deep/er; printf 'new\\n' > deep/er/new.txt; rm -r gone; chmod +x run.sh";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TempTree tree = new();

    public CrashScene(CrashKind kind)
    {
        Kind = kind;
        tree.File("kind", kind.ToString()).File("identities.yaml", FlightHouse.Crew).File(EffectsLog, "");
        tree.File("workspace/a.txt", "one\n").File("workspace/dir/b.txt", "two\n").File("workspace/gone/old.txt", "old\n").File("workspace/run.sh", "#!/bin/sh\n");
        tree.File("home/rules.yaml", $"version: 1\n{(kind == CrashKind.Refused ? FlightHouse.Allow : FlightHouse.Ask)}\nrules:\n  - {{ id: none, when: {{ paths: [no/such/path] }}, decision: allow, reason: never }}\n");
        var outside = kind is CrashKind.Outside or CrashKind.Doubt ? $", outside: [{tree["outside"]}]" : "";
        var step = "{ id: one, engine: ./engines/e" + outside + " }";
        if (kind == CrashKind.Git)
        {
            tree.Bash("cd workspace && git init -q -b main && git add -A && git commit -qm first && echo ONE > a.txt");
            step = "{ id: one, engine: git, config: { action: commit, message: Change a, paths: [a.txt], author: { name: Ada, email: ada@example.org } } }";
        }
        if (kind == CrashKind.TwoSteps)
        {
            step += "\n  - { id: two, engine: ./engines/idle, needs: [one] }";
            tree.File("home/engines/idle", "#!/bin/sh\ncat > /dev/null\necho '" + Receipt("'$CABINCREW_MODE'", "") + "'\n", executable: true);
        }
        tree.File("home/cabincrew.yaml", $"version: 1\nname: flight\nworkspace: ../workspace\non_drift: {(kind == CrashKind.Drift ? "replan" : "fail")}\npolicies: [{{ rules: rules.yaml }}]\nsteps:\n  - {step}\n");
        tree.File("home/engines/e", Engine(), executable: true);
        Before = Tree();
    }

    public CrashKind Kind { get; }

    public string Root => tree.Root;

    public string this[string path] => tree[path];

    /// <summary>The workspace as it was.</summary>
    public string Before { get; }

    /// <summary>As it was approved.</summary>
    public string After => Kind == CrashKind.Git ? Before : "a.txt 644 ONE\ndeep/er/new.txt 644 new\ndir/b.txt 644 two\nrun.sh 755 #!/bin/sh\n";

    public IReadOnlyList<string> Effects => File.ReadAllLines(tree[EffectsLog]);

    /// <summary>How the last process's life ended here.</summary>
    public string Outcome => File.ReadLines(tree[CrashHost.Heard]).First();

    /// <summary>Every failpoint that the last process came by here, in order.</summary>
    public IReadOnlyList<string> Trace => [.. File.ReadLines(tree[CrashHost.Heard]).Skip(1)];

    /// <summary>Each file with its permissions and content, each empty directory; without git's own and the test's mark of drift.</summary>
    public string Tree()
    {
        var lines = new List<string>();
        foreach (var entry in new DirectoryInfo(tree["workspace"]).EnumerateFileSystemInfos("*", SearchOption.AllDirectories))
        {
            var path = Path.GetRelativePath(tree["workspace"], entry.FullName);
            if (path == Moved || path.StartsWith(".git/", StringComparison.Ordinal) || path == ".git") continue;
            if (entry is FileInfo) lines.Add($"{path} {Convert.ToString((int)entry.UnixFileMode, 8)} {File.ReadAllText(entry.FullName).TrimEnd('\n')}");
            else if (!Directory.EnumerateFileSystemEntries(entry.FullName).Any()) lines.Add($"{path}/");
        }
        return string.Join('\n', lines.Order(StringComparer.Ordinal)) + "\n";
    }

    /// <summary>In the child: as a person and a cron job would, start what is not started, advance it, answer what is asked, resolve what is in doubt.</summary>
    public static async Task<string> FlyAsync(string root, HostClock clock)
    {
        var kind = Enum.Parse<CrashKind>(File.ReadAllText(Path.Combine(root, "kind")));
        clock.RenewsOften = kind == CrashKind.Slow;
        var house = await FlightHouse.AtAsync(root, clock, new SceneIds(root));
        await using var leaving = house;
        var listed = (await house.Ledger.Store.ListAsync(TenantId.Local, new StreamFilter(), default)).Value;
        var id = listed.Count > 0 ? listed[^1].Workflow : await house.StartAsync(WorkflowFile.Load(house["home/cabincrew.yaml"]).Value);
        var (since, locked) = (Stopwatch.StartNew(), 0);
        while (since.Elapsed < Patience)
        {
            var advanced = await house.TryAdvanceAsync(id);
            if (!advanced.Try(out var report, out var problem))
            {
                if (problem.Code == ProblemCode.WorkflowFinished) return kind == CrashKind.Doubt ? "resolved" : (await house.StateAsync(id)).Ended == LifecycleState.Completed ? "landed" : "failed";
                // Another node has it: it may need us later.
                if (problem.Code is not (ProblemCode.WorkflowBusy or ProblemCode.StoreFenced)) return $"refused {problem}";
                await Task.Delay(10);
                continue;
            }
            switch (report.Problem?.Code)
            {
                case null: return "landed";
                case ProblemCode.ApprovalRequired:
                    var touched = house["workspace/" + Moved];
                    if (kind == CrashKind.Drift && !File.Exists(touched)) File.WriteAllText(touched, "moved\n");
                    // Whoever was answered for meanwhile, by another node, has been answered for.
                    if ((await house.Flights.FindApprovalAsync(id.ToString(), default)).Try(out var open, out _) && open.Responses.Count == 0) await house.AnswerAsync(id, "ann");
                    continue;
                case ProblemCode.TakeOffOutcomeUnknown when kind == CrashKind.Doubt:
                    await house.Flights.ResolveAsync(id, house.Who("guest"), new(true, "I would like to"), default);
                    var resolved = await house.Flights.ResolveAsync(id, house.Who("ann"), new(File.ReadAllText(house[EffectsLog]).Length > 0, "looked at the log of effects"), default);
                    return resolved.Ok ? "resolved" : $"refused {resolved.Problem}";
                case ProblemCode.TakeOffOutcomeUnknown: return "doubt";
                case ProblemCode.WorkspaceLocked when ++locked > 2: return "locked";
                case ProblemCode.StoreFenced or ProblemCode.WorkspaceLocked:
                    await Task.Delay(10);
                    continue;
                default: return $"{(report.State.Ended is null ? "rests" : "failed")} {report.Problem}";
            }
        }
        return "the flight does not come to an end";
    }

    public void Dispose()
    {
        foreach (var left in Directory.EnumerateDirectories(SceneIds.ScratchRoot, $"cabincrew-{SceneIds.Mark(Root)}-*"))
            TempTree.Run("/", "sh", "-c", "chmod -R u+rwX \"$1\"; rm -rf -- \"$1\"", "sh", left);
        tree.Dispose();
    }

    private static string Receipt(string mode, string artifacts) =>
        $$"""{"protocol_version":"draft-1","engine_id":"scripted","mode":"{{mode}}","receipt_id":"r-1","status":"success","artifacts":[{{artifacts}}]}""";

    private string Engine()
    {
        var artifact = $$"""{"type":"code_diff","action":"update","role":"evidence","body_file":"body.data","integrity":"{{Digest.Of(System.Text.Encoding.UTF8.GetBytes(Patch))}}"}""";
        var size = artifact.Length + Patch.Length;
        var listed = $$"""{"name":"change","role":"evidence","path":"change/artifact.json","hash":"{{Digest.Of(System.Text.Encoding.UTF8.GetBytes(artifact))}}","size":{{size.ToString(CultureInfo.InvariantCulture)}}}""";
        var reach = $"""printf '%s %s\n' "$(expr "$input" : '.*"epoch":\([0-9]*\)')" "$(expr "$input" : '.*"expected_plan_token":"\([^"]*\)"')" >> '{tree[EffectsLog]}'""";
        return $"""
            #!/bin/sh
            input=$(cat)
            if [ "$CABINCREW_MODE" = flight-plan ]; then
            {(Kind == CrashKind.Slow ? "sleep 0.5" : ":")}
            {(Kind == CrashKind.Patch ? "head -c 20000 /dev/zero | tr '\\0' . >&2" : ":")}
            mkdir "$CABINCREW_ARTIFACTS_DIR/change" && cd "$CABINCREW_ARTIFACTS_DIR/change"
            printf %s '{artifact}' > artifact.json
            cat > body.data <<'END'
            {Patch}END
            echo '{Receipt("flight-plan", listed)}'
            exit
            fi
            cd "$CABINCREW_WORKSPACE"
            {(Kind is CrashKind.Outside or CrashKind.Doubt ? reach : ":")}
            {(Kind == CrashKind.Doubt ? "kill -9 $$" : ":")}
            {(Kind == CrashKind.Refused ? "echo more > undeclared.txt" : ":")}
            {Effect}
            echo '{Receipt("take-off", "")}'

            """;
    }
}

/// <summary>Random ids; scratch directories are marked with the scene, so that what killed processes leave behind can be found and removed.</summary>
internal sealed class SceneIds(string root) : IIdSource
{
    private readonly RandomIds random = new();

    public static string ScratchRoot => Directory.Exists("/var/tmp") ? "/var/tmp" : Path.GetTempPath();

    public static string Mark(string root) => Path.GetFileName(root)["cabincrew-test-".Length..].ToLowerInvariant();

    public string Next(string prefix) => random.Next(prefix == "cabincrew" ? $"{prefix}-{Mark(root)}" : prefix);
}
