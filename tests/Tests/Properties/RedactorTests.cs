// Whatever a secret is and however it is written down, it does not get past the redactor, and nothing else is touched (ART-07, AUD-04).
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CabinCrew.Ledger.Redaction;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CabinCrew.Tests.Properties;

[Clause("ART-07")]
[Clause("AUD-04")]
public sealed class RedactorTests
{
    private static readonly Arbitrary<string> Secrets = Arb.From(
        from length in Gen.Choose(8, 60)
        from chars in Gen.Elements("abcXYZ019+/=-_ \"'\\&<>%\t\nüß€".ToCharArray()).ArrayOf(length)
        let text = new string(chars).Trim()
        where text.Length >= 8 && !HasLoneSurrogate(text)
        select text);

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly Func<string, string>[] Writers =
    [
        s => s,
        s => Convert.ToHexString(Encoding.UTF8.GetBytes(s)),
        s => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(s)),
        s => Uri.EscapeDataString(s),
        s => System.Net.WebUtility.UrlEncode(s),
        s => JsonSerializer.Serialize(s),
        s => JsonSerializer.Serialize(s, Relaxed),
    ];

    [Fact]
    public void No_secret_survives_in_any_usual_form() => Prop.ForAll(Secrets, Arb.From(Gen.Choose(0, 30)), (secret, padding) =>
    {
        var redactor = new Redactor();
        redactor.Learn("KEY", secret);
        foreach (var write in Writers)
        {
            var text = new string('x', padding) + write(secret) + "tail";
            if (redactor.Redact(text).Contains(write(secret).Trim('"'), StringComparison.Ordinal)) return false;
            if (!redactor.Redact(text).Contains("[redacted:KEY]", StringComparison.Ordinal)) return false;
            if (redactor.FindIn(Encoding.UTF8.GetBytes(text)) != "KEY") return false;
        }
        return true;
    }).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true));

    [Fact]
    public void Base64_is_found_at_every_alignment_and_in_both_alphabets() => Prop.ForAll(Secrets, Arb.From(Gen.Choose(0, 8)), (secret, padding) =>
    {
        var redactor = new Redactor();
        redactor.Learn("KEY", secret);
        var text = Convert.ToBase64String(Encoding.UTF8.GetBytes(new string('p', padding) + secret + "suffix"));
        var url = text.Replace('+', '-').Replace('/', '_').TrimEnd('=');
        return redactor.Redact(text) != text && redactor.Redact(url) != url && redactor.FindIn(Encoding.ASCII.GetBytes(text)) == "KEY";
    }).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true));

    [Fact]
    public void Text_without_the_secret_is_left_alone() => Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>>(), text =>
    {
        var redactor = new Redactor();
        redactor.Learn("KEY", "a-secret-that-no-generator-writes");
        return ReferenceEquals(redactor.Redact(text.Get), text.Get) && redactor.FindIn(Encoding.UTF8.GetBytes(text.Get)) is null;
    }).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true));

    [Fact]
    public void Overlapping_secrets_leave_nothing_of_either()
    {
        var redactor = new Redactor();
        redactor.Learn("A", "xxxxabcd");
        redactor.Learn("B", "abcdyyyy");
        Assert.Equal("<[redacted:A]>", redactor.Redact("<xxxxabcdyyyy>"));
        redactor.Learn("LONG", "xxxxabcdyyyyzzzz");
        Assert.Equal("<[redacted:LONG]>", redactor.Redact("<xxxxabcdyyyyzzzz>"));
        Assert.Equal("[redacted:A][redacted:B]", redactor.Redact("xxxxabcdabcdyyyy").Replace("] [", "][", StringComparison.Ordinal));
    }

    [Fact]
    public void Each_long_line_of_a_secret_of_many_lines_is_a_secret()
    {
        var redactor = new Redactor();
        var body = string.Concat(Enumerable.Range(0, 60).Select(i => (char)('A' + i % 26)));
        redactor.Learn("PEM", $"-----BEGIN-----\n{body}\nshort\n-----END THIS-----\n");
        Assert.Equal("  [redacted:PEM]", redactor.Redact("  " + body));
        Assert.Equal("short", redactor.Redact("short"));
        // `base64` wraps its output.
        var wrapped = Convert.ToBase64String(Encoding.ASCII.GetBytes($"-----BEGIN-----\n{body}\nshort\n-----END THIS-----\n"));
        for (var at = 76; at < wrapped.Length; at += 77) wrapped = wrapped.Insert(at, "\n");
        Assert.Matches(@"\A\[redacted:PEM\]\n\[redacted:PEM\]", redactor.Redact(wrapped));
    }

    [Fact]
    public void Members_numbers_and_nested_strings_of_json_are_redacted()
    {
        var redactor = new Redactor();
        redactor.Learn("PIN", "90210417");
        using var document = JsonDocument.Parse("""{"90210417":1,"[redacted:PIN]":2,"n":90210417,"a":[{"deep":"x90210417x"}],"esc":"\u0039\u00302104\u0031\u0037","other":1.50}""");
        Assert.Equal("""{"[redacted:PIN]\u0027":1,"[redacted:PIN]":2,"n":"[redacted:PIN]","a":[{"deep":"x[redacted:PIN]x"}],"esc":"[redacted:PIN]","other":1.50}""",
            redactor.Redact(document.RootElement).GetRawText());
    }

    [Fact]
    public void Bytes_are_searched_across_windows_and_in_utf16()
    {
        var redactor = new Redactor();
        redactor.Learn("KEY", "geheimnis-ü-wert");
        var needle = Encoding.UTF8.GetBytes("geheimnis-ü-wert");
        foreach (var at in (int[])[0, 1, (1 << 15) - needle.Length, (1 << 15) - 3, 1 << 15, (1 << 16) - 1, 100_000])
        {
            var bytes = new byte[at + needle.Length + 5];
            new Random(1).NextBytes(bytes);
            needle.CopyTo(bytes, at);
            Assert.Equal("KEY", redactor.FindIn(bytes));
            bytes[at + 3] ^= 1;
            Assert.Null(redactor.FindIn(bytes));
        }
        Assert.Equal("KEY", redactor.FindIn(Encoding.Unicode.GetBytes("x geheimnis-ü-wert x")));
        Assert.Equal("KEY", redactor.FindIn(Encoding.BigEndianUnicode.GetBytes("geheimnis-ü-wert")));
    }

    [Fact]
    public void A_value_too_short_to_be_told_from_text_is_refused()
    {
        var redactor = new Redactor();
        Assert.Throws<ArgumentException>(() => redactor.Learn("X", "abc"));
        Assert.Throws<ArgumentException>(() => redactor.Learn("X", "abc \n"));
        redactor.Learn("X", "abcd");
        Assert.True(redactor.Knows("abcd"));
        Assert.Equal("[redacted:X]", redactor.Redact("abcd"));
    }

    private static bool HasLoneSurrogate(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) != text;
}
