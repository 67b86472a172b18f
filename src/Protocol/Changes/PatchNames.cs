// Names in patches: git's C-style quoting, the a/ and b/ prefixes, and the ambiguous `diff --git` line, which must agree with every other name given.
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace CabinCrew.Protocol.Changes;

internal static partial class PatchNames
{
    public const string Nothing = "/dev/null";

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>A name as the patch has it: quoted, or plain up to a tab. The rest (a timestamp) is given back.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, [NotNullWhen(true)] out string? name, out string rest)
    {
        name = null;
        rest = "";
        var isQuoted = text is [(byte)'"', ..];
        var end = text.IndexOf((byte)'\t') is var tab and >= 0 ? tab : text.Length;
        if (isQuoted ? !TryUnquote(text, out name, out end) : !TryDecode(text[..end], out name) || name.Length == 0) return false;
        // To git a carriage return ends a plain name, and where a time follows only the last tab does. It writes neither without quotes.
        if (!isQuoted && text.Contains((byte)'\r') || end < text.Length && (text[end] != '\t' || text[(end + 1)..].Contains((byte)'\t'))) return false;
        if (end < text.Length && !TryDecode(text[(end + 1)..], out rest!)) rest = "";
        return true;
    }

    /// <summary>Reads "…" with git's escapes; <paramref name="used"/> counts the bytes with both quotes.</summary>
    public static bool TryUnquote(ReadOnlySpan<byte> text, [NotNullWhen(true)] out string? name, out int used)
    {
        name = null;
        used = 0;
        var bytes = new List<byte>();
        for (var i = 1; i < text.Length; i++)
        {
            var b = text[i];
            if (b == '"')
            {
                used = i + 1;
                return TryDecode([.. bytes], out name);
            }
            if (b != '\\') { bytes.Add(b); continue; }
            if (++i >= text.Length) return false;
            switch ((char)text[i])
            {
                case 'a': bytes.Add(7); break;
                case 'b': bytes.Add(8); break;
                case 't': bytes.Add(9); break;
                case 'n': bytes.Add(10); break;
                case 'v': bytes.Add(11); break;
                case 'f': bytes.Add(12); break;
                case 'r': bytes.Add(13); break;
                case '"' or '\\': bytes.Add(text[i]); break;
                case >= '0' and <= '3' when i + 2 < text.Length && text[i + 1] is >= (byte)'0' and <= (byte)'7' && text[i + 2] is >= (byte)'0' and <= (byte)'7':
                    bytes.Add((byte)((text[i] - '0') * 64 + (text[i + 1] - '0') * 8 + (text[i + 2] - '0')));
                    i += 2;
                    break;
                default: return false;
            }
        }
        return false;
    }

    /// <summary>Quoted only where the plain form could be misread.</summary>
    public static string Quote(string name) => name.AsSpan().IndexOfAny('"', '\\') < 0
        ? name
        : $"\"{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    /// <summary>More than the longest two paths, quoted.</summary>
    public const int HeaderBytesMax = 8 * WorkspacePath.BytesMax + 64;

    private const int QuotesMax = 16;

    /// <summary>
    /// The pairs of names that a `diff --git` line can mean (spaces make it ambiguous) and that name one file, or the two of a rename or copy. There are
    /// few, and only they become text: a line of nothing but spaces would else be taken apart at each of them.
    /// </summary>
    public static List<(string Old, string New)> HeaderPairs(ReadOnlySpan<byte> text, (string From, string To)? moved)
    {
        var pairs = new List<(string, string)>();
        if (text is [(byte)'"', ..])
        {
            if (!TryUnquote(text, out var first, out var used) || used >= text.Length || text[used] != ' ') return pairs;
            if (TryWhole(text[(used + 1)..], out var second)) pairs.Add((first, second));
            return pairs;
        }
        byte[] from = Encoding.UTF8.GetBytes(moved?.From ?? ""), to = Encoding.UTF8.GetBytes(moved?.To ?? "");
        var quotes = 0;
        for (var i = 1; i < text.Length - 1; i++)
        {
            if (text[i] != ' ') continue;
            var old = text[..i];
            var @new = text[(i + 1)..];
            var quoted = @new[0] == '"' && ++quotes <= QuotesMax;
            if (moved is null ? !quoted && !AreOne(old, @new) : !Is(old, from) || !quoted && !Is(@new, to)) continue;
            if (TryDecode(old, out var first) && TryWhole(@new, out var second)) pairs.Add((first, second));
        }
        return pairs;
    }

    private static bool AreOne(ReadOnlySpan<byte> old, ReadOnlySpan<byte> @new) => old.SequenceEqual(@new) || AfterFirst(old).SequenceEqual(AfterFirst(@new)) && AfterFirst(old).Length > 0;

    // The name itself, or with one directory before it.
    private static bool Is(ReadOnlySpan<byte> given, ReadOnlySpan<byte> name) => given.SequenceEqual(name) || AfterFirst(given).SequenceEqual(name);

    private static ReadOnlySpan<byte> AfterFirst(ReadOnlySpan<byte> name) => name.IndexOf((byte)'/') is var i and > 0 ? name[(i + 1)..] : [];

    /// <summary>The names without their prefixes: a/ and b/ (or any two first segments that alone make them differ) go, equal names stay.</summary>
    public static (string Old, string New) Strip(string old, string @new)
    {
        if (old == Nothing || @new == Nothing) return (StripOne(old, "a/"), StripOne(@new, "b/"));
        if (old == @new) return (old, @new);
        var (o, n) = (Tail(old), Tail(@new));
        return o is not null && n is not null && (o == n || old.StartsWith("a/", StringComparison.Ordinal) && @new.StartsWith("b/", StringComparison.Ordinal)) ? (o, n) : (old, @new);
    }

    /// <summary>GNU diff -N says "is not there" by a timestamp at the epoch, in any time zone: as git reads it, to the letter. What is nearly one says something else.</summary>
    public static bool IsEpoch(string timestamp)
    {
        if (Epoch.Match(timestamp) is not { Success: true } found) return false;
        int Of(string part) => int.Parse(found.Groups[part].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
        var east = Of("zh") * 60 + Of("zm");
        return Of("h") * 60 + Of("m") - (found.Groups["sign"].Value == "-" ? -east : east) == (timestamp[3] == '9' ? 24 * 60 : 0);
    }

    /// <summary>A date and time at the end of a plain name, with a space where the tab should be: git takes it off, for damage that a mailer did.</summary>
    public static bool EndsInTime(string name) => TimeAfterSpace.IsMatch(name);

    [GeneratedRegex(@"\A(1970-01-01|1969-12-31) (?<h>[0-2][0-9]):(?<m>[0-5][0-9]):00(\.0+)? (?<sign>[-+])(?<zh>[0-2][0-9]):?(?<zm>[0-5][0-9])\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Epoch { get; }

    [GeneratedRegex(@" ([0-9]{2})?[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?( ?[-+][0-9]{2}:?[0-9]{2})?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex TimeAfterSpace { get; }

    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out string? text)
    {
        try
        {
            text = Strict.GetString(bytes);
            return true;
        }
        catch (DecoderFallbackException)
        {
            text = null;
            return false;
        }
    }

    /// <summary>A name that is all there is: quoted, or plain with whatever stands in it.</summary>
    public static bool TryWhole(ReadOnlySpan<byte> text, [NotNullWhen(true)] out string? name)
    {
        if (text is [(byte)'"', ..]) return TryUnquote(text, out name, out var used) && used == text.Length;
        return TryDecode(text, out name) && name.Length > 0;
    }

    private static string StripOne(string name, string prefix) => name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name;

    private static string? Tail(string name) => name.IndexOf('/') is var i and > 0 && i + 1 < name.Length ? name[(i + 1)..] : null;
}
