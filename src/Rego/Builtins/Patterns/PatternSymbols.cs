// The characters as one pattern tells them apart: those that it treats alike are one symbol. One more stands for the end of the text.
namespace CabinCrew.Rego.Builtins.Patterns;

/// <summary>What an anchor sees of the character on either side.</summary>
internal enum CharKind
{
    /// <summary>The beginning or the end of the text.</summary>
    Edge,
    Newline,
    Word,
    Other,
}

internal sealed class PatternSymbols
{
    public const int AsciiCount = 128;

    // Where symbols begin: from each up to the next, all characters are one.
    private readonly int[] from;
    private readonly int[] ascii = new int[AsciiCount];
    private readonly bool seesKinds;

    public PatternSymbols(PatternSteps steps)
    {
        var bounds = new List<int> { 0 };
        for (var i = 0; i < steps.Count; i++)
        {
            if (steps[i].Set is { } set) Add(bounds, set);
            seesKinds |= steps[i].Anchor is not (null or Anchor.TextStart or Anchor.TextEnd);
        }

        if (seesKinds)
        {
            Add(bounds, CharClass.Word);
            bounds.Add('\n');
            bounds.Add('\n' + 1);
        }

        bounds.Sort();
        var count = 0;
        for (var i = 0; i < bounds.Count; i++)
        {
            if (count == 0 || bounds[count - 1] != bounds[i]) bounds[count++] = bounds[i];
        }

        from = bounds.GetRange(0, count).ToArray();
        for (var i = 0; i < AsciiCount; i++) ascii[i] = Find(i);
    }

    /// <summary>With the one for the end.</summary>
    public int Count => from.Length + 1;

    public int End => from.Length;

    public int OfAscii(char c) => ascii[c];

    public int Of(int codePoint) => codePoint < AsciiCount ? ascii[codePoint] : Find(codePoint);

    /// <summary>One of the characters that the symbol stands for.</summary>
    public int SampleOf(int symbol) => from[symbol];

    public CharKind KindOf(int symbol)
    {
        if (symbol == End) return CharKind.Edge;
        if (!seesKinds) return CharKind.Other;
        return from[symbol] == '\n' ? CharKind.Newline : CharClass.Word.Contains(from[symbol]) ? CharKind.Word : CharKind.Other;
    }

    public static bool Holds(Anchor anchor, CharKind before, CharKind after) => anchor switch
    {
        Anchor.TextStart => before == CharKind.Edge,
        Anchor.TextEnd => after == CharKind.Edge,
        Anchor.LineStart => before is CharKind.Edge or CharKind.Newline,
        Anchor.LineEnd => after is CharKind.Edge or CharKind.Newline,
        Anchor.WordBoundary => (before == CharKind.Word) != (after == CharKind.Word),
        Anchor.NoWordBoundary => (before == CharKind.Word) == (after == CharKind.Word),
    };

    private static void Add(List<int> bounds, CharClass set)
    {
        foreach (var (first, last) in set.Ranges)
        {
            bounds.Add(first);
            bounds.Add(last + 1);
        }
    }

    private int Find(int codePoint)
    {
        int low = 0, high = from.Length - 1;
        while (low < high)
        {
            var middle = (low + high + 1) >>> 1;
            if (from[middle] <= codePoint) low = middle;
            else high = middle - 1;
        }

        return low;
    }
}
