// One JSON-RPC message of MCP as it came over the wire, cut into the parts that are judged (MCP-02). Made by FrameReader, which refuses whatever two readers could read differently.
// Invariant: every part is a slice of Bytes; nothing is decoded and encoded again, so what is forwarded is what was judged.
namespace CabinCrew.Gateways.Mcp.Wire;

public enum FrameKind { Request, Notification, Result, Error }

public sealed record Frame
{
    /// <summary>The whole message: one JSON object in UTF-8, without the transport's framing.</summary>
    public required ReadOnlyMemory<byte> Bytes { get; init; }

    public required FrameKind Kind { get; init; }

    /// <summary>The JSON text of the id (a string or a whole number). Empty: a notification.</summary>
    public ReadOnlyMemory<byte> Id { get; init; }

    /// <summary>Of a request or a notification, unescaped. Null: a response.</summary>
    public string? Method { get; init; }

    /// <summary>The JSON text of <c>params</c> (an object). Empty: there is none.</summary>
    public ReadOnlyMemory<byte> Params { get; init; }

    /// <summary>The JSON text of <c>result</c> or <c>error</c>. Empty: not a response.</summary>
    public ReadOnlyMemory<byte> Answer { get; init; }

    /// <summary>Unescaped <c>params.name</c> (tools, prompts) or <c>params.uri</c> (resources). Null: neither.</summary>
    public string? Name { get; init; }

    /// <summary>The JSON text of the value of <c>params.name</c> or <c>params.uri</c>, quotes included, for those who must rewrite it.</summary>
    public ReadOnlyMemory<byte> NameText { get; init; }

    /// <summary>The JSON text of <c>params.arguments</c>. Empty: there is none.</summary>
    public ReadOnlyMemory<byte> Arguments { get; init; }

    /// <summary>The JSON text of <c>inputRequests</c> in what a server says, or of <c>inputResponses</c> in what a client asks: requests and answers that travel within another message. Empty: there is none.</summary>
    public ReadOnlyMemory<byte> Inputs { get; init; }

    /// <summary>The JSON text of <c>taskId</c> in <c>params</c> or <c>result</c>, or else of <c>result.task</c>. Empty: it speaks of no task.</summary>
    public ReadOnlyMemory<byte> Task { get; init; }

    /// <summary>The JSON text of <c>params._meta.progressToken</c> (a string or a number). Empty: the sender wants no progress.</summary>
    public ReadOnlyMemory<byte> ProgressToken { get; init; }

    /// <summary>The JSON text of <c>params._meta</c> (an object). Empty: there is none.</summary>
    public ReadOnlyMemory<byte> Meta { get; init; }

    /// <summary>The version of the protocol that a request names itself (<c>io.modelcontextprotocol/protocolVersion</c> in <c>params._meta</c>), unescaped. Null: it is not of the stateless era.</summary>
    public string? Version { get; init; }
}
