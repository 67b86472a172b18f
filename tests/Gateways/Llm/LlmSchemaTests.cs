// The JSON schema that editors use for cabincrew-llm.yaml says what the reader says: every key that one knows the other knows.
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Gateways.Llm.Configuration;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Schemas;

namespace CabinCrew.Gateways.Tests.Llm;

[Clause("LLM-07")]
public sealed class LlmSchemaTests
{
    private const string Hash = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    // Every key there is.
    private const string Whole = $$"""
        version: 1
        listen: { address: 127.0.0.1:8941, hosts: [a.example], origins: [https://a.example], tls: { certificate: c, key: k, client_ca: a } }
        providers:
          a: { url: https://a.example, api: openai, key: { env: KEY }, private: true }
          b: { url: https://b.example, api: anthropic, key: { file: KEY } }
        policies: [ { builtin: llm-defaults } ]
        aggregation: majority
        policy_time_limit: 5s
        request_size_max: 1MiB
        response_size_max: 1MiB
        answer_within: 1m
        streams: { release: window, window: 9 }
        detectors: { secrets: { requests: redact, responses: deny, rules: { jwt: allow } }, commands: { requests: warn, rules: { }, tools: [x] } }
        restore: true
        approvals: { expires: 5m, waiting_max: 5, waiting_per_caller_max: 2, waiting_size_max: 1MiB }
        record: { frames: messages, keep: 5d, size_max: 1MiB, message_size_max: 1MiB }
        audit: strict
        context: { purpose: x }
        metrics: { address: 127.0.0.1:9464, hosts: [m.example], tls: { certificate: c, key: k } }
        traces: { otlp: 'http://127.0.0.1:4318/v1/traces' }
        rewrite: { limits: { temperature: 1.5 } }
        models:
          m:
            choose: cheapest
            on_refusal: next
            on_denied_prompt: next
            check_answers: true
            tiers: [ { tier: x, when: { tools: true } }, { tier: y } ]
            rewrite:
              - system: { prepend: a, append: b }
                remove: [user]
                limits: { max_tokens: 5, temperature: 0.5, bound: max_tokens }
                when: { api: messages, caller: c, role: [r], findings: secrets, header: { x-a: b }, metadata: { a: b }, context: { a: 1, b: true }, tools: true, images: false, stream: true, prompt_tokens_min: 1, prompt_tokens_max: 9, answer_tokens_min: 1, answer_tokens_max: 9 }
            to:
              - { provider: a, model: b, weight: 2, price: { input: 1, output: 2.5, output_tokens_max: 9 }, context_tokens_max: 9, tier: [x, y], when: { role: r }, translate: { output_tokens_max: 9, bound: max_tokens }, for: any }
              - { provider: b, price: { input: 1, output: 2 }, tier: x, translate: true, for: refusals }
        callers:
          keys: [ { name: k, kind: automation, roles: [r], key_sha256: {{Hash}}, models: [m], limits: { calls_per_minute: 1, burst: 1, concurrent: 1, calls_per_day: 1, bytes_per_day: 1MiB, usd_per_day: 0.5 } } ]
          jwt: [ { issuer: i, audience: a, keys: { file: k, private: true }, algorithms: [RS256], name_claim: sub, roles_claim: r, kind: human, roles: [r], models: [m], limits: { concurrent: 1 } } ]
          certificates: [ { name: c, kind: automation, roles: [r], subject: s, models: [m], limits: { concurrent: 1 } }, { name: d, kind: human, sha256: {{Hash}} } ]
        limits: { calls_per_minute: 60 }

        """;

    private static JsonNode Tree(string yaml) => JsonNode.Parse(YamlNodes.Read(Encoding.UTF8.GetBytes(yaml), "/x.yaml", ProblemCode.GatewayFileInvalid).Value.ToJson().GetRawText())!;

    private static bool FitsSchema(JsonNode tree) => SchemaCatalog.Validate("llm-gateway", JsonElement.Parse(tree.ToJsonString())).Ok;

    // JSON is YAML.
    private static Outcome<LlmDefinition> Read(JsonNode tree) => LlmFile.Of(Encoding.UTF8.GetBytes(tree.ToJsonString()), "/config/cabincrew-llm.yaml");

    [Fact]
    public void A_file_with_every_key_is_one_for_both()
    {
        Assert.Null(Read(Tree(Whole)).Problem);
        Assert.Null(SchemaCatalog.Validate("llm-gateway", JsonElement.Parse(Tree(Whole).ToJsonString())).Problem);
    }

    [Fact]
    public void A_key_that_is_not_known_to_one_is_not_known_to_the_other()
    {
        var places = Objects(Tree(Whole), "").Where(p => !p.Contains("/context", StringComparison.Ordinal) && !p.StartsWith("/policies/", StringComparison.Ordinal) && !p.EndsWith("/header", StringComparison.Ordinal) && !p.EndsWith("/metadata", StringComparison.Ordinal) && !p.EndsWith("/rules", StringComparison.Ordinal)).ToList();
        Assert.True(places.Count > 30);
        foreach (var place in places)
        {
            var tree = Tree(Whole);
            At(tree, place)["x-odd"] = 1;
            Assert.True(!FitsSchema(tree) && Read(tree).Problem is not null, place);
        }
    }

    // The other way round: the sample has every key that the schema has, so that none of them is one that the reader does not know.
    [Fact]
    public void Every_key_of_the_schema_stands_in_the_sample()
    {
        var schema = JsonNode.Parse(SchemaCatalog.Text("llm-gateway").Value)!;
        HashSet<string> said = [.. Objects(Tree(Whole), "").SelectMany(p => At(Tree(Whole), p).AsObject().Select(m => m.Key))];
        // A key set may come from either of two places.
        Assert.Empty(Properties(schema).Distinct().Except(said).Except(["url"]));
    }

    [Theory]
    [InlineData("version: 1", "version: 2"), InlineData("choose: cheapest", "choose: best"), InlineData("on_refusal: next", "on_refusal: nxt"), InlineData("weight: 2", "weight: 0"), InlineData("context_tokens_max: 9", "context_tokens_max: 0"), InlineData("for: refusals", "for: failures")]
    [InlineData("translate: true", "translate: yes"), InlineData("bound: max_tokens", "bound: tokens"), InlineData("temperature: 1.5", "temperature: 2.5"), InlineData("api: anthropic", "api: other"), InlineData("when: { tools: true }", "when: { }"), InlineData("remove: [user]", "remove: 7"), InlineData("check_answers: true", "check_answers: 1")]
    public void What_is_wrong_for_one_is_wrong_for_the_other(string good, string wrong)
    {
        var tree = Tree(Whole.Replace(good, wrong, StringComparison.Ordinal));
        Assert.True(!FitsSchema(tree) && Read(tree).Problem is not null);
    }

    private static JsonNode At(JsonNode tree, string place) => place.Split('/').Skip(1).Aggregate(tree, (node, step) => node is JsonArray list ? list[int.Parse(step, null)]! : node[step]!);

    private static IEnumerable<string> Objects(JsonNode? node, string place) => node switch
    {
        JsonObject o => [place, .. o.SelectMany(m => Objects(m.Value, $"{place}/{m.Key}"))],
        JsonArray a => a.SelectMany((item, i) => Objects(item, $"{place}/{i}")),
        _ => [],
    };

    private static IEnumerable<string> Properties(JsonNode? schema) => schema switch
    {
        JsonObject o => o.SelectMany(m => m is { Key: "properties", Value: JsonObject properties } ? properties.Select(p => p.Key).Concat(properties.SelectMany(p => Properties(p.Value))) : Properties(m.Value)),
        JsonArray a => a.SelectMany(Properties),
        _ => [],
    };
}
