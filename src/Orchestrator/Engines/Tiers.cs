// The kinds of isolation, in their own words: in the audit log, in policies, and in what is shown.
namespace CabinCrew.Orchestrator.Engines;

public static class Tiers
{
    public const string Full = "bubblewrap";
    public const string Reduced = "reduced";
    public const string None = "none";

    /// <summary>What a run in the reduced isolation does not have, for messages and for the record.</summary>
    public const string ReducedLacks =
        "engines see the machine's processes, users, network names and host name, every file's name and size, and the store's file names; temporary files are watched, not capped";

    /// <summary>Whether a plan that was made and judged in one may take off in the other.</summary>
    public static bool IsWeaker(string tier, string than) => Strength(tier) < Strength(than);

    private static int Strength(string tier) => tier switch { None => 0, Reduced => 1, _ => 2 };
}
