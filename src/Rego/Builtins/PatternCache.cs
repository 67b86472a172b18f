// Compiled patterns by their text, shared by all evaluations of a program. Bounded: policies may make patterns from input.
using System.Collections.Concurrent;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins;

internal sealed class PatternCache
{
    private const int EntriesMax = 512;
    private const int KindsMax = 64;
    private const int RecentCount = 128;

    // By kind, then by text. Keys of references alone: what has structs for keys is compiled anew at every start.
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, object>> kinds = new(StringComparer.Ordinal);

    // Patterns written in policies are the same objects again and again. Immutable entries, so that threads may share and replace them.
    private readonly Recent?[] recent = new Recent?[RecentCount];

    private sealed record Recent(string Kind, string Pattern, object Made);

    /// <summary>The same for the text of a value, which remembers its hash.</summary>
    public T Get<T>(string kind, StringValue pattern, Func<string, T> make)
        where T : class
    {
        ref var entry = ref recent[pattern.GetHashCode() & (RecentCount - 1)];
        if (entry is { } found && ReferenceEquals(found.Pattern, pattern.Text) && ReferenceEquals(found.Kind, kind)) return (T)found.Made;
        var made = Get(kind, pattern.Text, make);
        entry = new(kind, pattern.Text, made);
        return made;
    }

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
