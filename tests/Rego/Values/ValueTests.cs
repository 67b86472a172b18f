// Values: one total order, equality that agrees with it, exact numbers, and JSON in and out without loss.
using System.Text;
using System.Text.Json;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Tests.Values;

public class ValueTests
{
    private static readonly string[] ordered =
    [
        "null", "false", "true", "-1e400", "-2", "-1.5", "0", "1e-400", "0.1", "1", "9223372036854775807", "9223372036854775808", "1e400",
        "\"\"", "\"a\"", "\"ab\"", "\"b\"", "\"\\ue000\"", "\"\\ud83d\\ude00\"", "[]", "[1]", "[1,2]", "[2]", "{}", "{\"a\":1}", "{\"a\":1,\"b\":1}", "{\"a\":2}", "{\"b\":0}",
    ];

    [Fact]
    public void Kinds_and_values_stand_in_one_order()
    {
        var values = ordered.Select(Value.FromJson).Append(SetValue.Empty).Append(SetValue.Of(NullValue.Instance)).ToList();
        for (var i = 0; i < values.Count; i++)
        {
            for (var j = 0; j < values.Count; j++)
            {
                Assert.Equal(Math.Sign(i.CompareTo(j)), Math.Sign(values[i].CompareTo(values[j])));
                Assert.Equal(i == j, values[i].Equals(values[j]));
            }
        }
    }

    [Theory]
    [InlineData("1", "1.0")]
    [InlineData("1", "10e-1")]
    [InlineData("0", "-0.0")]
    [InlineData("100000000000000000000", "1e20")]
    [InlineData("1.50", "1.5")]
    public void One_number_in_two_spellings_is_one_value(string left, string right)
    {
        Value a = Value.FromJson(left), b = Value.FromJson(right);
        Assert.True(a.Equals(b) && a.CompareTo(b) == 0 && a.GetHashCode() == b.GetHashCode());
        Assert.Equal(right, b.ToString());
    }

    [Fact]
    public void Numbers_with_monstrous_exponents_compare_at_once() =>
        Assert.True(Value.FromJson("1e900000000").CompareTo(Value.FromJson("9e899999999")) > 0 && Value.FromJson("1e-900000000").CompareTo(Value.FromJson("0")) > 0);

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[1,]")]
    [InlineData("01")]
    [InlineData("{} {}")]
    [InlineData("1e99999999999")]
    public void What_is_no_document_is_refused(string json) => Assert.ThrowsAny<JsonException>(() => Value.FromJson(json));

    [Fact]
    public void Nesting_is_bounded()
    {
        Assert.ThrowsAny<JsonException>(() => Value.FromJson(new string('[', 100_000)));
        var deep = Value.FromJson(new string('[', 900) + new string(']', 900));
        Assert.True(deep.Equals(Value.FromJson(deep.ToString())));
        Assert.Equal(deep.GetHashCode(), Value.FromJson(deep.ToString()).GetHashCode());
    }

    [Fact]
    public void Json_goes_in_and_out_unchanged()
    {
        const string Json = """{"a":[1,1.50,-0,1e5,null,true,"x\"\n"],"b":{"":[],"ä":{}}}""";
        Assert.Equal(Json, Encoding.UTF8.GetString(Value.FromJson(Json).ToJson()));
        Assert.Equal("""{"1":[1,2],"[null]":"s"}""", Encoding.UTF8.GetString(ObjectValue.Of((Value.From(1), SetValue.Of(Value.From(2), Value.From(1))), (ArrayValue.Of(NullValue.Instance), Value.From("s"))).ToJson()));
    }

    [Fact]
    public void Halves_of_surrogate_pairs_become_the_replacement_character() =>
        Assert.Equal("\ufffd\ufffdx\U0001F600", ((StringValue)Value.FromJson(@"""\udc00\ud800x\ud83d\ude00""")).Text);

    [Fact]
    public void Of_two_equal_keys_the_last_one_counts() => Assert.Equal("""{"a": 3, "b": 2}""", Value.FromJson("""{"a":1,"b":2,"a":3}""").ToString());

    [Fact]
    public void Objects_of_one_shape_share_their_keys()
    {
        var list = (ArrayValue)Value.FromJson("""[{"b":1,"a":2},{"b":3,"a":4},{"a":5,"b":6}]""");
        Assert.Same(((ObjectValue)list[0]).SharedKeys, ((ObjectValue)list[1]).SharedKeys);
        Assert.Equal("""[{"a": 2, "b": 1}, {"a": 4, "b": 3}, {"a": 5, "b": 6}]""", list.ToString());
    }

    [Fact]
    public void A_term_prints_as_rego_reads_it() => Assert.Equal(
        """{null: {}, "a\t\u200b": [set(), {1, 2}]}""",
        ObjectValue.Of((Value.From("a\t\u200b"), ArrayValue.Of(SetValue.Empty, SetValue.Of(Value.From(2), Value.From(1)))), (NullValue.Instance, ObjectValue.Empty)).ToString());

    [Fact]
    public void Builders_agree_with_the_plain_collections_whatever_comes()
    {
        var random = new Random(20);
        for (var round = 0; round < 200; round++)
        {
            var numbers = Enumerable.Range(0, random.Next(60)).Select(_ => random.Next(40)).ToList();
            var members = new SetValue.Builder();
            var pairs = new ObjectValue.Builder();
            var expected = new SortedDictionary<int, int>();
            foreach (var number in numbers)
            {
                members.Add(Value.From(number));
                pairs.Set(Value.From(number), Value.From(number * 2));
                expected[number] = number * 2;
            }

            var (set, map) = (members.Build(), pairs.Build());
            Assert.Equal(expected.Keys.Select(k => (long)k), set.Items.ToArray().Select(v => long.Parse(v.ToString())));
            Assert.Equal(expected.Count, map.Count);
            for (var key = 0; key < 40; key++)
            {
                Assert.Equal(expected.ContainsKey(key), set.Contains(Value.From(key)));
                Assert.Equal(expected.TryGetValue(key, out var value) ? Value.From(value) : null, map.Get(Value.From(key)));
            }
        }
    }

    [Fact]
    public void Set_algebra_agrees_with_the_plain_sets()
    {
        var random = new Random(21);
        for (var round = 0; round < 200; round++)
        {
            HashSet<int> a = [.. Enumerable.Range(0, random.Next(20)).Select(_ => random.Next(15))], b = [.. Enumerable.Range(0, random.Next(20)).Select(_ => random.Next(15))];
            SetValue x = Make(a), y = Make(b);
            Assert.Equal(Make([.. a.Union(b)]), x.Union(y));
            Assert.Equal(Make([.. a.Intersect(b)]), x.Intersect(y));
            Assert.Equal(Make([.. a.Except(b)]), x.Except(y));
        }

        static SetValue Make(HashSet<int> numbers) => SetValue.Of([.. numbers.Select(n => Value.From(n))]);
    }

    [Fact]
    public void Random_documents_survive_the_round_trip_and_random_bytes_do_no_harm()
    {
        var random = new Random(22);
        for (var round = 0; round < 300; round++)
        {
            var value = Any(random, 4);
            Assert.Equal(value, Value.FromJson(value.ToJson()));
            var bytes = value.ToJson();
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            try
            {
                Value.FromJson(bytes);
            }
            catch (JsonException)
            {
            }
        }
    }

    private static Value Any(Random random, int depth) => random.Next(depth == 0 ? 4 : 6) switch
    {
        0 => NullValue.Instance,
        1 => Value.From(random.Next(2) == 0),
        2 => NumberValue.Parse($"{random.Next(-5, 5)}.{random.Next(100)}e{random.Next(-20, 20)}".Replace("-0.", "0.", StringComparison.Ordinal))!,
        3 => Value.From(new string([.. Enumerable.Range(0, random.Next(6)).Select(_ => "aé\"\\\n\u4e2d"[random.Next(6)])])),
        4 => ArrayValue.Of([.. Enumerable.Range(0, random.Next(5)).Select(_ => Any(random, depth - 1))]),
        _ => ObjectValue.Of([.. Enumerable.Range(0, random.Next(12)).Select(i => (Value.From($"k{random.Next(20)}"), Any(random, depth - 1)))]),
    };
}
