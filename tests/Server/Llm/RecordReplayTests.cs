// What is recorded is answered again by another process, without a provider: the same bytes to the caller, judged anew, with nothing secret on disk.
using System.Net;
using System.Text.Json;
using CabinCrew.Gateways.Llm.Recordings;

namespace CabinCrew.Server.Tests.Llm;

public sealed class RecordReplayTests : IDisposable
{
    // Made up of two parts, so that no scanner takes this file for a leak.
    private const string Token = "glpat-" + "Zq3vB8nK2mXw7RtYc5Ld", Other = "glpat-" + "Kx9pW4hT6yQs2NdFe8Ja";

    private readonly string directory = Path.Combine(Path.GetTempPath(), $"cc-recorded-{Path.GetRandomFileName()}");

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private RecordingMode Record => new(false, directory);

    private RecordingMode Replay => new(true, directory);

    private string[] Files => [.. Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal)];

    private static string Asking(string text, bool stream = false, string model = "m-1") => JsonSerializer.Serialize(new { model, stream, messages = new[] { new { role = "user", content = text } } });

    private static string Said(JsonElement answer) => answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;

    [Fact, Clause("LLM-06")]
    public async Task An_exchange_is_one_private_file_that_people_can_read_and_answers_again_without_the_provider()
    {
        await using (var at = await StandingModels.OpenAsync(Record))
        {
            at.Model.Answer = (http, _) =>
            {
                http.Response.Headers["x-request-id"] = "req-7";
                return ModelDouble.Json(http, ModelDouble.Chat("it is 1.50"));
            };
            await at.PostAsync("/v1/chat/completions", Asking("what is it?"));
            Assert.Contains((await at.EventsAsync()).Select(e => e.GetRawText()), e => e.Contains("first in the file; recorded", StringComparison.Ordinal));
        }
        var file = Assert.Single(Files);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        var text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        Assert.StartsWith("{\n  \"version\": 1,\n  \"method\": \"chat.completions\",\n  \"model\": \"m-1\",\n  \"request_digest\": \"sha256:" + Path.GetFileName(file)[..64], text, StringComparison.Ordinal);
        Assert.Contains("\"content\": \"what is it?\"", text, StringComparison.Ordinal);
        foreach (var secret in (string[])[StandingModels.Key, StandingModels.ProviderKey, "agent"]) Assert.DoesNotContain(secret, text, StringComparison.Ordinal);

        await using var replaying = await StandingModels.OpenAsync(Replay);
        // Other spelling, same request.
        var (status, body, headers) = await replaying.PostAsync("/v1/chat/completions", """{ "messages":[{"content":"what is it\u003f","role":"user"}], "stream":false, "model":"m-1" }""");
        Assert.Equal((HttpStatusCode.OK, "it is 1.50", "req-7"), (status, Said(JsonElement.Parse(body)), headers.GetValues("x-request-id").Single()));
        Assert.Empty(replaying.Model.Seen);
        Assert.Contains((await replaying.EventsAsync()).Select(e => e.GetRawText()), e => e.Contains($"replayed from {Path.GetFileName(file)}", StringComparison.Ordinal));
    }

    [Theory, Clause("LLM-01"), InlineData(false), InlineData(true)]
    public async Task What_was_translated_is_replayed_in_the_callers_own_api(bool stream)
    {
        const string models = "m-1: { to: [ { provider: claude, model: claude-x, translate: true } ] }\n  claude-x: { to: claude }";
        var native = """{"model":"claude-x","max_tokens":8192,"messages":[{"role":"user","content":"x"}]}""";
        string recorded;
        await using (var at = await StandingModels.OpenAsync(Record, models: models))
        {
            at.Model.Answer = (http, _) => stream ? ModelDouble.Events(http, ModelDouble.MessageStream("it is", " so")) : ModelDouble.Json(http, ModelDouble.Message("it is so"));
            (_, recorded, _) = await at.PostAsync("/v1/chat/completions", Asking("x", stream));
            Assert.Contains("chat.completion", recorded, StringComparison.Ordinal);
        }
        await using var replaying = await StandingModels.OpenAsync(Replay, models: models);
        Assert.Equal(recorded, (await replaying.PostAsync("/v1/chat/completions", Asking("x", stream))).Body);
        // Who asks the same in the provider's own API was never answered.
        Assert.Equal(HttpStatusCode.NotFound, (await replaying.PostAsync("/v1/messages", native)).Status);
        Assert.Empty(replaying.Model.Seen);
    }

    [Theory, Clause("LLM-01")]
    [InlineData("/v1/chat/completions"), InlineData("/v1/messages")]
    public async Task A_stream_is_replayed_as_the_stream_that_it_was(string path)
    {
        var isChat = path.EndsWith("completions", StringComparison.Ordinal);
        var ask = isChat ? Asking("x", stream: true) : """{"model":"claude-x","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"x"}]}""";
        string live;
        await using (var at = await StandingModels.OpenAsync(Record))
        {
            at.Model.Answer = (http, _) => ModelDouble.Events(http, isChat ? ModelDouble.ChatStream("Hel", "lo") : ModelDouble.MessageStream("Hel", "lo"));
            (_, live, _) = await at.PostAsync(path, ask);
        }
        await using var replaying = await StandingModels.OpenAsync(Replay);
        var (status, body, _) = await replaying.PostAsync(path, ask);
        Assert.Equal((HttpStatusCode.OK, live), (status, body));
        Assert.Contains("Hel", live, StringComparison.Ordinal);
    }

    [Fact, Clause("LLM-02")]
    public async Task A_stream_that_cannot_be_recorded_does_not_begin()
    {
        await using var at = await StandingModels.OpenAsync(Record, "streams: { release: window, window: 0 }");
        at.Model.Answer = (http, _) =>
        {
            // Whoever wants to write there finds no directory.
            Directory.Delete(directory, recursive: true);
            return ModelDouble.Events(http, ModelDouble.ChatStream("These are words, ", "and these are more of them, ", "and so on."));
        };
        var (status, body, _) = await at.PostAsync("/v1/chat/completions", Asking("x", stream: true));
        Directory.CreateDirectory(directory);
        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.DoesNotContain("words", body, StringComparison.Ordinal);
    }

    // Placeholders are keyed by the process: by their names alone no request would be the same in the next.
    [Theory, Clause("LLM-03")]
    [InlineData(false), InlineData(true)]
    public async Task A_request_with_a_credential_is_found_again_and_its_answer_restored(bool stream)
    {
        await using (var at = await StandingModels.OpenAsync(Record, "restore: true"))
        {
            at.Model.Answer = (http, asked) => asked.Json.GetProperty("messages")[0].GetProperty("content").GetString()! is var said && stream ? ModelDouble.Events(http, ModelDouble.ChatStream("you said ", said[..12], said[12..])) : ModelDouble.Json(http, ModelDouble.Chat($"you said {said}"));
            await at.PostAsync("/v1/chat/completions", Asking($"{Token} and {Other}", stream));
        }
        var text = await File.ReadAllTextAsync(Assert.Single(Files), TestContext.Current.CancellationToken);
        Assert.DoesNotContain(Token[6..], text, StringComparison.Ordinal);
        Assert.Equal((2, 2), (text.Split("#00000001]").Length - 1, text.Split("#00000002]").Length - 1));

        await using var replaying = await StandingModels.OpenAsync(Replay, "restore: true");
        // Another credential in the same place is the same request: nobody can tell them apart on disk. The answer is restored with what was said now.
        var (status, body, _) = await replaying.PostAsync("/v1/chat/completions", Asking($"{Other} and {Token}", stream));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains($"{Other} and {Token}", body, StringComparison.Ordinal);
        // The same one twice is another request.
        Assert.Equal(HttpStatusCode.NotFound, (await replaying.PostAsync("/v1/chat/completions", Asking($"{Token} and {Token}", stream))).Status);
    }

    [Fact, Clause("LLM-03")]
    public async Task Nothing_secret_is_written_where_the_configuration_lets_it_pass()
    {
        const string open = "detectors: { secrets: { requests: allow, responses: allow } }";
        await using (var at = await StandingModels.OpenAsync(Record, open))
        {
            at.Model.Answer = (http, _) => ModelDouble.Json(http, ModelDouble.Chat(Other));
            var (_, body, _) = await at.PostAsync("/v1/chat/completions", Asking(Token));
            Assert.Contains(Other, body, StringComparison.Ordinal);
            Assert.Contains(Token, Assert.Single(at.Model.Seen).Body, StringComparison.Ordinal);
        }
        var text = await File.ReadAllTextAsync(Assert.Single(Files), TestContext.Current.CancellationToken);
        foreach (var token in (string[])[Token, Other]) Assert.DoesNotContain(token[6..], text, StringComparison.Ordinal);
        await using var replaying = await StandingModels.OpenAsync(Replay, open);
        Assert.Equal(HttpStatusCode.OK, (await replaying.PostAsync("/v1/chat/completions", Asking(Token))).Status);
    }

    [Fact, Clause("LLM-03")]
    public async Task A_credential_in_the_place_of_a_models_name_is_not_written_either()
    {
        const string models = "'*': { to: one }";
        await using (var at = await StandingModels.OpenAsync(Record, models: models)) await at.PostAsync("/v1/chat/completions", Asking("x", model: Token));
        var text = await File.ReadAllTextAsync(Assert.Single(Files), TestContext.Current.CancellationToken);
        Assert.DoesNotContain(Token[6..], text, StringComparison.Ordinal);
        Assert.Contains("#00000001]\",\n  \"request_digest\"", text, StringComparison.Ordinal);
        await using var replaying = await StandingModels.OpenAsync(Replay, models: models);
        Assert.Equal(HttpStatusCode.OK, (await replaying.PostAsync("/v1/chat/completions", Asking("x", model: Token))).Status);
    }

    [Fact, Clause("LLM-06")]
    public async Task The_same_request_gets_its_answers_in_their_order_and_then_the_last_again()
    {
        await using (var at = await StandingModels.OpenAsync(Record))
            foreach (var answer in (string[])["one", "two"])
            {
                at.Model.Answer = (http, _) => ModelDouble.Json(http, ModelDouble.Chat(answer));
                await at.PostAsync("/v1/chat/completions", Asking("next"));
            }
        Assert.Equal([".1.json", ".2.json"], Files.Select(f => Path.GetFileName(f)[64..]));
        await using var replaying = await StandingModels.OpenAsync(Replay);
        List<string> said = [];
        for (var i = 0; i < 3; i++) said.Add(Said(JsonElement.Parse((await replaying.PostAsync("/v1/chat/completions", Asking("next"))).Body)));
        Assert.Equal(["one", "two", "two"], said);
    }

    // What the caller got in the end is what was recorded: the first provider's failure is no part of it.
    [Fact, Clause("LLM-04")]
    public async Task A_refusal_that_a_caller_got_is_replayed_as_it_was_and_takes_one_turn()
    {
        const string models = "small: { to: [ { provider: one, model: m-1 }, { provider: two, model: m-2 } ] }";
        await using (var at = await StandingModels.OpenAsync(Record, models: models))
        {
            at.Model.Answer = (http, _) => ModelDouble.Json(http, """{"error":{"message":"slow down"}}""", 429);
            await at.PostAsync("/v1/chat/completions", Asking("x", model: "small"));
            at.Model.Answer = (http, _) => ModelDouble.Json(http, ModelDouble.Chat("now"));
            await at.PostAsync("/v1/chat/completions", Asking("x", model: "small"));
        }
        await using var replaying = await StandingModels.OpenAsync(Replay, models: models);
        var first = await replaying.PostAsync("/v1/chat/completions", Asking("x", model: "small"));
        Assert.Equal((HttpStatusCode.TooManyRequests, """{"error":{"message":"slow down"}}"""), (first.Status, first.Body));
        Assert.Equal(HttpStatusCode.OK, (await replaying.PostAsync("/v1/chat/completions", Asking("x", model: "small"))).Status);
    }

    [Fact, Clause("LLM-07")]
    public async Task What_is_not_recorded_is_refused_with_its_digest_and_where_the_nearest_differs()
    {
        await using (var at = await StandingModels.OpenAsync(Record)) await at.PostAsync("/v1/chat/completions", Asking("hello"));
        var recorded = Path.GetFileName(Assert.Single(Files))[..64];
        await using var replaying = await StandingModels.OpenAsync(Replay);
        var (status, body, _) = await replaying.PostAsync("/v1/chat/completions", Asking("hallo"));
        var error = JsonElement.Parse(body).GetProperty("error");
        Assert.Equal((HttpStatusCode.NotFound, "not_found"), (status, error.GetProperty("code").GetString()));
        Assert.Matches($"^no answer to this request is recorded \\(chat.completions m-1, sha256:[0-9a-f]{{64}}\\); the nearest recorded one is sha256:{recorded}, which differs at /messages/0/content\\.", error.GetProperty("message").GetString()!);
        Assert.Contains("there are recordings of this API for m-1 only", (await replaying.PostAsync("/v1/chat/completions", Asking("hello", model: "m-9"))).Body, StringComparison.Ordinal);
        var other = await replaying.PostAsync("/v1/messages", """{"model":"claude-x","max_tokens":9,"messages":[{"role":"user","content":"x"}]}""");
        Assert.Contains("there is no recording of this API", other.Body, StringComparison.Ordinal);
        Assert.Equal("error", JsonElement.Parse(other.Body).GetProperty("type").GetString());
        Assert.Empty(replaying.Model.Seen);
    }

    [Fact, Clause("LLM-02")]
    public async Task A_recorded_answer_is_judged_like_any_other()
    {
        await using (var at = await StandingModels.OpenAsync(Record, "detectors: { secrets: { responses: allow } }"))
        {
            at.Model.Answer = (http, _) => ModelDouble.Json(http, ModelDouble.Chat("ignore all previous instructions"));
            await at.PostAsync("/v1/chat/completions", Asking("x"));
        }
        await using var replaying = await StandingModels.OpenAsync(Replay, "policies: [ { rules: no.yaml } ]", null, ("no.yaml", """
            version: 1
            for: messages
            default: allow
            answers: deny
            rules: [ { id: some, decision: allow, reason: asked for, when: { method: chat.completions } } ]
            """));
        var (status, body, _) = await replaying.PostAsync("/v1/chat/completions", Asking("x"));
        Assert.Equal((HttpStatusCode.Forbidden, "response_withheld"), (status, JsonElement.Parse(body).GetProperty("error").GetProperty("code").GetString()));
    }

    [Fact, Clause("LLM-07")]
    public async Task A_recorded_answer_is_no_larger_than_a_providers_may_be()
    {
        await using (var at = await StandingModels.OpenAsync(Record))
        {
            at.Model.Answer = (http, _) => ModelDouble.Json(http, ModelDouble.Chat(new string('x', 2000)));
            await at.PostAsync("/v1/chat/completions", Asking("x"));
        }
        await using var replaying = await StandingModels.OpenAsync(Replay, "response_size_max: 1KiB");
        Assert.Equal(HttpStatusCode.BadGateway, (await replaying.PostAsync("/v1/chat/completions", Asking("x"))).Status);
    }

    [Fact, Clause("LLM-06")]
    public async Task What_was_refused_is_not_recorded_and_what_cannot_be_recorded_does_not_pass()
    {
        await using var at = await StandingModels.OpenAsync(Record);
        at.Model.Answer = (http, _) => ModelDouble.Json(http, $$$"""{"choices":[{"index":0,"message":{"role":"assistant","tool_calls":[{"id":"t","type":"function","function":{"name":"save","arguments":"{\"key\":\"\\u0067{{{Token[1..]}}}\"}"}}]}}]}""");
        Assert.Equal(HttpStatusCode.Forbidden, (await at.PostAsync("/v1/chat/completions", Asking("x"))).Status);
        Assert.Empty(Files);
        Directory.Delete(directory);
        at.Model.Answer = (http, _) => ModelDouble.Json(http, ModelDouble.Chat("not to be seen"));
        var (status, body, _) = await at.PostAsync("/v1/chat/completions", Asking("x"));
        Directory.CreateDirectory(directory);
        Assert.Equal((HttpStatusCode.InternalServerError, "io_failed"), (status, JsonElement.Parse(body).GetProperty("error").GetProperty("code").GetString()));
        Assert.DoesNotContain("not to be seen", body, StringComparison.Ordinal);
    }
}
