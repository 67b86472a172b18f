// Doors for JSON: the strict reader and the canonical form, every wire document, receipts, artifacts with what they declare.
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Orchestrator.Artifacts;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Spec;
using static CabinCrew.Tests.Fuzz.FuzzTarget;

namespace CabinCrew.Tests.Fuzz;

internal static class JsonTargets
{
    public static IEnumerable<FuzzTarget> All =>
    [
        new("json", [.. Texts("""{"a":1,"b":[true,null,"x\u00e9\ud83d\ude00"],"c":{"a":-1.5e3}}""", "[0.1,1e21,123456789012345,0.000001]", "\"\\u2028\"", """{"\u0061":1,"b":2}""", " [ ] ")], Json, "1e-7", "9007199254740991", "\\u0061", "\"a\":")
            { Short = 12_000 },
        new("documents", [.. WireSamples.All.Select(s => Encoding.UTF8.GetBytes($"{s.Schema}\n{s.Document.GetRawText()}"))], Document,
            [.. WireSamples.All.Select(s => s.Schema).Distinct(), "2026-01-31T12:00:00+24:00", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59.9999999-01:00", "extensions", "1e2", "12.0", "deny", "Deny", "FAILED"]),
        new("receipt", [.. Texts(WireSamples.Receipt is var r ? $"1\n{Compact(r)}" : "", $"0\n{Compact(WireSamples.Receipt with { Status = "success", Error = null })}", "0\nhello\n{\"a\":1}\n", "2\n\n", "137\n")], Receipt,
            "success", "failure", "status", "artifacts", "take-off", "flight-plan", "draft-1", "\n{"),
        new("artifacts", [.. Texts(
            $$"""
            change evidence
            {"type":"file_patch","action":"update","role":"evidence","body_file":"body.data","integrity":"@","metadata":{"git":{"refs":{"refs/heads/x":{"before":null,"after":"{{new string('a', 40)}}"} },"head":"ref: refs/heads/x","index":true} } }
            --- a/a.txt
            +++ b/a.txt
            @@ -1 +1 @@
            -one
            +two

            """,
            """
            note log
            {"artifact_type":"note","action":"a","mime":"text/plain","body":{"k":["v"]},"target":"a.txt"}
            %%
            state state
            {"type":"s","action":"a","role":"state","body_file":"body.data","integrity":"@"}
            bytes
            %%
            link evidence
            {"type":"git_diff","action":"a","body":"diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+dir/b.txt\n\\ No newline at end of file\n"}
            """)], Artifacts,
            "role", "evidence", "state", "log", "metadata", "git", "refs", "refs/heads/main", "head", "index", "body", "body_file", "body.data", "artifact_type", "file_patch", "code_diff", "plan_token", "approved", "../x", "/etc/passwd", ".git/config", ".cabincrew/x", "%%\n")
            { Short = 5000 },
        // A schema that a caller brings, and an answer on the line after it: a budget bounds the verdict, whatever both say.
        new("foreign-schema", [.. Texts(
            """
            {"type":"object","properties":{"n":{"type":["integer","null"],"minimum":1},"s":{"type":"string","pattern":"^(a|b){1,3}$","maxLength":9}},"required":["n"],"additionalProperties":false}
            {"n":1,"s":"ab"}
            """,
            """
            {"$defs":{"a":{"anyOf":[{"type":"array","items":{"$ref":"#/$defs/a"},"uniqueItems":true},{"enum":[1,"x"]},{"const":{"y":[2]}}]}},"oneOf":[{"$ref":"#/$defs/a"},{"not":{"$ref":"#"}}]}
            [[1,"x"],{"y":[2]}]
            """,
            """
            {"patternProperties":{"^x-":true},"propertyNames":{"minLength":2},"dependentRequired":{"ab":["cd"]},"if":{"minProperties":1},"then":{"maxProperties":3},"else":false}
            {"ab":1,"cd":2,"x-y":[]}
            """)], ForeignSchemas, "\"$ref\":\"#\"", "{1,1000}", "(a+)+", "items", "allOf", "oneOf", "not", "[[[[", "#/$defs/a", "\n"),
        new("problem", [.. Texts("""{"code":"io_failed","message":"m","where":"w","remedy":"r","evidence":{"a":"b"}}""", """{"code":"no_such","message":"","evidence":{}}""")], ProblemOf, "internal_bug", "evidence") { Short = 2000 },
    ];

    public static IEnumerable<byte[]> Texts(params string[] texts) => texts.Select(Encoding.UTF8.GetBytes);

    private static string Compact(EngineOutput receipt) => WireJson.ToElement(receipt, ProtocolJson.Default.EngineOutput).GetRawText();

    private static readonly JsonLimits Wide = new(BytesMax: 32 << 20, DepthMax: 64, ValuesMax: 1_000_000);

    private static string Json(byte[] input)
    {
        var parsed = StrictJson.Parse(input, Wide);
        Holds(StrictJson.Check(input, Wide).Problem?.Code == parsed.Problem?.Code, "checking and parsing disagree");
        if (!parsed.Try(out var value, out var problem))
        {
            Holds(problem.Code != ProblemCode.JsonMalformed || !Reads(input), "an ordinary reader takes what is refused as malformed");
            return Refused(problem);
        }
        Holds(Reads(input), "an ordinary reader refuses what is taken");
        var canonical = CanonicalJson.Write(value);
        var again = StrictJson.Parse(canonical, Wide);
        Holds(again.Ok, $"the canonical form is refused: {again.Problem}");
        Holds(CanonicalJson.Write(again.Value).AsSpan().SequenceEqual(canonical), "the canonical form of the canonical form is another");
        Holds(JsonElement.DeepEquals(value, again.Value) || HasNumber(value), "the canonical form means something else");
        Holds(CanonicalJson.Write(JsonNode.Parse(input)).AsSpan().SequenceEqual(canonical), "as a node it has another canonical form");
        return $"{value.ValueKind} {(canonical.AsSpan().SequenceEqual(input) ? "canonical" : "")}";
    }

    private static bool Reads(byte[] input)
    {
        try
        {
            using var document = JsonDocument.Parse(input, new JsonDocumentOptions { MaxDepth = 64, AllowDuplicateProperties = false });
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    // Numbers are compared by the framework as they are written, and 1.0 is written 1.
    private static bool HasNumber(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => true,
        JsonValueKind.Array => value.EnumerateArray().Any(HasNumber),
        JsonValueKind.Object => value.EnumerateObject().Any(p => HasNumber(p.Value)),
        _ => false,
    };

    private static string Document(byte[] input)
    {
        var line = Array.IndexOf(input, (byte)'\n');
        var name = line < 0 ? "" : Encoding.Latin1.GetString(input, 0, line);
        if (WireSamples.All.FirstOrDefault(s => s.Schema == name) is not { } sample) return "no such schema";
        if (!StrictJson.Parse(input.AsMemory(line + 1)).Try(out var document, out var problem) || !Protocol.Schemas.SchemaCatalog.Validate(name, document).Try(out _, out problem)) return Refused(problem);
        JsonElement again;
        try
        {
            again = sample.Again(document);
        }
        catch (InvalidOperationException e) when (e.Message.StartsWith("no value: SchemaInvalid", StringComparison.OrdinalIgnoreCase) || e.Message.StartsWith("no value: schema_invalid", StringComparison.Ordinal))
        {
            return "valid but not to be mapped";
        }
        Holds(CanonicalJson.Write(sample.Again(again)).AsSpan().SequenceEqual(CanonicalJson.Write(again)), $"{name}: written and read again it is another");
        if (Lost(document, again, "") is { } lost) throw new BrokenPropertyException($"{name}: what stands at {lost} was taken and is gone");
        return $"{name} good";
    }

    private static string ForeignSchemas(byte[] input)
    {
        var line = Array.IndexOf(input, (byte)'\n');
        if (line < 0 || !StrictJson.Parse(input.AsMemory(0, line), Wide).Try(out var schema, out _)) return "no schema";
        if (!Protocol.Schemas.ForeignSchema.Compile(schema).Try(out var compiled, out var problem)) return Refused(problem);
        if (!StrictJson.Parse(input.AsMemory(line + 1), Wide).Try(out var document, out _)) return "no document";
        var fault = compiled.Fault(document);
        Holds(fault is null or { Length: > 0 and < 1000 }, "a fault without words, or without a bound");
        Holds(fault == compiled.Fault(document), "the same document has another verdict");
        return fault is null ? "fits" : fault.StartsWith("to hold it", StringComparison.Ordinal) ? "too long" : "does not fit";
    }

    // Absent and null are the same; empty lists and objects too.
    private static string? Lost(JsonElement before, JsonElement after, string at) => before.ValueKind switch
    {
        JsonValueKind.Object when after.ValueKind == JsonValueKind.Object => before.EnumerateObject()
            .Select(p => p.Value.ValueKind == JsonValueKind.Null ? null : after.TryGetProperty(p.Name, out var own) ? Lost(p.Value, own, $"{at}/{p.Name}") : $"{at}/{p.Name}").FirstOrDefault(l => l is not null),
        JsonValueKind.Array when after.ValueKind == JsonValueKind.Array && before.GetArrayLength() == after.GetArrayLength() =>
            before.EnumerateArray().Zip(after.EnumerateArray()).Select((pair, i) => Lost(pair.First, pair.Second, $"{at}/{i}")).FirstOrDefault(l => l is not null),
        var kind => kind == after.ValueKind ? null : at,
    };

    private static string Receipt(byte[] input)
    {
        var line = Array.IndexOf(input, (byte)'\n');
        if (line < 0 || !int.TryParse(Encoding.Latin1.GetString(input, 0, line), System.Globalization.CultureInfo.InvariantCulture, out var exit)) return "no exit code";
        var output = input.AsMemory(line + 1);
        if (!Receipts.Read(output, exit, EngineMode.FlightPlan).Try(out var receipt, out var problem))
        {
            Holds(!problem.Message.Any(char.IsControl), "an engine's control characters are in our message");
            return Refused(problem);
        }
        Holds(exit == 0 && receipt.Status == EngineOutput.Success && receipt.Mode == EngineMode.FlightPlan, "a receipt that disagrees was taken");
        var written = WireJson.Canonical(receipt, ProtocolJson.Default.EngineOutput);
        var again = Receipts.Read(written, exit, EngineMode.FlightPlan);
        Holds(again.Ok && WireJson.Canonical(again.Value, ProtocolJson.Default.EngineOutput).AsSpan().SequenceEqual(written), $"written and read again it is another: {again.Problem}");
        return $"good, {receipt.Artifacts?.Count ?? 0} artifacts";
    }

    private static readonly Dictionary<string, FileContent> Base = new(StringComparer.Ordinal)
    {
        ["a.txt"] = new(FileKind.Regular, "one\n"u8.ToArray()),
        ["dir/b.txt"] = new(FileKind.Executable, "1\n2\n3\n"u8.ToArray()),
    };

    /// <summary>Artifacts parted by lines of <c>%%</c>: name and role, artifact.json on one line, the rest is body.data. <c>"@"</c> becomes the body's digest.</summary>
    private static string Artifacts(byte[] input)
    {
        var frozen = new List<(ArtifactName, ReadOnlyMemory<byte>, ReadOnlyMemory<byte>?, ArtifactRole)>();
        foreach (var part in Encoding.Latin1.GetString(input).Split("%%\n").Take(20))
        {
            var lines = part.Split('\n', 3);
            var head = lines[0].Split(' ');
            if (lines.Length < 2 || head.Length != 2 || !ArtifactName.TryParse(head[0], out var name)) continue;
            byte[]? body = lines.Length > 2 ? Encoding.Latin1.GetBytes(lines[2]) : null;
            var document = lines[1].Replace("\"@\"", $"\"{Digest.Of(body ?? [])}\"", StringComparison.Ordinal);
            frozen.Add((name, Encoding.Latin1.GetBytes(document), body is null ? null : (ReadOnlyMemory<byte>?)body, head[1] switch { "state" => ArtifactRole.State, "log" => ArtifactRole.Log, _ => ArtifactRole.Evidence }));
        }
        if (frozen.Count == 0) return "nothing";
        ReadBase read = path => Base.GetValueOrDefault(path.ToString());
        if (!ArtifactReader.Rebuild(frozen, read).Try(out var plan, out var problem)) return Refused(problem);
        foreach (var write in plan.Changes)
        {
            var path = write.Change.Path.ToString();
            Holds(write.Change.Before == read(write.Change.Path)?.State, $"a change that begins elsewhere: {path}");
            Holds(!path.Split('/').Any(s => s.ToLowerInvariant() is ".git" or ".cabincrew"), $"a change to what no patch may touch: {path}");
            Holds(write.Change.After?.Content is not { } after || after == Digest.Of(write.Content!.Value.Span), $"content that is not what the change says: {path}");
        }
        Holds(plan.Artifacts.Select(a => a.Name.ToString()).Distinct(StringComparer.OrdinalIgnoreCase).Count() == plan.Artifacts.Count, "twins were taken");
        foreach (var artifact in plan.Artifacts)
        {
            Holds(artifact.DocumentHash == Digest.Of(artifact.Document.Span) && artifact.BodyHash == (artifact.Body is { } b ? Digest.Of(b.Span) : null), "bound to other bytes");
            var document = ArtifactDocuments.Read(artifact.Document).Value;
            var written = ArtifactDocuments.Write(document);
            Holds(ArtifactDocuments.Write(ArtifactDocuments.Read(written).Value).AsSpan().SequenceEqual(written), "written and read again the document is another");
        }
        frozen.Reverse();
        var other = ArtifactReader.Rebuild(frozen, read).Value;
        Holds(other.Artifacts.Select(a => a.Bound).SequenceEqual(plan.Artifacts.Select(a => a.Bound)) && other.Changes.Select(c => c.Change).SequenceEqual(plan.Changes.Select(c => c.Change)), "the order of reading matters");
        return $"{plan.Artifacts.Count} artifacts, {plan.Changes.Count} changes {(plan.Git is null ? "" : "git")}";
    }

    private static string ProblemOf(byte[] input)
    {
        if (!StrictJson.Parse(input).Try(out var json, out var problem)) return Refused(problem);
        try
        {
            if (json.Deserialize(Orchestrator.Workflows.FlightJson.Default.ProblemRecord) is not { } record) return "null";
            if (record.Code is null || record.Message is null || record.Evidence is null) return "a member is missing";
            var read = record.ToProblem();
            Holds(read.Message == record.Message && read.Evidence.Count == record.Evidence.Count, "a problem lost something");
            return $"{read.Code}";
        }
        catch (JsonException)
        {
            return "does not fit";
        }
    }
}
