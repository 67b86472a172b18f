// What Rego policies of the packages cabincrew.mcp and cabincrew.llm see as `input`: one held message as a JSON document of fixed shape (MCP-02, LLM-02, PRE-05). Described in
// schemas/mcp-input.json and schemas/llm-input.json, which policies are type-checked against; docs/reference/mcp-input.md and llm-input.md are made of them.
// Invariants: every member is always there (null where it has no value), but for those that the policy does not name anywhere, which it cannot miss; nothing is cut short in silence;
// no mapped secret's value is in it.
using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CabinCrew.Governance.Policies.Rego;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Messages;

/// <summary>Writes input documents, again and again into the same memory. One thread at a time.</summary>
internal sealed class MessageInputDocument
{
    public const int Version = 1;

    /// <summary>Larger arguments are null, and larger content is told by size, digest and its first characters only.</summary>
    public const int ContentBytesMax = 1 << 20;

    public const int ExcerptCharsMax = 2000;

    /// <summary>A message that makes a larger document is not judged, which counts as deny.</summary>
    public const int DocumentBytesMax = 16 << 20;

    private const int KeptBytesMax = 1 << 16;

    private readonly Redactor redactor;
    private ArrayBufferWriter<byte> bytes = new(2048);
    private readonly Utf8JsonWriter json;
    private readonly InputValues values;
    private IReadOnlySet<string>? read;

    /// <summary>Every member, in the order of the document.</summary>
    public static readonly IReadOnlyList<string> Members =
    [
        "version", "now", "gateway", "tenant", "session", "server", "protocol_version", "direction", "kind", "method", "name", "caller", "pin", "annotations", "context", "arguments", "arguments_size",
        "content", "file", "exchange", "findings",
    ];

    public MessageInputDocument(Redactor redactor)
    {
        this.redactor = redactor;
        json = new(bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
        values = new(json, redactor);
    }

    /// <summary>The document in UTF-8, good until the next one is written. Refused, with <see cref="ProblemCode.PolicyFailed"/>: one beyond <see cref="DocumentBytesMax"/>.</summary>
    /// <param name="reads">The members that a policy reads: no other one is written. Null: all.</param>
    public Outcome<ReadOnlyMemory<byte>> Write(MessageSubject subject, IReadOnlySet<string>? reads = null)
    {
        // What one large message needed is not kept for all the small ones after it.
        if (bytes.Capacity > KeptBytesMax) bytes = new(2048);
        bytes.ResetWrittenCount();
        json.Reset(bytes);
        read = reads;
        if (subject.File?.Bytes > DocumentBytesMax) return Refused();
        // Each gateway has a document of its own; what both have reads alike.
        var isMcp = subject.Gateway != MessageSubject.LlmGateway;
        json.WriteStartObject();
        if (Wants("version")) json.WriteNumber("version", Version);
        if (Wants("now")) Moment(subject.Now);
        if (Wants("gateway")) json.WriteString("gateway", subject.Gateway);
        if (Wants("tenant")) values.Text("tenant", subject.Tenant.ToString());
        if (Wants("session")) values.Text("session", subject.Session);
        if (Wants("server")) values.Text("server", subject.Server);
        if (isMcp && Wants("protocol_version")) values.Text("protocol_version", subject.ProtocolVersion);
        if (Wants("direction")) json.WriteString("direction", subject.Direction.Word());
        if (Wants("kind")) json.WriteString("kind", subject.Kind.Word());
        if (Wants("method")) values.Text("method", subject.Method);
        if (Wants("name")) values.Text("name", subject.Name);
        if (Wants("caller")) Caller(subject.Caller);
        if (isMcp && Wants("pin")) json.WriteString("pin", subject.Pin.Word());
        if (isMcp && Wants("annotations")) Annotations(subject.Annotations);
        if (Wants("context")) Context(subject.Context);
        if (isMcp && Wants("arguments")) Arguments(subject.Arguments);
        if (isMcp && Wants("arguments_size")) json.WriteNumber("arguments_size", subject.Arguments.Length);
        if (Wants("content")) Content(subject.Content);
        if (isMcp && Wants("file")) File(subject.File);
        if (!isMcp && Wants("exchange")) Exchange(subject.Exchange);
        if (Wants("findings")) Findings(subject.Findings);
        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenCount <= DocumentBytesMax ? bytes.WrittenMemory : Refused();
    }

    private bool Wants(string member) => read is null || read.Contains(member);

    private static Problem Refused() =>
        new(ProblemCode.PolicyFailed, $"the message is too large to be shown to Rego policies: its document has more than {DocumentBytesMax} bytes") { Remedy = "Send less at once." };

    private void Moment(DateTimeOffset now)
    {
        Span<char> text = stackalloc char[32];
        now.UtcDateTime.TryFormat(text, out var length, "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
        json.WriteString("now", text[..length]);
    }

    private void Caller(MessageCaller caller)
    {
        json.WriteStartObject("caller");
        values.Text("name", caller.Name);
        json.WriteString("kind", caller.Kind());
        values.Texts("roles", caller.Roles);
        values.Text("authenticated_by", caller.AuthenticatedBy);
        json.WriteEndObject();
    }

    private void Context(JsonElement? given)
    {
        if (given is { ValueKind: JsonValueKind.Object } context)
        {
            values.Free("context", context);
            return;
        }
        json.WriteStartObject("context");
        json.WriteEndObject();
    }

    private void Arguments(ReadOnlyMemory<byte> arguments)
    {
        if (arguments.IsEmpty || arguments.Length > ContentBytesMax) json.WriteNull("arguments");
        else Raw("arguments", arguments);
    }

    private void Exchange(ReadOnlyMemory<byte> exchange)
    {
        if (exchange.IsEmpty) json.WriteNull("exchange");
        else Raw("exchange", exchange);
    }

    private void Annotations(JsonElement? annotations)
    {
        if (annotations is not { ValueKind: JsonValueKind.Object } given)
        {
            json.WriteNull("annotations");
            return;
        }
        json.WriteStartObject("annotations");
        values.Text("title", given.TryGetProperty("title", out var title) && title.ValueKind == JsonValueKind.String ? title.GetString() : null);
        Hint("read_only", MessageAnnotations.ReadOnly);
        Hint("destructive", MessageAnnotations.Destructive);
        Hint("idempotent", MessageAnnotations.Idempotent);
        Hint("open_world", MessageAnnotations.OpenWorld);
        json.WriteEndObject();

        void Hint(string name, string member)
        {
            if (MessageAnnotations.Hint(given, member) is { } truth) json.WriteBoolean(name, truth);
            else json.WriteNull(name);
        }
    }

    private void Content(ReadOnlyMemory<byte> content)
    {
        if (content.IsEmpty)
        {
            json.WriteNull("content");
            return;
        }
        var isLarge = content.Length > ContentBytesMax;
        json.WriteStartObject("content");
        json.WriteString("kind", isLarge ? "large" : "json");
        json.WriteNumber("size", content.Length);
        json.WriteString("digest", Digest.Of(content.Span).ToString());
        if (isLarge)
        {
            json.WriteNull("json");
            // Redacted before it is cut: half a secret would be no secret that anybody knows.
            values.Text("excerpt", TextCut.Start(redactor.Redact(Encoding.UTF8.GetString(content.Span)), ExcerptCharsMax));
        }
        else
        {
            Raw("json", content);
            json.WriteNull("excerpt");
        }
        json.WriteEndObject();
    }

    // The bytes of a message that was read strictly, as they stand, wherever no secret can be in them.
    private void Raw(string name, ReadOnlyMemory<byte> utf8)
    {
        json.WritePropertyName(name);
        if (InputValues.IsClean(utf8.Span, redactor)) json.WriteRawValue(utf8.Span, skipInputValidation: true);
        else redactor.Redact(JsonElement.Parse(utf8.Span, new JsonDocumentOptions { MaxDepth = 256 })).WriteTo(json);
    }

    private void File(FileOperation? file)
    {
        if (file is null)
        {
            json.WriteNull("file");
            return;
        }
        json.WriteStartObject("file");
        json.WriteString("action", file.Action.Word());
        json.WriteStartArray("targets");
        foreach (var target in file.Targets) Target(target);
        json.WriteEndArray();
        json.WriteNumber("bytes", file.Bytes);
        json.WriteBoolean("binary", file.Binary);
        json.WriteNumber("files_deleted", file.FilesDeleted);
        json.WriteNumber("lines_deleted", file.LinesDeleted);
        json.WriteNumber("lines_added", file.AddedLines.Count);
        json.WriteStartArray("added_lines");
        foreach (var line in file.AddedLines)
        {
            json.WriteStartObject();
            json.WriteNumber("number", line.Number);
            values.Text("text", line.Text);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void Target(FileTarget target)
    {
        var slash = target.Path?.LastIndexOf('/') ?? -1;
        json.WriteStartObject();
        values.Text("given", target.Given);
        values.Text("path", target.Path);
        values.Text("directory", target.Path is null ? null : slash < 0 ? "" : target.Path[..slash]);
        values.Text("name", target.Path?[(slash + 1)..]);
        values.Text("root", target.Root);
        json.WriteString("fault", target.Fault.Word());
        if (target.Exists is { } exists) json.WriteBoolean("exists", exists);
        else json.WriteNull("exists");
        json.WriteEndObject();
    }

    private void Findings(IReadOnlyList<MessageFinding> findings)
    {
        json.WriteStartArray("findings");
        foreach (var finding in findings)
        {
            json.WriteStartObject();
            json.WriteString("detector", finding.Detector);
            json.WriteString("rule", finding.Rule);
            values.Text("place", finding.Place);
            json.WriteString("decision", finding.Decision.Word());
            values.Text("reason", finding.Reason);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
