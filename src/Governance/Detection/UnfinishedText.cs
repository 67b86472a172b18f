// Where the end of a text that still comes may be the beginning of something that is found only when more of it is there: a word that is not over, words that are put together, a key
// whose lines follow. Every character is looked at once, as it comes.
// Invariant: what is cut out of the whole text begins behind Safe, or is found already in what came.
using System.Buffers;

namespace CabinCrew.Governance.Detection;

/// <summary>One text. Not thread-safe.</summary>
public sealed class UnfinishedText
{
    /// <summary>What is written in pieces, and numbers in groups, are put together from so many characters at most.</summary>
    private const int JoinedCharsMax = 640;

    private const int KeyCharsMax = 16 << 10, LineCharsMax = 1024;

    // What a detector begins to match by, long before the end of what it finds.
    private static readonly (string Text, int Reach, bool IsLine)[] Openings =
        [("-----BEGIN ", JoinedCharsMax, false), ("PuTTY-User-Key-File-", KeyCharsMax, false), ("password=", LineCharsMax, true), ("pwd=", LineCharsMax, true)];

    private static readonly SearchValues<string> AnyOpening = SearchValues.Create([.. Openings.Select(o => o.Text)], StringComparison.OrdinalIgnoreCase);
    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\n\"'`");
    private static readonly int OpeningCharsMax = Openings.Max(o => o.Text.Length);

    private readonly Queue<int> words = new();
    private readonly Queue<(int Start, int End)> lines = new(), keys = new();
    private string before = "";
    private int word;
    private bool isInWord, hasLetter;
    private char last;

    public int Length { get; private set; }

    /// <summary>Up to here nothing depends on what comes.</summary>
    public int Safe
    {
        get
        {
            var safe = words.TryPeek(out var first) ? first : isInWord ? word : Length;
            foreach (var open in (ReadOnlySpan<Queue<(int Start, int End)>>)[lines, keys])
            {
                while (open.TryPeek(out var old) && old.End < Length) open.Dequeue();
                if (open.TryPeek(out var oldest)) safe = Math.Min(safe, oldest.Start);
            }
            return safe;
        }
    }

    public void Add(string more)
    {
        Open(more);
        foreach (var c in more) Add(c);
    }

    private void Add(char c)
    {
        if (c is ' ' or '\t' or '\r' or '\n')
        {
            if (isInWord)
            {
                if (GoesOn) words.Enqueue(word);
                else words.Clear();
            }
            isInWord = false;
        }
        else
        {
            if (!isInWord) (word, isInWord, hasLetter) = (Length, true, false);
            // Signs that are words, and never a part of one that is looked for.
            if (c is (>= '\u3041' and <= '\u30FF') or (>= '\u4E00' and <= '\u9FFF') or (>= '\uAC00' and <= '\uD7A3') or '\u3001' or '\u3002')
            {
                words.Clear();
                isInWord = false;
            }
            hasLetter |= char.IsLetterOrDigit(c);
            last = c;
        }
        Length++;
        while (words.TryPeek(out var old) && Length - old > JoinedCharsMax) words.Dequeue();
    }

    // "AKIA" + "...", 4111 1111 ..., GB29 NWBK ...: the next word may belong to it.
    private bool GoesOn => !hasLetter || last is '"' or '\'' or '`' or '\\' or '+' or ',' or '(' or '[' or '&' or '~' || char.IsAsciiDigit(last) || char.IsAsciiLetterUpper(last);

    private void Open(string more)
    {
        if (more.AsSpan().ContainsAny(LineEnds)) lines.Clear();
        var text = before + more;
        for (var at = 0; text.AsSpan(at).IndexOfAny(AnyOpening) is >= 0 and var step; at++)
        {
            at += step;
            var (opening, reach, isLine) = Array.Find(Openings, o => text.AsSpan(at).StartsWith(o.Text, StringComparison.OrdinalIgnoreCase));
            // Those that were over before are known, and those whose line is over as well.
            if (at + opening.Length <= before.Length || (isLine && text.AsSpan(at + opening.Length).ContainsAny(LineEnds))) continue;
            var start = Length - before.Length + at;
            (isLine ? lines : keys).Enqueue((start, start + reach));
        }
        before = text.Length < OpeningCharsMax ? text : text[^(OpeningCharsMax - 1)..];
    }
}
