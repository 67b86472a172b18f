// A variable of a rule or query: a place in its frame.
namespace CabinCrew.Rego.Evaluate;

/// <summary>A variable of one rule (or query). Identity is reference identity; the slot is its place in the rule's frame.</summary>
internal sealed class Local(string name, int slot, bool isGenerated)
{
    public string Name => name;

    public int Slot => slot;

    /// <summary>Made by the compiler: never named to the user.</summary>
    public bool IsGenerated => isGenerated;

    public bool IsWildcard => name[0] == '$';
}
