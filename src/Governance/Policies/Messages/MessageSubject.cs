// What policies judge of one message that a gateway intercepted (MCP-02, LLM-02): who sends what to whom, by the bytes that would go on.
// Invariant: every slice is a part of the very frame that is forwarded when the answer is yes.
using System.Text.Json;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Messages;

public enum MessageDirection
{
    /// <summary>From the caller (an agent) to a server or a model.</summary>
    ToServer,

    /// <summary>From the server or the model to the caller.</summary>
    ToCaller,
}

public enum MessageKind
{
    Request,
    Notification,

    /// <summary>A result or an error; <see cref="MessageSubject.Method"/> is that of the request it answers.</summary>
    Response,

    /// <summary>No message at all: whether something that a server offers (a tool, a prompt, a resource) is shown to the caller. Judged as the request that would use it, without arguments.</summary>
    Listing,
}

/// <param name="Human">Null: it is not known.</param>
/// <param name="AuthenticatedBy"><c>os_user</c>, <c>token</c>, <c>api_key</c>, <c>jwt</c> or <c>certificate</c>.</param>
public sealed record MessageCaller(string Name, bool? Human, IReadOnlyList<string> Roles, string AuthenticatedBy)
{
    /// <summary>Of a token: who issued it. Two issuers' callers of one name are two callers.</summary>
    public string? Issuer { get; init; }

    /// <summary>The person at the caller's client, where the connection itself shows who that is (whoever started the gateway on this machine). Null: it does not.</summary>
    public string? Person { get; init; }

    /// <summary>Tells callers apart, whoever vouches for them.</summary>
    public string Key => $"{AuthenticatedBy}\n{Issuer}\n{Name}";
}

public enum PinState
{
    /// <summary>Nothing that is pinned is addressed.</summary>
    None,

    /// <summary>Defined by the server, and never accepted by anyone.</summary>
    New,

    /// <summary>Its definition is the one that was accepted.</summary>
    Accepted,

    /// <summary>Its definition is another than the accepted one (MCP-05).</summary>
    Changed,
}

public sealed record MessageSubject
{
    public const string McpGateway = "mcp", LlmGateway = "llm";

    /// <summary><see cref="McpGateway"/> or <see cref="LlmGateway"/>.</summary>
    public required string Gateway { get; init; }
    public required TenantId Tenant { get; init; }
    public required MessageCaller Caller { get; init; }
    /// <summary>Of the caller's connection; in the audit log.</summary>
    public required string Session { get; init; }
    /// <summary>As the gateway's configuration calls it.</summary>
    public required string Server { get; init; }
    /// <summary>As both ends agreed, for example <c>2025-11-25</c>; empty before they have.</summary>
    public string ProtocolVersion { get; init; } = "";
    public required MessageDirection Direction { get; init; }
    public required MessageKind Kind { get; init; }
    /// <summary>For example <c>tools/call</c>.</summary>
    public required string Method { get; init; }
    /// <summary>What is addressed, as the server calls it: a tool, a prompt, a resource's URI. Null: nothing by name.</summary>
    public string? Name { get; init; }
    /// <summary>The whole message, in UTF-8.</summary>
    public ReadOnlyMemory<byte> Frame { get; init; }
    /// <summary>The JSON text of what it says: params, result or error. Empty: it says nothing.</summary>
    public ReadOnlyMemory<byte> Content { get; init; }
    /// <summary>The JSON text of the arguments of a call (a tool's, a prompt's). Empty: it has none.</summary>
    public ReadOnlyMemory<byte> Arguments
    {
        get;
        init => (field, apart) = (value, value.IsEmpty ? null : new(value));
    }
    /// <summary>The same taken apart, once for all who look at it.</summary>
    public MessageArguments TakenApart => apart?.Value ?? MessageArguments.None;
    /// <summary>The JSON text of what a prompt or an answer says, told alike whatever the API (LLM-02). Empty: it is no such message.</summary>
    public ReadOnlyMemory<byte> Exchange { get; init; }
    /// <summary>What the call does to files, where it is one of the well-known operations (MCP-02).</summary>
    public FileOperation? File { get; init; }
    public PinState Pin { get; init; }
    /// <summary>What the server says of the tool (<c>annotations</c>): a hint from an untrusted party.</summary>
    public JsonElement? Annotations { get; init; }
    /// <summary>What detectors found in this message.</summary>
    public IReadOnlyList<MessageFinding> Findings { get; init; } = [];
    /// <summary>What the session is part of, as the configuration says (workflow, step, purpose); an object.</summary>
    public JsonElement? Context { get; init; }
    /// <summary>When the judgement began: the only clock that a policy has.</summary>
    public required DateTimeOffset Now { get; init; }
    public ulong Seed { get; init; }

    // Shared with every copy that has the same arguments.
    private readonly Apart? apart;

    private sealed class Apart(ReadOnlyMemory<byte> json)
    {
        // Two who ask at once take the same text apart twice.
        public MessageArguments Value => field ??= MessageArguments.Of(json);
    }
}

/// <param name="Detector">For example <c>secrets</c>, <c>injection</c>.</param>
/// <param name="Rule">The detector's own id of what was found.</param>
/// <param name="Place">A JSON pointer into <see cref="MessageSubject.Content"/>.</param>
/// <param name="Decision">What the configuration makes of it; a policy may be stricter.</param>
/// <param name="Reason">For a person; never what was found itself, where that is a secret.</param>
public sealed record MessageFinding(string Detector, string Rule, string Place, Decision Decision, string Reason);

public enum FileAction
{
    Read,
    List,
    Search,
    Write,
    Append,
    Edit,
    Patch,
    Move,
    Delete,
    CreateDirectory,

    /// <summary>No well-known operation: a tool that was given paths, and does with them what nobody here knows.</summary>
    Other,
}

/// <summary>A well-known file operation, told the same whatever the server calls it (MCP-04).</summary>
/// <param name="Targets">Every path that it touches, in the order of its arguments.</param>
/// <param name="AddedLines">Text that it brings, where it is known; with line numbers from 1 of what is brought.</param>
/// <param name="Bytes">Of the content that it brings.</param>
/// <param name="Binary">That content is not text.</param>
public sealed record FileOperation(FileAction Action, IReadOnlyList<FileTarget> Targets, IReadOnlyList<NumberedLine> AddedLines, long Bytes, bool Binary)
{
    /// <summary>How many files it takes away.</summary>
    public int FilesDeleted { get; init; }

    /// <summary>How many lines it is known to take away.</summary>
    public int LinesDeleted { get; init; }
}

public enum FileFault
{
    None,

    /// <summary>Not below any root.</summary>
    OutsideRoots,

    /// <summary>It climbs by <c>..</c>, or is spelled so that others may read it otherwise (NUL, control characters, backslashes, trailing dots).</summary>
    Traversal,

    /// <summary>A link on its way leads out of the roots.</summary>
    LinkEscape,

    /// <summary>It could not be told where it leads.</summary>
    Unresolved,
}

/// <param name="Given">As the caller spelled it.</param>
/// <param name="Path">Relative to its root with <c>/</c>, links resolved; null where <paramref name="Fault"/> says why not.</param>
/// <param name="Root">Which root, absolute; null outside of all.</param>
/// <param name="Exists">Null: unknown, the files are not on this machine.</param>
public sealed record FileTarget(string Given, string? Path, string? Root, FileFault Fault, bool? Exists);
