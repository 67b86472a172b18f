// JSON from an engine, an agent or a stranger: everything that two readers could read differently, or that could exhaust one, is refused.
using System.Diagnostics;
using System.Text;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using Xunit;

namespace CabinCrew.Tests.Attacks;

[Clause("ART-04")]
public sealed class HostileJsonTests
{
    private static Problem Refused(string json, JsonLimits? limits = null) => Refused(Encoding.UTF8.GetBytes(json), limits);

    private static Problem Refused(byte[] json, JsonLimits? limits = null)
    {
        var outcome = StrictJson.Parse(json, limits);
        Assert.False(outcome.Ok, "it was accepted");
        return outcome.Problem;
    }

    [Theory]
    [InlineData("""{"a":1,"a":2}""")]
    [InlineData("""{"a":1,"\u0061":2}""")]
    [InlineData("""{"\u0061":1,"a":2}""")]
    [InlineData("""{"x":{"b":0,"k":[{"q":1,"r":2,"q":3}]}}""")]
    [InlineData("""{"":1,"":2}""")]
    [InlineData("""{"é":1,"\u00e9":2}""")]
    [InlineData("""{"😀":1,"\ud83d\ude00":2}""")]
    public void A_key_that_stands_twice_is_refused_however_it_is_spelled(string json) =>
        Assert.Equal(ProblemCode.JsonDuplicateKey, Refused(json).Code);

    [Fact]
    public void Two_spellings_of_a_letter_are_two_keys_since_json_does_not_normalize() =>
        Assert.True(StrictJson.Parse("{\"\u00e9\":1,\"e\u0301\":2,\"A\":1,\"a\":2}"u8.ToArray()).Ok);

    [Fact]
    public void The_same_key_in_two_objects_is_no_duplicate() =>
        Assert.True(StrictJson.Parse("""{"a":{"a":1,"b":{"a":2}},"b":[{"a":1},{"a":2}]}"""u8.ToArray()).Ok);

    [Theory]
    [InlineData(13)]
    [InlineData(500)]
    [InlineData(20_000)]
    public void A_duplicate_is_found_in_an_object_of_any_size(int keys)
    {
        var names = Enumerable.Range(0, keys).Select(i => $"\"key-{i}\":{i}").ToList();
        Assert.True(StrictJson.Parse(Encoding.UTF8.GetBytes("{" + string.Join(",", names) + "}")).Ok);
        names.Insert(keys / 2, "\"key-3\":0");
        var problem = Refused("{" + string.Join(",\n", names) + "}");
        Assert.Equal(ProblemCode.JsonDuplicateKey, problem.Code);
        Assert.Equal("/key-3", problem.Evidence["path"]);
        Assert.Equal($"{Math.Max(keys / 2, 3) + 1}", problem.Evidence["line"]);
    }

    [Fact]
    public void Keys_crafted_to_share_a_long_prefix_do_not_make_it_slow()
    {
        var prefix = new string('k', 200);
        var json = Encoding.UTF8.GetBytes("{" + string.Join(",", Enumerable.Range(0, 40_000).Select(i => $"\"{prefix}{i}\":0")) + "}");
        var watch = Stopwatch.StartNew();
        Assert.True(StrictJson.Parse(json, new JsonLimits(BytesMax: 1 << 24)).Ok);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"{watch.Elapsed}");
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{\"a\":")]
    [InlineData("[{\"a\":")]
    public void A_hundred_thousand_nested_brackets_are_one_clean_error_at_once(string open)
    {
        var watch = Stopwatch.StartNew();
        var problem = Refused(string.Concat(Enumerable.Repeat(open, 100_000)));
        Assert.Equal(ProblemCode.JsonTooDeep, problem.Code);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), $"{watch.Elapsed}");
        Assert.True(problem.ToString().Length < 600, problem.ToString());
    }

    [Fact]
    public void The_depth_limit_is_exact()
    {
        static string Nested(int depth) => new string('[', depth) + new string(']', depth);
        var limits = new JsonLimits(DepthMax: 5);
        Assert.True(StrictJson.Parse(Encoding.UTF8.GetBytes(Nested(5)), limits).Ok);
        Assert.Equal(ProblemCode.JsonTooDeep, Refused(Nested(6), limits).Code);
        Assert.True(StrictJson.Parse(Encoding.UTF8.GetBytes(Nested(64))).Ok);
        Assert.Equal(ProblemCode.JsonTooDeep, Refused(Nested(65)).Code);
    }

    [Theory]
    [InlineData("NaN")]
    [InlineData("[Infinity]")]
    [InlineData("[-Infinity]")]
    [InlineData("{\"a\":NaN}")]
    [InlineData("[01]")]
    [InlineData("[+1]")]
    [InlineData("[.5]")]
    [InlineData("[1.]")]
    [InlineData("[0x10]")]
    [InlineData("[1e]")]
    [InlineData("[-]")]
    [InlineData("")]
    [InlineData("   \n ")]
    [InlineData("{")]
    [InlineData("[1,]")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{a:1}")]
    [InlineData("{'a':1}")]
    [InlineData("// c\n{}")]
    [InlineData("{}/* c */")]
    [InlineData("tru")]
    [InlineData("True")]
    [InlineData("\"a\u0001b\"")]
    [InlineData("\"line\nbreak\"")]
    [InlineData("\"\\x41\"")]
    [InlineData("\"\\u12G4\"")]
    [InlineData("\"open")]
    [InlineData("\u00a0{}")]
    [InlineData("\u2028{}")]
    [InlineData("{\"a\" 1}")]
    [InlineData("{1:2}")]
    [InlineData("[1 2]")]
    [InlineData("{} {}")]
    [InlineData("{}{}")]
    [InlineData("{}]")]
    [InlineData("1 2")]
    [InlineData("{}\0")]
    public void What_is_not_one_json_document_is_refused(string json) => Assert.Equal(ProblemCode.JsonMalformed, Refused(json).Code);

    [Theory]
    [InlineData("{}\n{}", "2", "1")]
    [InlineData("{\"a\":[]} trailing", "1", "10")]
    [InlineData("\"done\"\n\n  x", "3", "3")]
    public void Content_after_the_document_is_told_apart_and_placed(string json, string line, string column)
    {
        var problem = Refused(json);
        Assert.Equal(StrictJson.TrailingContent, problem.Evidence[StrictJson.ReasonKey]);
        Assert.Equal((line, column), (problem.Evidence["line"], problem.Evidence["column"]));
    }

    [Theory]
    [InlineData("9007199254740992")]
    [InlineData("-9007199254740992")]
    [InlineData("12345678901234567890")]
    [InlineData("9007199254740991.9")]
    [InlineData("1e16")]
    [InlineData("1E300")]
    [InlineData("1e400")]
    [InlineData("-1e400")]
    [InlineData("1e999999999999")]
    [InlineData("1e-400")]
    [InlineData("123456789012345678901234567890e-400")]
    public void A_number_that_readers_would_disagree_about_is_refused(string number) =>
        Assert.Equal(ProblemCode.JsonNumberOutOfRange, Refused($"[{number}]").Code);

    [Theory]
    [InlineData("9007199254740991", 9007199254740991d)]
    [InlineData("-9007199254740991", -9007199254740991d)]
    [InlineData("-0", 0d)]
    [InlineData("0e400", 0d)]
    [InlineData("0.0000", 0d)]
    [InlineData("5e-324", 5e-324)]
    [InlineData("0.1", 0.1)]
    [InlineData("1.5e3", 1500d)]
    [InlineData("9007199254740991.0", 9007199254740991d)]
    public void A_number_that_all_readers_agree_about_is_read(string number, double value) =>
        Assert.Equal(value, StrictJson.Parse(Encoding.UTF8.GetBytes(number)).Value.GetDouble());

    [Theory]
    [InlineData("""["\ud800"]""")]
    [InlineData("""["\udc00"]""")]
    [InlineData("""["\ud83dx"]""")]
    [InlineData("""["\ud83d\u0041"]""")]
    [InlineData("""["\ud83d\\ude00"]""")]
    [InlineData("""["\ude00\ud83d"]""")]
    [InlineData("""["x\\\ud83d"]""")]
    [InlineData("""["\ud83d\ude00\ud83d"]""")]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""{"a":{"b\uDFFF":1}}""")]
    public void Half_of_a_surrogate_pair_is_refused_in_strings_and_keys(string json) =>
        Assert.Equal(ProblemCode.JsonLoneSurrogate, Refused(json).Code);

    [Theory]
    [InlineData("""["\ud83d\ude00"]""")]
    [InlineData("""["\\ud800"]""")]
    [InlineData("""["\uD83D\uDE00\\\u0041"]""")]
    [InlineData("""["\u0000\uffff\ue000"]""")]
    public void Whole_pairs_and_escaped_backslashes_are_not_mistaken_for_halves(string json) =>
        Assert.True(StrictJson.Parse(Encoding.UTF8.GetBytes(json)).Ok);

    public static TheoryData<string> BadUtf8 => new(
        "5B 22 FF 22 5D", "5B 22 C0 AF 22 5D", "5B 22 ED A0 80 22 5D", "5B 22 F4 90 80 80 22 5D", "5B 22 E2 82 22 5D", "5B 22 80 22 5D",
        "EF BB BF 7B 7D", "FF FE 7B 00 7D 00", "FE FF 00 7B 00 7D", "22 F0 9F 98");

    [Theory, MemberData(nameof(BadUtf8))]
    public void Bytes_that_are_not_utf8_or_begin_with_a_mark_are_refused(string hex) =>
        Assert.Equal(ProblemCode.JsonNotUtf8, Refused(Convert.FromHexString(hex.Replace(" ", ""))).Code);

    [Fact]
    public void A_huge_document_is_refused_by_its_size_before_it_is_read()
    {
        var problem = Refused(new byte[1 << 21]);
        Assert.Equal(ProblemCode.JsonTooLarge, problem.Code);
        Assert.Equal($"{1 << 20}", problem.Evidence["limit"]);
        Assert.True(StrictJson.Parse("[1]"u8.ToArray(), new JsonLimits(BytesMax: 3)).Ok);
        Assert.Equal(ProblemCode.JsonTooLarge, Refused("[1] ", new JsonLimits(BytesMax: 3)).Code);
    }

    [Fact]
    public void A_document_with_too_many_values_is_refused()
    {
        var limits = new JsonLimits(ValuesMax: 4);
        Assert.True(StrictJson.Parse("[1,2,3]"u8.ToArray(), limits).Ok);
        Assert.Equal(ProblemCode.JsonTooLarge, Refused("[1,2,3,4]", limits).Code);
        Assert.Equal(ProblemCode.JsonTooLarge, Refused("""{"a":{"b":[{},{}]}}""", limits).Code);
    }

    [Fact]
    public void Line_column_and_path_name_the_place_in_characters()
    {
        var problem = Refused("{\n  \"größe\": {\"ok\": [1, 2, {\"x/y~\": \"ü\", \"n\": 1e400}]}\n}");
        Assert.Equal(("2", "45", "/größe/ok/2/n"), (problem.Evidence["line"], problem.Evidence["column"], problem.Evidence["path"]));
        Assert.Equal("line 2, column 45 (/größe/ok/2/n)", problem.Where);
        Assert.Equal("/x~1y~0", Refused("""{"x/y~": 1e400}""").Evidence["path"]);
    }

    [Fact]
    public void No_message_quotes_a_value()
    {
        foreach (var json in new[] { "{\"k\":\"hunter2", "{\"k\": hunter2}", "{\"k\":true-hunter2}", "{\"k\":\"hunter2\\ud800\"}", "{\"k\":thunter2}", "hunter2", "{}hunter2", "{\"k\":\"hunter2\" \"hunter2\"}" })
        {
            var problem = Refused(json);
            Assert.DoesNotContain("hunter2", problem + string.Concat(problem.Evidence.Values), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_is_accepted_outlives_the_bytes_that_it_came_from()
    {
        var bytes = """{"a":"first"}"""u8.ToArray();
        var element = StrictJson.Parse(bytes).Value;
        Array.Fill(bytes, (byte)'x');
        Assert.Equal("first", element.GetProperty("a").GetString());
    }

    [Fact]
    public void Checking_alone_says_the_same_as_parsing()
    {
        Assert.True(StrictJson.Check("{}"u8).Ok);
        Assert.Equal(ProblemCode.JsonDuplicateKey, StrictJson.Check("""{"a":1,"a":1}"""u8).Problem?.Code);
    }
}
