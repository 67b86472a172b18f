// examples/policies/mcp: found faultless by `policy check`, its own tests pass, and it judges as its text says.
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Governance.Policies.Rego.Authoring;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Judging;

public sealed class ExamplePolicyTests
{
    private static string Folder
    {
        get
        {
            var root = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(root.FullName, "CabinCrew.slnx"))) root = root.Parent!;
            return Path.Combine(root.FullName, "examples/policies/mcp");
        }
    }

    [Fact]
    public void The_bench_checks_and_tests_policies_of_messages()
    {
        var files = PolicyFiles.Read(["."], Folder).Value;
        var check = PolicyCheck.Of(files, PolicyCheck.SchemaFor(files, null).Value);
        Assert.Equal([], check.Findings.Select(f => f.Error.ToString()));
        Assert.True(check.HasInputSchema);
        var report = PolicyTests.Run(check.Program!, files, new(), CancellationToken.None);
        Assert.Equal([], report.Results.Where(r => r.Outcome != PolicyTestOutcome.Passed).Select(r => $"{r.Name}: {r.Error}"));
        Assert.True(report.Results.Count >= 8);
    }

    [Fact]
    public void A_slip_is_told_by_the_document_of_messages()
    {
        var files = PolicyFiles.Of([("p.rego", "package cabincrew.mcp\n\ndeny contains \"x\" if input.changes[0].path == \"a\"\n"), ("q.rego", "package cabincrew.mcp\n\nviolation contains \"x\" if input.nmae == \"a\"\n")]);
        var check = PolicyCheck.Of(files, PolicyCheck.SchemaFor(files, null).Value);
        Assert.Contains(check.Errors, e => e.Error.Message.Contains("changes", StringComparison.Ordinal));
        Assert.Contains(check.Errors, e => e.Error.Message.Contains("nmae", StringComparison.Ordinal));
    }

    [Fact]
    public void It_judges_beside_the_defaults()
    {
        var set = Messages.Load(Folder, new PolicyRef("builtin", "mcp-defaults"), new PolicyRef("rego", "."));
        var write = Messages.Call("write_file", """{"path":"src/a.cs","content":"x"}""") with { File = Messages.File(FileAction.Write, "src/a.cs") };
        Assert.Equal(Decision.Allow, set.Judge(write).Decision);
        Assert.Equal(Decision.Deny, set.Judge(write with { Caller = new("eve", false, ["reader"], "token") }).Decision);
        var elsewhere = set.Judge(write with { File = Messages.File(FileAction.Write, "infra/x.tf") });
        Assert.Equal((Decision.RequireApproval, "maintainer"), (elsewhere.Decision, Assert.Single(elsewhere.Needs).Role));
        Assert.Equal(Decision.Deny, set.Judge(write with { Server = "stranger", Kind = MessageKind.Listing, Arguments = default, Content = default, File = null }).Decision);
    }
}
