// demo: one whole flight on a fresh git repository, with nothing staged: the same code path as `run`, `approve`, `audit verify`.
using System.CommandLine;
using CabinCrew.Cli.Views;
using CabinCrew.Governance.Access;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Audit;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Orchestrator.Workflows.Stages;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Demo;

internal static class DemoCommand
{
    public static Command Create()
    {
        var yes = new Flag("--yes", "-y") { Description = "Approve without asking." };
        var directory = new Option<string?>("--dir") { Description = "Where to make the repository (default: a new temporary directory, kept).", HelpName = "DIR" };
        var command = new Command("demo", """
            Make a real git repository with a bug and watch an agent's fix being planned in a sandbox, judged, approved by you,
            applied exactly, committed, and proven.

            Examples:
              cabincrew demo
              cabincrew demo --yes --dir /tmp/cabincrew-demo
            """) { yes, directory };
        command.Plain((parse, screen, ct) => RunAsync(screen, parse.GetValue(directory), parse.Has(yes), ct));
        return command;
    }

    private static async Task<Outcome<int>> RunAsync(Screen screen, string? directory, bool yes, CancellationToken ct)
    {
        if (!Composition.Me(null, null).Try(out var me, out var problem)) return problem;
        var at = Path.GetFullPath(directory ?? Path.Combine(Path.GetTempPath(), new RandomIds().Next("cabincrew-demo")));
        if (!(await DemoRepository.CreateAsync(at, me.OsUser, ct).ConfigureAwait(false)).Try(out var repository, out problem)) return problem;
        screen.Title("1. A repository with a bug");
        screen.Line($"  {Screen.Safe(at)}: 3 x 19.99 + 0.29 should be 60.26, and it prints 60.24.");
        screen.Line("  An agent has a fix. It may ask for it to be applied; it may not approve it. You may.");

        var place = Place.Find(at, null, null);
        if (!IdentityBook.Load(place.IdentitiesFile, me).Try(out var book, out problem)) return problem;
        if (!book.Authenticate(me with { ClaimedName = DemoRepository.Agent, Token = repository.AgentToken }).Try(out var agent, out problem)) return problem;
        if (!book.Authenticate(me with { ClaimedName = null, Token = null }).Try(out var you, out problem)) return problem;
        if (!WorkflowFile.Load(place.WorkflowFile).Try(out var definition, out problem)) return problem;
        if (!(await Stores.OpenAsync(place.Store, TimeProvider.System, new RandomIds(), ct).ConfigureAwait(false)).Try(out var ledger, out problem)) return problem;
        await using (ledger)
        {
            using var models = Composition.BroughtModels();
            var house = new House(place, ledger, book, agent, new Flights(ledger, book, models: models.Load), models);
            screen.Title("2. The flight");
            if (!(await house.Flights.StartAsync(definition, agent, unsandboxed: false, ct).ConfigureAwait(false)).Try(out var id, out problem)) return problem;
            if (!(await FlyAsync(screen, house, id, you, yes, ct).ConfigureAwait(false)).Try(out var state, out problem)) return problem;
            return await ProveAsync(screen, house, state, at, ct).ConfigureAwait(false);
        }
    }

    /// <summary>Flies until it lands, answering each request for approval in between.</summary>
    private static async Task<Outcome<FlightState>> FlyAsync(Screen screen, House house, WorkflowId id, Caller you, bool yes, CancellationToken ct)
    {
        while (true)
        {
            var progress = new ProgressView(screen);
            var advanced = await house.Flights.AdvanceAsync(id, new(FlightGoal.Land, TimeSpan.Zero), progress, ct).ConfigureAwait(false);
            progress.Dispose(); // before anybody is asked
            if (!advanced.Try(out var report, out var problem)) return problem;
            if (report.Problem is null) return report.State;
            if (report.Problem.Code != ProblemCode.ApprovalRequired) return report.Problem;
            if (!(await house.Flights.FindApprovalAsync(id.ToString(), ct).ConfigureAwait(false)).Try(out var pending, out problem)) return problem;
            if (!(await FrozenPlans.LoadAsync(house.Ledger, TenantId.Local, pending.Flight, pending.Step.Id, ct).ConfigureAwait(false)).Try(out var bytes, out problem)) return problem;

            FlightView.ShowStep(screen, pending.Step, bytes);
            if (!yes && !screen.Interactive) return Unanswered(house, pending);
            var approved = yes || screen.Ask($"Approve this plan as {you.Name}?");
            screen.Line(yes ? "\n  Approved, because of --yes." : "");
            var answer = await house.Flights.AnswerAsync(new(pending.Request.ApprovalId, approved, pending.Step.Token!.Token, approved ? "reviewed in the demo" : "rejected in the demo"), you, ct).ConfigureAwait(false);
            if (!answer.Try(out _, out problem)) return problem;
        }
    }

    private static Problem Unanswered(House house, PendingApproval pending) => new(ProblemCode.ApprovalRequired, "there is no terminal to ask on; the flight waits")
    {
        Remedy = string.Join('\n',
        [
            .. ProgramPath.Hint() is { } path ? [path] : Array.Empty<string>(),
            $"cd {house.Place.Root}",
            $"cabincrew approve {pending.Request.ApprovalId} --token {pending.Step.Token!.Token.Hex[..16]}",
            $"cabincrew resume {pending.Flight.Id}",
            "(or all at once: cabincrew demo --yes)",
        ]),
    };

    private static async Task<Outcome<int>> ProveAsync(Screen screen, House house, FlightState state, string at, CancellationToken ct)
    {
        screen.Title("3. What happened to the repository");
        foreach (var arguments in (string[][])[["log", "--oneline", "--no-decorate"], ["status", "--short"]])
        {
            if (!(await HostGit.RunAsync(at, arguments, ct).ConfigureAwait(false)).Try(out var text, out var failed)) return failed;
            screen.Line($"  $ git {string.Join(' ', arguments)}");
            foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries)) screen.Line($"  {Screen.Safe(line)}");
        }

        screen.Title("4. The evidence");
        var export = Path.Combine(at, ".cabincrew", "audit.jsonl");
        var key = Path.Combine(at, ".cabincrew", "audit.pub.pem");
        await File.WriteAllTextAsync(key, house.Ledger.Signer.PublicKeyPem, ct).ConfigureAwait(false);
        await using (var stream = new FileStream(export, FileMode.Create, FileAccess.Write))
            if (!(await AuditExport.WriteAsync(house.Ledger.Store, TenantId.Local, house.Ledger.Signer.PublicKeyPem, stream, ct).ConfigureAwait(false)).Try(out _, out var unwritten)) return unwritten;
        await using var written = File.OpenRead(export);
        if (!(await AuditVerifier.VerifyAsync(written, house.Ledger.Signer.PublicKeyPem, null, ct).ConfigureAwait(false)).Try(out var report, out var problem)) return problem;
        screen.Check(true, "audit log", $"{report.Events} events, whole, in order, signed by {report.Head.KeyRef}", null);
        foreach (var step in state.Definition.Steps.Select(s => state.Steps[s.Id]))
        {
            if (!(await FrozenPlans.LoadAsync(house.Ledger, TenantId.Local, state, step.Id, ct).ConfigureAwait(false)).Try(out var bytes, out problem)) return problem;
            if (bytes.VerifyToken() is { } mismatch) return mismatch;
            screen.Check(true, $"step {step.Id}", $"plan-token {step.Token!.Token.Hex[..16]}... recomputed from the stored plan; paths changed: {step.TakeOff!.Changes.Count}, as declared", null);
        }
        screen.Line("\n  Look around:");
        foreach (var hint in (string[])[.. ProgramPath.Hint() is { } path ? [path] : Array.Empty<string>(), $"cd {at}", $"cabincrew show {state.Id}", $"cabincrew token explain {state.Id}", "cabincrew audit verify .cabincrew/audit.jsonl --key .cabincrew/audit.pub.pem"]) screen.Hint(hint);
        if (screen.Json)
        {
            var document = FlightDocument.Of(state);
            document["repository"] = at;
            document["audit_events"] = report.Events;
            screen.Document(document);
        }
        return 0;
    }
}
