// Judging by Rego: the collection and ten policies of the starter library on a plan of twenty artifacts, held against fixed bounds. Warm figures are CPU time of one process;
// the cold one is a whole process against a program that says hello.
using System.Text;
using System.Text.Json;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Rego;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol.Schemas;
using CabinCrew.Protocol.Wire;
using CabinCrew.Rego;
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Benchmarks;

internal sealed class PolicyBenchmark : IBenchmark
{
    private const int Small = 20;
    private const int Large = 3600;
    private const int Batch = 2000;
    private const int Batches = 9;
    private const int ColdRounds = 15;
    private static readonly int Held = int.TryParse(Environment.GetEnvironmentVariable("CABINCREW_BENCH_DECISIONS"), out var said) ? said : 200_000;

    private const string Query = "[[x | x := data.cabincrew.preflight.deny], [x | x := data.cabincrew.preflight.require_approval], [x | x := data.cabincrew.preflight.warn]]";

    private static readonly string[] Chosen = ["preflight", "findings", "agents", "commands", "deletion", "dependencies", "infrastructure", "pipelines", "protected_paths", "secrets", "size", "containers"];
    private static readonly JsonElement Nothing = JsonElement.Parse("{}");
    private static readonly EvaluationOptions Options = new() { NowNanoseconds = 1_700_000_000_000_000_000, Limits = new() { StepsMax = 500_000_000 } };

    public string Name => "policy";

    public async Task<IReadOnlyList<Measure>> RunAsync(string scratch)
    {
        var texts = Chosen.Select(n => (Name: n + ".rego", Text: File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "policies", n + ".rego")))).ToList();
        var schema = RegoSchema.Parse(SchemaCatalog.Text(InputDocument.SchemaName).Value).Value!;
        var query = Compile(texts, schema);
        var data = Value.FromJson("{\"cabincrew\":{\"settings\":{}}}");
        var (plan, large) = (Plan(Small), Plan(Large));
        var (document, largeDocument) = (Document(plan), Document(large));

        void Decide() => Answer(query.Evaluate(Value.FromJson(document), data, Options));
        var decision = Cpu(Decide, Batch, Batches);
        var (allocated, speedUp, bare) = (Allocated(Decide), SpeedUp(Decide), SpeedUp(() => Read(document)));
        var set = await SetAsync(scratch, texts);
        var whole = Cpu(() => JudgeAsync(set, plan).GetAwaiter().GetResult(), 1, Batches) / Batch;
        var million = Cpu(() => Answer(query.Evaluate(Value.FromJson(largeDocument), data, Options)), 1, 15);
        var compile = Cpu(() => Compile(texts, schema), 20, Batches);
        var (early, late) = Flat(Decide);
        return
        [
            new("a decision, from JSON to verdicts", "us", decision * 1000, "bound", 100, 1) { Note = $"{Chosen.Length} modules, {document.Length} bytes of input" },
            new("allocated for a decision", "KiB", allocated / 1024, "bound", 50, 1),
            new("a judgement by the whole policy set", "us", whole * 1000, "the decision alone", decision * 1000, double.PositiveInfinity),
            new("what two threads gain by reading JSON", "", bare, "by decisions", speedUp, 1.18) { Note = $"linear with cores: of {Environment.ProcessorCount}, as much as the machine gives" },
            new($"a decision on {Large} artifacts", "ms", million, "bound", 50, 1) { Note = $"{largeDocument.Length} bytes of input" },
            new("compiling the set, warm", "ms", compile, "bound", 5, 1),
            new($"live objects after {Held} decisions", "KiB", late, $"after {Held / 10}", early, 1.1) { Note = "a million decisions are five times as many: leave it running with CABINCREW_BENCH_DECISIONS=1000000" },
            .. await ColdAsync(scratch, document),
        ];
    }

    private static PreparedQuery Compile(List<(string Name, string Text)> texts, RegoSchema schema)
    {
        var modules = texts.Select(t => RegoModule.Parse(t.Text, t.Name, new ParseOptions { Metadata = false })).ToList();
        if (modules.Find(m => !m.Ok) is { Errors: [var error, ..] }) throw new InvalidOperationException(error.ToString());
        var program = RegoProgram.Compile(modules.Select(m => m.Value!), new CompileOptions { InputSchema = schema });
        if (!program.Ok) throw new InvalidOperationException(program.Errors[0].ToString());
        var query = program.Value.Prepare(Query);
        return query.Ok ? query.Value : throw new InvalidOperationException(query.Errors[0].ToString());
    }

    private static void Answer(RegoAnswers answers)
    {
        if (answers.Value is null) throw new InvalidOperationException($"no decision: {answers.Error}");
    }

    /// <summary>Milliseconds of CPU for one, the median of batches; the first batches warm up.</summary>
    private static double Cpu(Action work, int batch, int batches)
    {
        List<double> found = [];
        for (var i = -2; i < batches; i++)
        {
            var before = Usage.OfSelf();
            for (var j = 0; j < batch; j++) work();
            if (i >= 0) found.Add((Usage.OfSelf() - before).TotalMilliseconds / batch);
        }
        return Pairs.Median(found);
    }

    // One after another, as flights judge: a thread that blocked for each of them would be measured spinning.
    private static async Task JudgeAsync(PolicySet set, PolicySubject plan)
    {
        for (var i = 0; i < Batch; i++) await set.JudgeAsync(plan, TimeProvider.System, CancellationToken.None).ConfigureAwait(false);
    }

    private static double Allocated(Action work)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) work();
        return (GC.GetAllocatedBytesForCurrentThread() - before) / 1000.0;
    }

    /// <summary>Shares nothing and allocates nothing: what two threads gain by it is what the machine has for two threads.</summary>
    private static void Read(byte[] document)
    {
        for (var i = 0; i < 8; i++)
        {
            var reader = new Utf8JsonReader(document);
            while (reader.Read())
            {
            }
        }
    }

    /// <summary>How much more is done in the same time by two threads than by one, the best of several tries, since others use the machine too.</summary>
    private static double SpeedUp(Action work)
    {
        double Rate(int threads)
        {
            var done = new long[threads];
            var clock = System.Diagnostics.Stopwatch.StartNew();
            var all = Enumerable.Range(0, threads).Select(t => new Thread(() =>
            {
                while (clock.ElapsedMilliseconds < 500)
                {
                    for (var i = 0; i < 50; i++) work();
                    done[t] += 50;
                }
            })).ToList();
            all.ForEach(t => t.Start());
            all.ForEach(t => t.Join());
            return done.Sum() / clock.Elapsed.TotalSeconds;
        }
        return Enumerable.Range(0, 7).Max(_ => 1 / Rate(1) * Rate(2));
    }

    private static (double Early, double Late) Flat(Action work)
    {
        double early = 0;
        for (var i = 1; i <= Held; i++)
        {
            work();
            if (i == Held / 10) early = Live();
        }
        return (early, Live());
    }

    private static double Live()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true) / 1024.0;
    }

    private static async Task<PolicySet> SetAsync(string scratch, List<(string Name, string Text)> texts)
    {
        var directory = Directory.CreateDirectory(Path.Combine(scratch, "policies")).FullName;
        foreach (var (name, text) in texts) await File.WriteAllTextAsync(Path.Combine(directory, name), text);
        return (await PolicySet.LoadAsync([new PolicyRef("rego", "policies")], new(scratch, new Redactor()), AggregationMethod.MostRestrictive, TimeSpan.FromSeconds(10), CancellationToken.None)).Value;
    }

    private static async Task<IReadOnlyList<Measure>> ColdAsync(string scratch, byte[] document)
    {
        var program = Path.Combine(Environment.GetEnvironmentVariable("CABINCREW_APP") ?? throw new InvalidOperationException("CABINCREW_APP names the built program; use benchmarks/run"), "cabincrew");
        var hello = await StartUpBenchmark.BuildHelloAsync(scratch);
        await File.WriteAllBytesAsync(Path.Combine(scratch, "input.json"), document);
        var (ours, peer) = await Pairs.MedianAsync(ColdRounds,
            () => Timing.ProcessAsync(program, ["policy", "eval", Query, "--policy", "policies", "--input", "input.json"], scratch),
            () => Timing.ProcessAsync(hello, [], scratch));
        return
        [
            new("first decision of a process, time over hello", "ms", Math.Max(0.1, ours.WallMs - peer.WallMs), "bound", 100, 1) { Note = $"{ours.WallMs:0} ms against {peer.WallMs:0} ms" },
            new("first decision of a process, CPU over hello", "ms", Math.Max(0.1, ours.CpuMs - peer.CpuMs), "bound", 100, 1) { Note = $"{ours.CpuMs:0} ms against {peer.CpuMs:0} ms" },
        ];
    }

    private static byte[] Document(PolicySubject subject) => InputDocument.Write(subject, new Redactor()).Value.ToArray();

    private static PolicySubject Plan(int artifacts) => new()
    {
        Tenant = TenantId.Local,
        WorkflowId = WorkflowId.Parse("wf-7h3k9q2m"),
        WorkflowName = "rollout",
        StepId = StepId.Parse("apply"),
        Requester = "deployer",
        RequesterIsHuman = false,
        RequesterRoles = ["maintainer"],
        Now = new DateTimeOffset(2026, 11, 22, 10, 0, 0, TimeSpan.Zero),
        Environment = "production",
        EngineId = "patch",
        OutsideEffects = false,
        Sandboxed = true,
        Config = Nothing,
        Context = Nothing,
        Artifacts = [.. Enumerable.Range(0, artifacts).Select(i => Artifact(i, isLong: artifacts > Small))],
        Changes = [Change("README.md", "Hello."), Change("services/web/values.yaml", "replicas: 3")],
    };

    private static JudgedArtifact Artifact(int i, bool isLong)
    {
        var metadata = isLong
            ? $$"""{"service":"web-{{i:0000}}","lines":{{i % 40}},"owner":"team-{{i % 12}}","summary":"replicas, image and limits of one service of the shop, as the catalogue has them"}"""
            : $$"""{"service":"web-{{i:0000}}","lines":{{i % 40}}}""";
        return new(ArtifactName.TryParse($"change-{i:0000}", out var name) ? name : throw new InvalidOperationException(), ArtifactRole.Evidence, "config_change", "update", $"services/web-{i:0000}/values.yaml",
            JsonElement.Parse(metadata), Encoding.UTF8.GetBytes(metadata), null);
    }

    private static JudgedChange Change(string path, string line) => new(
        new(WorkspacePath.Parse(path), new(FileKind.Regular, Digest.Of("a"u8), 40), new(FileKind.Regular, Digest.Of("b"u8), 44)), false, [new(3, line)], [new(3, "was: 1")]);
}
