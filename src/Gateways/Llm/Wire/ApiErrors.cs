// A refusal in the words of the API that the caller speaks, so that its client library reads it as it reads its provider's (LLM-07).
using System.Buffers;
using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Wire;

internal static class ApiErrors
{
    public static int Status(Problem problem) => problem.Code switch
    {
        // What the model said is withheld: nothing is wrong with the server, and a client that tried again would get no other answer.
        ProblemCode.ResponseWithheld => (int)HttpStatusCode.Forbidden,
        _ => problem.Code.Entry().Http,
    };

    public static ReadOnlyMemory<byte> Body(ApiFamily family, Problem problem)
    {
        var to = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(to, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        var (status, words) = (Status(problem), Words(problem));
        json.WriteStartObject();
        if (family == ApiFamily.Rerank) json.WriteString("message", words);
        else
        {
            if (family == ApiFamily.Anthropic) json.WriteString("type", "error");
            json.WriteStartObject("error");
            json.WriteString("type", Type(family, status));
            json.WriteString("message", words);
            if (family == ApiFamily.OpenAi)
            {
                json.WriteNull("param");
                json.WriteString("code", problem.Code.Id());
            }
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.Flush();
        return to.WrittenMemory;
    }

    /// <summary>The same as the last of a stream that has begun. Agents that speak responses read <c>response.failed</c>, and ask again unless its code says that this is no use; the official library reads the event behind it.</summary>
    /// <param name="id">Of the answer, where the stream has said it.</param>
    public static ReadOnlyMemory<byte> Event(LlmApi api, Problem problem, string id)
    {
        var to = new ArrayBufferWriter<byte>(512);
        if (api == LlmApi.Responses) WriteFailed(to, problem, id);
        if (api.Family == ApiFamily.Anthropic) to.Write("event: error\n"u8);
        to.Write("data: "u8);
        to.Write(Body(api.Family, problem).Span);
        to.Write("\n\n"u8);
        return to.WrittenMemory;
    }

    private static void WriteFailed(ArrayBufferWriter<byte> to, Problem problem, string id)
    {
        to.Write("event: response.failed\ndata: "u8);
        using (var json = new Utf8JsonWriter(to, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("type", "response.failed");
            json.WriteStartObject("response");
            json.WriteString("id", id);
            json.WriteString("object", "response");
            json.WriteString("status", "failed");
            json.WriteStartArray("output");
            json.WriteEndArray();
            json.WriteStartObject("error");
            json.WriteString("code", Status(problem) < 500 ? "invalid_prompt" : "server_error");
            json.WriteString("message", Words(problem));
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }
        to.Write("\n\n"u8);
    }

    private static string Words(Problem problem) => problem.Remedy is { } remedy ? $"{problem.Message}{(problem.Message is [.., '.' or '?' or '!'] ? "" : ".")} {remedy}" : problem.Message;

    public static string Type(ApiFamily family, int status) => (family, status) switch
    {
        (_, 401) => "authentication_error",
        (_, 403) => "permission_error",
        (_, 429) => "rate_limit_error",
        (ApiFamily.Anthropic, 404) => "not_found_error",
        (ApiFamily.Anthropic, 413) => "request_too_large",
        (_, >= 400 and < 500) => "invalid_request_error",
        _ => "api_error",
    };
}
