// The HTTP status of an answer of the stateless era (2026-07-28, Streamable HTTP): some errors have one of their own; every other answer is 200, and so is whatever comes when a stream has begun.
using System.Buffers.Text;
using System.Net;
using CabinCrew.Gateways.Mcp.Sessions;
using CabinCrew.Gateways.Mcp.Wire;

namespace CabinCrew.Gateways.Mcp.Endpoint;

internal static class AnswerStatus
{
    public static HttpStatusCode Of(Frame answer)
    {
        if (answer.Kind is not FrameKind.Error) return HttpStatusCode.OK;
        var code = JsonParts.Member(answer.Answer, "code"u8).Span;
        return Utf8Parser.TryParse(code, out int number, out var used) && used == code.Length && OfCode(number) is { } own ? own : HttpStatusCode.OK;
    }

    /// <summary>Null: the code has none of its own.</summary>
    public static HttpStatusCode? OfCode(int code) => code switch
    {
        ErrorCodes.MethodNotFound => HttpStatusCode.NotFound,
        ErrorCodes.HeaderMismatch or ErrorCodes.MissingCapability or ErrorCodes.UnsupportedVersion => HttpStatusCode.BadRequest,
        _ => null,
    };
}
