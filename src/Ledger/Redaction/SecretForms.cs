// Every way in which a secret's value usually turns up in text: raw, base64 at any alignment, hex, URL- and JSON-escaped (ART-07). Pure.
using System.Text;

namespace CabinCrew.Ledger.Redaction;

public static class SecretForms
{
    /// <summary>A line of a multi-line secret that is shorter than this is not looked for by itself.</summary>
    public const int LineCharsMin = 8;

    /// <summary>Shorter forms would be found in ordinary text.</summary>
    private const int FormCharsMin = 4;

    private const string Unreserved = "-._~";

    /// <summary>The distinct forms of a value as text, in no particular order.</summary>
    public static IReadOnlySet<string> Of(string value)
    {
        var forms = new HashSet<string>(StringComparer.Ordinal);
        AddAll(forms, value);
        AddAll(forms, value.Trim());
        if (value.AsSpan().ContainsAny('\n', '\r'))
            foreach (var line in value.Split(['\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
                if (line.Length >= LineCharsMin) AddAll(forms, line);
        return forms;
    }

    /// <summary>Forms that only occur in bytes, not in decoded text: UTF-16 in both orders.</summary>
    public static IEnumerable<byte[]> BinaryOf(string value) =>
        value.Trim() is { Length: >= FormCharsMin } core ? [Encoding.Unicode.GetBytes(core), Encoding.BigEndianUnicode.GetBytes(core)] : [];

    private static void AddAll(HashSet<string> forms, string value)
    {
        if (value.Length < FormCharsMin) return;
        var bytes = Encoding.UTF8.GetBytes(value);
        forms.Add(value);
        forms.Add(Convert.ToHexStringLower(bytes));
        forms.Add(Convert.ToHexString(bytes));
        for (var offset = 0; offset < 3; offset++) AddBase64(forms, bytes, offset);
        foreach (var upper in (ReadOnlySpan<bool>)[true, false])
        {
            forms.Add(Percent(bytes, upper, plusForSpace: false));
            forms.Add(Percent(bytes, upper, plusForSpace: true));
            forms.Add(JsonEscaped(value, upper, asciiOnly: true, web: false));
            forms.Add(JsonEscaped(value, upper, asciiOnly: true, web: true));
        }
        forms.Add(JsonEscaped(value, upper: false, asciiOnly: false, web: false));
        forms.Add(JsonEscaped(value, upper: false, asciiOnly: false, web: false).Replace("/", "\\/", StringComparison.Ordinal));
        forms.RemoveWhere(f => f.Length < FormCharsMin);
    }

    // Of the base64 of something that contains the value at this offset (modulo 3), only the characters that depend on nothing else.
    private static void AddBase64(HashSet<string> forms, byte[] bytes, int offset)
    {
        var padded = new byte[offset + bytes.Length];
        bytes.CopyTo(padded, offset);
        var text = Convert.ToBase64String(padded);
        var sure = text[((offset * 8 + 5) / 6)..(padded.Length * 8 / 6)];
        Both(sure);
        if (offset != 0) return;
        // `base64` wraps its output at 76 columns, PEM at 64: then each full line is a form.
        foreach (var width in (ReadOnlySpan<int>)[76, 64])
            for (var at = 0; sure.Length > width && at < sure.Length; at += width)
                if (sure.Length - at >= LineCharsMin * 2) Both(sure.Substring(at, Math.Min(width, sure.Length - at)));

        void Both(string form)
        {
            forms.Add(form);
            forms.Add(form.Replace('+', '-').Replace('/', '_'));
        }
    }

    private static string Percent(byte[] bytes, bool upper, bool plusForSpace)
    {
        var text = new StringBuilder(bytes.Length * 3);
        foreach (var b in bytes)
            if (char.IsAsciiLetterOrDigit((char)b) || Unreserved.Contains((char)b)) text.Append((char)b);
            else if (b == ' ' && plusForSpace) text.Append('+');
            else text.Append('%').Append(b.ToString(upper ? "X2" : "x2", null));
        return text.ToString();
    }

    /// <param name="web">As System.Text.Json and others escape by default: also <c>" &amp; ' + &lt; &gt; `</c> by number.</param>
    private static string JsonEscaped(string value, bool upper, bool asciiOnly, bool web)
    {
        var text = new StringBuilder(value.Length + 16);
        foreach (var c in value)
            switch (c)
            {
                case '"' or '&' or '\'' or '+' or '<' or '>' or '`' when web: Number(c); break;
                case '"': text.Append("\\\""); break;
                case '\\': text.Append("\\\\"); break;
                case '\b': text.Append("\\b"); break;
                case '\f': text.Append("\\f"); break;
                case '\n': text.Append("\\n"); break;
                case '\r': text.Append("\\r"); break;
                case '\t': text.Append("\\t"); break;
                case < ' ': Number(c); break;
                case > '~' when asciiOnly: Number(c); break;
                default: text.Append(c); break;
            }
        return text.ToString();

        void Number(char c) => text.Append("\\u").Append(((int)c).ToString(upper ? "X4" : "x4", null));
    }
}
