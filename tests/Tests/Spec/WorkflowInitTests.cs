// What init writes loads as it is, fits the repository, and never takes the place of anything.
using CabinCrew.Governance.Access;
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
    [InlineData("ada", "ada")]
    [InlineData("o'hara: [x]", "oharax")]
    [InlineData("DOMAIN\\user # 1", "DOMAINuser1")]
    [InlineData("1000", "1000")]
    [InlineData("é", "me")]
    public void The_account_that_runs_init_may_approve_and_not_its_own(string user, string name)
    {
        Init(user);
        var me = new Credentials(user, Uid: 4711, ClaimedName: null, Token: null);
        var book = IdentityBook.Load(Path.Combine(directory, ".cabincrew/identities.yaml"), me with { Uid = OwnUid() });
        Assert.True(book.Ok, book.Problem?.Message);
        var caller = book.Value.Authenticate(me);
        Assert.True(caller.Ok, caller.Problem?.Message);
        Assert.Equal(name, caller.Value.Name);
        Assert.Equal(["maintainer", "security"], caller.Value.Roles.Order());
        Assert.True(caller.Value.Human);
        Assert.False(book.Value.SelfApproval);
        Assert.Equal("maintainer", book.Value.DefaultRole);
    }

    private static int OwnUid() =>
        int.Parse(File.ReadLines("/proc/self/status").First(l => l.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1], System.Globalization.CultureInfo.InvariantCulture);

    [Fact]
    public void A_user_name_with_a_line_break_is_refused() =>
        Assert.Equal(ProblemCode.InvalidArgument, WorkflowInit.Plan(directory, "a\nself_approval: true").Problem?.Code);
}
