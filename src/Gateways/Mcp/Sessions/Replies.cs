// The messages that the gateway itself writes: errors in the place of what was refused, progress of what is held, questions to a person (MCP-03).
using System.Buffers;
using System.Text.Json;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Sessions;

internal static class Replies
{
    /// <summary>The member of a question's answer that says yes or no.</summary>
    public const string Approve = "approve";

    /// <summary>The key of the gateway's question among the inputs that a result asks for.</summary>
    public const string InputKey = "cabincrew_approval";

    /// <param name="id">Of the request; empty: it could not be read.</param>
    public static ReadOnlyMemory<byte> Error(ReadOnlyMemory<byte> id, Passage refused) => Error(id, refused.Refused!, refused.PolicyId, refused.Decision);

    /// <param name="code">Where a transport has a code of its own for it.</param>
    public static ReadOnlyMemory<byte> Error(ReadOnlyMemory<byte> id, Problem why, string? policyId = null, Decision decision = Decision.Deny, int? code = null) => Write(json =>
    {
        if (!id.IsEmpty) Raw(json, "id", id);
        json.WriteStartObject("error");
        json.WriteNumber("code", code ?? ErrorCodes.Of(why));
        json.WriteString("message", why.Message);
        json.WriteStartObject("data");
        json.WriteString("problem", why.Code.Id());
        json.WriteString("policy_id", policyId);
        json.WriteString("decision", decision.Word());
        json.WriteString("reason", why.Where is null ? why.Message : $"{why.Where}: {why.Message}");
        json.WriteString("remedy", why.Remedy ?? why.Code.Entry().Remedy);
        if (why.Evidence.TryGetValue(ErrorCodes.UnknownVersion, out var version)) Versions(json, version);
        json.WriteEndObject();
        json.WriteEndObject();
    });

    // As the specification words it: a client of several versions takes one of these and asks again.
    private static void Versions(Utf8JsonWriter json, string requested)
    {
        json.WriteString("requested", requested);
        json.WriteStartArray("supported");
        foreach (var version in Wire.McpMethods.StatelessVersions) json.WriteStringValue(version);
        json.WriteEndArray();
    }

    public static ReadOnlyMemory<byte> Result(ReadOnlyMemory<byte> id, ReadOnlyMemory<byte> result) => Write(json =>
    {
        Raw(json, "id", id);
        Raw(json, "result", result);
    });

    public static ReadOnlyMemory<byte> Empty(ReadOnlyMemory<byte> id) => Write(json =>
    {
        Raw(json, "id", id);
        json.WriteStartObject("result");
        json.WriteEndObject();
    });

    /// <param name="step">From 1, rising.</param>
    public static ReadOnlyMemory<byte> Progress(ReadOnlyMemory<byte> token, int step, string words) => Write(json =>
    {
        json.WriteString("method", Wire.McpMethods.Progress);
        json.WriteStartObject("params");
        Raw(json, "progressToken", token);
        // Progress must rise with each notification, and a server that is let go on counts from 0 or 1: the gateway stays below.
        json.WriteNumber("progress", step / 1_000_000m);
        json.WriteString("message", words);
        json.WriteEndObject();
    });

    public static ReadOnlyMemory<byte> Cancelled(ReadOnlyMemory<byte> id, string why) => Write(json =>
    {
        json.WriteString("method", Wire.McpMethods.Cancelled);
        json.WriteStartObject("params");
        Raw(json, "requestId", id);
        json.WriteString("reason", why);
        json.WriteEndObject();
    });

    /// <param name="id">Of the request that listens.</param>
    /// <param name="notifications">The JSON text of what it will be told.</param>
    public static ReadOnlyMemory<byte> Acknowledged(ReadOnlyMemory<byte> id, ReadOnlyMemory<byte> notifications) => Write(json =>
    {
        json.WriteString("method", Wire.McpMethods.Acknowledged);
        json.WriteStartObject("params");
        json.WriteStartObject("_meta");
        Raw(json, "io.modelcontextprotocol/subscriptionId", id);
        json.WriteEndObject();
        Raw(json, "notifications", notifications);
        json.WriteEndObject();
    });

    /// <param name="what">tools, prompts or resources.</param>
    public static ReadOnlyMemory<byte> ListChanged(string what) => Write(json => json.WriteString("method", $"notifications/{what}/list_changed"));

    /// <param name="uri">The JSON text of the resource's.</param>
    public static ReadOnlyMemory<byte> Updated(ReadOnlyMemory<byte> uri) => Write(json =>
    {
        json.WriteString("method", "notifications/resources/updated");
        json.WriteStartObject("params");
        Raw(json, "uri", uri);
        json.WriteEndObject();
    });

    /// <summary>Asks the client's person (an elicitation, in the era of sessions).</summary>
    public static ReadOnlyMemory<byte> Question(ReadOnlyMemory<byte> id, string question) => Write(json =>
    {
        Raw(json, "id", id);
        Elicitation(json, question);
    });

    /// <summary>Asks the client's person by the result of the very request that waits (stateless era): the client asks again with the answer.</summary>
    public static ReadOnlyMemory<byte> InputRequired(ReadOnlyMemory<byte> id, string question, string state) => Write(json =>
    {
        Raw(json, "id", id);
        json.WriteStartObject("result");
        json.WriteString("resultType", "input_required");
        json.WriteStartObject("inputRequests");
        json.WriteStartObject(InputKey);
        Elicitation(json, question);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteString("requestState", state);
        json.WriteEndObject();
    });

    private static void Elicitation(Utf8JsonWriter json, string question)
    {
        json.WriteString("method", Wire.McpMethods.Elicit);
        json.WriteStartObject("params");
        json.WriteString("message", question);
        json.WriteStartObject("requestedSchema");
        json.WriteString("type", "object");
        json.WriteStartObject("properties");
        json.WriteStartObject(Approve);
        json.WriteString("type", "boolean");
        json.WriteString("title", "Approve");
        json.WriteString("description", "Yes lets this one request through, as it stands.");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartArray("required");
        json.WriteStringValue(Approve);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Raw(Utf8JsonWriter json, string name, ReadOnlyMemory<byte> text)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(text.Span, skipInputValidation: true);
    }

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true }))
        {
            json.WriteStartObject();
            json.WriteString("jsonrpc", "2.0");
            members(json);
            json.WriteEndObject();
        }
        return buffer.WrittenMemory;
    }
}
