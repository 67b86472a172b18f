// The validator's edges that our own schemas touch: what must not depend on .NET's habits.
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Schemas;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Tests.Spec;

public sealed class SchemaValidatorTests
{
    private static JsonObject Receipt(Action<JsonObject>? change = null)
    {
        var receipt = JsonObject.Create(WireSamples.All.Single(s => s.Schema == "engine-output").Document)!.DeepClone().AsObject();
        change?.Invoke(receipt);
        return receipt;
    }

    private static Problem? Judge(JsonNode document) => SchemaCatalog.Validate("engine-output", JsonElement.Parse(document.ToJsonString())).Problem;

    [Theory] // `$` of .NET would accept the line feed
    [InlineData("\n", false)]
    [InlineData("", true)]
    [InlineData(" ", false)]
    public void A_pattern_ends_where_the_text_ends(string tail, bool good) =>
        Assert.Equal(good, Judge(Receipt(r => r["artifacts"]![0]!["hash"] = Digest.Of([]) + tail)) is null);

    [Fact]
    public void Length_counts_characters_and_not_code_units()
    {
        Assert.Null(Judge(Receipt(r => r["engine_id"] = string.Concat(Enumerable.Repeat("😀", 256)))));
        Assert.Equal("/engine_id", Judge(Receipt(r => r["engine_id"] = string.Concat(Enumerable.Repeat("😀", 257))))?.Where);
    }

    [Theory]
    [InlineData("3", true)]
    [InlineData("3.0", true)]
    [InlineData("3e0", true)]
    [InlineData("3.5", false)]
    [InlineData("-1", false)]
    [InlineData("\"3\"", false)]
    public void An_integer_is_a_number_without_fraction_however_it_is_spelled(string size, bool good) =>
        Assert.Equal(good, Judge(Receipt(r => r["artifacts"]![0]!["size"] = JsonNode.Parse(size))) is null);

    [Fact]
    public void Hostile_documents_give_few_and_short_messages()
    {
        var receipt = Receipt(r => r["artifacts"] = new JsonArray([.. Enumerable.Range(0, 5_000).Select(i => (JsonNode)new JsonObject { [new string('k', 5_000)] = i })]));
        var problem = Judge(receipt)!;
        Assert.True(problem.ToString().Length < 2_000, $"{problem.ToString().Length}");
    }

    [Fact]
    public void A_name_in_a_message_cannot_steer_a_terminal()
    {
        var problem = Judge(Receipt(r => r["\u001b[2J\u202eevil\n"] = 1))!;
        Assert.DoesNotContain(problem.ToString() + problem.Where, c => char.IsControl(c) || c == '\u202e');
    }

    [Fact]
    public void A_pointer_escapes_what_pointers_escape() =>
        Assert.Equal("/a~1b~0c", Judge(Receipt(r => r["a/b~c"] = 1))!.Where);

    [Fact]
    public void Mapping_never_throws_for_a_number_in_another_spelling()
    {
        var read = SchemaCatalog.Read("engine-output", System.Text.Encoding.UTF8.GetBytes(Receipt(r => r["artifacts"]![0]!["size"] = JsonNode.Parse("12.0")).ToJsonString()), ProtocolJson.Default.EngineOutput);
        Assert.True(read.Ok || read.Problem.Code == ProblemCode.SchemaInvalid);
    }
}
