// Searches a text for the anchors of many detectors in one pass. Immutable and shared.
using System.Buffers;
using System.Runtime.Intrinsics;

namespace CabinCrew.Governance.Detection;

internal sealed class AnchorSearch
{
    // The two letters beyond ASCII that comparing without case takes for an ASCII one: the long s, and the sign of Kelvin.
    private const string Foldable = "\u017F\u212A";

    private readonly OwnedAnchor[]?[] byFirst = new OwnedAnchor[]?[128];
    private readonly AnchorFilter filter;
    private readonly WordStarts words;

    public AnchorSearch(IEnumerable<OwnedAnchor> anchors)
    {
        var given = anchors.ToArray();
        words = new(given.Where(a => a.Anchor.AtWord));
        var all = given.Where(a => !a.Anchor.AtWord).ToArray();
        filter = new(all.Select(a => a.Anchor));
        for (var first = 0; first < byFirst.Length; first++)
        {
            OwnedAnchor[] own = [.. all.Where(a => a.Anchor.Text[0] == first || (a.Anchor.IgnoreCase && char.ToUpperInvariant(a.Anchor.Text[0]) == first))];
            if (own.Length > 0) byFirst[first] = own;
        }
    }

    /// <summary>Every place where a detector sees something, until <paramref name="found"/> says that it is enough.</summary>
    public void Run(ReadOnlySpan<char> text, Func<ITextDetector, TextMatch, bool> found)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(text.Length);
        try
        {
            Narrow(text, bytes);
            if (!words.IsEmpty && !RunWords(text, bytes.AsSpan(0, text.Length), found)) return;
            // Where letters fold, any place may be one: those few texts are looked at letter by letter.
            if (text.IndexOfAny(Foldable) >= 0)
            {
                for (var at = 0; at < text.Length; at++)
                    if (!LookAt(text, at, AnchorsOf(text[at]), found)) return;
                return;
            }
            var candidates = filter.In(bytes.AsSpan(0, text.Length));
            while (candidates.MoveNext())
                if (!LookAt(text, candidates.Current, AnchorsOf(text[candidates.Current]), found)) return;
        }
        finally
        {
            // The buffer may hold a secret.
            ArrayPool<byte>.Shared.Return(bytes, clearArray: true);
        }
    }

    /// <summary>The same in bytes as they stand, read as characters of the same number: anchors are ASCII, and stand in UTF-8 as they are.</summary>
    /// <param name="back">How far back from its place an anchor's look can see.</param>
    /// <param name="beyond">And how far beyond.</param>
    public void Run(ReadOnlySpan<byte> utf8, int back, int beyond, Func<ITextDetector, TextMatch, bool> found)
    {
        var window = new Window(utf8, back, beyond);
        try
        {
            var starts = words.In(utf8);
            while (!words.IsEmpty && starts.MoveNext())
                if (!LookAt(ref window, starts.Current, utf8, starts.Three, found) || !LookAt(ref window, starts.Current, utf8, starts.Four, found)) return;
            var candidates = filter.In(utf8);
            while (candidates.MoveNext())
            {
                if (!LookAt(ref window, candidates.Current, utf8, AnchorsOf(utf8[candidates.Current]), found)) return;
            }
        }
        finally
        {
            window.Clear();
        }
    }

    // False: it is enough.
    private static bool LookAt(ref Window window, int at, ReadOnlySpan<byte> utf8, ReadOnlySpan<OwnedAnchor> anchors, Func<ITextDetector, TextMatch, bool> found)
    {
        foreach (var (detector, anchor) in anchors)
        {
            if (!StandsAt(utf8, at, anchor)) continue;
            var (text, start) = window.Around(at);
            if (anchor.Look(text, at - start) is { } match && !found(detector, match with { Start = start + match.Start })) return false;
        }
        return true;
    }

    // False: it is enough.
    private bool RunWords(ReadOnlySpan<char> text, ReadOnlySpan<byte> bytes, Func<ITextDetector, TextMatch, bool> found)
    {
        var starts = words.In(bytes);
        while (starts.MoveNext())
            if (!LookAt(text, starts.Current, starts.Three, found) || !LookAt(text, starts.Current, starts.Four, found)) return false;
        return true;
    }

    private ReadOnlySpan<OwnedAnchor> AnchorsOf(int first) => first < byFirst.Length ? byFirst[first] : default;

    // False: it is enough.
    private static bool LookAt(ReadOnlySpan<char> text, int at, ReadOnlySpan<OwnedAnchor> anchors, Func<ITextDetector, TextMatch, bool> found)
    {
        foreach (var (detector, anchor) in anchors)
            if (text[at..].StartsWith(anchor.Text, anchor.IgnoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal) && anchor.Look(text, at) is { } match && !found(detector, match)) return false;
        return true;
    }

    private static bool StandsAt(ReadOnlySpan<byte> utf8, int at, Anchor anchor)
    {
        if (utf8.Length - at < anchor.Text.Length) return false;
        var bytes = utf8.Slice(at, anchor.Text.Length);
        return anchor.IgnoreCase ? System.Text.Ascii.EqualsIgnoreCase(bytes, anchor.Text) : System.Text.Ascii.Equals(bytes, anchor.Text);
    }

    // What is beyond a byte becomes 255, which stands in no anchor.
    private static void Narrow(ReadOnlySpan<char> text, Span<byte> into)
    {
        var at = 0;
        var words = System.Runtime.InteropServices.MemoryMarshal.Cast<char, ushort>(text);
        for (; at <= text.Length - Vector256<byte>.Count; at += Vector256<byte>.Count)
            Vector256.NarrowWithSaturation(Vector256.Create(words[at..]), Vector256.Create(words[(at + Vector256<ushort>.Count)..])).CopyTo(into[at..]);
        for (; at < text.Length; at++) into[at] = (byte)Math.Min(text[at], (char)byte.MaxValue);
    }

    /// <summary>A part of the bytes as characters, moved on where it is asked for another.</summary>
    private ref struct Window(ReadOnlySpan<byte> utf8, int back, int beyond)
    {
        private const int Core = 1 << 16;
        private readonly ReadOnlySpan<byte> utf8 = utf8;
        private char[]? chars;
        private int core = -1, start, count;

        public (Part Text, int Start) Around(int at)
        {
            if (at / Core != core)
            {
                core = at / Core;
                start = Math.Max(0, core * Core - back);
                chars ??= ArrayPool<char>.Shared.Rent(Math.Min(utf8.Length, back + Core + beyond));
                count = System.Text.Encoding.Latin1.GetChars(utf8[start..Math.Min(utf8.Length, core * Core + Core + beyond)], chars);
            }
            return (new(chars!, count), start);
        }

        // It may hold a secret.
        public readonly void Clear()
        {
            if (chars is not null) ArrayPool<char>.Shared.Return(chars, clearArray: true);
        }
    }

    private readonly record struct Part(char[] Chars, int Count)
    {
        public static implicit operator ReadOnlySpan<char>(Part part) => part.Chars.AsSpan(0, part.Count);
    }
}
