// What the value of a document or function depends on beside the program and the caller's data, gathered while its bodies are made.
namespace CabinCrew.Rego.Evaluate;

internal sealed class Footprint
{
    /// <summary>It depends on what every evaluation brings along: the input, the clock, chance, documents replaced by <c>with</c>; or it tells the observer something.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>The documents and functions that it asks for.</summary>
    public HashSet<RuleSet> Asks { get; } = [];

    public void Open() => IsOpen = true;

    /// <summary>Marks the documents that stand: what is open is so for all who ask for it.</summary>
    public static void Settle(IReadOnlyList<RuleSet> sets)
    {
        var askers = new List<RuleSet>?[sets.Count];
        var open = new Stack<RuleSet>();
        foreach (var set in sets)
        {
            set.IsStanding = !set.Footprint.IsOpen;
            if (!set.IsStanding) open.Push(set);
            foreach (var asked in set.Footprint.Asks) (askers[asked.Number] ??= []).Add(set);
        }

        while (open.TryPop(out var set))
        {
            foreach (var asker in askers[set.Number] ?? [])
            {
                if (!asker.IsStanding) continue;
                asker.IsStanding = false;
                open.Push(asker);
            }
        }
    }
}
