// Any subset of a list taken out: what stays is exactly what stood there, and the whole is JSON.
using System.Text;
using System.Text.Json;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Mcp.Definitions;
using CabinCrew.Tests;

namespace CabinCrew.Gateways.Tests.Pins;

[Clause("MCP-05"), Clause("MCP-06")]
public sealed class DefinitionListTests
{
    private const string Spaced = """{ "x":1.0, "tools" : [ {"name":"a"} ,{"name":"b","n":1e2},  {"name":"c"}	,{"name":"d"} ] , "y":[] }""";

    [Fact]
    public void Every_subset_can_be_taken_out()
    {
        for (var subset = 0; subset < 16; subset++)
        {
            var bytes = Encoding.UTF8.GetBytes(Spaced);
            var list = DefinitionList.Read(DefinitionKind.Tool, "tools", bytes).Value;
            var hidden = Enumerable.Range(0, 4).Where(i => (subset >> i & 1) == 1).ToHashSet();
            var edits = new MessageEdits(bytes);
            list.TakeOut(hidden, 0, edits);
            var after = edits.Any ? Encoding.UTF8.GetString(edits.Apply().Value.Span) : Spaced;
            var root = JsonElement.Parse(after);
            Assert.Equal(Enumerable.Range(0, 4).Where(i => !hidden.Contains(i)).Select(i => "abcd"[i].ToString()), root.GetProperty("tools").EnumerateArray().Select(t => t.GetProperty("name").GetString()));
            Assert.StartsWith("""{ "x":1.0, "tools" : [""", after, StringComparison.Ordinal);
            Assert.EndsWith("""] , "y":[] }""", after, StringComparison.Ordinal);
            if (!hidden.Contains(1)) Assert.Contains("""{"name":"b","n":1e2}""", after);
        }
    }

    [Fact]
    public void Numbers_that_no_double_holds_are_pinned_by_their_bytes()
    {
        var one = Lists.Of("""{"tools":[{"name":"a","max":12345678901234567890}]}""")[0];
        var two = Lists.Of("""{"tools":[{"name":"a","max":12345678901234567891}]}""")[0];
        Assert.NotEqual(one.Digest, two.Digest);
    }

    [Fact]
    public void A_resource_may_grow_and_its_definition_stays_the_same()
    {
        var one = Lists.Of("""{"resources":[{"uri":"file:///a","size":1,"annotations":{"lastModified":"x","priority":1}}]}""", DefinitionKind.Resource, "resources")[0];
        var two = Lists.Of("""{"resources":[{"uri":"file:///a","size":2,"annotations":{"lastModified":"y","priority":1}}]}""", DefinitionKind.Resource, "resources")[0];
        var other = Lists.Of("""{"resources":[{"uri":"file:///a","size":1,"annotations":{"lastModified":"x","priority":2}}]}""", DefinitionKind.Resource, "resources")[0];
        Assert.Equal(one.Digest, two.Digest);
        Assert.NotEqual(one.Digest, other.Digest);
    }
}
