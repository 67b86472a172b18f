// Compiled patterns by their text, shared by all evaluations of a program. Bounded: policies may make patterns from input.
using System.Collections.Concurrent;

namespace CabinCrew.Rego.Builtins;

internal sealed class PatternCache
{
    private const int EntriesMax = 512;
    private const int KindsMax = 64;

    // By kind, then by text. Keys of references alone: what has structs for keys is compiled anew at every start.
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, object>> kinds = new(StringComparer.Ordinal);

    /// <summary>The value made for this pattern, or a new one. Anything made must be immutable.</summary>
    public T Get<T>(string kind, string pattern, Func<string, T> make)
        where T : class
    {
        if (!kinds.TryGetValue(kind, out var entries))
        {
            // Full means somebody feeds kinds or patterns from data: start again rather than count uses.
            if (kinds.Count >= KindsMax) kinds.Clear();
            entries = kinds.GetOrAdd(kind, new ConcurrentDictionary<string, object>(StringComparer.Ordinal));
        }

        if (entries.TryGetValue(pattern, out var known)) return (T)known;
        var made = make(pattern);
        if (entries.Count >= EntriesMax) entries.Clear();
        entries[pattern] = made;
        return made;
    }
}
