// What the head of an HTTP request says: which answers it takes; and, in the stateless era, the same as its body (2026-07-28, Streamable HTTP, server validation).
// Invariant: who routes by the head is not led astray by the body, nor the other way round: where they differ, nothing of the request goes on.
using System.Globalization;
using CabinCrew.Gateways.Http;
using CabinCrew.Gateways.Mcp.Servers.Remote;
using CabinCrew.Gateways.Mcp.Sessions;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Endpoint;

internal static class RequestHead
{
    public static bool Accepts(IHttpExchange http, string type) =>
        http.List("Accept").Split(',').Select(a => a.Split(';')[0].Trim()).Any(a => a.Equals(type, StringComparison.OrdinalIgnoreCase) || a == "*/*" || (a.EndsWith("/*", StringComparison.Ordinal) && type.StartsWith(a[..^1], StringComparison.OrdinalIgnoreCase)));

    /// <summary>Why this message of the stateless era is not taken; null: it is.</summary>
    /// <param name="parameters">What the tools that were listed want repeated.</param>
    public static Problem? Fault(IHttpExchange http, Frame frame, ParameterHeaders parameters)
    {
        if (Differs(http, "MCP-Protocol-Version", frame.Version) is { } version) return version;
        if (frame.Kind is not FrameKind.Request) return null;
        if (Differs(http, "Mcp-Method", frame.Method) is { } method) return method;
        if (!JsonParts.IsObject(JsonParts.Member(frame.Meta, "io.modelcontextprotocol/clientCapabilities"u8)))
            return new Problem(ProblemCode.MessageUnexpected, "'params._meta' does not say what the client can do ('io.modelcontextprotocol/clientCapabilities', an object)").With(FrameReader.ReasonKey, ErrorCodes.NoVersion);
        if (McpMethods.HeaderName(frame) is not { } name) return null;
        return Differs(http, "Mcp-Name", name) ?? (frame is { Method: McpMethods.ToolsCall, Name: { } tool } ? Parameters(http, parameters.Expected(tool, frame.Arguments)) : null);
    }

    private static Problem? Differs(IHttpExchange http, string header, string? body) => http.Header(header) is not { } given
        ? new Problem(ProblemCode.MessageHeaderMismatch, $"the header {header} is missing, or there more than once")
        : HeaderText.Decode(given) == body ? null : new Problem(ProblemCode.MessageHeaderMismatch, $"the header {header} does not say what the message says");

    private static Problem? Parameters(IHttpExchange http, IEnumerable<ExpectedHeader> expected)
    {
        foreach (var (header, value, isNumber) in expected)
        {
            if (value is null && http.Count(header) == 0) continue;
            var given = http.Header(header) is { } text ? HeaderText.Decode(text) : null;
            if (value is null || given is null || !(given == value || (isNumber && Equal(given, value))))
                return new Problem(ProblemCode.MessageHeaderMismatch, $"the header {header} does not say what the arguments say");
        }
        return null;
    }

    private static bool Equal(string one, string other) =>
        decimal.TryParse(one, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var a)
        && decimal.TryParse(other, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var b) && a == b;
}
