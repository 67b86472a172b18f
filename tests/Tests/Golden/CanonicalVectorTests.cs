// testkit/canonical-json and testkit/plan-token: vectors made with another implementation, usable from any language.
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Tests.Tidy;

namespace CabinCrew.Tests.Golden;

[Clause("TOK-02")]
public sealed class CanonicalVectorTests
{
    private static JsonElement[] Vectors(string file, int atLeast)
    {
        var vectors = JsonElement.Parse(Repository.Text(file)).GetProperty("vectors").EnumerateArray().ToArray();
        Assert.True(vectors.Length >= atLeast, $"{file} has only {vectors.Length} vectors");
        return vectors;
    }

    [Fact]
    public void Numbers_are_written_as_ecmascript_writes_them() =>
        Repository.None(
            from v in Vectors("testkit/canonical-json/numbers.json", 400)
            let input = v.GetProperty("input").GetString()!
            let expected = v.GetProperty("canonical").GetString()!
            let element = Encoding.UTF8.GetString(CanonicalJson.Write(JsonElement.Parse(input)))
            let node = BeyondOurs(input) ? expected : Encoding.UTF8.GetString(CanonicalJson.Write(JsonValue.Create(double.Parse(input, System.Globalization.CultureInfo.InvariantCulture))))
            where element != expected || node != expected
            select $"{input}: expected {expected}, element {element}, node {node}",
            "Numbers that differ:");

    [Fact]
    public void Documents_come_out_byte_for_byte() =>
        Repository.None(
            from v in Vectors("testkit/canonical-json/documents.json", 150)
            let input = Convert.FromHexString(v.GetProperty("input_hex").GetString()!)
            let expected = v.GetProperty("canonical_hex").GetString()!
            let strict = StrictJson.Parse(input)
            let element = strict.Ok ? Convert.ToHexStringLower(CanonicalJson.Write(strict.Value)) : strict.Problem.ToString()
            let node = Convert.ToHexStringLower(CanonicalJson.Write(JsonNode.Parse(input)))
            where element != expected || node != expected
            select $"{Encoding.UTF8.GetString(input)}: {element}",
            "Documents that differ:");

    [Fact, Clause("TOK-02")]
    public void A_plan_token_is_the_sha256_of_its_canonical_form()
    {
        foreach (var v in Vectors("testkit/plan-token/vectors.json", 6))
        {
            var inputs = PlanTokenSamples.FromForm(v.GetProperty("form"));
            Assert.Equal(v.GetProperty("canonical").GetString(), Encoding.UTF8.GetString(CanonicalJson.Write(PlanTokens.CanonicalForm(inputs))));
            Assert.Equal(v.GetProperty("token").GetString(), PlanTokens.Compute(inputs).ToString());
        }
    }

    [Fact, Clause("TOK-02")]
    public async Task Anyone_recomputes_a_token_with_jq_and_sha256sum()
    {
        const string recipe = "jq -cSj '.tokens[0].canonical' | sha256sum";
        Assert.Contains($"cabincrew token explain WORKFLOW --json | {recipe}", Repository.Text("docs/reference/plan-token.md"), StringComparison.Ordinal);
        foreach (var v in Vectors("testkit/plan-token/vectors.json", 6))
        {
            var explained = new JsonObject { ["tokens"] = new JsonArray(new JsonObject { ["canonical"] = JsonNode.Parse(v.GetProperty("form").GetRawText()) }) };
            using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", recipe]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
            await shell.StandardInput.WriteAsync(explained.ToJsonString());
            shell.StandardInput.Close();
            var printed = await shell.StandardOutput.ReadToEndAsync();
            await shell.WaitForExitAsync();
            Assert.Equal(v.GetProperty("token").GetString(), $"sha256:{printed.Split(' ')[0]}");
        }
    }

    // Integers beyond 2^53-1 are refused in nodes that we build ourselves.
    private static bool BeyondOurs(string input) => Math.Abs(double.Parse(input, System.Globalization.CultureInfo.InvariantCulture)) > StrictJson.NumberMax;
}
