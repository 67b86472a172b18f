// Where a session stands: which era, what both ends agreed, what the client says of itself (MCP-07: nothing before its time).
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Sessions;

internal sealed class Standing(string session, MessageCaller caller)
{
    private const int ClientNameCharsMax = 128;
    private readonly Lock gate = new();
    private Frame? opening;
    private bool agreed;
    private bool elicits;
    private readonly Dictionary<Link, string> versions = [];
    private ReadOnlyMemory<byte> lastMeta;
    private SessionFacts? lastFacts;

    /// <summary>By the handshake of the era of sessions.</summary>
    public SessionFacts Facts { get; private set; } = new(session, caller, null, "");

    /// <summary>The handshake has been answered.</summary>
    public bool Open
    {
        get { lock (gate) return agreed; }
    }

    /// <summary>The client's handshake, to be repeated to a server that was restarted. Null: there was none.</summary>
    public Frame? Opening
    {
        get { lock (gate) return agreed ? opening : null; }
    }

    /// <summary>Why this request may not come from the client now; null: it may.</summary>
    public Problem? Admit(Frame request)
    {
        if (request.Version is { } version && !McpMethods.StatelessVersions.Contains(version, StringComparer.Ordinal))
            return new Problem(ProblemCode.MessageUnexpected, "the gateway does not speak this version of the protocol").With(FrameReader.ReasonKey, ErrorCodes.UnknownVersion).With(ErrorCodes.UnknownVersion, version);
        if (request.Method is McpMethods.Ping || (request.Version is not null && request.Method is not McpMethods.Initialize)) return null;
        if (McpMethods.Find(request.Method!) is { Eras: Eras.Stateless }) return NoVersion($"'{request.Method}' without a protocol version of its own in 'params._meta'");
        lock (gate)
        {
            if (request.Method is McpMethods.Initialize)
            {
                if (opening is not null) return new Problem(ProblemCode.MessageUnexpected, "the session has been opened before");
                opening = request;
                elicits = Elicits(JsonParts.Member(request.Params, "capabilities"u8));
                Facts = Facts with { Client = Name(JsonParts.Member(request.Params, "clientInfo"u8)) };
                return null;
            }
            // A client should wait for the answer to its handshake; one that does not has said what it is all the same.
            return opening is null ? NoVersion("a request before 'initialize', and without a protocol version of its own in 'params._meta'") : null;
        }
    }

    private static Problem NoVersion(string why) => new Problem(ProblemCode.MessageUnexpected, why).With(FrameReader.ReasonKey, ErrorCodes.NoVersion);

    /// <summary>The facts that a message is judged by which belongs to no request: those of the handshake, or else of the last request.</summary>
    public SessionFacts Current
    {
        get { lock (gate) return agreed ? Facts : lastFacts ?? Facts; }
    }

    /// <summary>The handshake failed: the client may try another.</summary>
    public void NotAgreed()
    {
        lock (gate)
        {
            if (agreed) return;
            opening = null;
            Facts = Facts with { Client = null };
        }
    }

    /// <param name="result">Of the handshake, as the client will see it.</param>
    public void Agreed(ReadOnlyMemory<byte> result)
    {
        var version = JsonParts.Text(JsonParts.Member(result, "protocolVersion"u8)) ?? "";
        lock (gate)
        {
            agreed = true;
            Facts = Facts with { ProtocolVersion = version.Length > 32 ? version[..32] : version };
        }
    }

    /// <summary>What this server agreed to.</summary>
    public string VersionOf(Link link)
    {
        lock (gate) return versions.GetValueOrDefault(link, Facts.ProtocolVersion);
    }

    /// <summary>One of several servers has had the handshake.</summary>
    public bool HasAgreed(Link link)
    {
        lock (gate) return versions.ContainsKey(link);
    }

    /// <summary>One of several servers, which need not agree to the same as the client is told.</summary>
    public void AgreedWith(Link link, string version)
    {
        lock (gate) versions[link] = version;
    }

    /// <summary>The facts that a request is judged by: its own words in the stateless era, those of the handshake else.</summary>
    public SessionFacts FactsOf(Frame frame)
    {
        if (frame.Version is null) return Facts;
        lock (gate)
        {
            if (lastFacts is not null && lastFacts.ProtocolVersion == frame.Version && lastMeta.Span.SequenceEqual(frame.Meta.Span)) return lastFacts;
            lastMeta = frame.Meta;
            return lastFacts = Facts with { ProtocolVersion = frame.Version, Client = Name(JsonParts.Member(frame.Meta, "io.modelcontextprotocol/clientInfo"u8)) };
        }
    }

    /// <summary>The client's person can be asked beside any request (era of sessions).</summary>
    public bool CanElicit
    {
        get { lock (gate) return agreed && elicits; }
    }

    /// <summary>The client's person can be asked by the result of this request (stateless era).</summary>
    public static bool CanElicitBy(Frame request) =>
        request is { Version: not null, Method: McpMethods.ToolsCall or McpMethods.PromptsGet or McpMethods.ResourcesRead }
        && Elicits(JsonParts.Member(request.Meta, "io.modelcontextprotocol/clientCapabilities"u8));

    private static bool Elicits(ReadOnlyMemory<byte> capabilities)
    {
        var modes = JsonParts.Member(capabilities, "elicitation"u8);
        // Without any mode it means forms; a client that only opens URLs shows no form.
        return JsonParts.IsObject(modes) && (JsonParts.Members(modes).Count == 0 || JsonParts.IsObject(JsonParts.Member(modes, "form"u8)));
    }

    private static string? Name(ReadOnlyMemory<byte> info)
    {
        var name = JsonParts.Text(JsonParts.Member(info, "name"u8));
        return name is { Length: > ClientNameCharsMax } ? name[..ClientNameCharsMax] : name;
    }
}
