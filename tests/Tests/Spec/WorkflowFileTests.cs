// What a workflow file means once it is read: every key, every default, paths, and the stored snapshot.
using System.Text.Json;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Yaml;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Golden;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class WorkflowFileTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("cabincrew-flow-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private static WorkflowDefinition Everything => WorkflowFile.Load(Path.Combine(WorkflowCorpusTests.Directory(), "good/everything.yaml")).Value;

    private Outcome<WorkflowDefinition> Load(string text)
    {
        var path = Path.Combine(directory, "cabincrew.yaml");
        File.WriteAllText(path, text);
        return WorkflowFile.Load(path);
    }

    [Fact]
    public void A_file_that_is_not_there_is_its_own_problem()
    {
        var problem = WorkflowFile.Load(Path.Combine(directory, "nothing.yaml")).Problem;
        Assert.Equal(ProblemCode.WorkflowFileMissing, problem?.Code);
    }

    [Fact]
    public void Every_key_of_the_top_level_is_read()
    {
        var flow = Everything;
        Assert.Equal("tidy-headers", flow.Name);
        Assert.EndsWith("/good/everything.yaml", flow.File, StringComparison.Ordinal);
        Assert.EndsWith("/good/workspace", flow.Workspace, StringComparison.Ordinal);
        Assert.Equal(DriftAnswer.Replan, flow.OnDrift);
        Assert.Equal(TimeSpan.FromHours(24), flow.PlanExpires);
        Assert.Equal(TimeSpan.FromDays(7), flow.ApprovalExpires);
        Assert.Equal(TimeSpan.FromSeconds(30), flow.PolicyTimeLimit);
        Assert.Equal(AggregationMethod.MostRestrictive, flow.Aggregation);
        Assert.Equal(
        [
            new("builtin", "defaults"), new("rules", "policies/change-rules.yaml"),
            new("rego", "policies/infra.rego") { Rego = new("infra.preflight", Version: 0, Data: "policies/infra.yaml") },
            new("bundle", "git:../policies@v1.4.0:bundle") { Bundle = new(new BundleTrust("policy.pub.pem", "ES256", "policy-2026", "production", ["config/*"]), KeepLastGood: true) },
            new("bundle", "policies") { Bundle = new(IgnoreSignature: true) },
            new("opa", "http://127.0.0.1:8181/v1/data/cabincrew/preflight") { Opa = new(TimeSpan.FromSeconds(2), "env", "OPA_TOKEN") },
        ], flow.Policies);
        Assert.Equal(["scan", "headers", "publish"], flow.Steps.Select(s => s.Id.ToString()));
    }

    [Fact]
    [Clause("ENG-12")]
    [Clause("ENG-03")]
    public void Every_key_of_a_step_is_read()
    {
        var step = Everything.Steps[1];
        var good = Path.GetFullPath(Path.Combine(WorkflowCorpusTests.Directory(), "good"));
        Assert.Equal("script", step.Engine);
        Assert.Equal([StepId.Parse("scan")], step.Needs);
        Assert.Equal(("env", "GITHUB_TOKEN"), (step.Secrets["TOKEN"].Kind, step.Secrets["TOKEN"].Value));
        Assert.Equal(("file", Path.GetFullPath(Path.Combine(good, "../pin.txt"))), (step.Secrets["PIN_2"].Kind, step.Secrets["PIN_2"].Value));
        Assert.Equal(["pass", "show", "deploy"], step.Secrets["DEPLOY_KEY"].Command);
        Assert.Equal("metadata.summary", step.Context["summary"].Field);
        Assert.Equal(
            new EngineLimits
            {
                WallClockSeconds = 60, CpuSeconds = 60, MemoryBytes = 1L << 30, Processes = 64, OutputBytes = 1L << 20, ArtifactBytes = 64L << 20,
                ArtifactCount = 100, TempBytes = 512L << 20,
            },
            step.Limits);
        Assert.Equal(Determinism.Verify, step.Determinism);
        Assert.Equal([new RoleNeed("security", 2), new RoleNeed("maintainer", 1)], step.Approvals);
        Assert.False(step.UnrestrictedTakeOff);
        Assert.Equal(["registry.npmjs.org", "*.pythonhosted.org", "deb.debian.org:80", "api.example.com:443,8443 (take-off)", "10.0.0.5:8080", "10.1.0.0/16:443", "[fd00::1]:443"], step.Network!.Words);
        Assert.Equal("wf-1", step.Network.Replay);
        Assert.Equal([Path.Combine(good, "outside")], step.Outside);
        Assert.True(step.HasOutsideEffects);
        Assert.True(Everything.Steps[2].UnrestrictedTakeOff);
    }

    [Fact]
    public void Config_is_json_with_the_scalars_of_yaml_1_2()
    {
        var config = Everything.Steps[1].Config;
        Assert.Equal("yes", config.GetProperty("on").GetString());
        Assert.Equal(0.5, config.GetProperty("ratio").GetDouble());
        Assert.Equal("[1,null,true]", config.GetProperty("deep").GetProperty("list").GetRawText());
    }

    [Fact]
    [Clause("ENG-12")]
    public void What_is_left_out_has_its_default()
    {
        var flow = WorkflowFile.Load(Path.Combine(WorkflowCorpusTests.Directory(), "good/smallest.yaml")).Value;
        var step = Assert.Single(flow.Steps);
        Assert.Equal(Path.GetDirectoryName(flow.File), flow.Workspace);
        Assert.Equal(DriftAnswer.Fail, flow.OnDrift);
        Assert.Null(flow.PlanExpires);
        Assert.Equal(TimeSpan.FromHours(72), flow.ApprovalExpires);
        Assert.Empty(flow.Policies);
        Assert.Equal("{}", step.Config.GetRawText());
        Assert.Equal(EngineLimits.Default, step.Limits);
        Assert.Equal(Determinism.Trust, step.Determinism);
        Assert.False(step.HasOutsideEffects);
        Assert.Empty(step.Secrets);
    }

    [Fact]
    public void Links_in_the_paths_are_resolved_before_they_are_compared()
    {
        Directory.CreateDirectory(Path.Combine(directory, "real/inner"));
        Directory.CreateSymbolicLink(Path.Combine(directory, "ws"), "real");
        Directory.CreateSymbolicLink(Path.Combine(directory, "elsewhere"), "real/inner");

        var flow = Load("version: 1\nname: x\nworkspace: ws\nsteps: [ { id: a, engine: patch } ]\n");
        Assert.EndsWith("/real", flow.Value.Workspace, StringComparison.Ordinal);

        var inside = Load("version: 1\nname: x\nworkspace: ws\nsteps: [ { id: a, engine: patch, outside: [elsewhere] } ]\n");
        Assert.Contains("expected a directory outside the workspace", inside.Problem?.Message);
    }

    [Theory]
    [InlineData("1s", 1)]
    [InlineData("90s", 90)]
    [InlineData("15m", 900)]
    [InlineData("24h", 86_400)]
    [InlineData("7d", 604_800)]
    public void Durations_have_a_unit(string text, long seconds)
    {
        var duration = Quantities.Duration(text);
        Assert.Equal(seconds, duration?.TotalSeconds);
        Assert.Equal(duration, Quantities.Duration(Quantities.Write(duration!.Value)));
    }

    [Theory]
    [InlineData("0s")]
    [InlineData("10")]
    [InlineData("s")]
    [InlineData("")]
    [InlineData("-5s")]
    [InlineData("05s")]
    [InlineData("1.5h")]
    [InlineData("1h30m")]
    [InlineData("5 m")]
    [InlineData("5S")]
    [InlineData("9999999999s")]
    public void What_is_no_duration_is_none(string text) => Assert.Null(Quantities.Duration(text));

    [Theory]
    [InlineData("1B", 1)]
    [InlineData("4KiB", 4096)]
    [InlineData("512MiB", 512L << 20)]
    [InlineData("3GiB", 3L << 30)]
    public void Sizes_have_a_binary_unit(string text, long bytes)
    {
        Assert.Equal(bytes, Quantities.Size(text));
        Assert.Equal(text, Quantities.WriteSize(bytes));
    }

    [Theory]
    [InlineData("1MB")]
    [InlineData("1k")]
    [InlineData("1024")]
    [InlineData("9999999999GiB")]
    public void What_is_no_size_is_none(string text) => Assert.Null(Quantities.Size(text));

    [Fact]
    public void Limits_take_their_bounds_and_nothing_beyond()
    {
        foreach (var bound in LimitBounds.All)
        {
            foreach (var value in (long[])[bound.Minimum, bound.Maximum])
            {
                var flow = Load(WithLimit(bound, value));
                Assert.True(flow.Ok, flow.Problem?.Message);
                Assert.Equal(value, bound.Get(flow.Value.Steps[0].Limits));
            }
            Assert.Contains($"'{bound.Key}': expected ", Load(WithLimit(bound, bound.Maximum + 1)).Problem?.Message);
        }

        static string WithLimit(LimitBound bound, long value) =>
            $"version: 1\nname: x\nsteps: [ {{ id: a, engine: patch, limits: {{ {bound.Key}: {bound.Write(value)} }} }} ]\n";
    }

    [Fact]
    public void A_definition_survives_its_snapshot()
    {
        var flow = Everything;
        var snapshot = DefinitionSnapshot.Write(flow);
        var back = DefinitionSnapshot.Read(JsonDocument.Parse(snapshot.GetRawText()).RootElement).Value;

        Assert.Equal(snapshot.GetRawText(), DefinitionSnapshot.Write(back).GetRawText());
        Assert.Equal(
            (flow.Name, flow.File, flow.Workspace, flow.OnDrift, flow.PlanExpires, flow.ApprovalExpires, flow.PolicyTimeLimit, flow.Aggregation),
            (back.Name, back.File, back.Workspace, back.OnDrift, back.PlanExpires, back.ApprovalExpires, back.PolicyTimeLimit, back.Aggregation));
        Assert.Equal(flow.Policies, back.Policies);
        Assert.Equal(flow.Steps.Select(s => s.Limits), back.Steps.Select(s => s.Limits));
        Assert.Equal(flow.Steps.Select(s => s.Config.GetRawText()), back.Steps.Select(s => s.Config.GetRawText()));
        Assert.Equal(flow.Steps[1].Secrets["DEPLOY_KEY"].Command, back.Steps[1].Secrets["DEPLOY_KEY"].Command);
        Assert.Equal(flow.Steps[1].Context["text"], back.Steps[1].Context["text"]);
        Assert.Equal(flow.Steps[1].Outside, back.Steps[1].Outside);
    }

    [Theory]
    [InlineData("\"workspace\":\"/", "\"workspace\":\"")]
    [InlineData("\"version\":1", "\"version\":2")]
    [InlineData("\"determinism\":\"verify\"", "\"determinism\":\"sometimes\"")]
    [InlineData("\"network\":\"unrestricted-take-off\"", "\"network\":true")]
    [InlineData("\"processes\":64", "\"processes\":640000")]
    [InlineData("\"processes\":64,", "")]
    [InlineData("\"count\":2", "\"count\":0")]
    [InlineData("\"id\":\"scan\"", "\"id\":\"../scan\"")]
    [InlineData("\"env\":\"GITHUB_TOKEN\"", "\"value\":\"x\"")]
    public void A_damaged_snapshot_does_not_fly(string what, string with)
    {
        var text = DefinitionSnapshot.Write(Everything).GetRawText();
        Assert.Contains(what, text);
        var read = DefinitionSnapshot.Read(JsonDocument.Parse(text.Replace(what, with, StringComparison.Ordinal)).RootElement);
        Assert.Equal(ProblemCode.StoreCorrupt, read.Problem?.Code);
    }

    [Fact]
    public void The_definition_of_a_step_does_not_depend_on_the_order_of_its_keys()
    {
        var one = Load("version: 1\nname: x\nsteps:\n- { id: a, engine: patch }\n- { id: b, engine: patch }\n- { id: c, engine: git, needs: [a, b], secrets: { A: { env: A }, B: { env: B } } }\n");
        var two = Load("name: x\nversion: 1\nsteps:\n- { id: a, engine: patch }\n- { id: b, engine: patch }\n- { secrets: { B: { env: B }, A: { env: A } }, needs: [b, a], engine: git, id: c }\n");
        Assert.Equal(one.Value.Steps[2].ToJson().GetRawText(), two.Value.Steps[2].ToJson().GetRawText());
    }
}
