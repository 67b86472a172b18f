// base64, base64url and hex, with Go's words for what is no such text. Decoded bytes become text as UTF-8.
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using CabinCrew.Rego.Builtins.Strings;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Encodings;

internal static class TextCodes
{
    public static Builtin[] Table =>
    [
        new("base64.encode", "x: string -> y: string", static (context, args) => Encode(context, args, Convert.ToBase64String)),
        new("base64.decode", "x: string -> y: string", static (context, args) => context.Text(args, 0, out var text) ? Decoded(context, Base64(text, out var problem), problem) : null),
        new("base64.is_valid", "x: string -> result: boolean", static (_, args) => Value.From(args[0] is StringValue text && Base64(text.Text, out var _) is not null)),
        new("base64url.encode", "x: string -> y: string", static (context, args) => Encode(context, args, static bytes => Convert.ToBase64String(bytes).Replace('+', '-').Replace('/', '_'))),
        new("base64url.encode_no_pad", "x: string -> y: string", static (context, args) => Encode(context, args, static bytes => Base64Url.EncodeToString(bytes))),
        new("base64url.decode", "x: string -> y: string", static (context, args) => context.Text(args, 0, out var text) ? Decoded(context, Base64OfUrl(text, out var problem), problem) : null),
        new("hex.encode", "x: string -> y: string", static (context, args) => Encode(context, args, Convert.ToHexStringLower)),
        new("hex.decode", "x: string -> y: string", HexDecode),
    ];

    /// <summary>Null, and Go's message, where the text is not padded standard base64. Line breaks are skipped.</summary>
    public static byte[]? Base64(string text, out string problem) => Decode(text, '+', '/', out problem);

    /// <summary>The URL alphabet; padding may be missing.</summary>
    public static byte[]? Base64OfUrl(string text, out string problem)
    {
        if (!text.EndsWith('='))
        {
            if (text.Length % 4 == 1)
            {
                problem = $"illegal base64url string: {text}";
                return null;
            }

            text = text.PadRight((text.Length + 3) / 4 * 4, '=');
        }

        return Decode(text, '-', '_', out problem);
    }

    private static byte[]? Decode(string text, char sixtyTwo, char sixtyThree, out string problem)
    {
        problem = "";
        var bytes = new List<byte>(text.Length * 3 / 4);
        int bits = 0, count = 0, padding = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is '\r' or '\n') continue;
            var value = c switch
            {
                >= 'A' and <= 'Z' => c - 'A',
                >= 'a' and <= 'z' => c - 'a' + 26,
                >= '0' and <= '9' => c - '0' + 52,
                _ => c == sixtyTwo ? 62 : c == sixtyThree ? 63 : -1,
            };
            var isPadding = c == '=' && count % 4 >= 2;
            if ((value < 0 && !isPadding) || (padding > 0 && !isPadding))
            {
                problem = Illegal(text, i);
                return null;
            }

            if (isPadding) padding++;
            bits = (bits << 6) | Math.Max(value, 0);
            count++;
            if (count % 4 != 0) continue;
            bytes.Add((byte)(bits >> 16));
            if (padding < 2) bytes.Add((byte)(bits >> 8));
            if (padding < 1) bytes.Add((byte)bits);
            bits = 0;
            if (padding > 0 && text.AsSpan(i + 1).TrimEnd("\r\n").Length > 0)
            {
                problem = Illegal(text, i + 1);
                return null;
            }
        }

        if (count % 4 == 0) return [.. bytes];
        problem = Illegal(text, text.Length - (padding > 0 ? 0 : count % 4));
        return null;
    }

    private static string Illegal(string text, int at) =>
        $"illegal base64 data at input byte {Encoding.UTF8.GetByteCount(text.AsSpan(0, Math.Clamp(at, 0, text.Length)))}";

    private static StringValue? Encode(BuiltinContext context, ReadOnlySpan<Value> args, Func<byte[], string> encode)
    {
        if (!context.Text(args, 0, out var text)) return null;
        context.Charge(text.Length / StringFunctions.CharsPerElement);
        return new StringValue(encode(Encoding.UTF8.GetBytes(text)));
    }

    private static Value? Decoded(BuiltinContext context, byte[]? bytes, string problem)
    {
        if (bytes is null) return context.Fail(problem);
        context.Charge(bytes.Length / StringFunctions.CharsPerElement);
        return new StringValue(Encoding.UTF8.GetString(bytes));
    }

    private static Value? HexDecode(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var text)) return null;
        var bytes = new byte[text.Length / 2];
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.IsAscii && char.IsAsciiHexDigit((char)rune.Value)) continue;
            return context.Fail(string.Create(CultureInfo.InvariantCulture, $"encoding/hex: invalid byte: U+{rune.Value:X4} '{rune}'"));
        }

        if (text.Length % 2 != 0) return context.Fail("encoding/hex: odd length hex string");
        Convert.FromHexString(text, bytes, out _, out _);
        return Decoded(context, bytes, "");
    }
}
