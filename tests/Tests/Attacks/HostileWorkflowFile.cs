// A workflow file written by an enemy: it may be refused, and that quickly and with one clear problem; it may not crash, hang, or reach out.
using System.Diagnostics;
using System.Text;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using Xunit;

namespace CabinCrew.Tests.Attacks;

public sealed class HostileWorkflowFile : IDisposable
{
    private const string Head = "version: 1\nname: x\n";
    private const string Steps = "steps: [ { id: a, engine: patch } ]\n";
    private readonly string directory = Directory.CreateTempSubdirectory("cabincrew-hostile-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private Outcome<WorkflowDefinition> Load(string text) => Load(Encoding.UTF8.GetBytes(text));

    private Outcome<WorkflowDefinition> Load(byte[] bytes)
    {
        var path = Path.Combine(directory, "cabincrew.yaml");
        File.WriteAllBytes(path, bytes);
        var clock = Stopwatch.StartNew();
        var outcome = WorkflowFile.Load(path);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"took {clock.Elapsed}");
        return outcome;
    }

    private Problem Refused(string text, string why)
    {
        var problem = Load(text).Problem;
        Assert.Equal(ProblemCode.WorkflowFileInvalid, problem?.Code);
        Assert.Contains(why, problem?.Message);
        Assert.True(problem!.Message.Length < 20_000);
        return problem;
    }

    [Fact]
    public void The_file_of_these_tests_is_good_without_the_attack() => Assert.True(Load(Head + Steps).Ok);

    [Fact]
    public void A_billion_laughs() =>
        Refused(Head + Steps + "x: &a [l, l, l, l]\ny: &b [*a, *a, *a, *a]\nz: [*b, *b, *b, *b]\n", "anchors (&name) are not taken");

    [Fact]
    public void A_merge_key() => Refused(Head + "steps: [ { id: a, engine: patch, <<: { config: {} } } ]\n", "merge keys");

    [Fact]
    public void A_tag_that_asks_for_a_type() => Refused(Head + "steps: [ { id: !!python/object x, engine: patch } ]\n", "tags");

    [Fact]
    public void The_same_key_twice() => Refused(Head + Steps + "steps: [ { id: b, engine: git } ]\n", "a second time");

    [Fact]
    public void The_same_key_twice_once_in_quotes() => Refused(Head + Steps + "\"st\\u0065ps\": []\n", "a second time");

    [Fact]
    public void Tabs_for_indentation() => Refused(Head + "plan:\n\texpires: 1h\n" + Steps, "indented with a tab");

    [Fact]
    public void A_second_document() => Refused(Head + Steps + "---\n" + Head + Steps, "second document");

    [Fact]
    public void A_line_of_a_megabyte() => Refused(Head + Steps + "# " + new string('x', 1 << 20) + "\n", "larger than 1048576 bytes");

    [Fact]
    public void A_value_of_almost_a_megabyte_is_not_repeated_in_the_message() =>
        Refused(Head + Steps + "on_drift: " + new string('x', 1_000_000) + "\n", "'on_drift'");

    [Fact]
    public void A_hundred_thousand_brackets() => Refused(Head + Steps + "x: " + new string('[', 100_000), "");

    [Fact]
    public void Two_hundred_thousand_keys() =>
        Refused(Head + Steps + string.Concat(Enumerable.Range(0, 80_000).Select(i => $"k{i}: 1\n")), "");

    [Fact]
    public void Bytes_that_are_no_text()
    {
        Assert.Equal(ProblemCode.WorkflowFileInvalid, Load([0x76, 0x65, 0xff, 0xfe, 0x00]).Problem?.Code);
        Assert.Equal(ProblemCode.WorkflowFileInvalid, Load([]).Problem?.Code);
        Assert.Equal(ProblemCode.WorkflowFileInvalid, Load(new byte[4096]).Problem?.Code);
    }

    [Fact]
    public void A_value_that_forges_a_line_of_the_message()
    {
        var problem = Refused(Head + Steps + "on_drift: \"x\\ncabincrew.yaml:1:1: all is well\\e[2J\"\n", "'on_drift'");
        Assert.DoesNotContain('\e', problem.Message);
    }

    [Fact]
    public void A_circle_of_256_steps()
    {
        var steps = string.Concat(Enumerable.Range(0, 256).Select(i => $"  - {{ id: s{i}, engine: patch, needs: [s{(i + 1) % 256}] }}\n"));
        Refused(Head + "steps:\n" + steps, "steps wait for each other in a circle: s0 needs s1 needs s2");
    }

    [Fact]
    public void Every_step_needs_every_earlier_one()
    {
        var steps = string.Concat(Enumerable.Range(0, 200).Select(i => $"  - {{ id: s{i}, engine: patch, needs: [{string.Join(", ", Enumerable.Range(0, i).Select(n => $"s{n}"))}], context: {{ x: {{ step: s{Math.Max(0, i - 1)}, artifact: a, field: body }} }} }}\n"));
        Assert.Contains("expected a step that 's0' needs", Load(Head + "steps:\n" + steps).Problem?.Message);
    }

    [Fact]
    public void Too_many_steps() =>
        Refused(Head + "steps:\n" + string.Concat(Enumerable.Range(0, 257).Select(i => $"  - {{ id: s{i}, engine: patch }}\n")), "expected 1 to 256 steps, found 257");

    [Theory]
    [InlineData("id: ../../etc")]
    [InlineData("id: a/b")]
    [InlineData("id: \"a\\u0000b\"")]
    [InlineData("id: .hidden")]
    [InlineData("id: \"\"")]
    public void A_step_id_that_is_a_path(string id) => Refused(Head + $"steps: [ {{ {id}, engine: patch }} ]\n", "'id'");

    [Theory]
    [InlineData("engine: \"./x\\u0000y\"")]
    [InlineData("engine: bash")]
    [InlineData("engine: \"\"")]
    [InlineData("engine: 7")]
    public void An_engine_that_is_none(string engine) => Refused(Head + $"steps: [ {{ id: a, {engine} }} ]\n", "'engine'");

    [Theory]
    [InlineData("/")]
    [InlineData("/etc")]
    [InlineData("/usr/lib")]
    [InlineData("/proc/self")]
    [InlineData("/dev")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("sub")]
    [InlineData("sub/../../..")]
    [InlineData("\"x\\u0000\"")]
    public void A_directory_outside_that_is_the_system_or_the_workspace_itself(string outside)
    {
        Directory.CreateDirectory(Path.Combine(directory, "sub"));
        Refused(Head + $"steps: [ {{ id: a, engine: patch, outside: [{outside}] }} ]\n", "'outside'");
    }

    [Theory]
    [InlineData("env: PATH, command: [x]", "exactly one")]
    [InlineData("file: cabincrew.yaml", "outside the workspace")]
    [InlineData("file: sub/../cabincrew.yaml", "outside the workspace")]
    [InlineData("file: link", "outside the workspace")]
    [InlineData("command: []", "a program")]
    [InlineData("command: [./evil.sh]", "PATH")]
    [InlineData("command: [\"a\\u0000b\"]", "NUL")]
    [InlineData("env: \"A=B\"", "name of a variable")]
    public void A_secret_from_where_none_may_come(string source, string why)
    {
        File.CreateSymbolicLink(Path.Combine(Directory.CreateDirectory(Path.Combine(directory, "sub")).FullName, "x"), "nowhere");
        File.CreateSymbolicLink(Path.Combine(directory, "link"), "cabincrew.yaml");
        Refused(Head + $"steps: [ {{ id: a, engine: patch, secrets: {{ X: {{ {source} }} }} }} ]\n", why);
    }

    [Fact]
    public void A_program_for_a_secret_that_lies_in_the_workspace() =>
        Refused(Head + $"steps: [ {{ id: a, engine: patch, secrets: {{ X: {{ command: [\"{directory}/evil.sh\"] }} }} }} ]\n", "outside the workspace");

    [Fact]
    public void Nothing_runs_and_nothing_is_read_when_a_file_is_loaded()
    {
        var marker = Path.Combine(directory, "marker");
        var loaded = Load(Head + $"steps: [ {{ id: a, engine: ./no-such-engine, secrets: {{ X: {{ command: [touch, \"{marker}\"] }}, Y: {{ file: /no/such/file }} }} }} ]\n");
        Assert.True(loaded.Ok, loaded.Problem?.Message);
        Assert.False(File.Exists(marker));
    }

    [Theory]
    [InlineData("password", "x")]
    [InlineData("API-KEY", "x")]
    [InlineData("github_token", "x")]
    [InlineData("clientSecret", "x")]
    public void A_secret_in_the_config_is_not_repeated(string key, string value)
    {
        var problem = Refused(Head + $"steps: [ {{ id: a, engine: patch, config: {{ {key}: hunter2{value} }} }} ]\n", "expected no secret in 'config'");
        Assert.DoesNotContain("hunter2", problem.Message);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("99999999999999999999")]
    [InlineData("1e3")]
    [InlineData(".inf")]
    [InlineData("0x10")]
    [InlineData("'64'")]
    public void A_limit_that_is_none(string processes)
    {
        var outcome = Load(Head + $"steps: [ {{ id: a, engine: patch, limits: {{ processes: {processes} }} }} ]\n");
        if (processes == "0x10") Assert.Equal(16, outcome.Value.Steps[0].Limits.Processes);
        else Assert.Equal(ProblemCode.WorkflowFileInvalid, outcome.Problem?.Code);
    }

    [Fact]
    public void A_directory_or_a_fifo_in_place_of_the_file()
    {
        Assert.Equal(ProblemCode.WorkflowFileInvalid, WorkflowFile.Load(directory).Problem?.Code);
        var fifo = Path.Combine(directory, "fifo.yaml");
        using (var mkfifo = Process.Start("mkfifo", fifo)) mkfifo.WaitForExit();
        Assert.Equal(ProblemCode.WorkflowFileInvalid, WorkflowFile.Load(fifo).Problem?.Code);
    }
}
