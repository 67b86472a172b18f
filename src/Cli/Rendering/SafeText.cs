// Text from outside, made safe to print: nothing in it can move the cursor, change colours, reorder or hide what a reviewer reads.
// Control, format (bidirectional, zero-width, tags), invisible filler and broken characters become visible escapes such as \x1b and \u{202e}.
using System.Globalization;
using System.Text;

namespace CabinCrew.Cli.Rendering;

internal static class SafeText
{
    /// <summary>One line: line feeds and tabs are escaped as well.</summary>
    public static string Line(string? text) => Escape(text ?? "", keepBreaks: false);

    /// <summary>Several lines: line feeds and tabs stay.</summary>
    public static string Block(string? text) => Escape(text ?? "", keepBreaks: true);

    /// <summary>One line of bytes that should be UTF-8: what is not becomes <c>\xff</c>.</summary>
    public static string Line(ReadOnlySpan<byte> utf8, bool keepTabs = false)
    {
        var text = new StringBuilder(utf8.Length);
        while (!utf8.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(utf8, out var rune, out var consumed) == System.Buffers.OperationStatus.Done)
            {
                if (IsPlain(rune) || (keepTabs && rune.Value == '\t')) text.Append(rune.ToString());
                else AppendEscape(text, rune.Value);
            }
            else
            {
                foreach (var b in utf8[..consumed]) text.Append(CultureInfo.InvariantCulture, $"\\x{b:x2}");
            }
            utf8 = utf8[consumed..];
        }
        return text.ToString();
    }

    /// <summary>JSON text with the same characters written as JSON escapes. They can stand nowhere but in strings, so the value does not change.</summary>
    public static string Json(string json)
    {
        StringBuilder? safe = null;
        for (var i = 0; i < json.Length; i++)
        {
            var pair = char.IsHighSurrogate(json[i]) && i + 1 < json.Length && char.IsLowSurrogate(json[i + 1]);
            var plain = json[i] is '\n' or '\t' || (pair ? IsPlain(new Rune(json[i], json[i + 1])) : Rune.TryCreate(json[i], out var r) && IsPlain(r));
            if (!plain && safe is null) safe = new StringBuilder(json, 0, i, json.Length + 16);
            for (var n = pair ? 2 : 1; n > 0; n--)
            {
                if (plain) safe?.Append(json[i]);
                else safe!.Append(CultureInfo.InvariantCulture, $"\\u{(int)json[i]:x4}");
                if (n == 2) i++;
            }
        }
        return safe?.ToString() ?? json;
    }

    private static string Escape(string text, bool keepBreaks)
    {
        StringBuilder? safe = null;
        for (var i = 0; i < text.Length;)
        {
            var valid = Rune.TryGetRuneAt(text, i, out var rune);
            var length = valid ? rune.Utf16SequenceLength : 1;
            if (valid && (IsPlain(rune) || (keepBreaks && rune.Value is '\n' or '\t')))
                safe?.Append(text, i, length);
            else
                AppendEscape(safe ??= new StringBuilder(text, 0, i, text.Length + 16), valid ? rune.Value : text[i]);
            i += length;
        }
        return safe?.ToString() ?? text;
    }

    private static bool IsPlain(Rune rune) => rune.Value switch
    {
        >= 0x20 and < 0x7f => true,
        0x200c or 0x200d => true, // joiners: ordinary in emoji and in several scripts
        0x00ad => false,
        0x115f or 0x1160 or 0x3164 or 0xffa0 => false, // letters that show nothing
        >= 0xe0000 and <= 0xe0fff => false, // tags and supplementary variation selectors: hidden text
        _ => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned),
    };

    private static void AppendEscape(StringBuilder text, int value) => _ = value switch
    {
        '\n' => text.Append("\\n"),
        '\r' => text.Append("\\r"),
        '\t' => text.Append("\\t"),
        < 0x100 => text.Append(CultureInfo.InvariantCulture, $"\\x{value:x2}"),
        _ => text.Append(CultureInfo.InvariantCulture, $"\\u{{{value:x4}}}"),
    };
}
