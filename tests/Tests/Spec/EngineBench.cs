// A place to run engines from test code: a workspace, an engine file, small limits; gone afterwards.
using System.Text;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;

namespace CabinCrew.Tests.Spec;

public sealed class EngineBench : IDisposable
{
    public static readonly EngineLimits Small = new()
    {
        WallClockSeconds = 20, CpuSeconds = 20, MemoryBytes = 512 << 20, Processes = 64, OutputBytes = 1 << 20, ArtifactBytes = 8 << 20, ArtifactCount = 50, TempBytes = 8 << 20,
    };

    /// <summary>A receipt of success that a shell can print: <c>receipt success flight-plan</c>.</summary>
    public const string ReceiptFunction = """
        receipt() { printf '{"protocol_version":"draft-1","engine_id":"test","mode":"%s","receipt_id":"r-1","status":"%s","artifacts":[]}\n' "$CABINCREW_MODE" "${1:-success}"; }
        """;

    private readonly List<EngineResult> results = [];

    public string Root { get; } = Directory.CreateTempSubdirectory("cabincrew-bench-").FullName;
    public string Workspace { get; }
    public EngineLimits Limits { get; set; } = Small;

    public EngineBench()
    {
        Workspace = Directory.CreateDirectory(Path.Join(Root, "workspace")).FullName;
        File.WriteAllText(Path.Join(Workspace, "file.txt"), "content\n");
    }

    public ResolvedEngine Engine(string program, string name = "engine")
    {
        var path = Path.Join(Root, name);
        File.WriteAllText(path, program);
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
        return EngineCatalog.Resolve("./" + name, Root).Value;
    }

    public ResolvedEngine Shell(string script) => Engine($"#!/bin/bash\n{ReceiptFunction}\n{script}\n");

    public EngineRun Run(ResolvedEngine engine, EngineMode mode = EngineMode.FlightPlan, string input = "{}") => new()
    {
        Engine = engine, Mode = mode, Clearance = EngineRun.Cleared(Encoding.UTF8.GetBytes(input)), Limits = Limits, Workspace = Workspace, HiddenEntries = [".cabincrew"],
    };

    public Task<Ran> ShellAsync(string script, EngineMode mode = EngineMode.FlightPlan, Func<EngineRun, EngineRun>? change = null, bool unsandboxed = false) =>
        RunAsync(change?.Invoke(Run(Shell(script), mode)) ?? Run(Shell(script), mode), unsandboxed);

    public async Task<Ran> RunAsync(EngineRun run, bool unsandboxed = false, CancellationToken ct = default) =>
        await RunAsync(run, (await EngineRunners.CreateAsync(unsandboxed, ct)).Value, ct);

    public async Task<Ran> RunAsync(EngineRun run, IEngineRunner runner, CancellationToken ct = default)
    {
        var (result, failure) = await runner.RunAsync(run, ct);
        if (result is not null) results.Add(result);
        return new(result, failure);
    }

    public void Dispose()
    {
        foreach (var result in results) result.Dispose();
        Directory.Delete(Root, recursive: true);
    }
}

public sealed record Ran(EngineResult? Result, EngineFailure? Failure)
{
    public string Log => Encoding.UTF8.GetString((Result?.Log ?? Failure!.Log).Span);

    public ProblemCode? Code => Failure?.Problem.Code;

    /// <summary>Of a run that succeeded; else the failure and its log are the message.</summary>
    public EngineResult Success => Result ?? throw new InvalidOperationException($"{Failure!.Problem}\n{Log}");

    public override string ToString() => Failure is null ? "success" : $"{Failure.Problem}\n{Log}";
}
