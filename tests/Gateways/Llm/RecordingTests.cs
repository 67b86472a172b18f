// Recordings as files that somebody may have changed: what is not whole is not used, and nothing is answered from its neighbours either.
using System.Text;
using System.Text.Json;
using CabinCrew.Gateways.Llm.Recordings;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Llm;

[Clause("LLM-06")]
public sealed class RecordingTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("cc-recordings-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private static RecordedRequest Request(string body = """{"messages":[]}""", string model = "m-1") => new("chat.completions", model, JsonElement.Parse(body));

    private static string Whole { get; } = Written(new(Request(), 200, [("request-id", "r 1")], Carried.Of("""{"a":1.50,"b":[]}"""u8.ToArray(), 100).Value));

    private static string Stream { get; } = Written(new(Request("""{"stream":true}"""), 200, [], Streamed("""{"choices":[{"delta":{"content":"x"}}]}""", "[DONE]")));

    private static Carried Streamed(params string[] events)
    {
        var carried = Carried.Stream();
        foreach (var one in events) Assert.True(carried.Add("", Encoding.UTF8.GetBytes(one), 1000).Ok);
        return carried;
    }

    private static string Written(Recording recording) => Encoding.UTF8.GetString(RecordingFormat.Write(recording).Span);

    private static Outcome<Recording> Read(string text) => RecordingFormat.Read(Encoding.UTF8.GetBytes(text));

    // The digest that the message names, as one who edits on purpose does it.
    private static string Sealed(string text) => Read(text).Problem is { } problem && problem.Message.Split("it has the digest ") is [var which, var digest]
        ? Sealed(Replaced(text, which.Contains("answer", StringComparison.Ordinal) ? "answer_digest" : "request_digest", digest)) : text;

    private static string Replaced(string text, string name, string digest) => System.Text.RegularExpressions.Regex.Replace(text, $"\"{name}\": \"[^\"]*\"", $"\"{name}\": \"{digest}\"");

    private string Put(string text, string? name = null)
    {
        var path = Path.Combine(directory, name ?? RecordingBook.NameOf(Digest.Parse(JsonElement.Parse(text).GetProperty("request_digest").GetString()!), 1));
        File.WriteAllText(path, text);
        return path;
    }

    [Fact]
    public void What_is_written_is_read_alike_and_written_alike_again()
    {
        foreach (var text in (string[])[Whole, Stream]) Assert.Equal(text, Written(Read(text).Value));
        var read = Read(Whole).Value;
        Assert.Equal("""{"a":1.50,"b":[]}""", Encoding.UTF8.GetString(read.Answer.Write().Span));
        Assert.Equal((200, "r 1"), (read.Status, read.Headers.Single().Value));
        Assert.Equal("data: [DONE]\n\n", Encoding.UTF8.GetString(Read(Stream).Value.Answer.Write().Span)[^14..]);
    }

    [Theory]
    [InlineData("\"m-1\"", "\"m-2\"", "its request was changed")]
    [InlineData("\"messages\"", "\"massages\"", "its request was changed")]
    [InlineData("1.50", "1.51", "its answer was changed")]
    [InlineData("\"status\": 200", "\"status\": 201", "its answer was changed")]
    [InlineData("r 1", "r 2", "its answer was changed")]
    [InlineData("\"version\": 1", "\"version\": 2", "of version 1")]
    [InlineData("\"version\": 1", "\"version\": 1,\n  \"extra\": 1", "and nothing else")]
    [InlineData("\"version\": 1", "\"version\": 1,\n  \"version\": 1", "twice")]
    [InlineData("\"a\": 1.50", "\"a\": 1, \"a\": 1.50", "twice")]
    [InlineData("chat.completions", "chat.competitions", "'method'")]
    [InlineData("1.50", "1e400", "not finite")]
    public void What_was_changed_is_refused(string good, string wrong, string said)
    {
        Assert.Contains(good, Whole, StringComparison.Ordinal);
        var problem = Read(Whole.Replace(good, wrong, StringComparison.Ordinal)).Problem;
        Assert.Contains(said, $"{problem}", StringComparison.Ordinal);
    }

    // One who gives an edited file its digests still cannot make an answer that no provider could have given.
    [Theory]
    [InlineData(false, "\"status\": 200", "\"status\": 99", "status")]
    [InlineData(false, "\"status\": 200", "\"status\": \"200\"", "status")]
    [InlineData(false, "request-id", "set-cookie", "headers")]
    [InlineData(false, "r 1", "r\\r\\nset-cookie: 1", "headers")]
    [InlineData(false, "\"body\"", "\"events\"", "events")]
    [InlineData(false, "\"body\"", "\"bodies\"", "body or events")]
    [InlineData(true, "\"done\": true", "\"done\": 1", "'data' or 'done'")]
    [InlineData(true, "\"done\": true", "\"data\": {}", "ends before its end")]
    [InlineData(true, "\"done\": true", "\"done\": true, \"event\": \"a\\nb\"", "odd characters")]
    [InlineData(true, "\"events\": [", "\"events\": [ { \"done\": true },", "follows the end")]
    public void What_no_provider_could_have_said_is_refused_whatever_its_digests(bool stream, string good, string wrong, string said)
    {
        var text = stream ? Stream : Whole;
        Assert.Contains(good, text, StringComparison.Ordinal);
        Assert.Contains(said, $"{Read(Sealed(text.Replace(good, wrong, StringComparison.Ordinal))).Problem}", StringComparison.Ordinal);
    }

    // Made-up bytes from one seed: never an exception, and what is taken is whole and is written as something that is taken again.
    [Fact]
    public void Made_up_files_are_refused_or_read_the_same_when_written_again()
    {
        var random = new Random(20261201);
        string[] bits = ["\"", "{", "}", "[", "]", ",", ":", "\\u0000", "\\ud800", "1e9", "-0", "null", "\"events\":", "\"done\":true", "\"data\":1", "\"event\":\"x\"", "[DONE]", "9007199254740993", "\uFEFF", "sha256:"];
        var (taken, refused) = (0, 0);
        for (var i = 0; i < 4000; i++)
        {
            var text = new StringBuilder(i % 2 == 0 ? Whole : Stream);
            for (var changes = random.Next(4); changes > 0; changes--)
            {
                var at = random.Next(text.Length - 8);
                if (random.Next(3) == 0) text.Remove(at, random.Next(1, 6));
                else if (random.Next(2) == 0) text.Insert(at, bits[random.Next(bits.Length)]);
                else text[at] = (char)random.Next(32, 127);
            }
            // With its digests made right, so that what was changed is read.
            var made = Sealed(text.ToString());
            var read = Read(made);
            if (read.Problem is null) taken++;
            else refused++;
            if (read.Problem is null) Assert.Equal(Written(read.Value), Written(Read(Written(read.Value)).Value));
        }
        Assert.InRange(taken, 800, 4000);
        Assert.InRange(refused, 800, 4000);
    }

    [Fact]
    public void An_answer_that_was_edited_on_purpose_is_used_when_its_digest_was_given_to_it()
    {
        var edited = Sealed(Whole.Replace("1.50", "7", StringComparison.Ordinal));
        Assert.Contains("\"a\":7", Encoding.UTF8.GetString(Read(edited).Value.Answer.Write().Span), StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_is_read_whole_and_other_files_are_not_looked_at()
    {
        Put(Whole);
        Put(Stream);
        Put("not json", "README.md");
        var book = RecordingBook.Open(directory).Value;
        Assert.Equal((2, 200), (book.Count, book.Find(Request().Digest, 0)?.Recording.Status));
        Assert.Null(book.Find(Request("{}").Digest, 0));
    }

    [Fact]
    public void One_file_that_cannot_be_used_and_nothing_is()
    {
        Put(Whole);
        var path = Put(Stream, $"{new string('a', 64)}.1.json");
        Refused("another name than its request");
        File.Move(path, Path.Combine(directory, "stream.json"));
        Refused("a plain file with the digest");
        File.Delete(Path.Combine(directory, "stream.json"));
        Assert.True(RecordingBook.Open(directory).Ok);
    }

    [Fact]
    public void Links_and_large_files_are_refused_and_so_is_a_directory_without_any()
    {
        Refused("there is no recording");
        var real = Put(Whole);
        Assert.Contains("larger than 10 bytes", $"{RecordingBook.Open(directory, 10).Problem}", StringComparison.Ordinal);
        var elsewhere = Path.Combine(Directory.CreateDirectory(Path.Combine(directory, "sub")).FullName, "real");
        File.Move(real, elsewhere);
        File.CreateSymbolicLink(real, elsewhere);
        Refused("a plain file");
        File.Delete(real);
        Directory.CreateDirectory(real);
        Refused("not a regular file");
        Assert.Equal(ProblemCode.NotFound, RecordingBook.Open(Path.Combine(directory, "nowhere")).Problem?.Code);
    }

    [Theory]
    [InlineData("""{"a":1}""", """{"a":2}""", "/a")]
    [InlineData("""{"a":[1,{"b/c":"x"}]}""", """{"a":[1,{"b/c":"y"}]}""", "/a/1/b~1c")]
    [InlineData("""{"a":[1]}""", """{"a":[1,2]}""", "/a/1")]
    [InlineData("""{"z":1}""", """{"b":1,"z":1}""", "/b")]
    [InlineData("""{"a":1.0}""", """{"a":1}""", "")]
    public void The_first_difference_has_a_place(string one, string other, string place) => Assert.Equal(place, JsonDifference.First(JsonElement.Parse(one), JsonElement.Parse(other)));

    [Fact]
    public void A_request_is_known_by_what_it_says_and_not_by_how()
    {
        Assert.Equal(Request().Digest, Request("""{ "messages" : [ ] }""").Digest);
        Assert.NotEqual(Request().Digest, Request(model: "m-2").Digest);
        Assert.NotEqual(Request().Digest, Request("""{"messages":[1]}""").Digest);
    }

    private void Refused(string said) => Assert.Contains(said, $"{RecordingBook.Open(directory).Problem}", StringComparison.Ordinal);
}
