// Cutting findings out: nothing of them is left, everything else is as it was, and the result is JSON.
using System.Text;
using System.Text.Json;
using CabinCrew.Governance.Detection;
using CabinCrew.Ledger.Redaction;

namespace CabinCrew.Gateways.Tests.Detection;

public sealed class RedactionTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    private static readonly Redaction Cutter = new(Key);

    private static readonly string Token = Corpus.Checked("ghp_");

    private static string Cut(string json, Redactor? redactor = null)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        return Encoding.UTF8.GetString(Cutter.Cut(bytes, TextDetection.Standard(redactor ?? new()).Detect(bytes, TextOrigin.Server)).Span);
    }

    [Fact, Clause("MCP-06")]
    public void Only_the_secret_goes_and_the_rest_stays_byte_for_byte()
    {
        var cut = Cut($$"""{ "n":12345678901234567890, "a" : "x\u00e9 {{Token}}\ty\/", "b":1e2 }""");
        Assert.Matches("""^\{ "n":12345678901234567890, "a" : "x\\u00e9 \[redacted:github-token#[0-9a-f]{8}\]\\ty\\/", "b":1e2 \}$""", cut);
    }

    [Fact]
    public void The_same_secret_has_the_same_placeholder_however_it_is_spelled()
    {
        var spelled = "\\u0067" + Token[1..];
        using var document = JsonDocument.Parse(Cut($$"""["{{Token}}","{{spelled}}","{{Corpus.Checked("gho_")}}"]"""));
        var all = document.RootElement.EnumerateArray().Select(e => e.GetString()).ToList();
        Assert.Equal(all[0], all[1]);
        Assert.NotEqual(all[0], all[2]);
        Assert.NotEqual(all[0], Encoding.UTF8.GetString(new Redaction(new byte[32]).Cut(Encoding.UTF8.GetBytes($"\"{Token}\""), TextDetection.Standard(new()).Detect(Encoding.UTF8.GetBytes($"\"{Token}\""), TextOrigin.Server)).Span).Trim('"'));
    }

    [Fact]
    public void A_private_key_goes_with_its_body()
    {
        var cut = Cut(JsonSerializer.Serialize(new { key = $"a\n{Corpus.PrivateKey}\nb" }));
        Assert.Matches("""^\{"key":"a\\n\[redacted:private-key#[0-9a-f]{8}\]\\nb"\}$""", cut);
    }

    [Fact]
    public void Mapped_secrets_go_in_every_form_numbers_and_names_too()
    {
        var redactor = new Redactor();
        redactor.Learn("K", "48151623425");
        Assert.Equal("""{"[redacted:K]":"[redacted:K]","b":["x [redacted:K] y","[redacted:K]U"]}""", Cut("""{"48151623425":48151623425,"b":["x 4815\u00316\u00323425 y","NDgxNTE2MjM0MjU"]}""", redactor));
    }

    [Fact]
    public void Where_nothing_is_cut_the_bytes_are_the_same_memory()
    {
        ReadOnlyMemory<byte> json = """{"a":1}"""u8.ToArray();
        Assert.True(Cutter.Cut(json, []).Equals(json));
    }

    [Fact]
    public void Made_up_documents_stay_documents_and_every_other_value_is_unchanged()
    {
        var redactor = new Redactor();
        redactor.Learn("K", "correct horse");
        for (var seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            var text = new StringBuilder();
            Value(text, random, 0);
            var json = Encoding.UTF8.GetBytes(text.ToString());
            var findings = TextDetection.Standard(redactor).Detect(json, TextOrigin.Server);
            using var before = JsonDocument.Parse(json);
            using var after = JsonDocument.Parse(Cutter.Cut(json, findings));
            Same(before.RootElement, after.RootElement, redactor, $"seed {seed}");
            Assert.DoesNotContain(TextDetection.Standard(redactor).Detect(Cutter.Cut(json, findings), TextOrigin.Server), f => f.Detector == Detectors.Mapped);
        }
    }

    private static void Same(JsonElement before, JsonElement after, Redactor redactor, string where)
    {
        if (before.ValueKind == JsonValueKind.String)
        {
            var (old, now) = (before.GetString()!, after.GetString()!);
            if (old == now) return;
            Assert.True(old.Contains("ghp_", StringComparison.Ordinal) || redactor.Redact(old) != old, where);
            Assert.Contains("[redacted:", now, StringComparison.Ordinal);
            return;
        }
        Assert.Equal(before.ValueKind, after.ValueKind);
        if (before.ValueKind == JsonValueKind.Object)
        {
            var (old, now) = (before.EnumerateObject().ToList(), after.EnumerateObject().ToList());
            Assert.Equal(old.Count, now.Count);
            for (var i = 0; i < old.Count; i++)
            {
                if (!now[i].Name.Contains("[redacted:", StringComparison.Ordinal)) Assert.Equal(old[i].Name, now[i].Name);
                Same(old[i].Value, now[i].Value, redactor, where);
            }
        }
        else if (before.ValueKind == JsonValueKind.Array)
        {
            Assert.Equal(before.GetArrayLength(), after.GetArrayLength());
            foreach (var (old, now) in before.EnumerateArray().Zip(after.EnumerateArray())) Same(old, now, redactor, where);
        }
        else
        {
            Assert.Equal(before.GetRawText(), after.GetRawText());
        }
    }

    private static void Value(StringBuilder text, Random random, int depth)
    {
        switch (random.Next(depth > 4 ? 3 : 6))
        {
            case 0: text.Append(random.NextDouble() < 0.5 ? "12345678901234567890.5e3" : "true"); break;
            case 1 or 2: String(text, random); break;
            case 3 or 4:
                text.Append("{ ");
                for (int i = 0, count = random.Next(4); i < count; i++)
                {
                    if (i > 0) text.Append(" ,");
                    text.Append('"').Append(i).Append(random.NextDouble() < 0.1 ? Token : "k").Append("\": ");
                    Value(text, random, depth + 1);
                }
                text.Append('}');
                break;
            default:
                text.Append('[');
                for (int i = 0, count = random.Next(4); i < count; i++)
                {
                    if (i > 0) text.Append(", ");
                    Value(text, random, depth + 1);
                }
                text.Append(']');
                break;
        }
    }

    private static void String(StringBuilder text, Random random)
    {
        string[] parts = ["a", " ", "\\n", "\\\"", "\\\\", "\\u00e9", "\\ud83d\\ude00", "é", "😀", "\\/", Token, "correct horse", "corr\\u0065ct horse", "Y29ycmVjdCBob3JzZQ", "correct", "ghp_", "\\\\u0041", "\u2028"];
        text.Append('"');
        for (int i = 0, count = random.Next(8); i < count; i++) text.Append(parts[random.Next(parts.Length)]).Append(random.NextDouble() < 0.7 ? " " : "");
        text.Append('"');
    }
}
