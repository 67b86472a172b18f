// Private keys as text: PEM and PGP blocks (as they stand, with their lines escaped, or as literals put together line by line) and PuTTY's files.
using System.Buffers;

namespace CabinCrew.Governance.Detection.Secrets;

internal static class PrivateKeys
{
    private const int KeyCharsMax = 16 << 10;
    private const int BodyLettersMin = 32;
    private const int PiecesMax = 400;
    private const string Begin = "-----BEGIN ";
    private const string Putty = "PuTTY-User-Key-File-";

    private static readonly DetectorRule PrivateKey = new("private-key", "this is a private key");

    private static readonly SearchValues<char> Capitals = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ");
    private static readonly SearchValues<char> KeyLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-:,.()@_\\ \t\r\n");

    public static IReadOnlyList<DetectorRule> Rules { get; } = [PrivateKey];

    public static IEnumerable<Anchor> Anchors { get; } = [new(Begin, Pem), new(Putty, OfPutty) { AtWord = true }];

    // The header is enough to tell; the range goes on to the footer, or as far as a key's letters go.
    private static TextMatch? Pem(ReadOnlySpan<char> text, int at)
    {
        var rest = text.Slice(at, Math.Min(KeyCharsMax, text.Length - at));
        var line = rest[Begin.Length..];
        var label = line[..Math.Min(line.Length, 80)];
        var end = label.IndexOf("-----", StringComparison.Ordinal);
        if (end < 0) return null;
        label = label[..end];
        if (!label.EndsWith("PRIVATE KEY", StringComparison.Ordinal) && !label.EndsWith("PRIVATE KEY BLOCK", StringComparison.Ordinal) || label.ContainsAnyExcept(Capitals)) return null;
        var body = Begin.Length + end + 5;
        var (letters, pieces) = (0, 0);
        for (var from = body; ;)
        {
            var piece = rest[from..];
            var stop = piece.IndexOf("-----", StringComparison.Ordinal);
            var odd = piece.IndexOfAnyExcept(KeyLetters);
            if (odd >= 0 && (stop < 0 || odd < stop)) stop = odd;
            var length = stop < 0 ? piece.Length : stop;
            letters += Letters(piece[..length]);
            from += length;
            // A line of literals: "MIIE...\n" + "...". The letter of an escape before the quote was taken with the rest.
            var gap = stop < 0 || odd != stop || pieces++ >= PiecesMax ? 0 : Pieces.JoinAt(rest[from..], out _);
            if (gap > 0)
            {
                from += gap;
                continue;
            }
            if (letters < BodyLettersMin) return null;
            return new(PrivateKey, at, from + Footer(rest[from..]));
        }
    }

    private static int Footer(ReadOnlySpan<char> text) =>
        text.StartsWith("-----END ") && text[9..].IndexOf("-----", StringComparison.Ordinal) is >= 0 and < 80 and var close ? 9 + close + 5 : 0;

    // Text about keys shows the header alone; a key has a body.
    private static int Letters(ReadOnlySpan<char> text)
    {
        var letters = 0;
        foreach (var c in text)
            if (char.IsAsciiLetterOrDigit(c) && ++letters >= BodyLettersMin) break;
        return letters;
    }

    private static TextMatch? OfPutty(ReadOnlySpan<char> text, int at)
    {
        var rest = text.Slice(at, Math.Min(KeyCharsMax, text.Length - at));
        var lines = rest.IndexOf("Private-Lines:", StringComparison.Ordinal);
        if (lines < 0) return null;
        var body = rest[lines..];
        var length = body.IndexOfAnyExcept(KeyLetters);
        if (length < 0) length = body.Length;
        return Letters(body["Private-Lines:".Length..length]) < BodyLettersMin ? null : new(PrivateKey, at, lines + length);
    }
}
