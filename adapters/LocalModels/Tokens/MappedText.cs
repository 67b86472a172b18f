// Text on its way to tokens: every UTF-16 character knows which characters of the original it came from, whatever was removed, replaced or put between.
// Invariant: holds no half of a surrogate pair, and never more than CharsMax characters; what does not fit any more is said by IsFull, and never cut off in silence.
namespace CabinCrew.LocalModels.Tokens;

/// <param name="Token">The id of an added token that this piece is as a whole; otherwise -1.</param>
internal readonly record struct Piece(int Start, int Length, int Token = -1)
{
    public int End => Start + Length;

    public bool IsText => Token < 0;
}

internal sealed class MappedText(int capacity)
{
    /// <summary>A normalizer may make a text eighteen times as long; nobody's text needs that.</summary>
    public const int CharsMax = 1 << 25;

    private char[] chars = new char[Math.Max(16, capacity)];
    private int[] starts = new int[Math.Max(16, capacity)];
    private int[] ends = new int[Math.Max(16, capacity)];

    public int Length { get; private set; }

    public bool IsFull { get; private set; }

    public ReadOnlySpan<char> Chars => chars.AsSpan(0, Length);

    public Piece Whole => new(0, Length);

    /// <summary>Where in the original this character begins.</summary>
    public int StartOf(int index) => starts[index];

    public int EndOf(int index) => ends[index];

    public ReadOnlySpan<char> Of(Piece piece) => chars.AsSpan(piece.Start, piece.Length);

    /// <summary>Half a surrogate pair stands for nothing that a model could know: it becomes U+FFFD.</summary>
    public static MappedText Original(string text)
    {
        var mapped = new MappedText(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) mapped.Append(text[i], i, i + 1);
            else if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))
            {
                mapped.Append(text[i], i, i + 2);
                mapped.Append(text[++i], i - 1, i + 1);
            }
            else mapped.Append('\uFFFD', i, i + 1);
        }
        return mapped;
    }

    public void Append(char c, int start, int end)
    {
        if (Length == chars.Length && !Grow()) return;
        (chars[Length], starts[Length], ends[Length]) = (c, start, end);
        Length++;
    }

    public void Append(int codePoint, int start, int end)
    {
        if (codePoint < 0x10000)
        {
            Append((char)codePoint, start, end);
            return;
        }
        Append((char)(0xD800 + ((codePoint - 0x10000) >> 10)), start, end);
        Append((char)(0xDC00 + ((codePoint - 0x10000) & 0x3FF)), start, end);
    }

    public void Append(ReadOnlySpan<char> text, int start, int end)
    {
        foreach (var c in text) Append(c, start, end);
    }

    public void Append(MappedText source, int index) => Append(source.chars[index], source.starts[index], source.ends[index]);

    public void Append(MappedText source, Piece piece)
    {
        for (var i = piece.Start; i < piece.End; i++) Append(source, i);
    }

    /// <summary>The code point that begins here, and how many characters it takes.</summary>
    public int CodePoint(int index, out int length)
    {
        var c = chars[index];
        length = char.IsHighSurrogate(c) && index + 1 < Length ? 2 : 1;
        return length == 2 ? char.ConvertToUtf32(c, chars[index + 1]) : c;
    }

    private bool Grow()
    {
        if (Length >= CharsMax)
        {
            IsFull = true;
            return false;
        }
        var size = Math.Min(CharsMax, Length * 2);
        Array.Resize(ref chars, size);
        Array.Resize(ref starts, size);
        Array.Resize(ref ends, size);
        return true;
    }
}
