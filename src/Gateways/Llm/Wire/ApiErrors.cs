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
        var (status, words) = (Status(problem), problem.Remedy is { } remedy ? $"{problem.Message}{(problem.Message is [.., '.' or '?' or '!'] ? "" : ".")} {remedy}" : problem.Message);
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

    /// <summary>The same as the last event of a stream that has begun.</summary>
    public static ReadOnlyMemory<byte> Event(ApiFamily family, Problem problem)
    {
        var to = new ArrayBufferWriter<byte>(256);
        if (family == ApiFamily.Anthropic) to.Write("event: error\n"u8);
        to.Write("data: "u8);
        to.Write(Body(family, problem).Span);
        to.Write("\n\n"u8);
        return to.WrittenMemory;
    }

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
