// What init writes loads as it is, fits the repository, and never takes the place of anything.
using CabinCrew.Governance.Yaml;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Schemas;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class WorkflowInitTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("cabincrew-init-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private IReadOnlyList<string> Init(string user = "ada") => WorkflowInit.Write(directory, WorkflowInit.Plan(directory, user).Value).Value;

    [Theory]
    [InlineData("go.mod", "gofmt")]
    [InlineData("pyproject.toml", "black")]
    [InlineData("main.tf", "terraform")]
    [InlineData("App.csproj", "dotnet")]
    [InlineData("README", "sed -i")]
    public void The_first_file_loads_and_speaks_of_what_is_there(string buildFile, string tool)
    {
        File.WriteAllText(Path.Combine(directory, buildFile), "");
        Init();
        var flow = WorkflowFile.Load(Path.Combine(directory, "cabincrew.yaml"));
        Assert.True(flow.Ok, flow.Problem?.Message);
        Assert.Equal("patch", Assert.Single(flow.Value.Steps).Engine);
        var text = File.ReadAllText(Path.Combine(directory, "cabincrew.yaml"));
        Assert.Contains(tool, text);
        Assert.DoesNotContain("engine: git", text);
    }

    [Fact]
    public void The_alternatives_in_comments_are_good_steps_too()
    {
        Directory.CreateDirectory(Path.Combine(directory, ".git"));
        Init();
        var path = Path.Combine(directory, "cabincrew.yaml");
        var lines = File.ReadAllLines(path).Select(l => l.StartsWith("  # - id", StringComparison.Ordinal) || l.StartsWith("  #   ", StringComparison.Ordinal) ? "  " + l[4..] : l);
        File.WriteAllLines(path, lines);
        var flow = WorkflowFile.Load(path);
        Assert.True(flow.Ok, flow.Problem?.Message);
        Assert.Equal(["patch", "patch", "script", "git"], flow.Value.Steps.Select(s => s.Engine));
        Assert.True(SchemaCatalog.Validate("workflow", YamlNodes.ReadFile(path, ProblemCode.WorkflowFileInvalid).Value.ToJson()).Ok);
    }

    [Fact]
    public void Nothing_that_is_there_is_overwritten()
    {
        Directory.CreateDirectory(Path.Combine(directory, ".cabincrew"));
        File.WriteAllText(Path.Combine(directory, ".cabincrew/identities.yaml"), "mine");
        Assert.Equal(["cabincrew.yaml", ".cabincrew/.gitignore"], Init().Select(p => Path.GetRelativePath(directory, p)));
        Assert.Equal("mine", File.ReadAllText(Path.Combine(directory, ".cabincrew/identities.yaml")));

        Assert.Equal(ProblemCode.InvalidArgument, WorkflowInit.Plan(directory, "ada").Problem?.Code);
        Assert.Equal(ProblemCode.IoFailed, WorkflowInit.Write(directory, [new("cabincrew.yaml", "other")]).Problem?.Code);
        Assert.Contains("version: 1", File.ReadAllText(Path.Combine(directory, "cabincrew.yaml")));
    }

    [Fact]
    public void Identities_are_for_their_owner_alone()
    {
        Init();
        var owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(owner, File.GetUnixFileMode(Path.Combine(directory, ".cabincrew/identities.yaml")));
        Assert.Equal(owner | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.Combine(directory, ".cabincrew")));
    }

    [Fact]
    public void No_link_is_written_through()
    {
        var elsewhere = Directory.CreateDirectory(Path.Combine(directory, "elsewhere")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(directory, ".cabincrew"), "elsewhere");
        File.CreateSymbolicLink(Path.Combine(directory, "cabincrew.yaml"), Path.Combine(elsewhere, "out"));
        Assert.Equal(ProblemCode.InvalidArgument, WorkflowInit.Plan(directory, "ada").Problem?.Code);
        File.Delete(Path.Combine(directory, "cabincrew.yaml"));
        Assert.Equal(ProblemCode.IoFailed, WorkflowInit.Write(directory, WorkflowInit.Plan(directory, "ada").Value).Problem?.Code);
        Assert.Empty(Directory.GetFileSystemEntries(elsewhere));
    }

    [Theory]
    [InlineData("ada")]
    [InlineData("o'hara: [x]")]
    [InlineData("DOMAIN\\user # 1")]
    public void Any_name_of_a_user_is_written_as_text(string user)
    {
        Init(user);
        var book = YamlNodes.ReadFile(Path.Combine(directory, ".cabincrew/identities.yaml"), ProblemCode.IdentitiesInvalid).Value.ToJson();
        Assert.Equal(user, book.GetProperty("identities")[0].GetProperty("name").GetString());
        Assert.False(book.GetProperty("self_approval").GetBoolean());
    }

    [Fact]
    public void A_user_name_with_a_line_break_is_refused() =>
        Assert.Equal(ProblemCode.InvalidArgument, WorkflowInit.Plan(directory, "a\nself_approval: true").Problem?.Code);
}
