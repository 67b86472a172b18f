// Where in a JSON text something is wrong: line and column from 1 (in characters), and the path of keys that leads there.
// Found by reading again up to the place, so that good documents pay nothing. Messages never quote values: one might be a secret.
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace CabinCrew.Protocol.Json;

internal static class Place
{
    private const int KeyCharsMax = 64;
    private const int PathCharsMax = 240;
    private const string NoKeyYet = "\0";

    public static Problem At(ReadOnlySpan<byte> utf8, int offset, ProblemCode code, string message)
    {
        var (line, column) = LineColumn(utf8, offset);
        var path = Path(utf8, offset);
        var problem = new Problem(code, message) { Where = $"line {line}, column {column}{(path.Length == 0 ? "" : $" ({path})")}" }
            .With("line", $"{line}").With("column", $"{column}");
        return path.Length == 0 ? problem : problem.With("path", path);
    }

    public static Problem Malformed(ReadOnlySpan<byte> utf8, JsonException e)
    {
        var offset = Math.Min(utf8.Length, Offset(utf8, e.LineNumber ?? 0) + (int)(e.BytePositionInLine ?? 0));
        if (RootEnd(utf8) is >= 0 and var end && offset >= end)
        {
            offset = end + (utf8[end..].IndexOfAnyExcept(" \t\r\n"u8) is >= 0 and var skip ? skip : 0);
            return At(utf8, offset, ProblemCode.JsonMalformed, "something follows the end of the document")
                .With(StrictJson.ReasonKey, StrictJson.TrailingContent);
        }
        return At(utf8, offset, ProblemCode.JsonMalformed, Hint(utf8, offset));
    }

    /// <summary>A key as it may stand in a message: short, printable, JSON pointer escapes.</summary>
    public static string Segment(string key)
    {
        var text = new StringBuilder();
        foreach (var rune in key.EnumerateRunes())
        {
            if (text.Length >= KeyCharsMax) return text.Append('…').ToString();
            if (rune.Value is '~') text.Append("~0");
            else if (rune.Value is '/') text.Append("~1");
            else if (Rune.IsControl(rune) || Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.Format) text.Append('\uFFFD');
            else text.Append(rune.ToString());
        }
        return text.ToString();
    }

    public static int FirstInvalid(ReadOnlySpan<byte> utf8)
    {
        var offset = 0;
        while (Rune.DecodeFromUtf8(utf8[offset..], out _, out var used) is System.Buffers.OperationStatus.Done) offset += used;
        return offset;
    }

    private static string Hint(ReadOnlySpan<byte> utf8, int offset)
    {
        if (utf8.IndexOfAnyExcept(" \t\r\n"u8) < 0) return "the document is empty";
        if (offset >= utf8.Length) return "the document ends too early";
        var before = utf8[..offset].TrimEnd(" \t\r\n"u8);
        return utf8[offset] switch
        {
            (byte)'/' => "comments are not JSON",
            (byte)'}' or (byte)']' when before is [.., (byte)','] => "a trailing comma is not JSON",
            (byte)'\'' => "strings take double quotes",
            (byte)'N' or (byte)'I' => "NaN and Infinity are not JSON",
            (byte)'\n' or (byte)'\r' => "a line break inside a string must be escaped",
            < 0x20 => "a control character must be escaped",
            var c and < 0x7F => $"'{(char)c}' is not expected here",
            _ => "this character is not expected here",
        };
    }

    private static (int Line, int Column) LineColumn(ReadOnlySpan<byte> utf8, int offset)
    {
        var before = utf8[..Math.Min(offset, utf8.Length)];
        var column = 1;
        foreach (var b in before[(before.LastIndexOf((byte)'\n') + 1)..])
            if ((b & 0xC0) != 0x80) column++;
        return (before.Count((byte)'\n') + 1, column);
    }

    private static int Offset(ReadOnlySpan<byte> utf8, long line)
    {
        var offset = 0;
        for (; line > 0 && utf8[offset..].IndexOf((byte)'\n') is >= 0 and var end; line--) offset += end + 1;
        return offset;
    }

    // The end of the first value, where it is complete; else -1.
    private static int RootEnd(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = 4096 }));
        try
        {
            while (reader.Read())
                if (reader.CurrentDepth == 0 && reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray)) return (int)reader.BytesConsumed;
        }
        catch (JsonException) { }
        return -1;
    }

    private static string Path(ReadOnlySpan<byte> utf8, int offset)
    {
        if (!Utf8.IsValid(utf8)) return "";
        var names = new List<string?>();
        var indexes = new List<int>();
        var reader = new Utf8JsonReader(utf8, isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = 4096 }));
        try
        {
            while (reader.Read() && reader.TokenStartIndex <= offset)
            {
                var type = reader.TokenType;
                if (type is JsonTokenType.PropertyName)
                {
                    names[^1] = Name(ref reader);
                    continue;
                }
                if (type is JsonTokenType.EndObject or JsonTokenType.EndArray)
                {
                    names.RemoveAt(names.Count - 1);
                    indexes.RemoveAt(indexes.Count - 1);
                    continue;
                }
                if (indexes.Count > 0) indexes[^1]++;
                if (reader.TokenStartIndex == offset || type is not (JsonTokenType.StartObject or JsonTokenType.StartArray)) continue;
                names.Add(type is JsonTokenType.StartObject ? NoKeyYet : null);
                indexes.Add(-1);
            }
        }
        catch (JsonException) { }
        var path = new StringBuilder();
        for (var i = 0; i < names.Count; i++)
        {
            if (names[i] is NoKeyYet) break;
            path.Append('/').Append(names[i] ?? $"{Math.Max(indexes[i], 0)}");
        }
        return path.Length > PathCharsMax ? string.Concat("…", path.ToString().AsSpan(path.Length - PathCharsMax)) : path.ToString();
    }

    private static string Name(ref Utf8JsonReader reader)
    {
        try
        {
            return Segment(reader.GetString() ?? "");
        }
        catch (InvalidOperationException)
        {
            return "\uFFFD"; // a key with half of a surrogate pair
        }
    }
}
