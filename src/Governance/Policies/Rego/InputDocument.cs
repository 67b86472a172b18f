// What Rego policies see as `input`: one step's validated plan as a JSON document of fixed shape (PRE-05). Described, member by member, in
// schemas/policy-input.json, which policies are type-checked against; docs/reference/policy-input.md is made of that.
// Invariants: the same subject gives the same bytes; every member is always there (null where it has no value), so a typo can be told
// from an absence; nothing is cut short in silence; no secret's value is in it.
using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using CabinCrew.Governance.Policies.Rules;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Governance.Policies.Rego;

/// <summary>Writes the input document of the package <c>cabincrew.preflight</c>.</summary>
public sealed class InputDocument
{
    public const int Version = 1;

    /// <summary>The name of its schema, as <c>cabincrew schema</c> takes it.</summary>
    public const string SchemaName = "policy-input";

    /// <summary>A larger body is told by kind, size, digest and its first characters only.</summary>
    public const int BodyBytesMax = 4 << 20;

    /// <summary>A plan that makes a larger document is not judged, which counts as deny.</summary>
    public const int DocumentBytesMax = 32 << 20;

    public const int ExcerptCharsMax = 2000;

    private readonly PolicySubject subject;
    private readonly Utf8JsonWriter json;
    private readonly InputBodies bodies;
    private readonly InputValues values;

    private InputDocument(PolicySubject subject, Redactor redactor, Utf8JsonWriter json) => (this.subject, this.json, values, bodies) = (subject, json, new(json, redactor), new(json, redactor));

    /// <summary>The document in UTF-8. Refused, with <see cref="ProblemCode.PolicyFailed"/>: a plan beyond <see cref="DocumentBytesMax"/>.</summary>
    public static Outcome<ReadOnlyMemory<byte>> Write(PolicySubject subject, Redactor redactor)
    {
        var bytes = new ArrayBufferWriter<byte>(SizeOf(subject));
        using var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        return new InputDocument(subject, redactor, json).Whole() ? bytes.WrittenMemory : TooLarge();
    }

    // About what it will come to, so that the buffer seldom grows.
    private static int SizeOf(PolicySubject subject)
    {
        var size = 2048L;
        foreach (var artifact in subject.Artifacts) size += 512 + artifact.Document.Length + 2L * Math.Min(artifact.Body?.Length ?? 0, BodyBytesMax);
        foreach (var change in subject.Changes) size += 768 + 96L * (change.AddedLines.Count + change.DeletedLines.Count);
        return (int)Math.Min(size, DocumentBytesMax);
    }

    private static Problem TooLarge() =>
        new(ProblemCode.PolicyFailed, $"the plan is too large to be shown to Rego policies: its document has more than {DocumentBytesMax} bytes")
        {
            Remedy = "Split the plan into smaller steps.",
        };

    private bool Whole()
    {
        json.WriteStartObject();
        json.WriteNumber("version", Version);
        json.WriteString("now", subject.Now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture));
        values.Text("environment", subject.Environment);
        values.Text("tenant", subject.Tenant.ToString());
        json.WriteStartObject("workflow");
        values.Text("id", subject.WorkflowId.ToString());
        values.Text("name", subject.WorkflowName);
        json.WriteEndObject();
        json.WriteStartObject("step");
        values.Text("id", subject.StepId.ToString());
        json.WriteEndObject();
        json.WriteStartObject("engine");
        values.Text("id", subject.EngineId);
        json.WriteEndObject();
        json.WriteStartObject("requester");
        values.Text("name", subject.Requester);
        json.WriteString("kind", subject.RequesterIsHuman switch { true => "human", false => "automation", null => "unknown" });
        values.Texts("roles", subject.RequesterRoles);
        json.WriteEndObject();
        json.WriteStartObject("isolation");
        values.Text("tier", subject.Isolation);
        json.WriteBoolean("sandboxed", subject.Sandboxed);
        json.WriteEndObject();
        values.Texts("network", subject.Network);
        json.WriteBoolean("outside_effects", subject.OutsideEffects);
        values.Free("config", subject.Config);
        values.Free("context", subject.Context);
        Totals();
        if (!Artifacts() || !Changes()) return false;
        Refs();
        if (!Findings()) return false;
        json.WriteEndObject();
        json.Flush();
        return Fits();
    }

    private void Totals()
    {
        var changes = subject.Changes;
        json.WriteStartObject("totals");
        json.WriteNumber("artifacts", subject.Artifacts.Count);
        json.WriteNumber("files_changed", changes.Count);
        json.WriteNumber("files_created", changes.Count(c => c.Change.Before is null));
        json.WriteNumber("files_updated", changes.Count(c => c.Change is { Before: not null, After: not null }));
        json.WriteNumber("files_deleted", changes.Count(c => c.Change.After is null));
        json.WriteNumber("files_binary", changes.Count(c => c.Binary));
        json.WriteNumber("lines_added", changes.Sum(c => (long)c.AddedLines.Count));
        json.WriteNumber("lines_deleted", changes.Sum(c => (long)c.DeletedLines.Count));
        json.WriteNumber("refs", subject.Refs.Count);
        json.WriteNumber("findings", subject.Findings?.Found.Count ?? 0);
        json.WriteEndObject();
    }

    private bool Artifacts()
    {
        json.WriteStartArray("artifacts");
        foreach (var artifact in subject.Artifacts)
        {
            json.WriteStartObject();
            values.Text("name", artifact.Name.ToString());
            json.WriteString("role", artifact.Role.Word());
            values.Text("type", artifact.Type);
            values.Text("action", artifact.Action);
            values.Text("target", artifact.Target);
            values.Free("metadata", artifact.Metadata);
            bodies.Write("body", artifact.Body);
            json.WriteEndObject();
            if (!Fits()) return false;
        }
        json.WriteEndArray();
        return true;
    }

    private bool Changes()
    {
        json.WriteStartArray("changes");
        foreach (var change in subject.Changes)
        {
            var path = change.Change.Path.ToString();
            var slash = path.LastIndexOf('/');
            json.WriteStartObject();
            values.Text("path", path);
            values.Text("directory", slash < 0 ? "" : path[..slash]);
            values.Text("name", path[(slash + 1)..]);
            json.WriteString("change", change.Change.Word);
            State("before", change.Change.Before);
            State("after", change.Change.After);
            json.WriteBoolean("binary", change.Binary);
            json.WriteBoolean("becomes_executable", change.Change is { After.Kind: FileKind.Executable } and not { Before.Kind: FileKind.Executable });
            values.Text("link_target", change is { Change.After.Kind: FileKind.Link, AddedLines: [var target] } ? target.Text : null);
            json.WriteBoolean("link_outside", LinkTargets.LeadsOutside(change));
            json.WriteNumber("lines_added", change.AddedLines.Count);
            json.WriteNumber("lines_deleted", change.DeletedLines.Count);
            if (!Lines("added_lines", change.AddedLines) || !Lines("deleted_lines", change.DeletedLines)) return false;
            json.WriteEndObject();
            if (!Fits()) return false;
        }
        json.WriteEndArray();
        return true;
    }

    private void State(string name, FileState? state)
    {
        if (state is null)
        {
            json.WriteNull(name);
            return;
        }
        json.WriteStartObject(name);
        json.WriteString("kind", state.Kind switch { FileKind.Regular => "regular", FileKind.Executable => "executable", FileKind.Link => "link" });
        json.WriteNumber("size", state.Size);
        json.WriteString("digest", state.Content.ToString());
        json.WriteEndObject();
    }

    private bool Lines(string name, IReadOnlyList<NumberedLine> lines)
    {
        json.WriteStartArray(name);
        foreach (var line in lines)
        {
            json.WriteStartObject();
            json.WriteNumber("number", line.Number);
            values.Text("text", line.Text);
            json.WriteEndObject();
            if (!Fits()) return false;
        }
        json.WriteEndArray();
        return true;
    }

    private void Refs()
    {
        json.WriteStartArray("refs");
        foreach (var moved in subject.Refs)
        {
            json.WriteStartObject();
            values.Text("name", moved.Name);
            json.WriteString("move", moved.Before is null ? "create" : moved.After is null ? "delete" : "update");
            // HEAD and the index are updated from and to what has no commit's name.
            values.Text("before", moved.Before is "" ? null : moved.Before);
            values.Text("after", moved.After is "" ? null : moved.After);
            json.WriteBoolean("forced", moved.Forced);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private bool Findings()
    {
        json.WriteStartArray("findings");
        foreach (var found in subject.Findings?.Found ?? [])
        {
            json.WriteStartObject();
            json.WriteString("detector", found.Detector);
            json.WriteString("rule", found.Rule);
            json.WriteString("decision", found.Decision.Word());
            values.Text("path", found.Path);
            json.WriteNumber("line", found.Line);
            json.WriteNumber("column", found.Column);
            values.Text("message", found.Message);
            json.WriteString("fingerprint", found.Fingerprint);
            json.WriteString("within", found.Within);
            json.WriteEndObject();
            if (!Fits()) return false;
        }
        json.WriteEndArray();
        return true;
    }

    private bool Fits() => json.BytesCommitted + json.BytesPending <= DocumentBytesMax;
}
