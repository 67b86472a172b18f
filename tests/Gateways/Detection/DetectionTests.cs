// The detectors of text: what they find and where, what they leave alone, and what the configuration makes of it.
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CabinCrew.Governance.Detection;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Detection;

public sealed class DetectionTests
{
    private static readonly TextDetection Standard = TextDetection.Standard(new());

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static TheoryData<string, string, string> Secrets
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            foreach (var (rule, secret) in Corpus.Secrets) data.Add(rule, $"x = \"{secret}\" // y", secret);
            foreach (var (rule, text, secret) in Corpus.SecretsInText) data.Add(rule, text, secret);
            return data;
        }
    }

    /// <summary>The same text in the spellings of several writers of JSON.</summary>
    private static IEnumerable<byte[]> Spellings(string text) =>
    [
        JsonSerializer.SerializeToUtf8Bytes(new { a = new object[] { 1, text } }, Relaxed),
        JsonSerializer.SerializeToUtf8Bytes(new { a = new object[] { 1, text } }),
        Encoding.UTF8.GetBytes("{\"a\":[1,\"" + string.Concat(text.Select(c => $"\\u{(int)c:x4}")) + "\"]}"),
    ];

    [Theory, MemberData(nameof(Secrets)), Clause("MCP-06"), Clause("INT-11")]
    public void Secrets_are_found_however_they_are_spelled(string rule, string text, string secret)
    {
        foreach (var json in Spellings(text))
        {
            var found = Assert.Single(Standard.Detect(json, TextOrigin.Server));
            Assert.Equal(("secrets", rule, "/a/1"), (found.Detector, found.Rule, found.Place));
            Assert.Equal(secret, JsonText.Unescape(json.AsSpan(found.Start, found.Length)));
            Assert.DoesNotContain(secret, found.Reason, StringComparison.Ordinal);
        }
    }

    public static TheoryData<string> NoSecrets => [.. Corpus.NoSecrets];

    [Theory, MemberData(nameof(NoSecrets))]
    public void Near_misses_are_no_secrets(string text)
    {
        foreach (var json in Spellings(text)) Assert.Empty(Standard.Detect(json, TextOrigin.Server).Select(f => f.Rule));
    }

    public static TheoryData<string, string> Injections
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var (rule, text) in Corpus.Injections) data.Add(rule, text);
            return data;
        }
    }

    [Theory, MemberData(nameof(Injections)), Clause("MCP-06")]
    public void Text_that_speaks_to_the_model_is_found_in_what_servers_say(string rule, string text)
    {
        foreach (var json in Spellings("before " + text + " after"))
        {
            Assert.Contains(Standard.Detect(json, TextOrigin.Server), f => f.Rule == rule && f.Place == "/a/1");
            Assert.Empty(Standard.Detect(json, TextOrigin.Caller));
        }
    }

    public static TheoryData<string> NoInjections => [.. Corpus.NoInjections];

    [Theory, MemberData(nameof(NoInjections))]
    public void Ordinary_text_does_not_speak_to_the_model(string text)
    {
        foreach (var json in Spellings(text)) Assert.Empty(Standard.Detect(json, TextOrigin.Server).Select(f => f.Rule));
    }

    [Fact]
    public void Nothing_is_found_in_the_source_of_this_repository()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "CabinCrew.slnx"))) root = root.Parent!;
        var files = Directory.EnumerateFiles(Path.Combine(root.FullName, "src"), "*.cs", SearchOption.AllDirectories).Concat(Directory.EnumerateFiles(Path.Combine(root.FullName, "docs"), "*.md", SearchOption.AllDirectories))
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/Detection/", StringComparison.Ordinal) && !f.EndsWith("detection.md", StringComparison.Ordinal)).ToList();
        Assert.True(files.Count > 300);
        foreach (var file in files)
        {
            var found = Standard.Detect(JsonSerializer.SerializeToUtf8Bytes(File.ReadAllText(file), Relaxed), TextOrigin.Server);
            Assert.Equal([], found.Select(f => $"{file}: {f.Rule}"));
        }
    }

    [Fact]
    public void What_stands_near_the_edge_of_the_searchs_window_is_found_once()
    {
        var secret = Corpus.Checked("ghp_");
        for (var at = (1 << 16) - 80; at < (1 << 16) + 80; at += 7)
        {
            var json = Encoding.UTF8.GetBytes($"[\"{new string('.', at)} {secret} {new string('.', 1 << 17)}\"]");
            Assert.Equal("github-token", Assert.Single(Standard.Detect(json, TextOrigin.Server)).Rule);
        }
    }

    [Theory]
    [InlineData("""["a\u0041"]""", true)]
    [InlineData("""["a\\u0041"]""", false)]
    [InlineData("""["\\\u0041"]""", true)]
    [InlineData("""["a\/b"]""", true)]
    [InlineData("""["a\\/b\n"]""", false)]
    [InlineData("""["plain \" \t"]""", false)]
    public void An_escape_is_told_from_what_follows_an_escaped_backslash(string json, bool are) => Assert.Equal(are, JsonEscapes.AreIn(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Findings_are_told_with_their_places()
    {
        var json = Encoding.UTF8.GetBytes($$"""{"a/b":{"c~d":["x","{{Corpus.Checked("ghp_")}}"]},"{{Corpus.Checked("npm_")}}":1}""");
        Assert.Equal(["/a~1b/c~0d/1", "/[redacted]"], Standard.Detect(json, TextOrigin.Server).Select(f => f.Place));
    }

    [Fact, Clause("INT-11")]
    public void Mapped_secrets_are_found_in_any_form_and_place()
    {
        var redactor = new Redactor();
        redactor.Learn("K", "48151623425");
        var detection = TextDetection.Standard(redactor);
        foreach (var json in (string[])["""{"a":"x48151623425"}""", """{"a":48151623425}""", """{"48151623425":1}""", """{"a":"4815\u00316\u00323425"}""", """{"a":"NDgxNTE2MjM0MjU="}""", """{"a":"3438313531363233343235"}"""])
        {
            var found = Assert.Single(detection.Detect(Encoding.UTF8.GetBytes(json), TextOrigin.Server));
            Assert.Equal(("mapped-secrets", "K", Decision.Warn, true), (found.Detector, found.Rule, found.Decision, found.Redact));
        }
        Assert.Empty(detection.Detect("""{"a":4815162342,"b":"4815162342"}"""u8.ToArray(), TextOrigin.Server));
    }

    [Fact]
    public void The_configuration_says_what_becomes_of_findings()
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(Corpus.Checked("ghp_"));
        TextDetection With(DetectorSettings secrets) => TextDetection.Of(new Dictionary<string, DetectorSettings> { ["secrets"] = secrets }, new()).Value;
        Assert.Equal((Decision.Deny, false), Told(Standard, TextOrigin.Caller));
        Assert.Equal((Decision.Warn, true), Told(Standard, TextOrigin.Server));
        Assert.Equal((Decision.Deny, false), Told(With(new(Decision.Deny, Decision.Warn, false)), TextOrigin.Caller));
        Assert.Equal((Decision.Deny, true), Told(With(DetectorSettings.Off with { RedactFromServer = true, Rules = new Dictionary<string, Decision> { ["github-token"] = Decision.Deny } }), TextOrigin.Server));
        Assert.Empty(With(DetectorSettings.Off).Detect(json, TextOrigin.Server));
        Assert.NotEqual(Standard.Digest, With(DetectorSettings.Off).Digest);
        Assert.Equal(Standard.Digest, TextDetection.Standard(new()).Digest);

        (Decision, bool) Told(TextDetection detection, TextOrigin origin) => detection.Detect(json, origin) is [var found] ? (found.Decision, found.Redact) : default;
    }

    [Fact]
    public void Data_of_persons_is_cut_out_where_somebody_asks_and_addresses_only_by_name()
    {
        const string text = "card 4539 1488 0343 6467, iban DE02120300000000202051 and DE02120300000000202051, jane.roe@firma.de";
        var json = JsonSerializer.SerializeToUtf8Bytes(text);
        Assert.Empty(Standard.Detect(json, TextOrigin.Server));
        var standing = Detectors.StandardOf("personal-data");
        TextDetection With(DetectorSettings settings) => TextDetection.Of(new Dictionary<string, DetectorSettings> { ["personal-data"] = settings }, new()).Value;
        var key = new byte[32];
        var cut = Cut(With(standing with { FromServer = Decision.Warn, RedactFromServer = true }));
        Assert.Matches(@"^card \[redacted:payment-card#[0-9a-f]{8}\], iban (\[redacted:iban#[0-9a-f]{8}\]) and \1, jane\.roe@firma\.de$", cut);
        // With the rules replaced, addresses go as well; the others have the placeholders that they had.
        var all = Cut(With(standing with { FromServer = Decision.Warn, RedactFromServer = true, Rules = new Dictionary<string, Decision>() }));
        Assert.StartsWith(cut[..^"jane.roe@firma.de".Length], all, StringComparison.Ordinal);
        Assert.Matches(@"\[redacted:email#[0-9a-f]{8}\]$", all);

        string Cut(TextDetection detection) => JsonSerializer.Deserialize<string>(new Redaction(key).Cut(json, detection.Detect(json, TextOrigin.Server)).Span)!;
    }

    [Theory]
    [InlineData("secret", null, "did you mean 'secrets'")]
    [InlineData("secrets", "jtw", "did you mean 'jwt'")]
    public void A_slip_in_the_configuration_is_refused(string detector, string? rule, string said)
    {
        var settings = DetectorSettings.Off with { Rules = rule is null ? new Dictionary<string, Decision>() : new() { [rule] = Decision.Deny } };
        Assert.Contains(said, TextDetection.Of(new Dictionary<string, DetectorSettings> { [detector] = settings }, new()).Problem!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_JSON_or_holds_too_much_is_a_finding_that_denies()
    {
        var secret = Corpus.Checked("ghp_");
        Assert.Equal(Decision.Deny, Standard.Detect(Encoding.UTF8.GetBytes($"[\"{secret}"), TextOrigin.Server)[^1].Decision);
        var many = Standard.Detect(Encoding.UTF8.GetBytes("[" + string.Join(',', Enumerable.Repeat($"\"{secret}\"", 1500)) + "]"), TextOrigin.Server);
        Assert.Equal((TextDetection.FindingsMax + 1, "too-many", Decision.Deny), (many.Count, many[^1].Rule, many[^1].Decision));
    }

    [Fact]
    public void Nothing_hides_behind_many_places_that_only_look_like_something()
    {
        var secret = Corpus.Checked("ghp_");
        // Read as it stands, each of them has a server beside it; decoded, that is on another line.
        var decoys = string.Concat(Enumerable.Repeat("pwd=abcd1;\\nserver=x\\n", 6000));
        Assert.Contains(Standard.Detect(Encoding.UTF8.GetBytes($"[\"{decoys}\",\"{secret}\"]"), TextOrigin.Server), f => f.Rule == "github-token");
        // So many in one string that nobody looks at the rest of it: then that is said, also where each alone is allowed.
        var quiet = TextDetection.Of(new Dictionary<string, DetectorSettings> { ["secrets"] = new(Decision.Deny, Decision.Deny, false) { Rules = new Dictionary<string, Decision> { ["url-password"] = Decision.Allow } } }, new()).Value;
        var many = string.Concat(Enumerable.Repeat("https://a:bcde@x ", 2000));
        Assert.Equal("too-many", quiet.Detect(Encoding.UTF8.GetBytes($"[\"{many} {secret}\"]"), TextOrigin.Caller)[^1].Rule);
    }

    [Fact]
    public void Time_is_linear_in_the_text()
    {
        // Each would be quadratic, or worse, where something backtracks or looks ahead without bound.
        foreach (var part in (string[])["eyJhbGciOiJIUzI1NiJ9.", "-----BEGIN RSA PRIVATE KEY-----", "ignore all ", "://a:b", "password=x;", "![](https://x?a=", "<img", "<img src=//x?a=", "\\u200b", "AKIA", "Server=x;pwd="])
        {
            var json = Encoding.UTF8.GetBytes("\"" + string.Concat(Enumerable.Repeat(part, 2_000_000 / part.Length)) + "\"");
            var watch = System.Diagnostics.Stopwatch.StartNew();
            Standard.Detect(json, TextOrigin.Server);
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"{part}: {watch.Elapsed}");
        }
    }
}
