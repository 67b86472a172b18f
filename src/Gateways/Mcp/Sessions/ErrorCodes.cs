// Which JSON-RPC error code stands for a problem. Faults of the protocol have the codes of JSON-RPC; everything else has the HTTP status of the problem:
// the specification asks for codes outside of -32768 to -32000 for what it does not define itself (2026-07-28, basic, error codes).
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Sessions;

public static class ErrorCodes
{
    public const int Parse = -32700, InvalidRequest = -32600, MethodNotFound = -32601, InvalidParams = -32602, Internal = -32603;

    /// <summary>Of MCP itself (2026-07-28, basic, error codes).</summary>
    public const int HeaderMismatch = -32020, MissingCapability = -32021, UnsupportedVersion = -32022;

    /// <summary>Reasons (<see cref="FrameReader.ReasonKey"/>) of sessions, beside those of the frame reader.</summary>
    public const string NoVersion = "no_version", UnknownMethod = "unknown_method", UnknownName = "unknown_name", UnknownVersion = "unknown_version";

    public static int Of(Problem problem) => problem.Code switch
    {
        ProblemCode.MessageInvalid => Reason(problem) is "malformed" or "not_utf8" or "byte_order_mark" or "empty" or "lone_surrogate" ? Parse : InvalidRequest,
        ProblemCode.MessageUnexpected => Reason(problem) switch
        {
            NoVersion or UnknownName => InvalidParams,
            UnknownMethod => MethodNotFound,
            UnknownVersion => UnsupportedVersion,
            _ => InvalidRequest,
        },
        ProblemCode.MessageHeaderMismatch => HeaderMismatch,
        ProblemCode.MessageBatch or ProblemCode.MessageTooLarge or ProblemCode.MessageIdTaken => InvalidRequest,
        ProblemCode.InternalBug => Internal,
        var other => other.Entry().Http,
    };

    private static string? Reason(Problem problem) => problem.Evidence.GetValueOrDefault(FrameReader.ReasonKey);
}
