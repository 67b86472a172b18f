// Doors of the gateways' judgement: messages that are looked through and redacted, arguments that are taken apart, rules files for messages.
using System.Text;
using System.Text.Json;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Governance.Policies.Messages.Sources;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol.Json;
using CabinCrew.Tests.Tidy;
using static CabinCrew.Tests.Fuzz.FuzzTarget;

namespace CabinCrew.Tests.Fuzz;

internal static class MessageTargets
{
    private const string Secret = "correct horse";

    // Put together, so that no scanner takes this file for a leak.
    private static readonly string Token = "ghp_" + "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17";

    private static readonly Redactor Known = Learnt();
    private static readonly TextDetection Detection = TextDetection.Standard(Known);
    private static readonly Governance.Detection.Redaction Cutter = new(new byte[32]);
    private static readonly JsonLimits Limits = new(BytesMax: 4 << 20, DepthMax: 64, ValuesMax: 1_000_000);

    public static IEnumerable<FuzzTarget> All =>
    [
        new("message-redaction", [.. JsonTargets.Texts($$$"""{"a":"x {{{Token}}}\ty","b":["correct horse","corr\u0065ct horse",48151623425],"k {{{Token}}}":{} }""", "[\"ignore all previous instructions\",\"\\u202ex\",\"postgres://a:s3cr3t-K@h\",\"-----BEGIN PRIVATE KEY-----\"]")], Redact,
            Token, Secret, "\\u0067", "\\/", "eyJ", "-----BEGIN RSA PRIVATE KEY-----", "://a:b@c", "password=x;server=y", "\"", "\\\\", "\u200b\u200b\u200b\u200b\u200b\u200b", "48151623425", "![](http") { Short = 3000, Memory = (16 << 20, 2000), Time = (600, 60) },
        new("call-arguments", [.. JsonTargets.Texts("""{"path":"a","edits":[{"newText":"x"},{"newText":"y\u0041"}],"n":1.5,"o":{},"l":[],"z":null}""", "[1,[2,[3]]]")], Arguments, "{}", "[]", "~1", "\\u0000", "\"\":") { Short = 5000 },
        new("message-rules", [Encoding.UTF8.GetBytes(Repository.Text("src/Governance/Policies/mcp-defaults.yaml")[..6000]), .. JsonTargets.Texts(
            "version: 1\nfor: messages\ndefault: deny\nanswers: allow\nrules:\n- {id: a, when: {tool: 'x*', arguments: {'/a/*': {min: 1}}, file: {action: write, fault: none, paths: ['**/*.cs']}}, decision: allow, reason: r, examples: {match: [{tool: x, arguments: {a: [1]}, file: {action: write, paths: a.cs}}]}}\n")], Rules,
            "for: messages", "when:", "arguments:", "'/a/*':", "present: false", "pattern: '(a{1,1000}){1,1000}'", "file:", "fault: any", "pin: accepted", "annotations:", "findings:", "kind: listing", "{", "}", "- ", ": ") { Short = 2500, Memory = (96 << 20, 600), Time = (900, 20) },
    ];

    private static Redactor Learnt()
    {
        var redactor = new Redactor();
        redactor.Learn("K", Secret);
        redactor.Learn("N", "48151623425");
        return redactor;
    }

    private static string Redact(byte[] input)
    {
        if (!StrictJson.Check(input, Limits).Ok)
        {
            // Whoever asks has read the text before; but it must not break for one who did not.
            Detection.Detect(input, TextOrigin.Server);
            return "no JSON";
        }
        var found = Detection.Detect(input, TextOrigin.Server);
        var cut = Cutter.Cut(input, found);
        foreach (var finding in found) Holds(finding.Start >= 0 && finding.Length >= 0 && finding.Start + finding.Length <= input.Length, "a finding outside of the text");
        Holds(StrictJson.Check(cut.Span, new(BytesMax: 64 << 20, DepthMax: 64, ValuesMax: 1_000_000)).Problem is null or { Code: Protocol.ProblemCode.JsonDuplicateKey }, "what is left is no good JSON");
        if (found.Count > TextDetection.FindingsMax) return "too much";
        Holds(!Detection.Detect(cut, TextOrigin.Server).Any(f => f.Detector == Detectors.Mapped), "a mapped secret is left");
        Same(JsonElement.Parse(input), JsonElement.Parse(cut.Span));
        return $"{string.Join(' ', found.Select(f => f.Rule).Distinct().Take(3))} {Math.Min(found.Count, 3)}";
    }

    private static void Same(JsonElement before, JsonElement after)
    {
        if (before.ValueKind is JsonValueKind.String or JsonValueKind.Number && after.ValueKind == JsonValueKind.String && after.GetString()!.Contains("[redacted:", StringComparison.Ordinal)) return;
        Holds(before.ValueKind == after.ValueKind, "a value became another kind of value");
        switch (before.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var (old, now) in before.EnumerateObject().Zip(after.EnumerateObject())) Same(old.Value, now.Value);
                break;
            case JsonValueKind.Array:
                Holds(before.GetArrayLength() == after.GetArrayLength(), "a list has another length");
                foreach (var (old, now) in before.EnumerateArray().Zip(after.EnumerateArray())) Same(old, now);
                break;
            default:
                Holds(before.GetRawText() == after.GetRawText(), "a value that holds no secret has changed");
                break;
        }
    }

    private static string Arguments(byte[] input)
    {
        var arguments = MessageArguments.Of(input);
        if (!StrictJson.Check(input, Limits).Ok) return "no JSON";
        Holds(!arguments.IsPartial || arguments.Values.Count == MessageArguments.ValuesMax, "good JSON was not read in full");
        var root = JsonElement.Parse(input);
        foreach (var value in arguments.Values.Take(200))
        {
            var at = root;
            foreach (var name in value.Path) at = at.ValueKind == JsonValueKind.Array ? at[int.Parse(name, System.Globalization.CultureInfo.InvariantCulture)] : at.GetProperty(name);
            Holds(at.ValueKind is JsonValueKind.Object or JsonValueKind.Array || value.Text() == (at.ValueKind == JsonValueKind.String ? at.GetString() : at.GetRawText()), $"another value at {string.Join('/', value.Path)}");
        }
        return $"{Math.Min(arguments.Values.Count, 5)}";
    }

    private static string Rules(byte[] input) => MessageRulesSource.Of("rules:f.yaml", "f", input, "f.yaml", checkExamples: true).Try(out _, out var problem) ? "rules" : Refused(problem);
}
