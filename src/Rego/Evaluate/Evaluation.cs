// The state of one evaluation: frames, the document context, the budget, what fired. Used by one thread, thrown away afterwards.
// Frames live one behind the other in one array; `Slots` may be replaced while something is evaluated, so nobody keeps it in a variable.
using System.Buffers;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using CabinCrew.Rego.Builtins;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Evaluate;

internal sealed class Evaluation : BuiltinContext
{
    private const int FuelPerCheck = 256;
    private const int SlotsMin = 128;

    private readonly EvaluationOptions options;
    private readonly CancellationToken cancellation;
    private readonly long started = Stopwatch.GetTimestamp();
    private readonly bool[] fired;
    private readonly Context root;
    private int fuel = FuelPerCheck;
    private long stepsTaken;
    private long produced;
    private int depth;

    public Evaluation(Plan plan, Value? input, Value data, EvaluationOptions options, CancellationToken cancellation)
    {
        Plan = plan;
        this.options = options;
        this.cancellation = cancellation;
        fired = new bool[plan.Rules.Count];
        root = new(null, input, data, plan.RuleSetCount);
        Context = root;
    }

    public Plan Plan { get; }

    /// <summary>All frames. The current one starts at <see cref="Base"/>; everything from <see cref="Top"/> on is free.</summary>
    public Value?[] Slots { get; private set; } = ArrayPool<Value?>.Shared.Rent(SlotsMin);

    public int Base { get; set; }

    public int Top { get; private set; }

    public Context Context { get; set; }

    /// <summary>The value of the complete rule or function that is evaluated just now.</summary>
    public Value? Result { get; set; }

    /// <summary>Where the innermost comprehension, partial rule or query puts what it finds.</summary>
    public object? Sink { get; set; }

    public IRegoObserver? Observer => options.Observer;

    public override long NowNanoseconds => options.NowNanoseconds;

    public override ulong Seed => options.Seed;

    public override PatternCache Patterns => Plan.Patterns;

    public Value? this[int slot]
    {
        get => Slots[Base + slot];
        set => Slots[Base + slot] = value;
    }

    /// <summary>Takes slots at the top and answers where they begin; <see cref="Release"/> gives them back.</summary>
    public int Reserve(int count)
    {
        var at = Top;
        Top += count;
        if (Top > Slots.Length) Grow();
        return at;
    }

    public void Release(int at) => Top = at;

    /// <summary>Gives the frames back, once nothing is evaluated any more.</summary>
    public void End()
    {
        ArrayPool<Value?>.Shared.Return(Slots, clearArray: true);
        Slots = [];
    }

    // The old ones are left to those who may still look at them.
    private void Grow()
    {
        var slots = Slots;
        System.Array.Resize(ref slots, Math.Max(Top, slots.Length * 2));
        Slots = slots;
    }

    /// <summary>One step of work.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Tick()
    {
        if (--fuel < 0) Check();
    }

    public override void Charge(long elements)
    {
        produced += elements;
        if (produced > options.Limits.ElementsMax) throw Stop("eval_limit_elements", $"evaluation produced more than {options.Limits.ElementsMax} elements");
        if ((fuel -= (int)Math.Min(elements, FuelPerCheck)) < 0) Check();
    }

    /// <summary>Lets a value pass that was just made, unless it is too large to be written out or compared.</summary>
    public Value Weighed(Value value) => value.Weight <= options.Limits.ValueWeightMax ? value
        : throw Stop("eval_limit_elements", $"a value has more than {options.Limits.ValueWeightMax} elements when written out");

    private void Check()
    {
        stepsTaken += FuelPerCheck - Math.Min(fuel, 0);
        fuel = FuelPerCheck;
        if (stepsTaken > options.Limits.StepsMax) throw Stop("eval_limit_steps", $"evaluation took more than {options.Limits.StepsMax} steps");
        if (cancellation.IsCancellationRequested) throw Stop("eval_cancel_error", "caller cancelled query execution");
        if (Stopwatch.GetElapsedTime(started) > options.Limits.Time) throw Stop("eval_limit_time", $"evaluation took more than {options.Limits.Time.TotalSeconds:0.###} s");
    }

    /// <summary>Before anything that nests: both the configured depth and the thread's stack bound it.</summary>
    public void Enter()
    {
        if (++depth > options.Limits.DepthMax || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
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

    public IReadOnlyList<RuleInfo> Fired()
    {
        var result = new List<RuleInfo>(fired.AsSpan().Count(true));
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

    public override void Print(string message) => options.Observer?.Print(message);

    public override void TestCase(ArrayValue name) => options.Observer?.TestCase(name);

    public override void Note(string message) => options.Observer?.Note(message);
}

/// <summary>Ends an evaluation from within. Never leaves this library.</summary>
internal sealed class EvaluationStopped(RegoError error) : Exception
{
    public RegoError Error => error;
}
