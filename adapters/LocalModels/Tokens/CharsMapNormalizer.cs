// SentencePiece's precompiled normalization ("Precompiled"): a double-array trie over UTF-8 that leads to replacements. The table is somebody else's file: every step in it is bounded.
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using CabinCrew.Protocol;

namespace CabinCrew.LocalModels.Tokens;

internal sealed class CharsMapNormalizer : Normalizer
{
    private const int BytesMax = 4 << 20;
    private const int ReplacementBytesMax = 256;

    /// <summary>Longer clusters are looked up character by character, as the reference does.</summary>
    private const int ClusterBytesMax = 5;

    /// <summary>A cluster of a million marks is cut: only short ones are looked up whole.</summary>
    private const int ClusterCharsMax = 64;

    private readonly uint[] trie;
    private readonly byte[] replacements;

    private CharsMapNormalizer(uint[] trie, byte[] replacements) => (this.trie, this.replacements) = (trie, replacements);

    public static Outcome<Normalizer> Of(string base64)
    {
        var bytes = new byte[Math.Min(BytesMax, base64.Length)];
        if (base64.Length > BytesMax || !Convert.TryFromBase64String(base64, bytes, out var count)) return Invalid("the charsmap is no base64, or longer than 4 MiB");
        var map = bytes.AsSpan(0, count);
        if (map.Length < 4) return Invalid("the charsmap has no table");
        var size = BinaryPrimitives.ReadUInt32LittleEndian(map);
        if (size == 0 || size % 4 != 0 || size > map.Length - 4) return Invalid("the charsmap's table is longer than the charsmap");
        var trie = new uint[size / 4];
        for (var i = 0; i < trie.Length; i++) trie[i] = BinaryPrimitives.ReadUInt32LittleEndian(map[(4 + i * 4)..]);
        return new CharsMapNormalizer(trie, map[(4 + (int)size)..].ToArray());
    }

    private static Outcome<Normalizer> Invalid(string message) => new Problem(ProblemCode.ModelInvalid, message) { Where = "normalizer" };

    public override void Apply(MappedText text, Piece piece, MappedText into)
    {
        var chars = text.Of(piece);
        Span<byte> utf8 = stackalloc byte[ClusterBytesMax];
        for (var i = 0; i < chars.Length;)
        {
            var length = ClusterLength(chars[i..]);
            if (Encoding.UTF8.TryGetBytes(chars.Slice(i, length), utf8, out var bytes) && Find(utf8[..bytes]) is { } whole)
                Replace(text, new(piece.Start + i, length), whole, into);
            else ByCharacter(text, new(piece.Start + i, length), into);
            i += length;
        }
    }

    private void ByCharacter(MappedText text, Piece cluster, MappedText into)
    {
        Span<byte> utf8 = stackalloc byte[4];
        for (var i = cluster.Start; i < cluster.End;)
        {
            _ = text.CodePoint(i, out var length);
            var one = new Piece(i, length);
            var bytes = Encoding.UTF8.GetBytes(text.Of(one), utf8);
            if (Find(utf8[..bytes]) is { } replacement) Replace(text, one, replacement, into);
            else into.Append(text, one);
            i += length;
        }
    }

    private static int ClusterLength(ReadOnlySpan<char> chars)
    {
        // Nothing that is put together with what follows: most text.
        if (chars[0] < 0x80 && chars[0] != '\r' && (chars.Length == 1 || chars[1] < 0x80)) return 1;
        var length = StringInfo.GetNextTextElementLength(chars[..Math.Min(chars.Length, ClusterCharsMax)]);
        return length > 1 && length == ClusterCharsMax && char.IsHighSurrogate(chars[length - 1]) ? length - 1 : length;
    }

    private static void Replace(MappedText text, Piece piece, string replacement, MappedText into) =>
        into.Append(replacement, text.StartOf(piece.Start), text.EndOf(piece.End - 1));

    // The shortest entry that the key begins with, as the reference has it. The layout of a unit: darts-clone.
    private string? Find(ReadOnlySpan<byte> key)
    {
        var at = Offset(trie[0]);
        foreach (var c in key)
        {
            at ^= c;
            if (c == 0 || at >= trie.Length) return null;
            var unit = trie[at];
            if ((unit & (1u << 31 | 0xFF)) != c) return null;
            at ^= Offset(unit);
            if ((unit >> 8 & 1) == 0) continue;
            return at < trie.Length ? ReplacementAt(trie[at] & 0x7FFFFFFF) : null;
        }
        return null;
    }

    private static uint Offset(uint unit) => unit >> 10 << (int)((unit & 1u << 9) >> 6);

    private string? ReplacementAt(uint index)
    {
        if (index > replacements.Length) return null;
        var rest = replacements.AsSpan((int)index);
        rest = rest[..Math.Min(rest.Length, ReplacementBytesMax)];
        var end = rest.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
    }
}
