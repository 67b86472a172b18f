// Commands in the arguments of tools that run them: told by name, read as shell or SQL, decided as the configuration says; and their harmless twins.
using System.Text;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Detection;

public sealed class CommandScanTests
{
    private static IReadOnlyList<MessageFinding>? Find(string tool, string arguments, CommandSettings? settings = null, MessageDirection direction = MessageDirection.ToServer) =>
        new CommandScan(settings ?? CommandSettings.Standard).In(new()
        {
            Gateway = "mcp", Tenant = TenantId.Local, Caller = new("agent", false, [], "os_user"), Session = "s", Server = "files", Direction = direction, Kind = MessageKind.Request,
            Method = "tools/call", Name = tool, Arguments = Encoding.UTF8.GetBytes(arguments), Now = DateTimeOffset.UnixEpoch,
        });

    private static IEnumerable<string> Short(string tool, string arguments, CommandSettings? settings = null) => (Find(tool, arguments, settings) ?? []).Select(f => $"{f.Rule} {f.Decision.Word()} {f.Place}");

    [Theory]
    [InlineData("run_command", """{"command":"terraform destroy -auto-approve"}""", "terraform-destroy require_approval /arguments/command")]
    [InlineData("anything", """{"cmd":"sh -c 'rm -rf /'"}""", "delete-root deny /arguments/cmd")]
    [InlineData("Bash", """{"script":"kubectl delete ns shop"}""", "kubernetes-delete require_approval /arguments/script")]
    [InlineData("shell-exec", """{"input":"git push --force origin main"}""", "git-force-push-protected require_approval /arguments/input")]
    [InlineData("runInTerminal", """{"commands":["ls","rm -rf \u002f"]}""", "delete-root deny /arguments/commands/1")]
    [InlineData("run", """{"command":["rm","-rf","/"]}""", "delete-root deny /arguments/command")]
    [InlineData("x", """{"command":"rm","args":["-rf","/"]}""", "delete-root deny /arguments/args")]
    [InlineData("db_query", """{"query":"drop table users"}""", "sql-drop require_approval /arguments/query")]
    [InlineData("x", """{"sql":"delete from users"}""", "sql-delete-all require_approval /arguments/sql")]
    public void What_a_call_would_run_is_read(string tool, string arguments, string expected) => Assert.Contains(expected, Short(tool, arguments));

    [Fact]
    public void Nothing_is_buried_under_much_that_weighs_less()
    {
        var script = string.Concat(Enumerable.Range(0, 300).Select(i => $"chmod 777 file{i}\\n")) + "rm -rf /";
        var found = Find("run_command", $$"""{"command":"{{script}}"}""")!;
        Assert.InRange(found.Count, CommandScan.FindingsMax, CommandScan.FindingsMax + 1);
        Assert.Contains(found, f => f.Decision == Decision.Deny && f.Rule == "delete-root");
    }

    [Theory]
    [InlineData("run_command", """{"command":"terraform plan"}""")]
    [InlineData("search", """{"query":"how do I drop table users"}""")]
    [InlineData("write_file", """{"path":"a.sh","content":"rm -rf /"}""")]
    [InlineData("execute_python", """{"code":"x = 'rm -rf /'"}""")]
    [InlineData("run_tests", """{"input":"rm -rf /"}""")]
    [InlineData("forum_post", """{"text":"never type rm -rf /"}""")]
    [InlineData("db_query", """{"query":"select * from users where name = 'drop table users'"}""")]
    public void Harmless_twins_pass(string tool, string arguments) => Assert.Empty(Short(tool, arguments));

    [Fact]
    public void Whoever_did_not_look_does_not_say_that_he_did()
    {
        Assert.Null(Find("write_file", """{"content":"rm -rf /"}"""));
        Assert.NotNull(Find("run_command", """{"command":"ls"}"""));
        Assert.Null(Find("run_command", """{"command":"rm -rf /"}""", direction: MessageDirection.ToCaller));
        Assert.Null(Find("run_command", """{"command":"rm -rf /"}""", new(Decision.Allow, new Dictionary<string, Decision>(), [])));
    }

    [Fact]
    public void The_configuration_decides_and_names_further_tools()
    {
        CommandSettings settings = new(Decision.Warn, new Dictionary<string, Decision> { ["terraform-destroy"] = Decision.Deny, ["delete-root"] = Decision.Allow }, ["deploy"]);
        Assert.Equal(["terraform-destroy deny /arguments/step"], Short("deploy", """{"step":"terraform destroy -auto-approve"}""", settings));
        Assert.Equal(["kubernetes-delete warn /arguments/command"], Short("x", """{"command":"kubectl delete ns shop; rm -rf /"}""", settings));
        Assert.NotEqual(new CommandScan(settings).Digest, new CommandScan(CommandSettings.Standard).Digest);
    }

    [Fact]
    public void What_cannot_be_read_goes_to_a_person() => Assert.Contains("unreadable require_approval /arguments/command", Short("bash", """{"command":"echo $(("}"""));
}
