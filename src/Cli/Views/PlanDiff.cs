// A plan whole, as it was judged and hashed: every artifact with its metadata, patches coloured, other text as it is written.
// Invariant: nothing that the token binds goes unmentioned; what is too long or no text is counted and named by its digest.
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Orchestrator.Workflows.Stages;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Views;

internal static class PlanDiff
{
    private const int TextBytesMax = 1 << 20;
    private const int MetadataCharsMax = 2_000;
    private const int RefsMax = 100;

    /// <summary>How much of it could not be shown: lines and artifacts, for whoever asks a person to answer.</summary>
    public static Hidden Show(Screen screen, FrozenBytes plan)
    {
        if (!plan.Shown().Try(out var artifacts, out var problem))
        {
            screen.Problem(problem);
            return new(0, 1);
        }
        var hidden = new Hidden(0, 0);
        foreach (var artifact in artifacts) hidden += Describe(screen, artifact);
        foreach (var artifact in artifacts)
        {
            if (artifact.Content is not { IsEmpty: false } content) continue;
            if (artifact.IsPatch || IsText(content))
            {
                screen.Line("");
                if (!artifact.IsPatch) screen.Line($"  {artifact.Name}:");
                hidden += new Hidden(artifact.IsPatch ? screen.Diff(content) : screen.Text(content), 0);
            }
            else
            {
                hidden += new Hidden(0, 1);
            }
        }
        return hidden;
    }

    public static void Raw(Screen screen, IReadOnlyList<StepFlight> steps, IReadOnlyDictionary<StepId, FrozenBytes> plans)
    {
        foreach (var step in steps)
            if (plans.TryGetValue(step.Id, out var plan)) screen.Raw(Text(plan));
    }

    public static string Text(FrozenBytes plan)
    {
        var text = new StringBuilder();
        if (plan.Shown().Try(out var artifacts, out _))
            foreach (var artifact in artifacts.Where(a => a.IsPatch && a.Content is not null)) text.Append(Encoding.UTF8.GetString(artifact.Content!.Value.Span));
        return text.ToString();
    }

    /// <summary>The same for machines: everything but bodies that are no text.</summary>
    public static JsonArray Document(FrozenBytes plan) => plan.Shown().Try(out var artifacts, out _)
        ? [.. artifacts.Select(a => (JsonNode)new JsonObject
        {
            ["name"] = a.Name.ToString(),
            ["role"] = a.Role.Word(),
            ["type"] = a.Document.Type,
            ["action"] = a.Document.Action,
            ["target"] = a.Document.Target,
            ["metadata"] = a.Document.Metadata is { } metadata ? JsonNode.Parse(metadata.GetRawText()) : null,
            ["hash"] = a.Hash.ToString(),
            ["size"] = a.Content?.Length ?? 0,
            ["text"] = a.Content is { } content && IsText(content) ? Encoding.UTF8.GetString(content.Span) : null,
        })]
        : [];

    private static Hidden Describe(Screen screen, ShownArtifact a)
    {
        var d = a.Document;
        var size = a.Content is { } content ? $", {content.Length} bytes{(a.IsPatch || IsText(content) || content.IsEmpty ? "" : " that are no text")}" : "";
        screen.Field("artifact", $"{a.Name} ({a.Role.Word()}, {d.Type}, {d.Action}){(d.Target is { } target ? $" for {target}" : "")}{size}, {a.Hash}");
        if (d.Metadata is not { ValueKind: JsonValueKind.Object } metadata || !metadata.EnumerateObject().Any()) return default;
        var hidden = metadata.TryGetProperty("git", out var git) && git.ValueKind == JsonValueKind.Object ? Refs(screen, git) : default;
        var shown = JsonObject.Create(metadata)!;
        // A patch speaks for itself below; an engine's own count of its files says nothing that is not seen there.
        if (a.IsPatch && metadata.TryGetProperty("files", out var files) && files.ValueKind == JsonValueKind.Array) shown["files"] = $"{files.GetArrayLength()} entries (--json has them)";
        var text = Encoding.UTF8.GetString(Protocol.Json.CanonicalJson.Write(shown));
        screen.Field("metadata", text.Length <= MetadataCharsMax ? text : $"{text[..MetadataCharsMax]}... (+{text.Length - MetadataCharsMax} characters; --json has all)");
        return text.Length > MetadataCharsMax ? hidden + new Hidden(1, 0) : hidden;
    }

    // What moves in .git is an effect like any file's: it is not left to be found in JSON.
    private static Hidden Refs(Screen screen, JsonElement git)
    {
        var count = 0;
        if (git.TryGetProperty("refs", out var refs) && refs.ValueKind == JsonValueKind.Object)
            foreach (var entry in refs.EnumerateObject())
                if (count++ < RefsMax) screen.Field("git ref", $"{entry.Name}: {Id(entry.Value, "before") ?? "new"} -> {Id(entry.Value, "after") ?? "DELETED"}{(IsForced(entry.Value) ? "  FORCED: commits may be lost" : "")}");
        if (count > RefsMax) screen.Field("git ref", $"and {count - RefsMax} more (--json has all)");
        if (git.TryGetProperty("head", out var head) && head.ValueKind == JsonValueKind.String) screen.Field("git HEAD", head.GetString()!);
        if (git.TryGetProperty("index", out var index) && index.ValueKind == JsonValueKind.True) screen.Field("git index", "rewritten");
        return new(Math.Max(0, count - RefsMax), 0);
    }

    private static bool IsForced(JsonElement move) => move.ValueKind == JsonValueKind.Object && move.TryGetProperty("forced", out var forced) && forced.ValueKind == JsonValueKind.True;

    private static string? Id(JsonElement move, string name) =>
        move.ValueKind == JsonValueKind.Object && move.TryGetProperty(name, out var id) && id.ValueKind == JsonValueKind.String ? id.GetString() is { Length: > 12 } text ? text[..12] : id.GetString() : null;

    private static bool IsText(ReadOnlyMemory<byte> body) => body.Length <= TextBytesMax && !body.Span.Contains((byte)0) && System.Text.Unicode.Utf8.IsValid(body.Span);
}

/// <param name="Lines">Of text that was cut off.</param>
/// <param name="Artifacts">Whose body is no text.</param>
internal readonly record struct Hidden(int Lines, int Artifacts)
{
    public static Hidden operator +(Hidden a, Hidden b) => new(a.Lines + b.Lines, a.Artifacts + b.Artifacts);

    /// <summary>For the question that a person is asked; null: all was shown.</summary>
    public string? Words => (Lines, Artifacts) switch
    {
        (0, 0) => null,
        (_, 0) => $"{Lines} lines of this plan were NOT shown here",
        (0, _) => $"the content of {Artifacts} artifact(s) of this plan is no text and was NOT shown here",
        _ => $"{Lines} lines, and the content of {Artifacts} artifact(s) that are no text, were NOT shown here",
    };
}
