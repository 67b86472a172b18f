// Token for token what the reference implementation makes: on the texts of the test kit always, and on thousands more with eng/tokenizer-parity.
using System.Text.Json;
using CabinCrew.LocalModels.Tokens;

namespace CabinCrew.Models.Tests.Tokens;

public sealed class ParityTests(ITestOutputHelper output)
{
    private const double ShareMin = 0.999;

    public static TheoryData<string> Names => ["bert-uncased", "bert-cased", "roberta", "xlm-roberta", "deberta-v3", "t5-first", "albert"];

    [Theory]
    [MemberData(nameof(Names))]
    [Clause("PRE-06")]
    public void Texts_of_the_test_kit_become_the_tokens_of_the_reference(string name)
    {
        var (same, all, differences) = Compare(Kit.Tokenizer(name));
        Assert.True(same == all && all >= 150, $"{all - same} of {all} differ:\n{string.Join('\n', differences)}");
    }

    [Fact(Explicit = true)]
    public void Thousands_of_texts_become_the_tokens_of_the_reference()
    {
        var directory = Environment.GetEnvironmentVariable("CABINCREW_TOKENIZER_PARITY");
        Assert.True(Directory.Exists(directory), "eng/tokenizer-parity runs this");
        var missed = new List<string>();
        foreach (var file in Directory.GetFiles(directory!, "*.json").Order(StringComparer.Ordinal))
        {
            var (same, all, differences) = Compare(JsonElement.Parse(File.ReadAllBytes(file)));
            output.WriteLine($"{Path.GetFileNameWithoutExtension(file),-14} {same} of {all} identical: {100.0 * same / all:F2} %");
            foreach (var difference in differences) output.WriteLine($"    {difference}");
            if (same < ShareMin * all) missed.Add(Path.GetFileName(file));
        }
        Assert.Empty(missed);
    }

    private static (int Same, int All, IReadOnlyList<string> Differences) Compare(JsonElement kit)
    {
        var tokenizer = Kit.Read(kit.GetProperty("tokenizer"));
        var (same, all, differences) = (0, 0, new List<string>());
        foreach (var row in kit.GetProperty("texts").EnumerateArray())
        {
            all++;
            var text = row.GetProperty("text").GetString()!;
            var expected = row.GetProperty("ids").EnumerateArray().Select(i => i.GetInt32()).ToArray();
            var actual = tokenizer.Encode(text).Value.Select(t => t.Id).ToArray();
            if (expected.SequenceEqual(actual)) same++;
            else if (differences.Count < 5) differences.Add(Difference(tokenizer, text, expected, actual));
        }
        return (same, all, differences);
    }

    private static string Difference(Tokenizer tokenizer, string text, int[] expected, int[] actual)
    {
        var at = expected.Zip(actual).TakeWhile(p => p.First == p.Second).Count();
        var tokens = tokenizer.Encode(text).Value;
        var from = at < tokens.Count ? tokens[at].Start : text.Length;
        return $"at token {at}, {JsonSerializer.Serialize(text[from..Math.Min(text.Length, from + 24)])}: expected {string.Join(' ', expected.Skip(at).Take(6))}, got {string.Join(' ', actual.Skip(at).Take(6))}";
    }
}
