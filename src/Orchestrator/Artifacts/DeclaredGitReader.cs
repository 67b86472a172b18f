// Reads metadata.git of an evidence artifact: the refs, HEAD and index that take-off may change. Anything that is not plainly said is refused.
using System.Text.Json;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Artifacts;

internal static class DeclaredGitReader
{
    private const int RefsMax = 10_000;
    private const string Field = "/metadata/git";

    /// <summary>One artifact at most declares; null where none does.</summary>
    public static Outcome<(DeclaredGit? Declared, string? By)> ReadAll(IEnumerable<ValidatedArtifact> artifacts)
    {
        (DeclaredGit? Declared, string? By) found = default;
        foreach (var artifact in artifacts)
        {
            if (artifact.Role != ArtifactRole.Evidence || !artifact.Metadata.TryGetProperty("git", out _)) continue;
            if (!Read(artifact.Name, artifact.Metadata).Try(out var declared, out var problem)) return problem;
            if (found.By is not null)
                return ArtifactProblem.Of(ProblemCode.ArtifactPatchConflict, artifact.Name.ToString(), $"'{found.By}' declares changes to git's directory too", Field);
            found = (declared, artifact.Name.ToString());
        }
        return found;
    }

    public static Outcome<DeclaredGit> Read(ArtifactName artifact, JsonElement metadata)
    {
        Problem Refuse(string field, string why) => ArtifactProblem.Of(ProblemCode.ArtifactMalformed, artifact.ToString(), why, Field + field);

        var git = metadata.GetProperty("git");
        if (git.ValueKind != JsonValueKind.Object) return Refuse("", "expected an object with refs, head and index");
        var refs = new SortedDictionary<string, (string? Before, string? After)>(StringComparer.Ordinal);
        var forced = new HashSet<string>(StringComparer.Ordinal);
        string? head = null;
        var index = false;
        foreach (var member in git.EnumerateObject())
        {
            switch (member.Name)
            {
                case "refs" when member.Value.ValueKind == JsonValueKind.Object:
                    foreach (var entry in member.Value.EnumerateObject())
                    {
                        var shown = ArtifactProblem.Printable(entry.Name);
                        if (!GitNames.IsFullRef(entry.Name)) return Refuse("/refs", $"'{shown}' is no full name of a ref");
                        if (!Value(entry.Value, "before", out var before) || !Value(entry.Value, "after", out var after) || !Flag(entry.Value, "forced", out var isForced) || entry.Value.EnumerateObject().Any(m => m.Name is not ("before" or "after" or "forced")))
                            return Refuse("/refs", $"'{shown}' needs before and after, each an object id or null, and may have forced (true or false)");
                        if (before == after) return Refuse("/refs", $"'{shown}' is the same before and after");
                        if (isForced && (before is null || after is null)) return Refuse("/refs", $"'{shown}' is made or deleted, which is not forced");
                        if (isForced) forced.Add(entry.Name);
                        if (refs.Count == RefsMax) return Refuse("/refs", $"there are more than {RefsMax}");
                        refs[entry.Name] = (before, after);
                    }
                    break;
                case "head" when member.Value.ValueKind == JsonValueKind.Null:
                    break;
                case "head" when member.Value.ValueKind == JsonValueKind.String:
                    head = member.Value.GetString()!;
                    var branch = head.StartsWith("ref: ", StringComparison.Ordinal) ? head[5..] : null;
                    if (branch is null ? !GitNames.IsObjectId(head) : !GitNames.IsFullRef(branch))
                        return Refuse("/head", "expected 'ref: refs/heads/NAME' or an object id");
                    break;
                case "index" when member.Value.ValueKind is JsonValueKind.True or JsonValueKind.False:
                    index = member.Value.GetBoolean();
                    break;
                default:
                    return Refuse("/" + ArtifactProblem.Printable(member.Name), "expected refs (object), head (string or null) and index (true or false)");
            }
        }
        return new DeclaredGit(refs, head, index) { Forced = forced };
    }

    private static bool Flag(JsonElement entry, string name, out bool value)
    {
        value = entry.TryGetProperty(name, out var element) && element.ValueKind == JsonValueKind.True;
        return value || element.ValueKind is JsonValueKind.Undefined or JsonValueKind.False;
    }

    private static bool Value(JsonElement entry, string name, out string? value)
    {
        value = null;
        if (entry.ValueKind != JsonValueKind.Object || !entry.TryGetProperty(name, out var element)) return false;
        if (element.ValueKind == JsonValueKind.Null) return true;
        value = element.ValueKind == JsonValueKind.String ? element.GetString() : null;
        return value is not null && GitNames.IsObjectId(value);
    }
}

internal static class GitNames
{
    public static bool IsObjectId(string text) => text.Length is 40 or 64 && text.All(char.IsAsciiHexDigitLower);

    /// <summary>The full name of a ref, by the rules of git-check-ref-format(1).</summary>
    public static bool IsFullRef(string name)
    {
        if (name.Length > 1024 || !name.StartsWith("refs/", StringComparison.Ordinal) || name[^1] is '/' or '.') return false;
        if (name.Contains("..", StringComparison.Ordinal) || name.Contains("@{", StringComparison.Ordinal)) return false;
        foreach (var c in name)
            if (c <= ' ' || c == 0x7f || c is '~' or '^' or ':' or '?' or '*' or '[' or '\\' || char.IsSurrogate(c) || char.IsControl(c)) return false;
        var segments = name.Split('/');
        return segments.Length >= 3 && segments.All(s => s.Length > 0 && s[0] != '.' && !s.EndsWith(".lock", StringComparison.Ordinal));
    }
}
