// One door that takes bytes from outside, with what must hold there: which inputs to begin with, what may be asked of it, what it may cost.
using CabinCrew.Protocol;
using CabinCrew.Tests.Tidy;

namespace CabinCrew.Tests.Fuzz;

/// <summary>A property that did not hold, in words that tell which.</summary>
internal sealed class BrokenPropertyException(string message) : Exception(message);

/// <param name="Try">Gives what became of the input, in few words; throws whatever must not happen. Two inputs with the same words took, as far as can be seen, the same way.</param>
/// <param name="Words">Pieces of the language, to be put where they do not belong.</param>
internal sealed record FuzzTarget(string Name, IReadOnlyList<byte[]> Seeds, Func<byte[], string> Try, params string[] Words)
{
    /// <summary>Mends what a change broke (counts, lengths, checksums), so that more than the outermost check is reached.</summary>
    public Func<byte[], Random, byte[]>? Mend { get; init; }

    /// <summary>What a run may allocate: this much, and so many bytes more for each byte of the input.</summary>
    public (long Base, long PerByte) Memory { get; init; } = (8 << 20, 400);

    /// <summary>What a run may take, in milliseconds and in microseconds for each byte of the input.</summary>
    public (double Base, double PerByte) Time { get; init; } = (400, 15);

    /// <summary>How many inputs a short run tries.</summary>
    public int Short { get; init; } = 4000;

    /// <summary>The length up to which inputs are blown up, to meet what grows faster than its input.</summary>
    public int BytesMax { get; init; } = 200_000;

    public override string ToString() => Name;

    public static readonly string CorpusRoot = Path.Combine(Repository.Root, "testkit", "fuzz");

    /// <summary>What was found once and is kept, by file name.</summary>
    public IReadOnlyList<(string Name, byte[] Bytes)> Kept { get; } =
        Directory.Exists(Path.Combine(CorpusRoot, Name))
            ? [.. Directory.EnumerateFiles(Path.Combine(CorpusRoot, Name)).Order(StringComparer.Ordinal).Select(f => (Path.GetFileName(f), File.ReadAllBytes(f)))]
            : [];

    public static void Holds(bool property, string message)
    {
        if (!property) throw new BrokenPropertyException(message);
    }

    /// <summary>The words of a refusal without what differs from input to input. A refusal itself must be fit to be shown.</summary>
    public static string Refused(Problem problem)
    {
        Holds(problem.Message.Length is > 0 and < 64_000, $"a message of {problem.Message.Length} characters");
        Holds(problem.Code != ProblemCode.InternalBug, $"a bug, not a refusal: {problem.Message}");
        Holds((problem.Where?.Length ?? 0) < 16_000 && problem.Evidence.Values.All(v => v.Length < 16_000), "a place or evidence without a bound");
        var words = new System.Text.StringBuilder(problem.Code.ToString()).Append(' ');
        var quoted = false;
        foreach (var c in problem.Message)
        {
            if (words.Length > 120) break;
            if (c == '\'') quoted = !quoted;
            else if (!quoted && (char.IsAsciiLetter(c) || c is ' ' or ';')) words.Append(c);
        }
        return words.ToString();
    }
}
