// The only door for messages of MCP: cuts the bytes of one JSON-RPC message into the parts that are judged, in one pass (MCP-02, MCP-07).
// Invariant: what passes reads the same in every reader; whatever two readers could read differently is refused. Nothing of the payload is decoded.
using System.Text.Json;
using System.Text.Unicode;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Gateways.Mcp.Wire;

public static class FrameReader
{
    /// <summary>Keys of <see cref="Problem.Evidence"/>: a stable word for the fault, and, where it could be told beyond doubt, the id's JSON text and what the message was meant to be.</summary>
    public const string ReasonKey = "reason", IdKey = "id", KindKey = "kind";

    public static Outcome<Frame> Read(ReadOnlyMemory<byte> bytes, FrameLimits limits)
    {
        if (Unreadable(bytes.Span, limits) is { } unreadable) return Identified(unreadable, bytes.Span, limits);
        var scan = new FrameScan(bytes, limits);
        try
        {
            if (scan.Walk() is { } fault) return Identified(fault, bytes.Span, limits);
            var assembled = scan.Assemble();
            return assembled.Problem is { } unfit ? Identified(unfit, bytes.Span, limits) : assembled;
        }
        catch (JsonException e)
        {
            return Identified(Fault("malformed", "the bytes are not one JSON value", scan.PlaceOf(e.BytePositionInLine ?? 0)), bytes.Span, limits);
        }
        finally
        {
            scan.Release();
        }
    }

    /// <summary>Adds what the sender needs to tell which message was refused. The text may be the beginning of a message only.</summary>
    public static Problem Identified(Problem problem, ReadOnlySpan<byte> text, FrameLimits limits)
    {
        var (kind, id) = FrameGlance.At(text, limits);
        if (id is not null) problem = problem.With(IdKey, id);
        return kind is { } known ? problem.With(KindKey, $"{known}") : problem;
    }

    internal static Problem Fault(string reason, string message, long at, ProblemCode code = ProblemCode.MessageInvalid) =>
        new Problem(code, message) { Where = $"byte {at}" }.With(ReasonKey, reason);

    private static Problem? Unreadable(ReadOnlySpan<byte> text, FrameLimits limits)
    {
        if (text.Length > limits.BytesMax)
            return Fault("too_large", $"the message has {text.Length} bytes; {limits.BytesMax} are allowed", limits.BytesMax, ProblemCode.MessageTooLarge);
        if (text is [0xEF, 0xBB, 0xBF, ..] or [0xFE, 0xFF, ..] or [0xFF, 0xFE, ..]) return Fault("byte_order_mark", "the message begins with a byte order mark", 0);
        if (!Utf8.IsValid(text)) return Fault("not_utf8", "the bytes are not UTF-8", 0);
        var first = text.IndexOfAnyExcept(" \t\r\n"u8);
        if (first < 0) return Fault("empty", "the message is empty", 0);
        return text[first] switch
        {
            (byte)'{' => null,
            (byte)'[' => Fault("batch", "the message is a batch", first, ProblemCode.MessageBatch),
            _ => Fault("not_an_object", "the message is not a JSON object", first),
        };
    }
}
