// The configuration of the LLM gateway: what it says, and every error with its line and what was expected.
using System.Text;
using CabinCrew.Gateways.Llm.Configuration;
using CabinCrew.Gateways.Llm.Routing;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Llm;

[Clause("LLM-07")]
public sealed class LlmFileTests
{
    private const string Good = """
        version: 1
        listen: { address: 127.0.0.1:8941 }
        providers:
          openai: { url: https://api.openai.com/v1, api: openai, key: { env: OPENAI_API_KEY } }
          local: { url: http://127.0.0.1:11434, api: openai }
        models:
          'gpt-*': { to: openai }
          small:
            choose: weighted
            on_refusal: next
            to: [ { provider: openai, model: gpt-mini, weight: 3 }, { provider: local, model: llama } ]
        streams: { release: window, window: 40 }
        callers:
          keys: [ { name: ci, kind: automation, key_sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, models: [small] } ]

        """;

    private static Outcome<LlmDefinition> Read(string yaml) => LlmFile.Of(Encoding.UTF8.GetBytes(yaml), "/config/cabincrew-llm.yaml");

    [Fact]
    public void A_whole_file_is_read()
    {
        var read = Read(Good).Value;
        Assert.Equal(("https://api.openai.com/", ApiFamily.OpenAi, false), (read.Providers[0].Url.AbsoluteUri, read.Providers[0].Family, read.Providers[0].PrivateAddress));
        Assert.True(read.Providers[1].PrivateAddress);
        Assert.Equal((RouteChoice.Weighted, true, 3), (read.Models[1].Choice, read.Models[1].NextOnRefusal, read.Models[1].Targets[0].Weight));
        Assert.Equal(["small"], read.Callers.Keys[0].Grant.Usable);
        Assert.Equal("llm-defaults", read.Policies[0].Value);
        Assert.Equal(new(StreamRelease.Window, 40), read.Streams);
        Assert.Equal(new(StreamRelease.Whole, 200), Read(Good.Replace("streams: { release: window, window: 40 }", "", StringComparison.Ordinal)).Value.Streams);
    }

    [Theory]
    [InlineData("https://api.openai.com/v1", "http://api.openai.com", "expected an https URL")]
    [InlineData("key: { env: OPENAI_API_KEY }", "key: sk-something", "a key does not stand in this file")]
    [InlineData("to: openai }", "to: opnai }", "did you mean 'openai'")]
    [InlineData("models: [small]", "models: [smal]", "there is no model 'smal'")]
    [InlineData("'gpt-*'", "'g*t'", "stands at the end")]
    [InlineData("api: openai, key", "api: openia, key", "openai")]
    [InlineData("choose: weighted", "choose: best", "weighted")]
    [InlineData("on_refusal: next", "on_refusal: nxt", "next")]
    [InlineData("weight: 3", "weight: 0", "weight")]
    [InlineData("version: 1", "version: 2", "version")]
    [InlineData("release: window", "release: at_once", "window")]
    [InlineData("window: 40", "window: 65537", "65536")]
    [InlineData("release: window", "release: sentence", "only with 'release: window'")]
    [InlineData("release: window, window", "window", "release")]
    [InlineData("callers:", "approvals: { ask_person: true }\ncallers:", "ask_person")]
    [InlineData("callers:", "callers:\n  local: { roles: [x] }", "local")]
    [InlineData("callers:", "metrics: { address: 0.0.0.0:9464 }\ncallers:", "beyond this machine")]
    [InlineData("callers:", "metrics: true\ncallers:", "metrics")]
    [InlineData("callers:", "metrics: { address: 127.0.0.1:9464, origins: [ https://a.example ] }\ncallers:", "origins")]
    [InlineData("callers:", "traces: { otlp: http://collector.example/v1/traces }\ncallers:", "expected an https URL")]
    [InlineData("callers:", "traces: { }\ncallers:", "otlp")]
    public void What_is_wrong_is_said_with_its_place(string good, string wrong, string said)
    {
        var problem = Read(Good.Replace(good, wrong, StringComparison.Ordinal)).Problem;
        Assert.Equal(ProblemCode.GatewayFileInvalid, problem?.Code);
        Assert.Contains(said, $"{problem}", StringComparison.Ordinal);
        Assert.DoesNotContain("sk-something", $"{problem}", StringComparison.Ordinal);
    }

    [Fact]
    public void Without_callers_nobody_could_call() => Assert.Contains("nobody could call", $"{Read(Good[..Good.IndexOf("callers:", StringComparison.Ordinal)]).Problem}", StringComparison.Ordinal);
}
