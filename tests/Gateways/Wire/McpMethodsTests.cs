// The table of methods says of each who may send it, and how; a message that contradicts it is out of place (MCP-01, MCP-07).
using System.Text;
using CabinCrew.Gateways.Mcp.Wire;

namespace CabinCrew.Gateways.Tests.Wire;

public sealed class McpMethodsTests
{
    public static TheoryData<string> Names => new(McpMethods.Table.Select(m => m.Name));

    private static Frame Message(McpMethod method, bool notification)
    {
        var parameters = method.Addressed switch
        {
            Addressed.Resource => ""","params":{"uri":"u"}""",
            Addressed.Nothing => "",
            _ => ""","params":{"name":"n"}""",
        };
        var id = notification ? "" : "\"id\":1,";
        return FrameReader.Read(Encoding.UTF8.GetBytes("{\"jsonrpc\":\"2.0\"," + id + "\"method\":\"" + method.Name + "\"" + parameters + "}"), FrameLimits.Default).Value;
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_method_passes_from_its_side_in_its_form_only(string name)
    {
        var method = McpMethods.Find(name)!;
        Assert.Equal(method.Requests is null, method.Notifications is not null);
        Assert.Equal(method.Notifications is not null, name.StartsWith(McpMethods.NotificationPrefix, StringComparison.Ordinal));
        foreach (var from in (Parties[])[Parties.Client, Parties.Server])
            foreach (var notification in (bool[])[true, false])
            {
                var allowed = ((notification ? method.Notifications : method.Requests) ?? 0).HasFlag(from);
                Assert.Equal(allowed, McpMethods.Misplaced(Message(method, notification), from) is null);
            }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_name_of_a_known_method_is_made_once(string name)
    {
        var method = McpMethods.Find(name)!;
        Assert.Same(method.Name, Message(method, method.Requests is null).Method);
    }

    [Theory]
    [InlineData("vendor/x", false, true)]
    [InlineData("vendor/x", true, false)]
    [InlineData("notifications/vendor", true, true)]
    [InlineData("notifications/vendor", false, false)]
    public void An_unknown_method_passes_in_the_form_that_its_name_has(string name, bool notification, bool passes)
    {
        var method = new McpMethod(name, null, null, Eras.Both);
        foreach (var from in (Parties[])[Parties.Client, Parties.Server]) Assert.Equal(passes, McpMethods.Misplaced(Message(method, notification), from) is null);
    }
}
