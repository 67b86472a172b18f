// What the evidence's patches declare about the workspace's files (ENG-09): applied to the planned base, merged, and consistent as one tree.
// Invariant: metadata declares nothing here; only a patch body of an evidence artifact does, since that is what reviewers see.
using System.Text;
using System.Text.Json;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Artifacts;

internal static class DeclaredChanges
{
    public static Outcome<IReadOnlyList<FileWrite>> Read(IReadOnlyList<ValidatedArtifact> artifacts, ReadBase readBase)
    {
        var declared = new SortedDictionary<WorkspacePath, (FileWrite Write, string Artifact)>();
        foreach (var artifact in artifacts)
        {
            if (artifact.Role != ArtifactRole.Evidence || !ArtifactTypes.DeclaresFileChanges(artifact.Type)) continue;
            var name = artifact.Name.ToString();
            if (!PatchOf(artifact).Try(out var patch, out var problem)) return problem;
            if (patch.IsEmpty) continue;
            if (!Apply(patch, readBase).Try(out var writes, out problem)) return problem.At(ArtifactProblem.Place(name)).With("artifact", name);
            foreach (var write in writes)
            {
                if (Refuse(name, write) is { } refused) return refused;
                if (!declared.TryAdd(write.Change.Path, (write, name)))
                    return ArtifactProblem.Of(ProblemCode.ArtifactPatchConflict, name, $"'{declared[write.Change.Path].Artifact}' declares a change to {write.Change.Path} too")
                        .With("path", write.Change.Path.ToString());
            }
        }
        var cleared = "";
        foreach (var (path, (write, artifact)) in declared)
        {
            if (write.Change.After is null) continue;
            // Neighbours follow each other: what stands above both was looked at for the first.
            if (Obstacle(path, declared, readBase, path.ToString().AsSpan().CommonPrefixLength(cleared)) is { } obstacle)
                return ArtifactProblem.Of(obstacle.Code, artifact, obstacle.Why).With("path", path.ToString());
            cleared = path.ToString();
        }
        return Outcome.Of<IReadOnlyList<FileWrite>>([.. declared.Values.Select(d => d.Write)]);
    }

    private static Outcome<ReadOnlyMemory<byte>> PatchOf(ValidatedArtifact artifact) => artifact switch
    {
        { Content: null } => ReadOnlyMemory<byte>.Empty,
        { Body: null, Inline: not { ValueKind: JsonValueKind.String } } =>
            ArtifactProblem.Of(ProblemCode.ArtifactPatchInvalid, artifact.Name.ToString(), $"the body of a {ArtifactProblem.Printable(artifact.Type)} is the text of a patch", "/body"),
        { Content: { } content } => content,
    };

    private static Outcome<IReadOnlyList<FileWrite>> Apply(ReadOnlyMemory<byte> patch, ReadBase readBase)
    {
        try
        {
            return GitPatch.Parse(patch).Then(parsed => GitPatch.Apply(parsed, readBase));
        }
        catch (IOException e)
        {
            return new Problem(ProblemCode.ArtifactPatchInvalid, $"the workspace could not be read: {e.Message}");
        }
    }

    private static Problem? Refuse(string artifact, FileWrite write)
    {
        var path = write.Change.Path.ToString();
        var segments = path.Split('/');
        // At any depth: a project inside this one keeps its identities and keys in such a directory too.
        if (segments.Any(s => string.Equals(s, ".cabincrew", StringComparison.OrdinalIgnoreCase)))
            return ArtifactProblem.Of(ProblemCode.ArtifactPatchInvalid, artifact, $"a patch may not touch the store: {path}").With("path", path);
        if (segments.Any(s => string.Equals(s, ".git", StringComparison.OrdinalIgnoreCase)))
            return ArtifactProblem.Of(ProblemCode.ArtifactPatchInvalid, artifact, $"a patch may not touch git's own directory: {path}").With("path", path);
        if (write.Change.After?.Kind == FileKind.Link && Escapes(segments, Encoding.UTF8.GetString((write.Content ?? default).Span)))
            return ArtifactProblem.Of(ProblemCode.ArtifactExternalReference, artifact, $"the link {path} would lead out of the workspace").With("path", path);
        return null;
    }

    // Where the link's target, taken as text, would lead; links on the way are judged when they are made.
    private static bool Escapes(string[] link, string target)
    {
        if (target.Length == 0 || target[0] == '/' || target.Contains('\0')) return true;
        var depth = link.Length - 1;
        foreach (var segment in target.Split('/'))
        {
            depth += segment switch { "" or "." => 0, ".." => -1, _ => 1 };
            if (depth < 0) return true;
        }
        return false;
    }

    // A path that will exist needs every parent to be a directory: neither a file that stays nor one that is declared.
    private static (ProblemCode Code, string Why)? Obstacle(
        WorkspacePath path, SortedDictionary<WorkspacePath, (FileWrite Write, string Artifact)> declared, ReadBase readBase, int cleared)
    {
        var text = path.ToString();
        for (var slash = text.IndexOf('/'); slash > 0; slash = text.IndexOf('/', slash + 1))
        {
            if (slash < cleared) continue;
            var parent = WorkspacePath.Parse(text[..slash]);
            if (declared.TryGetValue(parent, out var other))
            {
                if (other.Write.Change.After is not null) return (ProblemCode.ArtifactPatchConflict, $"{parent} cannot be a file and hold {text}");
            }
            else if (readBase(parent) is { } standing)
            {
                return (ProblemCode.ArtifactPatchInvalid, $"{text} runs through {parent}, which is a {(standing.Kind == FileKind.Link ? "link" : "file")}");
            }
        }
        return null;
    }
}
