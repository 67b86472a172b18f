// An adversary with the owner's own rights changes whatever lies on disk between any two steps of a flight (ART-05, TOK-04): blobs, the engine's
// artifacts, the frozen ones, the engine, the policies, the workspace. What is applied is what was judged and approved, to the byte, or nothing is.
using System.Text;
using CabinCrew.Ledger.Blobs;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Races;

public sealed class SwappedFilesTests
{
    private const string Evil = "EVIL", Edit = "EDIT\n";

    // One try: one change, at one moment; and for every second one the file is put back later, so that who looks only at the ends sees nothing.
    [Theory, Clause("ART-05"), Clause("TOK-04"), Clause("ENG-09")]
    [InlineData(1, 90)]
    public Task Whatever_is_swapped_only_what_was_approved_is_applied(int seed, int tries) => SwapAsync(seed, tries);

    [Theory(Explicit = true), Clause("ART-05")]
    [InlineData(2, 10_000)]
    public Task Ten_thousand_swaps_and_only_what_was_approved_is_applied(int seed, int tries) => SwapAsync(seed, tries);

    private static async Task SwapAsync(int seed, int tries)
    {
        var random = new Random(seed);
        var (landed, refused) = (0, 0);
        for (var i = 0; i < tries; i += 30)
        {
            await using var hangar = await SwapHouse.OpenAsync(random);
            for (var n = i; n < Math.Min(tries, i + 30); n++)
            {
                var (told, ended) = await hangar.TryAsync(n);
                if (ended is null) landed++;
                else refused++;
                if (told is not null) Assert.Fail($"seed {seed}, try {n}: {told}");
                if (hangar.IsStuck) break;
            }
        }
        Assert.True(landed > tries / 20 && refused > tries / 20, $"{landed} landed, {refused} refused: the adversary is never or always met");
    }

    private static readonly string Padding = new('.', BlobStore.SmallBytes);

    private sealed class SwapHouse(FlightHouse house, StagedRunner runner, Random random) : IAsyncDisposable
    {
        private readonly List<string> staged = [];

        public bool IsStuck { get; private set; }

        public static async Task<SwapHouse> OpenAsync(Random random)
        {
            var runner = new StagedRunner();
            var house = await FlightHouse.OpenAsync(FlightHouse.Ask, runner);
            house.Script("e", "");
            var own = new SwapHouse(house, runner, random);
            // A real engine reads the patch that it was given, wherever it lies.
            runner.Plan = run =>
            {
                lock (own.staged) own.staged.Add(run.Artifacts);
                // Wide enough to be kept in files, where it can be swapped.
                run.Propose("one.txt", run.Text + Padding);
                return Task.CompletedTask;
            };
            runner.TakeOff = run =>
            {
                lock (own.staged) own.staged.Add(run.Run.FrozenArtifacts!);
                own.Strike("engine");
                var patch = Path.Combine(run.Run.FrozenArtifacts!, "change", "body.data");
                var line = File.Exists(patch) ? File.ReadAllLines(patch).LastOrDefault(l => l.StartsWith('+'))?[1..] ?? "" : "";
                run.InView($"printf '%s\\n' '{line.Replace("'", "", StringComparison.Ordinal)}' > one.txt");
                return Task.CompletedTask;
            };
            return own;
        }

        private string moment = "";
        private string back = "";
        private Action swap = static () => { };
        private Action undo = static () => { };
        private bool wasStruck;
        // A blob that was still being written: what becomes of it then, nobody can put back.
        private volatile bool wasUnfinished;

        private void Strike(string now)
        {
            if (now == moment && !wasStruck)
            {
                wasStruck = true;
                swap();
            }
            else if (now == back && wasStruck) undo();
        }

        /// <summary>What must not be, or null; and how the flight ended.</summary>
        public async Task<(string? Told, ProblemCode? Ended)> TryAsync(int number)
        {
            File.Delete(Path.Combine(house.Workspace, "one.txt"));
            if (random.Next(2) == 0) File.WriteAllText(Path.Combine(house.Workspace, "one.txt"), $"before {number}\n");
            house.Script("e", "");
            house.Rules(FlightHouse.Ask);
            wasStruck = wasUnfinished = false;
            (moment, back) = (Moment(), random.Next(2) == 0 ? Moment() : "");
            var victim = random.Next(9);
            (swap, undo) = Swap(victim);
            var commits = 0;
            house.Store.OnCommit = _ =>
            {
                Strike($"commit {commits++}");
                return Cut.No;
            };
            // Without a pause between two moments there is still the time that each of them takes.
            using var stop = new CancellationTokenSource();
            var started = new TaskCompletionSource();
            var pace = new Random(random.Next());
            var isRestless = random.Next(4) == 0;
            var restless = isRestless ? Task.Factory.StartNew(() =>
            {
                started.Task.Wait();
                while (!stop.IsCancellationRequested)
                {
                    Thread.Sleep(pace.Next(1, 4));
                    swap();
                    Thread.Sleep(1);
                    undo();
                }
            }, TaskCreationOptions.LongRunning) : Task.CompletedTask;

            var definition = house.Workflow($"  - {{ id: one, engine: ./engines/e, config: {{ text: good-{number} }} }}");
            var id = await house.StartAsync(definition);
            started.SetResult();
            var report = await house.TryAdvanceAsync(id);
            ChangeRecord? approved = null;
            if (report.Ok && report.Value.Problem?.Code == ProblemCode.ApprovalRequired)
            {
                Strike("shown");
                var shown = (await house.StateAsync(id)).Steps.Values.Single();
                if ((await house.Flights.AnswerAsync(new(shown.Request!.ApprovalId, true, shown.Token!.Token, null), house.Who("ann"), default)).Ok) approved = shown.Plan!.Changes.SingleOrDefault();
                Strike("approved");
                report = await house.TryAdvanceAsync(id);
            }
            await stop.CancelAsync();
            await restless;
            undo();
            house.Store.OnCommit = static _ => Cut.No;
            house.Script("e", "");
            house.Rules(FlightHouse.Ask);
            var state = await house.StateAsync(id);
            // Decided and then stopped by what was swapped: with everything back in its place it ends.
            ProblemCode? ended = report.Problem?.Code;
            for (var again = 0; again < 3 && state.Ended is null && state.Overall == LifecycleState.TakeoffRunning; again++)
            {
                var record = state.Steps.Values.Single().TakeOff;
                if (record?.Changes.SingleOrDefault() is { } half && victim == 6) Restore(half, number);
                ended = (await house.TryAdvanceAsync(id)).Then(r => r.Problem is { } problem ? problem : Outcome.Of(r)).Problem?.Code;
                state = await house.StateAsync(id);
            }
            IsStuck = state.Overall == LifecycleState.TakeoffRunning;
            var path = Path.Combine(house.Workspace, "one.txt");
            var now = File.Exists(path) ? File.ReadAllText(path) : null;
            var told = $"{Victims[victim]} at {moment}, back at {(back.Length == 0 ? "the end" : back)}{(isRestless ? ", restless" : "")}: {report}, the file is {now?.Trim() ?? "not there"}";
            // It waits, says why, and has applied nothing.
            if (IsStuck && wasUnfinished && ended is ProblemCode.BlobCorrupt or ProblemCode.BlobMissing && (now is null || now == $"before {number}\n")) return (null, ended);
            if (IsStuck) return ($"the flight does not end: {told}", null);
            // There it is the adversary's own hand that writes the file and takes it away; EditedWorkspaceTests hold who comes first.
            var ours = victim == 6 && (now is null or Edit);
            if (state.Ended == LifecycleState.Completed)
            {
                // Under policies that asked nobody at the moment of judging, what was judged is what may be applied.
                if (victim == 8) approved ??= state.Steps.Values.Single().Plan!.Changes.SingleOrDefault();
                if (approved is null) return ($"applied without approval: {told}", null);
                if (!ours && !(victim == 6 && now == $"before {number}\n") && (now is null || Digest.Of(Encoding.UTF8.GetBytes(now)) != approved.After!.Content)) return ($"something else than what was approved: {told}", null);
                return (null, null);
            }
            if (!ours && now is not null && now != $"before {number}\n") return ($"applied although it failed: {told}", null);
            return (null, state.Problem is { } p ? ProblemCodes.Table.First(e => e.Id == p.Code).Code : report.Problem?.Code ?? ProblemCode.WorkflowFailed);
        }

        public async ValueTask DisposeAsync()
        {
            runner.Runs.Clear();
            await house.DisposeAsync();
        }

        private void Restore(ChangeRecord change, int number)
        {
            var path = Path.Combine(house.Workspace, "one.txt");
            if (change.Before is null) File.Delete(path);
            else File.WriteAllText(path, change.Before.Content == Digest.Of(Encoding.UTF8.GetBytes(Edit)) ? Edit : $"before {number}\n");
        }

        private string Moment() => random.Next(8) switch { 0 => "engine", 1 => "shown", 2 => "approved", _ => $"commit {random.Next(16)}" };

        private static readonly string[] Victims =
            ["a blob", "all blobs", "two blobs changed places", "a blob gone", "what the engine emitted", "what take-off is given", "the file of the workspace", "the engine", "the policies"];

        private (Action Swap, Action Undo) Swap(int victim)
        {
            var before = new Dictionary<string, byte[]>(StringComparer.Ordinal);
            return (() =>
            {
                try
                {
                    lock (before)
                    {
                        foreach (var file in Files(victim)) before.TryAdd(file, File.ReadAllBytes(file));
                        wasUnfinished |= before.Keys.Any(f => f.EndsWith(".tmp", StringComparison.Ordinal));
                        Change(victim, [.. before.Keys]);
                    }
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // It came too late: what it wanted is gone.
                }
            }, () =>
            {
                lock (before)
                {
                    foreach (var (file, bytes) in before) Write(file, bytes);
                    if (victim == 6 && before.Count == 0) File.Delete(Path.Combine(house.Workspace, "one.txt"));
                }
            });
        }

        private IEnumerable<string> Files(int victim)
        {
            lock (staged)
                return victim switch
                {
                    < 4 => [.. Directory.Exists(Path.Combine(house.StoreDirectory, "blobs")) ? Newest(Path.Combine(house.StoreDirectory, "blobs")).Take(victim == 1 ? 8 : 2) : []],
                    4 or 5 => [.. staged.TakeLast(2).Where(Directory.Exists).SelectMany(d => Directory.EnumerateFiles(d, "*", SearchOption.AllDirectories))],
                    6 => [.. ((string[])[Path.Combine(house.Workspace, "one.txt")]).Where(File.Exists)],
                    7 => [house["home/engines/e"]],
                    _ => [house["home/rules.yaml"]],
                };
        }

        private static IEnumerable<string> Newest(string directory) =>
            Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).OrderByDescending(File.GetLastWriteTimeUtc).ThenBy(f => f, StringComparer.Ordinal);

        private void Change(int victim, string[] files)
        {
            switch (victim)
            {
                case 2 when files.Length > 1:
                    var (one, two) = (File.ReadAllBytes(files[0]), File.ReadAllBytes(files[1]));
                    Write(files[0], two);
                    Write(files[1], one);
                    break;
                case 3:
                    foreach (var file in files) File.Delete(file);
                    break;
                case 6: File.WriteAllText(Path.Combine(house.Workspace, "one.txt"), Edit); break;
                case 8: house.Rules(random.Next(2) == 0 ? FlightHouse.Allow : FlightHouse.Ask + "\n# another"); break;
                default:
                    foreach (var file in files) Write(file, Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(File.ReadAllBytes(file)).Replace("good", Evil, StringComparison.Ordinal) + (random.Next(2) == 0 ? "" : "\n")));
                    break;
            }
        }

        private static void Write(string file, byte[] bytes)
        {
            try
            {
                if (!Directory.Exists(Path.GetDirectoryName(file))) return;
                if (File.Exists(file)) File.SetUnixFileMode(file, File.GetUnixFileMode(file) | UnixFileMode.UserWrite);
                File.WriteAllBytes(file, bytes);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Its directory went away meanwhile.
            }
        }
    }
}
