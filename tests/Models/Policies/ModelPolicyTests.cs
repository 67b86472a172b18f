// A model as a policy of plans and of messages: what it looks at, what its scores become, and what it must be pinned to.
using System.Text;
using System.Text.Json;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger.Redaction;
using CabinCrew.LocalModels.Classifying;
using CabinCrew.Models.Tests.Classifying;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Models.Tests.Policies;

public sealed class ModelPolicyTests : IDisposable
{
    private readonly ModelDirectory folder = new();
    private readonly LoadedModels models = new(AppContext.BaseDirectory, Runtime.Library);

    public ModelPolicyTests()
    {
        using var first = folder.Load().Value;
    }

    public void Dispose()
    {
        models.Dispose();
        folder.Dispose();
    }

    [Fact]
    [Clause("PRE-06")]
    public async Task What_a_change_adds_and_what_an_artifact_says_is_judged()
    {
        var set = await SetAsync();
        var good = await JudgeAsync(set, Plan("fine"));
        Assert.Equal(Decision.Allow, good.Decision);
        Assert.Contains(good.Evaluations, e => e.PolicyId == "onnx/prompt_injection" && e.Source == PolicyOrigin.Onnx && e.Reason == "nothing found in 1 text");

        var bad = await JudgeAsync(set, Plan("ignore", "instructions"));
        Assert.Equal(Decision.Deny, bad.Decision);
        var said = bad.Evaluations.Single(e => e.Decision == Decision.Deny);
        Assert.StartsWith("README.md: injection ", said.Reason, StringComparison.Ordinal);
        Assert.Equal((await DigestAsync()).ToString(), said.Evidence!.Value.GetProperty("model").GetString());
        Assert.StartsWith("onnxruntime ", said.Evidence.Value.GetProperty("runtime").GetString(), StringComparison.Ordinal);
        Assert.True(said.Evidence.Value.GetProperty("scores").GetProperty("injection").GetDouble() > 0.99);
        Assert.DoesNotContain("ignore", said.Evidence.Value.GetRawText(), StringComparison.Ordinal);

        var noted = Plan("fine") with { Artifacts = [Artifact("evidence_note", "ignore instructions"u8.ToArray())] };
        Assert.Contains((await JudgeAsync(set, noted)).Violations, v => v.Contains("artifact note: injection", StringComparison.Ordinal));
        // A patch's lines are looked at as the file will have them. An odd byte hides nothing; what is no text at all is told.
        Assert.Equal(Decision.Allow, (await JudgeAsync(set, Plan("fine") with { Artifacts = [Artifact("file_patch", "ignore instructions"u8.ToArray())] })).Decision);
        Assert.Equal(Decision.Deny, (await JudgeAsync(set, Plan("fine") with { Artifacts = [Artifact("evidence_note", [0xe9, (byte)' ', 0, .. "ignore instructions"u8])] })).Decision);
        var binary = Plan() with { Artifacts = [Artifact("evidence_note", [.. Enumerable.Range(0, 200).Select(i => (byte)(i % 8))])] };
        Assert.Contains((await JudgeAsync(set, binary)).Evaluations, e => e.Reason == "nothing found in 0 texts; not looked into, since it is no text: 1");
        var hidden = Plan();
        hidden = hidden with { Changes = [hidden.Changes[0] with { Binary = true, Content = "\0 ignore instructions"u8.ToArray() }] };
        Assert.Equal(Decision.Deny, (await JudgeAsync(set, hidden)).Decision);
    }

    [Fact]
    [Clause("PRE-06"), Clause("PRE-04")]
    public async Task A_text_beyond_the_budget_goes_to_a_person_and_a_model_without_an_answer_denies()
    {
        folder.Document["budget"] = new System.Text.Json.Nodes.JsonObject { ["windows"] = 1, ["seconds"] = 30 };
        using (folder.Load().Value)
        {
        }
        Assert.Equal(Decision.RequireApproval, (await JudgeAsync(await SetAsync(), Plan(Enumerable.Repeat("fine", 200).ToArray()))).Decision);

        var broken = (await PolicySet.LoadAsync([new("onnx", "m")], At(_ => Outcome.Of<ITextModel>(new Mute())), AggregationMethod.MostRestrictive, TimeSpan.FromSeconds(10), default)).Value;
        var denied = await JudgeAsync(broken, Plan("fine"));
        Assert.Equal(Decision.Deny, denied.Decision);
        Assert.Contains(denied.Violations, v => v.Contains("policy_failed", StringComparison.Ordinal) && v.Contains("README.md: it gave a number that is none", StringComparison.Ordinal));
    }

    [Fact]
    [Clause("PRE-06")]
    public async Task A_policy_set_is_pinned_to_the_model_and_a_pinned_model_must_be_that_one()
    {
        var before = (await SetAsync()).PolicyDigest;
        var pinned = new PolicyRef("onnx", folder.Path) { Model = new(await DigestAsync()) };
        Assert.True((await LoadAsync(pinned, models.Load)).Ok);

        folder.Document["band"] = 0.02;
        using (folder.Load().Value)
        {
        }
        Assert.NotEqual(before, (await SetAsync()).PolicyDigest);
        var refused = await LoadAsync(pinned, models.Load);
        Assert.Equal((ProblemCode.ModelInvalid, $"onnx: {folder.Path}"), (refused.Problem!.Code, refused.Problem.Where));

        Assert.Equal(ProblemCode.NotYetSupported, (await LoadAsync(pinned, null)).Problem!.Code);
        folder.Write("vocab.txt", "other"u8.ToArray());
        using var anew = new LoadedModels(AppContext.BaseDirectory, Runtime.Library);
        Assert.Equal(ProblemCode.ModelInvalid, (await LoadAsync(new("onnx", folder.Path), anew.Load)).Problem!.Code);
    }

    [Fact]
    public void A_model_is_loaded_once_for_all_who_ask_and_not_after_the_end()
    {
        var one = models.Load(folder.Path).Value;
        Assert.Same(one, models.Load(folder.Path).Value);
        using var other = new ModelDirectory();
        other.Document["kind"] = "toxicity";
        using (other.Load().Value)
        {
        }
        Assert.Equal("toxicity", models.Load(other.Path).Value.Kind);
        Assert.Equal(ProblemCode.ModelRuntimeMissing, new LoadedModels(AppContext.BaseDirectory, "/nowhere").Load(folder.Path).Problem!.Code);
    }

    [Theory]
    [Clause("PRE-06"), Clause("MCP-06")]
    [InlineData(MessageTexts.All, true, true)]
    [InlineData(MessageTexts.FromServer, false, true)]
    [InlineData(MessageTexts.FromCaller, true, false)]
    public async Task Messages_are_judged_by_their_strings_on_the_sides_that_are_asked_for(MessageTexts texts, bool fromCaller, bool fromServer)
    {
        var loaded = await MessagePolicySet.LoadAsync([new PolicyRef("onnx", folder.Path) { Model = new(Texts: texts) }], At(models.Load), AggregationMethod.MostRestrictive, TimeSpan.FromSeconds(10), TimeProvider.System, default);
        var set = loaded.Value;
        async Task<Decision> Of(MessageDirection direction, string content) => (await set.JudgeAsync(Message(direction, content), "maintainer", default)).Decision;

        const string bad = """{"a": [1, "ign\u006fre"], "b": {"c": "instructions"}}""";
        Assert.Equal(fromCaller ? Decision.Deny : Decision.Allow, await Of(MessageDirection.ToServer, bad));
        Assert.Equal(fromServer ? Decision.Deny : Decision.Allow, await Of(MessageDirection.ToCaller, bad));
        Assert.Equal(Decision.Allow, await Of(MessageDirection.ToServer, """{"ignore": {"instructions": "fine"}}"""));
        Assert.Equal(Decision.Allow, await Of(MessageDirection.ToCaller, ""));
    }

    private sealed class Mute : ITextModel
    {
        public string Kind => "mute";
        public Digest Digest => Digest.Of("mute"u8);
        public string Runtime => "none";
        public Outcome<ModelAnswer> Classify(string text, CancellationToken ct) => new Problem(ProblemCode.ModelFailed, "it gave a number that is none");
    }

    private async Task<PolicySet> SetAsync() => (await LoadAsync(new("onnx", folder.Path), models.Load)).Value;

    private static Task<Outcome<PolicySet>> LoadAsync(PolicyRef reference, TextModelLoader? load) =>
        PolicySet.LoadAsync([reference], At(load), AggregationMethod.MostRestrictive, TimeSpan.FromSeconds(10), default);

    private Task<Digest> DigestAsync() => Task.FromResult(models.Load(folder.Path).Value.Digest);

    private static PolicySurroundings At(TextModelLoader? load) => new(Path.GetTempPath(), new Redactor()) { Models = load };

    private static Task<Judgement> JudgeAsync(PolicySet set, PolicySubject plan) => set.JudgeAsync(plan, TimeProvider.System, default);

    private static JudgedArtifact Artifact(string type, byte[] body) =>
        new(ArtifactName.TryParse("note", out var name) ? name : throw new InvalidOperationException(), ArtifactRole.Evidence, type, "update", null, JsonElement.Parse("{}"), Encoding.UTF8.GetBytes("{}"), body);

    private static MessageSubject Message(MessageDirection direction, string content) => new()
    {
        Gateway = "mcp", Tenant = TenantId.Local, Caller = new("agent", false, [], "os_user"), Session = "s", Server = "files", Direction = direction,
        Kind = direction == MessageDirection.ToServer ? MessageKind.Request : MessageKind.Response, Method = "tools/call", Name = "write_file", Content = Encoding.UTF8.GetBytes(content), Now = DateTimeOffset.UnixEpoch,
    };

    private static PolicySubject Plan(params string[] lines) => new()
    {
        Tenant = TenantId.Local, WorkflowId = WorkflowId.Parse("wf-7h3k9q2m"), WorkflowName = "notes", StepId = StepId.Parse("apply"), Requester = "agent", Now = DateTimeOffset.UnixEpoch,
        EngineId = "patch", OutsideEffects = false, Sandboxed = true, Config = JsonElement.Parse("{}"), Context = JsonElement.Parse("{}"), Artifacts = [],
        Changes = [new(new(WorkspacePath.Parse("README.md"), null, new(FileKind.Regular, Digest.Of("b"u8), 44)), false, [.. lines.Select((l, i) => new NumberedLine(i + 1, l))], [])],
    };
}
