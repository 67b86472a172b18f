// Reads an engine's artifacts directory by descriptor (ART-01, ART-03, ENG-12): regular files of the two known names, within their limits.
// Invariant: size is refused before a byte is read, and no link, hard or soft, is ever read through.
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Artifacts;

/// <summary>An artifact's bytes, nothing of which is believed yet.</summary>
internal sealed record RawArtifact(ArtifactName Name, ReadOnlyMemory<byte> Document, ReadOnlyMemory<byte>? Body);

internal static class ArtifactDirectory
{
    private const string DocumentFile = "artifact.json";
    private const string BodyFile = "body.data";

    // An artifact has two entries; a few more are listed so that the message can name the first that is too much.
    private const int EntriesMax = 64;

    public static Outcome<List<RawArtifact>> Read(DirectoryHandle directory, EngineLimits limits)
    {
        List<ListedEntry> entries;
        try
        {
            entries = directory.List(limits.ArtifactCount);
        }
        catch (TooManyEntriesException)
        {
            return new Problem(ProblemCode.LimitArtifactCount, $"there are more than {limits.ArtifactCount} artifacts").With("limit", $"{limits.ArtifactCount}");
        }
        catch (IOException e)
        {
            return new Problem(ProblemCode.IoFailed, $"the artifacts directory cannot be read: {e.Message}");
        }

        var artifacts = new List<RawArtifact>(entries.Count);
        var twins = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var budget = limits.ArtifactBytes;
        foreach (var entry in entries)
        {
            if (!NameOf(directory, entry).Try(out var name, out var problem)) return problem;
            if (!twins.TryAdd(name.ToString(), name.ToString()))
                return ArtifactProblem.Of(ProblemCode.ArtifactNameTwin, name.ToString(), $"its name differs only in case from '{twins[name.ToString()]}'");
            if (!ReadOne(directory, name, limits, ref budget).Try(out var raw, out problem)) return problem;
            artifacts.Add(raw);
        }
        return artifacts;
    }

    private static Outcome<ArtifactName> NameOf(DirectoryHandle directory, ListedEntry entry)
    {
        string text;
        try
        {
            text = DirectoryHandle.NameOf(entry.Name);
        }
        catch (InvalidDataException)
        {
            return ArtifactProblem.Of(ProblemCode.ArtifactNameInvalid, System.Text.Encoding.Latin1.GetString(entry.Name), "the name is not valid UTF-8");
        }
        if (directory.Stat(text) is not { } stat) return ArtifactProblem.Of(ProblemCode.ArtifactChangedAfterExit, text, "it vanished while it was read");
        if (Refuse(text, text, stat, EntryKind.Directory) is { } problem) return problem;
        return ArtifactName.TryParse(text, out var name)
            ? name
            : ArtifactProblem.Of(ProblemCode.ArtifactNameInvalid, text, "the name is not allowed");
    }

    private static Outcome<RawArtifact> ReadOne(DirectoryHandle directory, ArtifactName name, EngineLimits limits, ref long budget)
    {
        var text = name.ToString();
        try
        {
            using var own = directory.OpenDirectory(text);
            var hasDocument = false;
            var hasBody = false;
            foreach (var listed in own.List(EntriesMax))
            {
                var file = DirectoryHandle.NameOf(listed.Name);
                if (own.Stat(file) is not { } stat) return ArtifactProblem.Of(ProblemCode.ArtifactChangedAfterExit, text, $"{file} vanished while it was read");
                if (Refuse(text, file, stat, EntryKind.File) is { } problem) return problem;
                if (file is not (DocumentFile or BodyFile))
                    return ArtifactProblem.Of(ProblemCode.ArtifactUnexpectedEntry, text, $"'{ArtifactProblem.Printable(file)}' does not belong there");
                hasDocument |= file == DocumentFile;
                hasBody |= file == BodyFile;
            }
            if (!hasDocument) return ArtifactProblem.Of(ProblemCode.ArtifactJsonMissing, text, "there is no artifact.json");
            if (!ReadFile(own, text, DocumentFile, ArtifactDocuments.Limits.BytesMax, limits, ref budget).Try(out var document, out var refused)) return refused;
            if (!hasBody) return new RawArtifact(name, document, null);
            if (!ReadFile(own, text, BodyFile, Math.Min(limits.ArtifactBytes, WholeFile.BytesMax), limits, ref budget).Try(out var body, out refused)) return refused;
            return new RawArtifact(name, document, body);
        }
        catch (TooManyEntriesException)
        {
            return ArtifactProblem.Of(ProblemCode.ArtifactUnexpectedEntry, text, $"it has more than {EntriesMax} entries; only artifact.json and body.data belong there");
        }
        catch (InvalidDataException)
        {
            return ArtifactProblem.Of(ProblemCode.ArtifactUnexpectedEntry, text, "it has an entry whose name is not valid UTF-8");
        }
        catch (IOException e)
        {
            return ArtifactProblem.Of(ProblemCode.ArtifactMalformed, text, $"it cannot be read: {e.Message}");
        }
    }

    private static Outcome<byte[]> ReadFile(DirectoryHandle own, string artifact, string name, long bytesMax, EngineLimits limits, ref long budget)
    {
        using var file = own.OpenFile(name, out var status);
        if (status.LinkCount > 1) return HardLink(artifact, name);
        var size = (long)status.Size;
        if (size > bytesMax)
            return ArtifactProblem.Of(ProblemCode.ArtifactTooLarge, artifact, $"{name} has {size} bytes, more than {bytesMax}", name)
                .With("limit", $"{bytesMax}").With("size", $"{size}").With("allocated", $"{(long)status.Blocks * 512}");
        if (size > budget)
            return ArtifactProblem.Of(ProblemCode.LimitArtifactBytes, artifact, $"with {name} the artifacts have more than {limits.ArtifactBytes} bytes together", name)
                .With("limit", $"{limits.ArtifactBytes}");
        budget -= size;
        try
        {
            return WholeFile.Read(file, size, bytesMax);
        }
        catch (IOException e)
        {
            return ArtifactProblem.Of(ProblemCode.ArtifactChangedAfterExit, artifact, e.Message, name);
        }
    }

    private static Problem? Refuse(string artifact, string entry, EntryStat stat, EntryKind expected) => stat.Kind switch
    {
        EntryKind.Link => ArtifactProblem.Of(ProblemCode.ArtifactLink, artifact, $"'{ArtifactProblem.Printable(entry)}' is a symbolic link"),
        EntryKind.File when stat.LinkCount > 1 => HardLink(artifact, entry),
        EntryKind.File or EntryKind.Directory => stat.Kind == expected
            ? null
            : ArtifactProblem.Of(ProblemCode.ArtifactUnexpectedEntry, artifact, $"'{ArtifactProblem.Printable(entry)}' is a {stat.Kind.ToString().ToLowerInvariant()}, not a {expected.ToString().ToLowerInvariant()}"),
        _ => ArtifactProblem.Of(ProblemCode.ArtifactSpecialFile, artifact, $"'{ArtifactProblem.Printable(entry)}' is a {stat.Kind.ToString().ToLowerInvariant()}"),
    };

    private static Problem HardLink(string artifact, string entry) =>
        ArtifactProblem.Of(ProblemCode.ArtifactLink, artifact, $"'{ArtifactProblem.Printable(entry)}' is a hard link: it has another name");
}
