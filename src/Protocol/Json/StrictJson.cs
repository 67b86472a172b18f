// The only door for JSON that somebody else wrote: one value, strict UTF-8, no duplicate keys, bounded, numbers exact (ART-04).
// Invariant: what passes here reads the same in every conforming reader. The rules in words: docs/reference/json.md.
using System.Buffers.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace CabinCrew.Protocol.Json;

/// <param name="BytesMax">Of the whole document.</param>
/// <param name="DepthMax">Nesting of objects and arrays.</param>
/// <param name="ValuesMax">Of all objects, arrays, strings, numbers and literals together.</param>
public sealed record JsonLimits(int BytesMax = 1 << 20, int DepthMax = 64, int ValuesMax = 200_000)
{
    public static readonly JsonLimits Default = new();
}

public static partial class StrictJson
{
    /// <summary>The largest magnitude of a number: 2^53-1. Beyond it readers disagree about the value.</summary>
    public const long NumberMax = (1L << 53) - 1;

    /// <summary>The sign, the letter and four digits: more than any number that passes needs.</summary>
    private const int ExponentCharsMax = 6;

    /// <summary>The key of <see cref="Problem.Evidence"/> that says <see cref="TrailingContent"/> where a whole value is followed by something else.</summary>
    public const string ReasonKey = "reason";
    public const string TrailingContent = "trailing_content";

    /// <summary>Parses, or says what is wrong with line and column (both from 1). The element is detached and may be kept.</summary>
    public static Outcome<JsonElement> Parse(ReadOnlyMemory<byte> utf8, JsonLimits? limits = null)
    {
        limits ??= JsonLimits.Default;
        return Fault(utf8.Span, limits) is { } problem
            ? problem
            : JsonElement.Parse(utf8.Span, new JsonDocumentOptions { MaxDepth = limits.DepthMax });
    }

    /// <summary>The same checks without building anything, for those who pass the bytes on.</summary>
    public static Outcome<Done> Check(ReadOnlySpan<byte> utf8, JsonLimits? limits = null) =>
        Fault(utf8, limits ?? JsonLimits.Default) is { } problem ? problem : Done.Ok;

    private static Problem? Fault(ReadOnlySpan<byte> utf8, JsonLimits limits)
    {
        if (utf8.Length > limits.BytesMax)
            return new Problem(ProblemCode.JsonTooLarge, $"the document has {utf8.Length} bytes; {limits.BytesMax} are allowed")
                .With("limit", $"{limits.BytesMax}").With("measured", $"{utf8.Length}");
        if (utf8 is [0xEF, 0xBB, 0xBF, ..]) return Place.At(utf8, 0, ProblemCode.JsonNotUtf8, "the document begins with a byte order mark");
        if (utf8 is [0xFE, 0xFF, ..] or [0xFF, 0xFE, ..]) return Place.At(utf8, 0, ProblemCode.JsonNotUtf8, "the document is UTF-16, not UTF-8");
        if (!Utf8.IsValid(utf8)) return Place.At(utf8, Place.FirstInvalid(utf8), ProblemCode.JsonNotUtf8, "the bytes here are not UTF-8");

        var keys = new KeySets();
        try
        {
            return Walk(utf8, limits, ref keys);
        }
        catch (JsonException e)
        {
            return Place.Malformed(utf8, e);
        }
        finally
        {
            keys.Release();
        }
    }

    private static Problem? Walk(ReadOnlySpan<byte> utf8, JsonLimits limits, ref KeySets keys)
    {
        // One deeper than allowed, so that the refusal is ours and not the reader's exception.
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = limits.DepthMax + 1 });
        var values = 0;
        while (reader.Read())
        {
            var at = (int)reader.TokenStartIndex;
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    if (reader.ValueIsEscaped && HasLoneSurrogate(reader.ValueSpan))
                        return Place.At(utf8, at, ProblemCode.JsonLoneSurrogate, "a key has half of a surrogate pair");
                    keys.Add(ref reader);
                    continue;
                case JsonTokenType.EndObject:
                    if (keys.Close(utf8) is >= 0 and var twin)
                        return Place.At(utf8, twin, ProblemCode.JsonDuplicateKey, "this key stands twice in the same object");
                    continue;
                case JsonTokenType.EndArray:
                    continue;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    if (reader.CurrentDepth >= limits.DepthMax)
                        return Place.At(utf8, at, ProblemCode.JsonTooDeep, $"the nesting is deeper than {limits.DepthMax}").With("limit", $"{limits.DepthMax}");
                    if (reader.TokenType is JsonTokenType.StartObject) keys.Open();
                    break;
                case JsonTokenType.String:
                    if (reader.ValueIsEscaped && HasLoneSurrogate(reader.ValueSpan))
                        return Place.At(utf8, at, ProblemCode.JsonLoneSurrogate, "a string has half of a surrogate pair");
                    break;
                case JsonTokenType.Number:
                    if (NumberFault(reader.ValueSpan) is { } fault) return Place.At(utf8, at, ProblemCode.JsonNumberOutOfRange, fault);
                    break;
            }
            if (++values > limits.ValuesMax)
                return Place.At(utf8, at, ProblemCode.JsonTooLarge, $"the document has more than {limits.ValuesMax} values").With("limit", $"{limits.ValuesMax}");
        }
        return null;
    }

    /// <summary>The text between the quotes, already known to be well-formed: is a \u escape half of a pair?</summary>
    public static bool HasLoneSurrogate(ReadOnlySpan<byte> escaped)
    {
        while (escaped.IndexOf((byte)'\\') is >= 0 and var slash)
        {
            escaped = escaped[slash..];
            if (escaped[1] != 'u')
            {
                escaped = escaped[2..];
                continue;
            }
            var unit = Unit(escaped);
            escaped = escaped[6..];
            if (unit is < 0xD800 or > 0xDFFF) continue;
            if (unit >= 0xDC00 || escaped is not [(byte)'\\', (byte)'u', ..] || Unit(escaped) is < 0xDC00 or > 0xDFFF) return true;
            escaped = escaped[6..];
        }
        return false;

        static int Unit(ReadOnlySpan<byte> escape) => Utf8Parser.TryParse(escape.Slice(2, 4), out int unit, out _, 'x') ? unit : -1;
    }

    // By value and not by spelling: 1e20 is an integer beyond 2^53-1 as much as its twenty-one digits are.
    private static string? NumberFault(ReadOnlySpan<byte> text)
    {
        var exponent = text.IndexOfAny("eE"u8);
        if (text.Length <= 15 && exponent < 0) return null;
        // Zero may have any exponent; comparing such numbers (JsonElement.DeepEquals) throws, and other readers give up too.
        if (exponent >= 0 && text.Length - exponent > ExponentCharsMax) return "the exponent of this number is too long";
        if (!Utf8Parser.TryParse(text, out double value, out var used) || used != text.Length || !double.IsFinite(value)) return "this number is not finite";
        if (Math.Abs(value) > NumberMax) return "this number is beyond 2^53-1";
        if (value == 0 && (exponent < 0 ? text : text[..exponent]).ContainsAnyInRange((byte)'1', (byte)'9')) return "this number is too small: it reads as zero";
        return null;
    }
}
