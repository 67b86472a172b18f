// The one class that an engine author derives from. Invariant: whatever happens, standard output carries exactly one receipt (ENG-04, ENG-05).
using System.Text;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Schemas;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.EngineSdk;

/// <summary>
/// An engine: <see cref="PlanAsync"/> looks and writes artifacts, <see cref="TakeOffAsync"/> applies them. Call <see cref="RunAsync"/> from Main.
/// Input, output, receipts, hashes and exit codes are this class's business.
/// </summary>
/// <example><code>
/// return await new Hello().RunAsync(args);
///
/// sealed class Hello : Engine
/// {
///     public override string Id => "hello";
///     protected override Task&lt;Outcome&lt;Done&gt;&gt; PlanAsync(FlightPlan plan, CancellationToken ct)
///     {
///         plan.DeclareChanges("changes", [plan.Write("GREETING", "hello\n"u8.ToArray())]);
///         return Task.FromResult(Done.Ok);
///     }
///     protected override Task&lt;Outcome&lt;Done&gt;&gt; TakeOffAsync(TakeOff takeOff, CancellationToken ct) => Task.FromResult(takeOff.ApplyPatch("changes"));
/// }
/// </code></example>
public abstract class Engine
{
    private const int InputBytesMax = 16 << 20;

    /// <summary>The engine's id, as receipts carry it.</summary>
    public abstract string Id { get; }

    /// <summary>
    /// Computes the plan: reads the workspace, writes artifacts, changes nothing else, and gives the same bytes for the same input.
    /// A problem with code <see cref="ProblemCode.EngineValidationFailed"/> means that the config is at fault (exit code 2).
    /// </summary>
    protected abstract Task<Outcome<Done>> PlanAsync(FlightPlan plan, CancellationToken ct);

    /// <summary>Applies the frozen artifacts exactly. Nothing is computed anew here.</summary>
    protected abstract Task<Outcome<Done>> TakeOffAsync(TakeOff takeOff, CancellationToken ct);

    /// <summary>Runs the mode that <c>--mode</c> names, prints the receipt and gives the exit code: 0 success, 1 failure, 2 the input or config is not valid (ENG-05).</summary>
    public async Task<int> RunAsync(string[] args)
    {
        await using var receiptStream = Console.OpenStandardOutput();
        // A stray Console.WriteLine must not break the receipt.
        Console.SetOut(Console.Error);
        var mode = args.Contains("take-off") ? EngineMode.TakeOff : EngineMode.FlightPlan;
        EngineSession? session = null;
        Problem? problem;
        try
        {
            if (!Session(args).Try(out session, out problem)) { }
            else if (session is FlightPlan plan) (await PlanAsync(plan, CancellationToken.None)).Try(out _, out problem);
            else (await TakeOffAsync((TakeOff)session, CancellationToken.None)).Try(out _, out problem);
        }
        catch (Exception e)
        {
            Console.Error.WriteLine(e);
            problem = new(ProblemCode.EngineFailed, $"{e.GetType().Name}: {e.Message}");
        }
        if (problem is not null) Console.Error.WriteLine(problem);
        var bytes = Receipts.Bytes(Id, session?.Mode ?? mode, session, problem);
        await receiptStream.WriteAsync(bytes);
        await receiptStream.FlushAsync();
        return problem is null ? 0 : IsValidation(problem.Code) ? 2 : 1;
    }

    private static bool IsValidation(ProblemCode code) => code is ProblemCode.EngineValidationFailed or ProblemCode.SchemaInvalid or ProblemCode.InvalidArgument
        or ProblemCode.JsonMalformed or ProblemCode.JsonDuplicateKey or ProblemCode.JsonTooDeep or ProblemCode.JsonTooLarge or ProblemCode.JsonNotUtf8
        or ProblemCode.JsonNumberOutOfRange or ProblemCode.JsonLoneSurrogate;

    private static Outcome<EngineSession> Session(string[] args)
    {
        if (args is not ["--mode", "flight-plan" or "take-off"]) return Invalid("expected the arguments --mode flight-plan|take-off");
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in (string[])["CABINCREW_WORKSPACE", "CABINCREW_ARTIFACTS_DIR", "CABINCREW_TEMP_DIR", "CABINCREW_MODE"])
        {
            if (Environment.GetEnvironmentVariable(name) is not { Length: > 0 } value) return Invalid($"the variable {name} is not set");
            variables[name] = value;
        }
        if (variables["CABINCREW_MODE"] != args[1]) return Invalid("CABINCREW_MODE and --mode disagree");
        foreach (var name in (string[])["CABINCREW_WORKSPACE", "CABINCREW_ARTIFACTS_DIR", "CABINCREW_TEMP_DIR"])
            if (!Path.IsPathRooted(variables[name]) || !Directory.Exists(variables[name])) return Invalid($"{name} is not an absolute path of a directory");

        using var stream = Environment.GetEnvironmentVariable("CABINCREW_INPUT_FILE") is { Length: > 0 } file ? File.OpenRead(file) : Console.OpenStandardInput();
        if (!ReadBounded(stream).Try(out var bytes, out var problem)) return problem;
        if (!SchemaCatalog.Read("engine-input", bytes, ProtocolJson.Default.EngineInput, new JsonLimits(InputBytesMax)).Try(out var input, out problem)) return problem.At("input");
        if (input.ProtocolVersion != ProtocolWords.ProtocolVersion) return Invalid($"protocol version '{input.ProtocolVersion}' is not known; this engine speaks '{ProtocolWords.ProtocolVersion}'");
        if (input.Mode.Word() != args[1]) return Invalid("the input's mode and --mode disagree");
        var (workspace, artifacts, temp) = (variables["CABINCREW_WORKSPACE"], variables["CABINCREW_ARTIFACTS_DIR"], variables["CABINCREW_TEMP_DIR"]);
        return Outcome.Of<EngineSession>(input.Mode == EngineMode.FlightPlan ? new FlightPlan(input, workspace, artifacts, temp) : new TakeOff(input, workspace, artifacts, temp));
    }

    private static Outcome<ReadOnlyMemory<byte>> ReadBounded(Stream stream)
    {
        using var all = new MemoryStream();
        var chunk = new byte[64 << 10];
        for (int n; (n = stream.Read(chunk)) > 0;)
        {
            all.Write(chunk, 0, n);
            if (all.Length > InputBytesMax) return new Problem(ProblemCode.JsonTooLarge, $"the input has more than {InputBytesMax} bytes");
        }
        return (ReadOnlyMemory<byte>)all.ToArray();
    }

    private static Problem Invalid(string message) => new(ProblemCode.EngineValidationFailed, message);
}
