// Config: undoes, steps (for people), restores (the digest of the list). The list and the contents it names lie in a directory of their own, by digest.
// Plan: evidence "changes" (file_patch), and where git's references move evidence "references" and state "index". Take-off applies those and nothing else (ENG-08).
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.EngineSdk;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Engines.Undo;

/// <param name="directory">Null at take-off, which needs the artifacts alone.</param>
internal sealed class UndoEngine(string? directory) : Engine
{
    private const string Changes = "changes", References = "references", Index = "index";
    private const int ListBytesMax = 64 << 20;

    public override string Id => "undo";

    protected override Task<Outcome<Done>> PlanAsync(FlightPlan plan, CancellationToken ct) => Task.FromResult(Plan(plan));

    protected override Task<Outcome<Done>> TakeOffAsync(TakeOff takeOff, CancellationToken ct)
    {
        if (takeOff.ApplyPatch(Changes).Problem is { } problem) return Task.FromResult<Outcome<Done>>(problem);
        if (takeOff.Artifacts.TryGetValue(References, out var references)) Move(takeOff, references.Document.Metadata!.Value.GetProperty("git"));
        return Task.FromResult(Done.Ok);
    }

    private Outcome<Done> Plan(FlightPlan plan)
    {
        var settings = Settings.Of(plan.Config);
        settings.Text("undoes");
        settings.Texts("steps");
        var listed = settings.RequiredText("restores");
        if (!Digest.TryParse(listed, out var digest)) settings.Fail("restores", "expected the digest of a list");
        if (!settings.Check().Try(out _, out var problem)) return problem;
        if (directory is null) return new Problem(ProblemCode.EngineValidationFailed, "this engine is run by `cabincrew undo`, which hands it what is to be put back");
        if (!Content(digest).Try(out var bytes, out problem)) return problem;
        if (!StrictJson.Parse(bytes, new JsonLimits(ListBytesMax)).Try(out var list, out problem)) return problem;

        foreach (var note in list.GetProperty("notes").EnumerateArray()) plan.Warn(note.GetString()!);
        var writes = new List<FileWrite>();
        foreach (var entry in list.GetProperty("changes").EnumerateArray())
        {
            if (!Write(plan, entry).Try(out var write, out problem)) return problem;
            writes.Add(write);
        }
        plan.DeclareChanges(Changes, writes);
        return list.TryGetProperty("git", out var git) ? Refer(plan, git) : Done.Ok;
    }

    private Outcome<FileWrite> Write(FlightPlan plan, JsonElement entry)
    {
        var path = WorkspacePath.Parse(entry.GetProperty("path").GetString()!);
        var (before, after) = (State(entry, "before"), State(entry, "after"));
        if (plan.ReadWorkspace(path)?.State != before) return new Problem(ProblemCode.EngineFailed, $"'{path}' is no longer what the take-off left") { Where = path.ToString() };
        if (after is null) return new FileWrite(new(path, before, null), null);
        return Content(after.Content).Map(bytes => new FileWrite(new(path, before, after), bytes));
    }

    private Outcome<Done> Refer(FlightPlan plan, JsonElement git)
    {
        ReadOnlyMemory<byte> text = default;
        if (git.TryGetProperty("shown", out var shown) && !Content(Digest.Parse(shown.GetString()!)).Try(out text, out var problem)) return problem;
        var index = git.TryGetProperty("index", out var kept);
        if (index)
        {
            if (!Content(Digest.Parse(kept.GetString()!)).Try(out var bytes, out problem)) return problem;
            plan.WriteArtifact(Index, new() { Type = "git_index", Action = "restore", Role = ArtifactRole.State, Metadata = WireJson.ToElement(new JsonObject { ["size"] = bytes.Length }) }, bytes.Span);
        }
        var refs = JsonObject.Create(git.GetProperty("refs"))!;
        var head = git.TryGetProperty("head", out var value) ? value.GetString() : null;
        plan.WriteArtifact(References, new()
        {
            Type = ArtifactTypes.StructuredPlan,
            Action = "restore",
            Role = ArtifactRole.Evidence,
            Mime = text.IsEmpty ? null : "text/x-diff",
            Metadata = WireJson.ToElement(new JsonObject
            {
                ["summary"] = $"{refs.Count} git reference(s) go back{(head is null ? "" : ", and HEAD")}{(index ? ", and the index" : "")}",
                ["git"] = new JsonObject { ["refs"] = refs, ["head"] = head, ["index"] = index },
            }),
        }, text.Span);
        return Done.Ok;
    }

    private static void Move(TakeOff takeOff, JsonElement git)
    {
        string At(string name) => Path.Join(takeOff.Workspace, ".git", name);
        if (git.GetProperty("index").GetBoolean()) File.WriteAllBytes(At("index"), takeOff.Artifacts[Index].Body!);
        foreach (var move in git.GetProperty("refs").EnumerateObject())
        {
            if (move.Value.GetProperty("after").GetString() is not { } after) File.Delete(At(move.Name));
            else
            {
                Directory.CreateDirectory(Path.GetDirectoryName(At(move.Name))!);
                File.WriteAllText(At(move.Name), after + "\n");
            }
        }
        if (git.GetProperty("head").GetString() is { } head) File.WriteAllText(At("HEAD"), head + "\n");
    }

    private static FileState? State(JsonElement entry, string name) => entry.TryGetProperty(name, out var state)
        ? new(Enum.Parse<FileKind>(state.GetProperty("kind").GetString()!), Digest.Parse(state.GetProperty("content").GetString()!), state.GetProperty("size").GetInt64())
        : null;

    /// <summary>The directory is not believed: what has another digest is not what was kept.</summary>
    private Outcome<ReadOnlyMemory<byte>> Content(Digest digest)
    {
        var path = Path.Join(directory, digest.Hex);
        if (!File.Exists(path)) return new Problem(ProblemCode.EngineFailed, $"the content {digest} is not there");
        var bytes = File.ReadAllBytes(path);
        return Digest.Of(bytes) == digest ? (ReadOnlyMemory<byte>)bytes : new Problem(ProblemCode.EngineFailed, $"the content {digest} is another");
    }
}
