// A compiled set of modules: immutable, used by any number of threads. Compiled once, queried and evaluated many times.
using CabinCrew.Rego.Builtins;
using CabinCrew.Rego.Compile;
using CabinCrew.Rego.Compile.Checks;
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Syntax;

namespace CabinCrew.Rego;

/// <summary>What the compiler checks beyond what the language asks for.</summary>
public sealed record CompileOptions
{
    public static readonly CompileOptions Default = new();

    /// <summary>The extra rules of OPA's strict mode: unused imports and the like are errors.</summary>
    public bool Strict { get; init; }

    /// <summary>The shape of <c>input</c>: a reference to what it does not have is an error. Null where nothing is known.</summary>
    public RegoSchema? InputSchema { get; init; }

    /// <summary>What names of schemas in annotations (<c>schemas: [{input: schema.request}]</c>) stand for. Null: such annotations do not count, as in OPA.</summary>
    public RegoSchemaSet? Schemas { get; init; }

    /// <summary>Compiled to run its tests: see <see cref="RegoProgram.Tests"/>.</summary>
    public bool Tests { get; init; }

    /// <summary>How much work compiling may take, in steps of about a term looked at; also each query by itself. Beyond it is a <c>rego_compile_error</c>.</summary>
    public long StepsMax { get; init; } = 100_000_000;

    /// <summary>Built-ins beside the table's own: what OPA's own test runner adds.</summary>
    internal IReadOnlyList<Builtin> ExtraBuiltins { get; init; } = [];
}

/// <summary>Modules compiled together.</summary>
public sealed class RegoProgram
{
    private readonly ProgramSource source;
    private readonly Lazy<Plan> instrumented;

    private readonly long stepsMax;

    private RegoProgram(ProgramSource source, Plan plan, long stepsMax)
    {
        this.source = source;
        this.stepsMax = stepsMax;
        Plan = plan;
        instrumented = new(() => source.Plan(instrumented: true, new(long.MaxValue, CancellationToken.None), []));
    }

    /// <summary>Every rule body, by <see cref="RuleInfo.Index"/>.</summary>
    public IReadOnlyList<RuleInfo> Rules => Plan.Rules;

    /// <summary>Its tests, in the order of the modules and of their text; none where it was not compiled with <see cref="CompileOptions.Tests"/>.</summary>
    public IReadOnlyList<RegoTest> Tests => source.Tests?.All ?? [];

    internal Plan Plan { get; }

    /// <summary>What the checks found strange, though not wrong.</summary>
    internal IReadOnlyList<RegoFinding> Notes => source.Checks?.Notes ?? [];

    internal Plan InstrumentedPlan => instrumented.Value;

    /// <summary>Compiles modules within <see cref="CompileOptions.StepsMax"/>, or says what is wrong with them: conflicts, unsafe variables, recursion, types, unknown functions.</summary>
    public static RegoResult<RegoProgram> Compile(IEnumerable<RegoModule> modules, CompileOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= CompileOptions.Default;
        try
        {
            var errors = new List<RegoError>();
            var source = ProgramSource.Make([.. modules], options, errors);
            if (errors.Count > 0) return Failed(errors);
            var plan = source.Plan(instrumented: false, new(options.StepsMax, cancellationToken), errors);
            return errors.Count > 0 ? Failed(errors) : new RegoProgram(source, plan, options.StepsMax);
        }
        catch (CompileStopped stopped)
        {
            return RegoResult<RegoProgram>.Failed(stopped.Error);
        }
        catch (InsufficientExecutionStackException)
        {
            return RegoResult<RegoProgram>.Failed(new RegoError("rego_compile_error", "nested too deeply", default));
        }
    }

    private static RegoResult<RegoProgram> Failed(List<RegoError> errors) => RegoResult<RegoProgram>.Failed([.. errors]);

    /// <summary>
    /// Prepares a query, such as <c>data.cabincrew.preflight.deny</c> or <c>data.a.b = x; x &gt; 1</c>. One reference or call alone answers its value,
    /// be it false; among other expressions it must hold. An instrumented query tells its observer every
    /// expression that holds (for coverage) and is slower.
    /// </summary>
    public RegoResult<PreparedQuery> Prepare(string query, bool instrument = false)
    {
        var parsed = RegoQuery.Parse(query);
        return parsed.Ok ? Prepare(parsed.Value, instrument) : RegoResult<PreparedQuery>.Failed([.. parsed.Errors]);
    }

    public RegoResult<PreparedQuery> Prepare(RegoQuery query, bool instrument = false)
    {
        try
        {
            return QueryCompiler.Compile(instrument ? instrumented.Value : Plan, query, source.Checks, new(stepsMax, CancellationToken.None));
        }
        catch (CompileStopped stopped)
        {
            return RegoResult<PreparedQuery>.Failed(stopped.Error);
        }
        catch (InsufficientExecutionStackException)
        {
            return RegoResult<PreparedQuery>.Failed(new RegoError("rego_compile_error", "nested too deeply", default));
        }
    }
}
