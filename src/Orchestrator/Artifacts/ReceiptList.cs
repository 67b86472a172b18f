// The receipt's list of artifacts, and whether the directory agrees with it: names, roles, paths, hashes, sizes (ART-04).
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Artifacts;

internal sealed class ReceiptList
{
    private readonly SortedDictionary<ArtifactName, EngineArtifact> byName = [];

    private ReceiptList() { }

    public static Outcome<ReceiptList> Read(EngineOutput receipt)
    {
        var list = new ReceiptList();
        var twins = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var entry in receipt.Artifacts ?? [])
        {
            if (!ArtifactName.TryParse(entry.Name, out var name))
                return ArtifactProblem.Of(ProblemCode.ArtifactNameInvalid, entry.Name ?? "", "the receipt lists a name that is not allowed");
            if (!list.byName.TryAdd(name, entry)) return Disagree(name, "name", "the receipt lists it twice");
            if (!twins.Add(entry.Name)) return ArtifactProblem.Of(ProblemCode.ArtifactNameTwin, entry.Name, "the receipt lists two names that differ only in case");
        }
        return list;
    }

    public string? RoleOf(ArtifactName name) => byName.GetValueOrDefault(name)?.Role;

    public Problem? Disagreement(ValidatedArtifact found)
    {
        if (!byName.TryGetValue(found.Name, out var listed)) return Disagree(found.Name, "artifacts", "it is in the directory, but the receipt does not list it");
        if (listed.Path is { } path && path != $"{found.Name}/artifact.json")
            return Disagree(found.Name, "path", $"the receipt says '{ArtifactProblem.Printable(path)}', it is {found.Name}/artifact.json");
        if (!Digest.TryParse(listed.Hash, out var hash) || hash != found.DocumentHash)
            return Disagree(found.Name, "hash", "the hash of artifact.json is another").With("declared", ArtifactProblem.Printable(listed.Hash ?? "none")).With("actual", found.DocumentHash.ToString());
        var size = found.Document.Length + (found.Body?.Length ?? 0);
        return listed.Size is { } declared && declared != size
            ? Disagree(found.Name, "size", "the size of artifact.json and body.data together is another").With("declared", $"{declared}").With("actual", $"{size}")
            : null;
    }

    public Problem? Missing(IEnumerable<ValidatedArtifact> found)
    {
        var names = found.Select(a => a.Name).ToHashSet();
        foreach (var name in byName.Keys)
            if (!names.Contains(name)) return Disagree(name, "artifacts", "the receipt lists it, but it is not in the directory");
        return null;
    }

    private static Problem Disagree(ArtifactName name, string field, string why) =>
        ArtifactProblem.Of(ProblemCode.ArtifactReceiptDisagrees, name.ToString(), why, $"receipt {field}");
}
