// How much work one compilation may do: hostile policies are as short as they like and cost as much as the checks let them.
namespace CabinCrew.Rego.Compile;

/// <summary>A step is about one term, expression or type looked at. One compilation, one budget, one thread.</summary>
internal sealed class CompileBudget(long stepsMax, CancellationToken cancellationToken)
{
    private const long LookEvery = 10_000;

    private long used;
    private long untilLook = LookEvery;

    /// <summary>Ends the compilation where nothing is left or the caller no longer wants it.</summary>
    public void Charge(long steps)
    {
        used += steps;
        untilLook -= steps;
        if (used > stepsMax)
            throw new CompileStopped($"it takes more than {stepsMax} steps to compile");
        if (untilLook > 0)
            return;
        untilLook = LookEvery;
        if (cancellationToken.IsCancellationRequested)
            throw new CompileStopped("cancelled");
    }
}

/// <summary>Ends a compilation from within. Never leaves this library.</summary>
internal sealed class CompileStopped(string why) : Exception
{
    public RegoError Error { get; } = new("rego_compile_error", why, default);
}
