// apply_patch: a unified diff over any number of files, exactly or not at all.
using System.Text;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Servers.Files.Disk;

namespace CabinCrew.Servers.Files.Tools;

internal sealed class PatchTool(Tree tree)
{
    private const int PatchCharsMax = 32 << 20, NamedMax = 200;

    public Tool Definition => new("apply_patch", "Apply a patch",
        "Applies a unified diff (as git diff or diff -u write it; with creations, deletions, renames, modes and binary parts) to all files that it names, or to none: every line of context must be there exactly, at its place. With dry_run it is only checked.",
        """
        {"type":"object","properties":{
          "patch":{"type":"string","description":"The unified diff, paths from the root (a/ and b/ are understood)."},
          "dry_run":{"type":"boolean"}},
         "required":["patch"],"additionalProperties":false}
        """, Effect.Destroy, Again: false, Apply);

    private Outcome<ToolAnswer> Apply(Arguments a, CancellationToken ct)
    {
        var (text, dry) = (a.Text("patch", PatchCharsMax), a.Flag("dry_run"));
        if (a.Check() is { } wrong) return wrong;
        if (text.Length > 0 && text[^1] != '\n') text += "\n";
        var applied = GitPatch.Parse(Encoding.UTF8.GetBytes(text)).Then(set => GitPatch.Apply(set, path => Change.Read(tree, path)));
        if (!applied.Try(out var writes, out var problem)) return problem with { Remedy = "Nothing was changed. Read the file at that place and write the hunk with the lines that are there; or use edit_file." };
        if (writes.Count == 0) return ToolAnswer.Of("The patch changes nothing.");
        var told = string.Join('\n', writes.Take(NamedMax).Select(w => $"{w.Change.Word} {w.Change.Path}{(w.Change.After is { } after ? $" {after.Content}" : "")}")) + (writes.Count > NamedMax ? $"\nand {writes.Count - NamedMax} more" : "");
        if (dry) return ToolAnswer.Of(told, "[dry run: it applies; nothing was changed]");
        return Change.Apply(tree, writes).Map(_ => ToolAnswer.Of(told, $"[applied to {writes.Count} files]"));
    }
}
