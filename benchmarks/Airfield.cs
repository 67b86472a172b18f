// A store, a workspace and a small engine, ready for flight after flight in this process, with the real sandbox and the real disk;
// and the same engine launched bare: the very command line of its two runs, without the orchestrator around it.
using System.Diagnostics;
using System.Text.Json;
using CabinCrew.Governance.Access;
using CabinCrew.Ledger;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Orchestrator.Engines.Sandbox;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Benchmarks;

internal sealed class Airfield : IAsyncDisposable
{
    // Nearly all builtins of the shell: what is measured is the house, not the guest. One file_patch on one file.
    private const string Engine = """
        #!/bin/bash
        set -eu
        cd "$CABINCREW_WORKSPACE"
        read -r n < src/counter
        if [ "$CABINCREW_MODE" = take-off ]; then
          echo $((n + 1)) > src/counter
          echo '{"protocol_version":"draft-1","engine_id":"count","mode":"take-off","receipt_id":"count","status":"success","artifacts":[]}'
          exit 0
        fi
        mkdir "$CABINCREW_ARTIFACTS_DIR/count"
        cd "$CABINCREW_ARTIFACTS_DIR/count"
        printf -- '--- a/src/counter\n+++ b/src/counter\n@@ -1 +1 @@\n-%d\n+%d\n' "$n" $((n + 1)) > body.data
        hash=$(sha256sum body.data)
        printf '{"type":"file_patch","action":"update","role":"evidence","metadata":{},"body_file":"body.data","integrity":"sha256:%s"}' "${hash%% *}" > artifact.json
        hash=$(sha256sum artifact.json)
        printf '{"protocol_version":"draft-1","engine_id":"count","mode":"flight-plan","receipt_id":"count","status":"success","artifacts":[{"name":"count","role":"evidence","path":"count/artifact.json","hash":"sha256:%s"}]}\n' "${hash%% *}"
        """;

    private const string Workflow = """
        version: 1
        name: count
        workspace: workspace
        policies:
          - rules: rules.yaml
        steps:
          - id: count
            engine: ./engine.sh
        """;

    private const string Rules = """
        version: 1
        default: allow
        rules:
          - id: keys
            when: { added_lines: { pattern: "BEGIN [A-Z ]*PRIVATE KEY" } }
            decision: deny
            reason: a private key
          - id: pipelines
            when: { paths: [ ".github/**", "**/Dockerfile" ] }
            decision: require_approval
            reason: a definition of the pipeline
        """;

    private readonly string root;
    private readonly LedgerRoom ledger;
    private readonly Flights flights;
    private readonly Caller requester;
    private readonly WorkflowDefinition definition;
    private readonly Func<EngineRun, IReadOnlyList<string>> commandOf;

    private Airfield(string root, LedgerRoom ledger, IdentityBook identities, Caller requester, Func<EngineRun, IReadOnlyList<string>> commandOf)
    {
        (this.root, this.ledger, this.requester, this.commandOf) = (root, ledger, requester, commandOf);
        flights = new(ledger, identities);
        definition = WorkflowFile.Load(Path.Combine(root, WorkflowFile.DefaultName)).Value;
    }

    public static async Task<Airfield> OpenAsync(string root, int files)
    {
        var workspace = Directory.CreateDirectory(Path.Combine(root, "workspace")).FullName;
        Scratch.Fill(workspace, files - 1);
        await File.WriteAllTextAsync(Path.Combine(workspace, "src/counter"), "0\n");
        var engine = Path.Combine(root, "engine.sh");
        await File.WriteAllTextAsync(engine, Engine + "\n");
        File.SetUnixFileMode(engine, (UnixFileMode)0b111_101_101);
        await File.WriteAllTextAsync(Path.Combine(root, WorkflowFile.DefaultName), Workflow + "\n");
        await File.WriteAllTextAsync(Path.Combine(root, "rules.yaml"), Rules + "\n");

        var report = await SandboxProbe.RunAsync(CancellationToken.None);
        if (report.Problem is { } none) throw new InvalidOperationException(none.ToString());
        var me = new Credentials("benchmark", 0, null, null);
        var book = IdentityBook.Load(Path.Combine(root, "no-identities.yaml"), me).Value;
        var ledger = (await Stores.OpenAsync(Path.Combine(workspace, WorkspaceHasher.StoreDirectory), TimeProvider.System, new RandomIds(), CancellationToken.None)).Value;
        return new(root, ledger, book, book.Authenticate(me).Value,
            run => [report.Bubblewrap!, .. Bubblewrap.Arguments(run, [.. run.HiddenEntries.Select(h => (h, true))], HostLayout.OfThisMachine, report.Features)]);
    }

    public async ValueTask DisposeAsync()
    {
        await flights.DisposeAsync();
        await ledger.DisposeAsync();
    }

    /// <summary>From the start to the landing of one workflow of one step: plan, judgement, take-off, commit.</summary>
    public async Task<Cost> FlyAsync(IProgress<FlightNews>? news = null)
    {
        var (self, children, clock) = (Usage.OfSelf(), Usage.OfChildren(), Stopwatch.StartNew());
        var id = (await flights.StartAsync(definition, requester, unsandboxed: false, CancellationToken.None)).Value;
        var report = (await flights.AdvanceAsync(id, new(FlightGoal.Land, TimeSpan.Zero), news ?? Silent.Instance, CancellationToken.None)).Value;
        var wall = clock.Elapsed.TotalMilliseconds;
        if (report.Problem is { } problem || report.State.Overall != LifecycleState.Completed)
            throw new InvalidOperationException($"the flight did not land: {report.Problem?.ToString() ?? report.State.Overall.ToString()}");
        return new(wall, (Usage.OfSelf() - self + (Usage.OfChildren() - children)).TotalMilliseconds);
    }

    /// <summary>The engine's two runs (flight-plan, take-off) by the same launcher with the same arguments, one after the other: spawned, and waited for.</summary>
    public Task<Cost> LaunchBareAsync()
    {
        var done = new TaskCompletionSource<Cost>();
        // A thread that outlives the child, as the launcher's "die with parent" wants it.
        new Thread(() =>
        {
            try { done.SetResult(LaunchBare()); }
            catch (Exception e) { done.SetException(e); }
        }).Start();
        return done.Task;
    }

    private Cost LaunchBare()
    {
        var scratch = Path.Combine(Directory.Exists("/var/tmp") ? "/var/tmp" : Path.GetTempPath(), ledger.Ids.Next("cabincrew-bench"));
        var frozen = Directory.CreateDirectory(Path.Combine(scratch, "artifacts")).FullName;
        try
        {
            using var view = WorkspaceViews.Create(definition.Workspace, Path.Combine(scratch, "view")).Value;
            var plan = new EngineRun
            {
                Engine = EngineCatalog.Resolve(definition.Steps[0].Engine, root).Value,
                Mode = EngineMode.FlightPlan,
                Clearance = EngineRun.Cleared("{}"u8.ToArray()),
                Limits = definition.Steps[0].Limits,
                Workspace = definition.Workspace,
                HiddenEntries = [WorkspaceHasher.StoreDirectory],
            };
            var takeOff = plan with { Mode = EngineMode.TakeOff, Workspace = view.Root, FrozenArtifacts = frozen };
            IReadOnlyList<string>[] commands = [commandOf(plan), [.. view.LaunchPrefix, .. commandOf(takeOff)]];
            var (children, clock) = (Usage.OfChildren(), Stopwatch.StartNew());
            foreach (var command in commands) Launch(command);
            return new(clock.Elapsed.TotalMilliseconds, (Usage.OfChildren() - children).TotalMilliseconds);
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    public static unsafe void Launch(IReadOnlyList<string> command)
    {
        using var input = MemoryFile.Sealed("input", "{}"u8);
        using var seccomp = MemoryFile.Sealed("seccomp", SeccompFilter.Assemble(System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture, network: false)!);
        using var passwd = MemoryFile.Sealed("passwd", System.Text.Encoding.ASCII.GetBytes(Bubblewrap.Passwd));
        using var groups = MemoryFile.Sealed("group", System.Text.Encoding.ASCII.GetBytes(Bubblewrap.Group));
        using var nowhere = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite);
        using var go = Pipe.Create();
        byte one = 1;
        SpawnNative.Write((int)go.Writer.DangerousGetHandle(), &one, 1);
        IReadOnlyList<(SafeFileHandle, int)> descriptors =
        [
            (input, 0), (nowhere, 1), (nowhere, 2), (seccomp, Bubblewrap.SeccompFd), (nowhere, Bubblewrap.InfoFd), (nowhere, Bubblewrap.StatusFd),
            (go.Reader, Bubblewrap.BlockFd), (passwd, Bubblewrap.PasswdFd), (groups, Bubblewrap.GroupFd),
        ];
        using var child = Spawn.Start(new(Programs.Find(command[0])!, [.. command.Skip(1)], ["PATH=" + Programs.SearchPath], descriptors)).Value;
        if (child.Wait() is not 0 and var code) throw new InvalidOperationException($"the bare engine ended with {code}");
    }

    private sealed class Silent : IProgress<FlightNews>
    {
        public static readonly Silent Instance = new();

        public void Report(FlightNews value)
        {
        }
    }
}
