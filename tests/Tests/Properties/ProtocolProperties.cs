// Properties of canonical JSON, the strict reader and the plan-token, over generated values. A failure prints its seed.
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Golden;
using FsCheck;
using FsCheck.Fluent;

namespace CabinCrew.Tests.Properties;

public sealed class ProtocolProperties
{
    private static readonly Gen<int> CodePoint = Gen.OneOf(
        Gen.Choose(0x20, 0x7E), Gen.Choose(0, 0x10FFFF).Where(Rune.IsValid), Gen.Elements(0, 9, 10, 13, 0x22, 0x5C, 0x7F, 0x2028, 0xE000, 0xFFFF, 0x10000));

    private static readonly Gen<string> Text =
        from points in CodePoint.ArrayOf()
        select string.Concat(points.Take(8).Select(p => new Rune(p).ToString()));

    private static readonly Gen<double> Number =
        from bits in ArbMap.Default.GeneratorFor<long>()
        from small in Gen.Choose(-1_000_000, 1_000_000)
        from which in Gen.Choose(0, 2)
        let wild = BitConverter.Int64BitsToDouble(bits)
        select which == 0 ? small : which == 1 ? small / 1024.0 : double.IsFinite(wild) && Math.Abs(wild) <= StrictJson.NumberMax ? wild : small / 3.0;

    private static Gen<JsonNode?> Value(int depth)
    {
        var leaf = Gen.OneOf(
            Gen.Constant<JsonNode?>(null),
            Gen.Choose(0, 1).Select(b => (JsonNode?)JsonValue.Create(b == 1)),
            Number.Select(n => (JsonNode?)JsonValue.Create(n)),
            Text.Select(t => (JsonNode?)JsonValue.Create(t)));
        if (depth == 0) return leaf;
        var inner = Value(depth - 1);
        return Gen.OneOf(
            leaf,
            inner.ArrayOf().Select(items => (JsonNode?)new JsonArray([.. items.Take(5).Select(i => i?.DeepClone())])),
            from keys in Text.ArrayOf()
            from values in inner.ArrayOf()
            select (JsonNode?)new JsonObject(keys.Distinct(StringComparer.Ordinal).Take(6).Zip(values, (k, v) => KeyValuePair.Create(k, v?.DeepClone()))));
    }

    private static void Holds<T>(Gen<T> values, Func<T, bool> property, int tests = 300) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(tests), Prop.ForAll(Arb.From(values), property));

    [Fact, Clause("TOK-02")]
    public void Canonical_form_survives_reading_and_writing_again() => Holds(Value(3), node =>
    {
        var once = CanonicalJson.Write(node);
        var parsed = StrictJson.Parse(once);
        return parsed.Ok && CanonicalJson.Write(parsed.Value).AsSpan().SequenceEqual(once) && CanonicalJson.Write(JsonNode.Parse(once)).AsSpan().SequenceEqual(once);
    });

    [Fact, Clause("TOK-02")]
    public void The_order_of_keys_and_the_spelling_never_matter() => Holds(Value(3), node =>
    {
        var turned = Turned(node);
        var spelled = Encoding.UTF8.GetBytes(turned?.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) ?? "null");
        return CanonicalJson.Write(turned).AsSpan().SequenceEqual(CanonicalJson.Write(node))
            && CanonicalJson.Write(JsonElement.Parse(spelled)).AsSpan().SequenceEqual(CanonicalJson.Write(node));
    });

    [Fact, Clause("TOK-02")]
    public void Every_double_is_read_back_from_its_canonical_form_exactly() => Holds(
        ArbMap.Default.GeneratorFor<long>().Select(BitConverter.Int64BitsToDouble).Where(double.IsFinite),
        d =>
        {
            var canonical = Encoding.ASCII.GetString(CanonicalJson.Write(JsonElement.Parse(d.ToString("R", CultureInfo.InvariantCulture))));
            return double.Parse(canonical, CultureInfo.InvariantCulture).Equals(d == 0 ? 0d : d);
        },
        tests: 3000);

    [Fact, Clause("ART-04")]
    public void A_document_cut_short_or_with_one_byte_changed_never_makes_the_reader_throw() => Holds(
        from node in Value(3)
        from at in Gen.Choose(0, 1 << 20)
        from with in Gen.Choose(0, 255)
        select (Node: node, At: at, With: (byte)with),
        t =>
        {
            var bytes = CanonicalJson.Write(new JsonObject { ["k"] = t.Node?.DeepClone() });
            var cut = StrictJson.Parse(bytes.AsMemory(0, t.At % bytes.Length));
            bytes[t.At % bytes.Length] = t.With;
            var changed = StrictJson.Parse(bytes);
            return !cut.Ok && cut.Problem is not null && (changed.Ok || changed.Problem is not null);
        },
        tests: 1000);

    [Fact, Clause("ART-04")]
    public void A_key_planted_a_second_time_is_always_found() => Holds(
        from keys in Text.ArrayOf()
        from pick in Gen.Choose(0, 1 << 20)
        select (Keys: keys.Append("a").Distinct(StringComparer.Ordinal).ToArray(), Pick: pick),
        t =>
        {
            static StringBuilder Open(IEnumerable<string> members) => new StringBuilder("{").AppendJoin(',', members).Append('}');
            var members = t.Keys.Select(k => JsonValue.Create(k).ToJsonString() + ":0").ToList();
            var good = StrictJson.Parse(Encoding.UTF8.GetBytes(Open(members).ToString()));
            members.Insert(t.Pick % (members.Count + 1), Encoding.UTF8.GetString(CanonicalJson.Write(JsonValue.Create(t.Keys[t.Pick % t.Keys.Length]))) + ":1");
            return good.Ok && StrictJson.Parse(Encoding.UTF8.GetBytes(Open(members).ToString())).Problem?.Code == ProblemCode.JsonDuplicateKey;
        });

    [Fact, Clause("TOK-02")]
    public void The_order_of_artifacts_never_matters() => Holds(
        Gen.Shuffle(Enumerable.Range(0, 12).Select(i => PlanTokenSamples.Artifact($"{(i % 3 == 0 ? "A" : "a")}{i}.x", ArtifactRole.Evidence, "t", null)).ToArray()),
        shuffled => PlanTokens.Compute(PlanTokenSamples.Full with { Artifacts = shuffled })
            == PlanTokens.Compute(PlanTokenSamples.Full with { Artifacts = [.. shuffled.OrderBy(a => a.Name)] }));

    [Fact, Clause("TOK-02")]
    public void Any_changed_input_changes_the_token()
    {
        var full = PlanTokenSamples.Full;
        var other = Digest.Of("other"u8);
        var first = full.Artifacts[0];
        PlanTokenInputs With(BoundArtifact a) => full with { Artifacts = [a, .. full.Artifacts.Skip(1)] };
        PlanTokenInputs[] changed =
        [
            full with { WorkflowId = WorkflowId.Parse("wf-x") }, full with { StepId = StepId.Parse("x") }, full with { EngineId = "x" }, full with { EngineDigest = other },
            full with { Model = "x" }, full with { ProtocolVersion = "x" }, full with { ConfigHash = other }, full with { ContextHash = other }, full with { DefinitionHash = other },
            full with { WorkspaceHash = other }, full with { PolicyDigest = other }, full with { NetworkHash = other }, full with { GovernanceHash = other }, full with { Artifacts = [.. full.Artifacts.Skip(1)] },
            full with { Artifacts = [.. full.Artifacts, PlanTokenSamples.Artifact("more", ArtifactRole.Log, "t", null)] },
            With(first with { Name = PlanTokenSamples.Name("x") }), With(first with { Role = ArtifactRole.State }), With(first with { Type = "x" }), With(first with { Action = "x" }),
            With(first with { MetadataHash = other }), With(first with { BodyHash = other }), With(first with { BodyHash = null }), With(first with { Size = 6 }),
        ];
        // One change for each member (two for the artifacts and for the body), so that a member added later cannot be forgotten here.
        Assert.Equal(typeof(PlanTokenInputs).GetProperties().Length + typeof(BoundArtifact).GetProperties().Length + 2, changed.Length);
        Assert.Equal(changed.Length + 1, changed.Append(full).Select(PlanTokens.Compute).Distinct().Count());
    }

    [Fact, Clause("ORC-04")]
    public void Any_changed_member_of_a_log_entry_is_found() => Holds(
        from data in Value(2)
        from sequence in Gen.Choose(0, int.MaxValue - 1)
        from which in Gen.Choose(0, 4)
        select (Data: data, Sequence: sequence, Which: which),
        t =>
        {
            var entry = WalEntries.Seal(t.Sequence, DateTimeOffset.UnixEpoch.AddTicks(t.Sequence), "wf-1", WalEntryTypes.StepStarted,
                WireJson.ToElement(new JsonObject { ["d"] = t.Data?.DeepClone() }));
            var changed = t.Which switch
            {
                0 => entry with { Sequence = entry.Sequence + 1 },
                1 => entry with { Timestamp = entry.Timestamp.AddTicks(1) },
                2 => entry with { WorkflowId = "wf-2" },
                3 => entry with { EntryType = WalEntryTypes.StepCompleted },
                _ => entry with { Data = WireJson.ToElement(new JsonObject { ["e"] = t.Data?.DeepClone() }) },
            };
            return WalEntries.Verify(entry).Ok && WalEntries.Verify(changed).Problem?.Code == ProblemCode.StoreCorrupt;
        });

    private static JsonNode? Turned(JsonNode? node) => node switch
    {
        JsonObject o => new JsonObject(o.Reverse().Select(p => KeyValuePair.Create(p.Key, Turned(p.Value)))),
        JsonArray a => new JsonArray([.. a.Select(Turned)]),
        _ => node?.DeepClone(),
    };
}
