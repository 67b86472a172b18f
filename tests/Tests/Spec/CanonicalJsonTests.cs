// RFC 8785, rule by rule. The vectors made with another implementation are in Golden/CanonicalJsonVectorTests.cs.
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Protocol.Json;
using Xunit;

namespace CabinCrew.Tests.Spec;

[Clause("TOK-02")]
public sealed class CanonicalJsonTests
{
    private static string Canonical(string json) => Encoding.UTF8.GetString(CanonicalJson.Write(JsonElement.Parse(json)));

    private static string OfNode(string json) => Encoding.UTF8.GetString(CanonicalJson.Write(JsonNode.Parse(json)));

    [Theory] // RFC 8785, sections 3.2.2 and 3.2.3, and appendix B
    [InlineData("""{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}""",
        """{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}""")]
    [InlineData("""{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}""",
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}")]
    [InlineData("[0,-0,-0.0,5e-324,-5e-324,1.7976931348623157e308,-1.7976931348623157e308]", "[0,0,0,5e-324,-5e-324,1.7976931348623157e+308,-1.7976931348623157e+308]")]
    [InlineData("[9007199254740992,-9007199254740992,295147905179352830000,9.999999999999997e22,1e23,1.0000000000000001e23]", "[9007199254740992,-9007199254740992,295147905179352830000,9.999999999999997e+22,1e+23,1.0000000000000001e+23]")]
    [InlineData("[999999999999999700000,999999999999999900000,1e21,9.999999999999997e-7,0.000001,333333333.3333332]", "[999999999999999700000,999999999999999900000,1e+21,9.999999999999997e-7,0.000001,333333333.3333332]")]
    [InlineData("[1424953923781206.2,0.1e1,100,1e2,123456789.125]", "[1424953923781206.2,1,100,100,123456789.125]")]
    public void The_rfcs_examples_come_out_to_the_letter(string json, string expected)
    {
        Assert.Equal(expected, Canonical(json));
        Assert.Equal(expected, OfNode(json));
    }

    [Theory]
    [InlineData("\"\\u007f\\u2028\\u2029\\ufeff\\u00a0<>&'+\"", "\"\u007f\u2028\u2029\ufeff\u00a0<>&'+\"")]
    [InlineData("\"\\b\\t\\n\\f\\r\\u0000\\u001F\"", "\"\\b\\t\\n\\f\\r\\u0000\\u001f\"")]
    [InlineData(" { } ", "{}")]
    [InlineData("[ [ ] , { \"b\" : [ ] , \"a\" : null } ]", "[[],{\"a\":null,\"b\":[]}]")]
    public void Only_what_json_demands_is_escaped_and_no_space_is_left(string json, string expected)
    {
        Assert.Equal(expected, Canonical(json));
        Assert.Equal(expected, OfNode(json));
    }

    [Fact]
    public void A_node_that_we_built_is_written_as_its_parsed_twin()
    {
        var node = new JsonObject
        {
            ["z"] = 1L, ["a"] = 1.50m, ["d"] = 0.1, ["i"] = int.MinValue, ["t"] = true, ["n"] = null, ["s"] = "é\n", ["big"] = (1L << 53) - 1,
            ["list"] = new JsonArray(1, "x", new JsonObject { ["q"] = -0.0 }),
        };
        Assert.Equal("""{"a":1.5,"big":9007199254740991,"d":0.1,"i":-2147483648,"list":[1,"x",{"q":0}],"n":null,"s":"é\n","t":true,"z":1}""",
            Encoding.UTF8.GetString(CanonicalJson.Write(node)));
    }

    [Fact]
    public void What_cannot_be_written_exactly_is_a_bug_and_never_a_guess()
    {
        Assert.Throws<ArgumentException>(() => CanonicalJson.Write(new JsonObject { ["n"] = 1L << 53 }));
        Assert.Throws<ArgumentException>(() => CanonicalJson.Write(JsonElement.Parse("""{"a":1,"a":2}""")));
        Assert.Throws<ArgumentException>(() => CanonicalJson.Write(default(JsonElement)));
        Assert.ThrowsAny<ArgumentException>(() => CanonicalJson.Write(new JsonObject { ["s"] = "\ud800" }));
        var deep = new JsonArray();
        for (var i = 0; i < 100_000; i++) deep = [deep];
        Assert.Throws<ArgumentException>(() => CanonicalJson.Write(deep));
    }
}
