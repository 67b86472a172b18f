// What becomes of text before it is cut into words: one class a kind, as tokenizer.json names them. Each keeps where every character came from, and takes time linear in the text.
using System.Text;

namespace CabinCrew.LocalModels.Tokens;

internal abstract class Normalizer
{
    /// <summary>Appends the piece, normalized.</summary>
    public abstract void Apply(MappedText text, Piece piece, MappedText into);
}

internal sealed class NormalizerSequence(IReadOnlyList<Normalizer> steps) : Normalizer
{
    public override void Apply(MappedText text, Piece piece, MappedText into)
    {
        foreach (var step in steps)
        {
            var next = new MappedText(piece.Length + 16);
            step.Apply(text, piece, next);
            (text, piece) = (next, next.Whole);
        }
        into.Append(text, piece);
    }
}

internal sealed class LowercaseNormalizer : Normalizer
{
    public override void Apply(MappedText text, Piece piece, MappedText into)
    {
        for (var i = piece.Start; i < piece.End;)
        {
            var c = text.CodePoint(i, out var length);
            Append(c, text.StartOf(i), text.EndOf(i + length - 1), into);
            i += length;
        }
    }

    public static void Append(int c, int start, int end, MappedText into)
    {
        if (c < 0x80) into.Append(c is >= 'A' and <= 'Z' ? (char)(c | 0x20) : (char)c, start, end);
        else if (c == 0x130) into.Append("i\u0307", start, end); // the only character whose lower case is two
        else into.Append(Rune.ToLowerInvariant(new Rune(c)).Value, start, end);
    }
}

/// <param name="compose">NFC and NFKC, otherwise NFD and NFKD.</param>
internal sealed class UnicodeFormNormalizer(bool compatibility, bool compose) : Normalizer
{
    // Longer runs of combining marks are nobody's writing; cut there, sorting them stays linear (as the stream-safe format of UAX 15 does).
    private const int RunMax = 64;

    private readonly record struct Part(int Code, int Class, int Start, int End);

    public override void Apply(MappedText text, Piece piece, MappedText into)
    {
        var run = new List<Part>();
        var parts = new List<int>();
        for (var i = piece.Start; i < piece.End;)
        {
            var c = text.CodePoint(i, out var length);
            var (start, end) = (text.StartOf(i), text.EndOf(i + length - 1));
            i += length;
            parts.Clear();
            UnicodeTables.Decompose(c, compatibility, parts);
            foreach (var part in parts)
            {
                var order = UnicodeTables.ClassOf(part);
                // A starter ends what went before, unless it may compose with it (Hangul, and a few vowel signs).
                if (order == 0 && run.Count > 0 && !(compose && run.Count == 1 && UnicodeTables.Compose(run[0].Code, part) >= 0) || run.Count >= RunMax) Flush(run, into);
                run.Add(new(part, order, start, end));
                if (order == 0 && run.Count == 2) ComposeInPlace(run);
            }
        }
        Flush(run, into);
    }

    private void Flush(List<Part> run, MappedText into)
    {
        Sort(run);
        if (compose) ComposeInPlace(run);
        foreach (var part in run) into.Append(part.Code, part.Start, part.End);
        run.Clear();
    }

    private static void Sort(List<Part> run)
    {
        for (var i = 1; i < run.Count; i++)
            for (var j = i; j > 0 && run[j].Class > 0 && run[j - 1].Class > run[j].Class; j--) (run[j - 1], run[j]) = (run[j], run[j - 1]);
    }

    // Everything that is not blocked composes with the first.
    private static void ComposeInPlace(List<Part> run)
    {
        if (run.Count < 2 || run[0].Class != 0) return;
        var last = 0;
        for (var i = 1; i < run.Count;)
        {
            var blocked = i > 1 && last >= run[i].Class;
            if (!blocked && UnicodeTables.Compose(run[0].Code, run[i].Code) is >= 0 and var whole)
            {
                run[0] = new(whole, 0, run[0].Start, Math.Max(run[0].End, run[i].End));
                run.RemoveAt(i);
                continue;
            }
            last = run[i].Class;
            i++;
        }
    }
}

internal sealed class StripAccentsNormalizer : Normalizer
{
    public override void Apply(MappedText text, Piece piece, MappedText into)
    {
        for (var i = piece.Start; i < piece.End;)
        {
            var mark = UnicodeTables.IsMark(text.CodePoint(i, out var length));
            for (var end = i + length; i < end; i++)
                if (!mark) into.Append(text, i);
        }
    }
}

internal sealed class StripNormalizer(bool left, bool right) : Normalizer
{
    public override void Apply(MappedText text, Piece piece, MappedText into)
    {
        var (start, end) = (piece.Start, piece.End);
        var chars = text.Chars;
        while (left && start < end && UnicodeTables.IsWhiteSpace(chars[start])) start++;
        while (right && end > start && UnicodeTables.IsWhiteSpace(chars[end - 1])) end--;
        into.Append(text, new Piece(start, end - start));
    }
}

internal sealed class PrependNormalizer(string prefix) : Normalizer
{
    public override void Apply(MappedText text, Piece piece, MappedText into)
    {
        if (piece.Length == 0) return;
        into.Append(prefix, text.StartOf(piece.Start), text.StartOf(piece.Start));
        into.Append(text, piece);
    }
}

/// <param name="repeatsMin">How often <paramref name="pattern"/> stands at least; as often as it does then, it is replaced once. 0: each of it is.</param>
internal sealed class ReplaceNormalizer(string pattern, int repeatsMin, string content) : Normalizer
{
    public override void Apply(MappedText text, Piece piece, MappedText into)
    {
        var chars = text.Of(piece);
        for (var i = 0; i < chars.Length;)
        {
            var repeats = 0;
            while (chars[(i + repeats * pattern.Length)..].StartsWith(pattern, StringComparison.Ordinal) && (repeatsMin > 0 || repeats == 0)) repeats++;
            if (repeats == 0 || repeats < repeatsMin)
            {
                // A run that is too short is stepped over as a whole: looked at again from within, it could make this quadratic.
                for (var step = Math.Max(1, repeats * pattern.Length); step > 0; step--) into.Append(text, piece.Start + i++);
                continue;
            }
            var length = repeats * pattern.Length;
            into.Append(content, text.StartOf(piece.Start + i), text.EndOf(piece.Start + i + length - 1));
            i += length;
        }
    }
}
