// Messages with long strings, which are read without what is in them: the same parts, the same refusals at the same places as one that is read in full.
using System.Text;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Wire;

[Clause("MCP-07")]
public sealed class LongStringsTests
{
    private static readonly string Long = string.Concat(Enumerable.Repeat("line \\\"of\\\" text\\n\\t\\u00e9 é ", 400));

    private static Outcome<Frame> Read(string json) => FrameReader.Read(Encoding.UTF8.GetBytes(json), FrameLimits.Default);

    private static string Text(ReadOnlyMemory<byte> part) => Encoding.UTF8.GetString(part.Span);

    [Fact]
    public void The_parts_are_slices_of_the_whole_message()
    {
        var arguments = $$$"""{"path":"a","content":"{{{Long}}}","more":["{{{Long}}}",1,"{{{Long}}}"]}""";
        var json = $$$"""{"jsonrpc":"2.0","x":"{{{Long}}}","method":"tools/call","params":{"arguments":{{{arguments}}},"_meta":{"progressToken":"t","note":"{{{Long}}}"},"name":"write"},"id":7}""";
        var bytes = Encoding.UTF8.GetBytes(json);
        var frame = FrameReader.Read(bytes, FrameLimits.Default).Value;
        Assert.Equal((arguments, "7", "write", "\"t\"", "\"write\""), (Text(frame.Arguments), Text(frame.Id), frame.Name, Text(frame.ProgressToken), Text(frame.NameText)));
        Assert.Equal(json[(json.IndexOf("\"params\":", StringComparison.Ordinal) + 9)..json.IndexOf(",\"id\"", StringComparison.Ordinal)], Text(frame.Params));
        Assert.Equal($$$"""{"progressToken":"t","note":"{{{Long}}}"}""", Text(frame.Meta));
        Assert.True(bytes.AsSpan().Overlaps(frame.Arguments.Span));
    }

    [Fact]
    public void An_answer_is_the_whole_answer()
    {
        var answer = $$$"""{"content":[{"type":"text","text":"{{{Long}}}"}]}""";
        Assert.Equal(answer, Text(Read($$$"""{"jsonrpc":"2.0","id":1,"result":{{{answer}}}}""").Value.Answer));
    }

    // The search goes by blocks: an escape may begin in one and end in the next, and stand at the end of the last.
    [Fact]
    public void What_is_spelled_is_told_wherever_it_stands()
    {
        foreach (var escape in (string[])["\\\"", "\\\\", "\\n", "\\u00e9", "\\\\\\\"\\u0041\\\\"])
            for (var at = 5000; at < 5070; at++)
            {
                var text = $"{new string('a', at)}{escape}{new string('b', at % 3)}";
                var answer = $$$"""{"text":"{{{text}}}","more":[1]}""";
                Assert.Equal(answer, Text(Read($$$"""{"jsonrpc":"2.0","id":1,"result":{{{answer}}}}""").Value.Answer));
                Assert.NotNull(Refusal(text + "\\"));
                Assert.NotNull(Refusal($"{new string('a', at)}{escape}\\x"));
                Assert.NotNull(Refusal($"{new string('a', at)}{escape}\u001f"));
            }
    }

    public static TheoryData<string, string> Faults => new()
    {
        { "a control character", Long + "\u0001" },
        { "a line feed", Long + "\n" },
        { "half of a pair", Long + "\\ud800" },
        { "a pair the wrong way round", Long + "\\udc00\\ud800" },
        { "an escape that is none", Long + "\\x" },
        { "an escape of three digits", Long + "\\u12g4" },
        { "an escape at the end", Long + "\\" },
        { "a quote within", Long + "\"" + Long },
        { "a twin within", Long + "\",\"text\":\"" + Long },
        { "an end too early", Long + "\"}]}}" },
    };

    // Each fault once behind a long beginning and once behind a short one, which is read in full.
    [Theory, MemberData(nameof(Faults))]
    public void What_is_wrong_in_a_long_string_is_refused_as_in_a_short_one(string fault, string text)
    {
        var refused = Refusal(text);
        Assert.True(refused is not null, fault);
        Assert.Equal(Refusal(text.Replace(Long, "short", StringComparison.Ordinal))!.Value.Reason, refused.Value.Reason);
        Assert.InRange(refused.Value.At, 0, 2 * Encoding.UTF8.GetByteCount(Long) + 200);
    }

    [Fact]
    public void A_fault_behind_a_long_string_is_told_where_it_is()
    {
        var json = $$$"""{"jsonrpc":"2.0","id":1,"result":{"a":"{{{Long}}}","b":1,"b":2}}""";
        var problem = Read(json).Problem!;
        Assert.Equal(("duplicate_key", $"byte {Encoding.UTF8.GetByteCount(json[..json.LastIndexOf("\"b\"", StringComparison.Ordinal)])}"), (problem.Evidence[FrameReader.ReasonKey], problem.Where));
    }

    [Fact]
    public void A_long_name_of_a_member_is_a_name()
    {
        var key = new string('k', 5000);
        Assert.Equal("duplicate_key", Read($$$"""{"jsonrpc":"2.0","id":1,"result":{"{{{key}}}":1,"{{{key}}}" : 2}}""").Problem!.Evidence[FrameReader.ReasonKey]);
        Assert.True(Read($$$"""{"jsonrpc":"2.0","id":1,"result":{"{{{key}}}":"{{{Long}}}","{{{key}}}x" : 2}}""").Ok);
        Assert.Equal("duplicate_key", Read($$$"""{"jsonrpc":"2.0","id":1,"result":{"{{{key}}}":"{{{Long}}}","k{{{key[1..]}}}":"{{{Long}}}"}}""").Problem!.Evidence[FrameReader.ReasonKey]);
    }

    [Fact]
    public void A_name_that_is_too_long_is_still_too_long()
    {
        Assert.Equal("name", Read($$$"""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"{{{Long}}}"}}""").Problem!.Evidence[FrameReader.ReasonKey]);
        Assert.Equal("method", Read($$$"""{"jsonrpc":"2.0","id":1,"method":"{{{Long}}}"}""").Problem!.Evidence[FrameReader.ReasonKey]);
        Assert.Equal("id", Read($$$"""{"jsonrpc":"2.0","id":"{{{Long}}}","method":"ping"}""").Problem!.Evidence[FrameReader.ReasonKey]);
    }

    [Fact]
    public void Made_up_messages_read_the_same_with_short_and_with_long_strings()
    {
        var random = new Random(99);
        string[] bits = ["\"", "\\", "\\u", "\\u00e9", "\\ud83d\\ude00", "\\ud800", ",", ":", "{", "}", "[", "]", "\n", "é", "\0", "x", "\"k\":1,", "null"];
        for (var i = 0; i < 4000; i++)
        {
            var odd = string.Concat(Enumerable.Range(0, random.Next(0, 4)).Select(_ => bits[random.Next(bits.Length)]));
            string Message(string filling) => $$$"""{"jsonrpc":"2.0","id":1,"result":{"a":"{{{filling}}}{{{odd}}}","b":["{{{odd}}}{{{filling}}}"]}}""";
            var (shortOne, longOne) = (Read(Message("abc")), Read(Message(new string('a', 5000))));
            Assert.Equal(shortOne.Problem?.Evidence[FrameReader.ReasonKey], longOne.Problem?.Evidence[FrameReader.ReasonKey]);
            if (longOne.Ok) Assert.Equal(Text(shortOne.Value.Answer).Replace("abc", new string('a', 5000), StringComparison.Ordinal), Text(longOne.Value.Answer));
        }
    }

    private static (string Reason, int At)? Refusal(string text)
    {
        var read = Read($$$"""{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"{{{text}}}"}]}}""");
        return read.Problem is { } problem ? (problem.Evidence[FrameReader.ReasonKey], int.Parse(problem.Where!["byte ".Length..], System.Globalization.CultureInfo.InvariantCulture)) : null;
    }
}
