// The list of what an undo puts back, as it lies in the blob store; its digest stands in the step's config, and so in the plan-token.
// Built by UndoPlanner; read by the stage that hands the contents to the engine, and by the engine.
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Orchestrator.Workflows;

/// <param name="Before">Where it stands now.</param>
/// <param name="Forced">It goes back behind commits that it holds now.</param>
internal sealed record RestoredRef(string? Before, string? After, bool Forced);

/// <param name="Head">HEAD's text; null: it stays.</param>
/// <param name="Index">The content of the index; null: it stays.</param>
/// <param name="Shown">The text that shows reviewers what the moves change.</param>
internal sealed record RestoredGit(SortedDictionary<string, RestoredRef> Refs, string? Head, Digest? Index, Digest? Shown);

/// <param name="Changes">From now to then.</param>
/// <param name="Notes">What is not undone, in words.</param>
internal sealed record RestoreList(IReadOnlyList<ChangeRecord> Changes, RestoredGit? Git, IReadOnlyList<string> Notes)
{
    public byte[] ToBytes()
    {
        var document = new JsonObject
        {
            ["version"] = 1,
            ["changes"] = JsonSerializer.SerializeToNode(Changes, FlightJson.Default.IReadOnlyListChangeRecord),
            ["notes"] = new JsonArray([.. Notes.Select(n => (JsonNode)n)]),
        };
        if (Git is { } git)
        {
            var refs = new JsonObject();
            foreach (var (name, move) in git.Refs)
            {
                var shown = new JsonObject { ["before"] = move.Before, ["after"] = move.After };
                if (move.Forced) shown["forced"] = true;
                refs[name] = shown;
            }
            var own = new JsonObject { ["refs"] = refs };
            if (git.Head is { } head) own["head"] = head;
            if (git.Index is { } index) own["index"] = index.ToString();
            if (git.Shown is { } text) own["shown"] = text.ToString();
            document["git"] = own;
        }
        return CanonicalJson.Write(document);
    }

    /// <summary>Every blob that a list names, to be laid out for the engine.</summary>
    public static Outcome<IReadOnlyList<Digest>> Named(ReadOnlyMemory<byte> bytes)
    {
        if (!StrictJson.Parse(bytes, new JsonLimits(64 << 20)).Try(out var list, out var problem)) return problem;
        try
        {
            var found = new HashSet<Digest>();
            foreach (var change in list.GetProperty("changes").EnumerateArray())
                if (change.TryGetProperty("after", out var after)) found.Add(Digest.Parse(after.GetProperty("content").GetString()!));
            if (list.TryGetProperty("git", out var git))
                foreach (var name in (string[])["index", "shown"])
                    if (git.TryGetProperty(name, out var digest)) found.Add(Digest.Parse(digest.GetString()!));
            return Outcome.Of<IReadOnlyList<Digest>>([.. found]);
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException or ArgumentNullException)
        {
            return new Problem(ProblemCode.StoreCorrupt, $"the list of what is to be restored cannot be read: {e.Message}");
        }
    }
}

/// <summary>Which flight this one undoes, and which of its steps.</summary>
public sealed record UndoesRecord(string Workflow, IReadOnlyList<string> Steps);
