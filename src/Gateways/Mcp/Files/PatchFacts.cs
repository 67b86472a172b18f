// What a patch in a call would do (MCP-04): its files, what it brings and takes away. Read with the protocol's own strict reader, or, where it is one, as the envelope that some agents
// write (*** Begin Patch). What cannot be read in full is not judged in part.
using System.Text;
using CabinCrew.Governance.Policies;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Gateways.Mcp.Files;

/// <param name="Paths">As the patch spells them.</param>
/// <param name="IsRead">False: nobody can tell what it does.</param>
internal sealed record PatchFacts(IReadOnlyList<string> Paths, IReadOnlyList<NumberedLine> AddedLines, int FilesDeleted, int LinesDeleted, bool Binary, bool IsRead)
{
    public const int PatchCharsMax = 16 << 20;

    private const string EnvelopeBegin = "*** Begin Patch", EnvelopeEnd = "*** End Patch";
    private const int FilesMax = 10_000;

    private static readonly (string Mark, bool Deletes)[] EnvelopeFiles = [("*** Add File: ", false), ("*** Update File: ", false), ("*** Delete File: ", true), ("*** Move to: ", false)];

    private static readonly PatchFacts Unread = new([], [], 0, 0, false, false);

    public static PatchFacts Of(string patch)
    {
        if (patch.Length > PatchCharsMax) return Unread;
        if (patch.AsSpan().TrimStart().StartsWith(EnvelopeBegin)) return OfEnvelope(patch);
        // A patch of a call often lacks its last line feed.
        var text = patch.EndsWith('\n') ? patch : patch + "\n";
        return GitPatch.Parse(Encoding.UTF8.GetBytes(text)).Try(out var set, out _) ? Of(set) : Unread;
    }

    private static PatchFacts Of(PatchSet set)
    {
        List<string> paths = [];
        List<NumberedLine> added = [];
        int filesDeleted = 0, linesDeleted = 0;
        var binary = false;
        foreach (var file in set.Files)
        {
            // A copy leaves the old file as it is, and reads it.
            if (file.OldPath is { } old) paths.Add(old.ToString());
            if (file.NewPath is { } @new && @new != file.OldPath) paths.Add(@new.ToString());
            if (file.NewPath is null || file.IsRename) filesDeleted++;
            binary |= file.Binary is not null;
            foreach (var hunk in file.Hunks)
            {
                foreach (var line in hunk.Lines)
                {
                    if (line.Mark == '-') linesDeleted++;
                    if (line.Mark == '+') added.Add(new(added.Count + 1, Encoding.UTF8.GetString(line.Text.Span.TrimEnd("\r\n"u8))));
                }
            }
        }
        return new(paths, added, filesDeleted, linesDeleted, binary, true);
    }

    private static PatchFacts OfEnvelope(string patch)
    {
        List<string> paths = [];
        List<NumberedLine> added = [];
        int filesDeleted = 0, linesDeleted = 0;
        bool begun = false, ended = false;
        foreach (var range in patch.AsSpan().Split('\n'))
        {
            var line = patch.AsSpan(range).TrimEnd('\r');
            if (!begun)
            {
                begun = line.Trim().SequenceEqual(EnvelopeBegin);
                if (!begun && !line.IsWhiteSpace()) return Unread;
                continue;
            }
            if (ended)
            {
                if (!line.IsWhiteSpace()) return Unread;
            }
            else if (line.Trim().SequenceEqual(EnvelopeEnd)) ended = true;
            else if (File(line, paths, ref filesDeleted)) continue;
            else if (line.StartsWith("*** End of File")) continue;
            else if (line.StartsWith("***") || paths.Count == 0) return Unread;
            else if (line.Length > 0 && line[0] == '+') added.Add(new(added.Count + 1, line[1..].ToString()));
            else if (line.Length > 0 && line[0] == '-') linesDeleted++;
            else if (line.Length > 0 && line[0] != ' ' && !line.StartsWith("@@")) return Unread;
            if (paths.Count > FilesMax) return Unread;
        }
        return ended && paths.Count > 0 ? new(paths, added, filesDeleted, linesDeleted, false, true) : Unread;
    }

    private static bool File(ReadOnlySpan<char> line, List<string> paths, ref int filesDeleted)
    {
        foreach (var (mark, deletes) in EnvelopeFiles)
        {
            if (!line.StartsWith(mark)) continue;
            paths.Add(line[mark.Length..].Trim().ToString());
            if (deletes || mark == "*** Move to: ") filesDeleted++;
            return true;
        }
        return false;
    }
}
