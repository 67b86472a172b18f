// Compiled patterns by their text, shared by all evaluations of a program. Bounded: policies may make patterns from input.
using System.Collections.Concurrent;

namespace CabinCrew.Rego.Builtins;

internal sealed class PatternCache
{
    private const int EntriesMax = 512;

    private readonly ConcurrentDictionary<(string Kind, string Pattern), object> entries = new();

    /// <summary>The value made for this pattern, or a new one. Anything made must be immutable.</summary>
    public T Get<T>(string kind, string pattern, Func<string, T> make)
        where T : class
    {
        if (entries.TryGetValue((kind, pattern), out var known)) return (T)known;
        var made = make(pattern);
        // Full means somebody feeds patterns from data: start again rather than count uses.
        if (entries.Count >= EntriesMax) entries.Clear();
        entries[(kind, pattern)] = made;
        return made;
    }
}
