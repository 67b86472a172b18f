// The workflow files of testkit/workflows: good ones load, bad ones give exactly the errors that stand at their head, and the editors' schema
// agrees with the loader wherever a schema can (its verdict stands at the head as well).
using System.Runtime.CompilerServices;
using System.Text.Json;
using CabinCrew.Governance.Yaml;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Schemas;
using Xunit;

namespace CabinCrew.Tests.Golden;

public sealed class WorkflowCorpusTests
{
    internal static string Directory([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "../../../testkit/workflows");

    public static TheoryData<string> Good => Files("good");

    public static TheoryData<string> Bad => Files("bad");

    [Theory, MemberData(nameof(Good))]
    public void Good_files_load(string name)
    {
        var outcome = WorkflowFile.Load(Path.Combine(Directory(), "good", name));
        Assert.True(outcome.Ok, outcome.Problem?.Message);
    }

    [Theory, MemberData(nameof(Bad))]
    public void Bad_files_give_exactly_the_errors_at_their_head(string name)
    {
        var path = Path.Combine(Directory(), "bad", name);
        var lines = File.ReadAllLines(path);
        var head = lines.TakeWhile(l => l.StartsWith("# ", StringComparison.Ordinal)).ToList();

        var problem = WorkflowFile.Load(path).Problem;

        Assert.NotNull(problem);
        var actual = problem.Message.Split('\n').Select(l => $"# at {l.Replace(path + ":", "", StringComparison.Ordinal)}").ToList();
        if (Environment.GetEnvironmentVariable("CABINCREW_WRITE_DOCS") == "1")
            File.WriteAllLines(path, [head[0], .. actual, head[^1], .. lines[head.Count..]]);
        Assert.Equal($"# code {problem.Code.Id()}", head[0]);
        Assert.Equal(actual, head.Where(l => l.StartsWith("# at ", StringComparison.Ordinal)));
    }

    [Theory, MemberData(nameof(Good))]
    public void The_schema_takes_the_good_files(string name)
    {
        var outcome = SchemaCatalog.Validate("workflow", Json("good", name));
        Assert.True(outcome.Ok, outcome.Problem?.ToString());
    }

    [Theory, MemberData(nameof(Bad))]
    public void The_schema_refuses_what_a_schema_can(string name)
    {
        var verdict = File.ReadLines(Path.Combine(Directory(), "bad", name)).First(l => l.StartsWith("# schema ", StringComparison.Ordinal))["# schema ".Length..];
        if (verdict == "unread") Assert.False(YamlNodes.ReadFile(Path.Combine(Directory(), "bad", name), ProblemCode.WorkflowFileInvalid).Ok);
        else Assert.Equal(verdict == "fits", SchemaCatalog.Validate("workflow", Json("bad", name)).Ok);
    }

    private static JsonElement Json(string folder, string name) =>
        YamlNodes.ReadFile(Path.Combine(Directory(), folder, name), ProblemCode.WorkflowFileInvalid).Value.ToJson();

    private static TheoryData<string> Files(string folder) =>
        [.. System.IO.Directory.EnumerateFiles(Path.Combine(Directory(), folder), "*.yaml").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];
}
