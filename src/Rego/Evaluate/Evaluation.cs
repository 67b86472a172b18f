// The state of one evaluation: frames, the document context, the budget, what fired. Used by one thread, thrown away afterwards.
using System.Diagnostics;
using System.Runtime.CompilerServices;
using CabinCrew.Rego.Builtins;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Evaluate;

internal sealed partial class Evaluation : BuiltinContext
{
    private const int FuelPerCheck = 256;

    private readonly EvaluationOptions options;
    private readonly CancellationToken cancellation;
    private readonly long started = Stopwatch.GetTimestamp();
    private readonly StandingDocuments? standing;
    private bool[] fired;
    private Context root;
    private int fuel = FuelPerCheck;
    private long stepsTaken;
    private long produced;
    private int depth, deepest;

    public Evaluation(Plan plan, Value? input, Value data, EvaluationOptions options, CancellationToken cancellation)
    {
        Plan = plan;
        this.options = options;
        this.cancellation = cancellation;
        fired = new bool[plan.Rules.Count];
        root = new(null, input, data, plan.RuleSetCount);
        Context = root;
        standing = plan.StandingFor(data, options);
    }

    public Plan Plan { get; }

    public Context Context { get; set; }

    /// <summary>The value of the complete rule or function that is evaluated just now.</summary>
    public Value? Result { get; set; }

    /// <summary>Where the innermost comprehension, partial rule or query puts what it finds.</summary>
    public object? Sink { get; set; }

    public IRegoObserver? Observer => options.Observer;

    /// <summary>Something was asked or told that another evaluation on the same data would not be asked or told alike.</summary>
    public bool IsBound { get; private set; }

    public override long NowNanoseconds => Bound(options.NowNanoseconds);

    public override ulong Seed => Bound(options.Seed);

    public override PatternCache Patterns => Plan.Patterns;

    /// <summary>One step of work.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Tick()
    {
        if (--fuel < 0) Check();
    }

    public override void Charge(long elements) => Charge(elements, elements);

    private void Charge(long elements, long steps)
    {
        produced += elements;
        if (produced > options.Limits.ElementsMax) throw Stop("eval_limit_elements", $"evaluation produced more than {options.Limits.ElementsMax} elements");
        if ((fuel -= (int)Math.Min(steps, FuelPerCheck)) < 0) Check();
    }

    /// <summary>Lets a value pass that was just made, unless it is too large to be written out or compared.</summary>
    public Value Weighed(Value value) => value.Weight <= options.Limits.ValueWeightMax ? value
        : throw Stop("eval_limit_elements", $"a value has more than {options.Limits.ValueWeightMax} elements when written out");

    private void Check()
    {
        stepsTaken += FuelPerCheck - Math.Min(fuel, 0);
        fuel = FuelPerCheck;
        if (stepsTaken > options.Limits.StepsMax) throw StepsUsedUp();
        if (cancellation.IsCancellationRequested) throw Stop("eval_cancel_error", "caller cancelled query execution");
        if (Stopwatch.GetElapsedTime(started) > options.Limits.Time) throw Stop("eval_limit_time", $"evaluation took more than {options.Limits.Time.TotalSeconds:0.###} s");
    }

    private EvaluationStopped StepsUsedUp() => Stop("eval_limit_steps", $"evaluation took more than {options.Limits.StepsMax} steps");

    /// <summary>Before anything that nests: both the configured depth and the thread's stack bound it.</summary>
    public void Enter()
    {
        if (++depth > deepest) deepest = depth;
        if (depth > options.Limits.DepthMax || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw Stop("eval_limit_depth", "evaluation nests too deeply");
    }

    public void Leave() => depth--;

    public static void EnsureStack()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw Stop("eval_limit_depth", "evaluation nests too deeply");
    }

    /// <summary>Remembers that a rule's body held. What holds under a <c>with</c> is only supposed, so it does not count.</summary>
    public void Fire(RuleInfo rule, Value? given = null)
    {
        if (Context == root) fired[rule.Index] = true;
        if (options.Observer is { } observer && observer.Hears(rule)) Tell(rule, given);
    }

    private void Tell(RuleInfo rule, Value? given)
    {
        var locals = new List<KeyValuePair<string, Value>>();
        foreach (var local in rule.Locals)
        {
            if (this[local.Slot] is { } value) locals.Add(new(local.Name, value));
        }

        options.Observer!.RuleHeld(rule, locals, given);
    }

    /// <summary>The value of a document on the documents as given, found where an earlier evaluation left it or worked out.</summary>
    public Value? Document(RuleSet rules) => standing is not null && rules.IsStanding && Context == root ? standing.Answer(rules, this) : rules.Compute(this);

    /// <summary>Works a document out as if nothing had been worked out yet, so that what it takes is the same each time.</summary>
    public Worked WorkOut(RuleSet rules)
    {
        var (outerRoot, outerFired, outerBound, outerDeepest) = (root, fired, IsBound, deepest);
        var (steps, elements) = (StepsSpent, produced);
        try
        {
            (root, fired, IsBound, deepest) = (new(null, null, outerRoot.Data, Plan.RuleSetCount), new bool[outerFired.Length], false, depth);
            Context = root;
            var value = rules.Compute(this);
            return new(value, [.. Fired()], StepsSpent - steps, produced - elements, deepest - depth, IsBound);
        }
        finally
        {
            for (var i = 0; i < fired.Length; i++) outerFired[i] |= fired[i];
            (root, fired, IsBound, deepest) = (outerRoot, outerFired, outerBound || IsBound, Math.Max(outerDeepest, deepest));
            Context = root;
        }
    }

    /// <summary>Takes over what was worked out before: it costs and fires what it did then. False where somebody wants to hear of it anew.</summary>
    public bool TakeOver(Worked worked)
    {
        foreach (var rule in worked.Fired)
        {
            if (options.Observer?.Hears(rule) == true) return false;
        }

        if (depth + worked.Depth > options.Limits.DepthMax) throw Stop("eval_limit_depth", "evaluation nests too deeply");
        deepest = Math.Max(deepest, depth + worked.Depth);
        foreach (var rule in worked.Fired) fired[rule.Index] = true;
        stepsTaken += worked.Steps;
        if (stepsTaken > options.Limits.StepsMax) throw StepsUsedUp();
        Charge(worked.Elements, steps: 0);
        return true;
    }

    private long StepsSpent => stepsTaken + FuelPerCheck - fuel;

    public IReadOnlyList<RuleInfo> Fired()
    {
        var result = new List<RuleInfo>();
        for (var i = 0; i < fired.Length; i++)
        {
            if (fired[i]) result.Add(Plan.Rules[i]);
        }

        return result;
    }

    public static EvaluationStopped Stop(string code, string message, SourceSpan span = default) => new(span.Error(code, message));

    public static EvaluationStopped Conflict(string message, SourceSpan span) => Stop("eval_conflict_error", message, span);

    /// <summary>A built-in answered nothing: undefined, or an error where errors are to be strict.</summary>
    public Value? BuiltinFailed(Builtin builtin, SourceSpan span)
    {
        var (code, message) = (ErrorCode!, ErrorMessage!);
        ClearError();
        if (options.StrictBuiltinErrors || builtin.Refusal is not null) throw Stop(code, $"{builtin.Name}: {message}", span);
        return null;
    }

    public override void Print(string message) => Bound(options.Observer)?.Print(message);

    public override void TestCase(ArrayValue name) => Bound(options.Observer)?.TestCase(name);

    public override void Note(string message) => Bound(options.Observer)?.Note(message);

    private T Bound<T>(T own)
    {
        IsBound = true;
        return own;
    }
}

/// <summary>Ends an evaluation from within. Never leaves this library.</summary>
internal sealed class EvaluationStopped(RegoError error) : Exception
{
    public RegoError Error => error;
}
