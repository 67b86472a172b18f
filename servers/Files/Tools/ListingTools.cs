// list_directory and tree.
using System.Text;
using CabinCrew.Protocol;
using CabinCrew.Servers.Files.Disk;

namespace CabinCrew.Servers.Files.Tools;

internal sealed class ListingTools(Tree tree)
{
    private const int ListedMax = 2000, DepthMax = 16;

    public IReadOnlyList<Tool> All =>
    [
        new("list_directory", "List a directory", "Lists one directory in the order of names: directories end with '/', links show where they lead, files show their size. At most 2000 entries at a time: ask on with after.",
            """
            {"type":"object","properties":{
              "path":{"type":"string","description":"The directory; without it the root."},
              "after":{"type":"string","description":"Names after this one, to ask on."}},
             "additionalProperties":false}
            """, Effect.Read, Again: true, List),
        new("tree", "Show a tree", "Shows a directory with what is in it, indented, down to a depth. '.git' and 'node_modules' are named and not entered.",
            """
            {"type":"object","properties":{
              "path":{"type":"string","description":"The directory; without it the root."},
              "depth":{"type":"integer","minimum":1,"maximum":16,"description":"How deep; 3 without it."},
              "max_entries":{"type":"integer","minimum":1,"maximum":2000,"description":"500 without it."}},
             "additionalProperties":false}
            """, Effect.Read, Again: true, Show),
    ];

    private Outcome<ToolAnswer> List(Arguments a, CancellationToken ct)
    {
        var (path, after) = (a.OptionalText("path") ?? "", a.OptionalText("after"));
        if (a.Check() is { } wrong) return wrong;
        if (!tree.Relative(path).Try(out var relative, out var problem)) return problem;
        using var directory = tree.OpenDirectory(relative);
        var all = Tree.Entries(directory, Tree.EntriesMax);
        var rest = after is null ? all : [.. all.Where(e => string.CompareOrdinal(e.Name, after) > 0)];
        var text = new StringBuilder();
        foreach (var entry in rest.Take(ListedMax)) text.Append(Line(directory, entry)).Append('\n');
        var more = rest.Count > ListedMax ? $"; more: after \"{rest[ListedMax - 1].Name}\"" : "";
        return ToolAnswer.Of(text.ToString(), $"[{Math.Min(rest.Count, ListedMax)} of {all.Count} entries of {(relative.Length == 0 ? tree.Path : relative)}{more}]");
    }

    private static string Line(Microsoft.Win32.SafeHandles.SafeFileHandle directory, Entry entry) => entry.Status.Kind switch
    {
        EntryKind.Directory => entry.Name + "/",
        EntryKind.Link => $"{entry.Name} -> {Native.ReadLink(directory, entry.Name)}",
        EntryKind.File => $"{entry.Name} ({entry.Status.Size} bytes)",
        _ => $"{entry.Name} (special)",
    };

    private Outcome<ToolAnswer> Show(Arguments a, CancellationToken ct)
    {
        var path = a.OptionalText("path") ?? "";
        var (depth, most) = ((int)(a.Number("depth", 1, DepthMax) ?? 3), (int)(a.Number("max_entries", 1, ListedMax) ?? 500));
        if (a.Check() is { } wrong) return wrong;
        if (!tree.Relative(path).Try(out var relative, out var problem)) return problem;
        var text = new StringBuilder();
        var (shown, left) = (0, 0);
        Below(relative, 0);
        return ToolAnswer.Of(text.ToString(), left == 0 ? $"[{shown} entries, {depth} deep at most]" : $"[{shown} entries shown; at least {left} more are not: ask for a directory of it, or for more with max_entries]");

        void Below(string at, int level)
        {
            ct.ThrowIfCancellationRequested();
            using var directory = tree.OpenDirectory(at);
            foreach (var entry in Tree.Entries(directory, Tree.EntriesMax))
            {
                if (shown == most)
                {
                    left++;
                    continue;
                }
                shown++;
                text.Append(' ', level * 2).Append(Line(directory, entry)).Append('\n');
                if (entry.Status.Kind == EntryKind.Directory && level + 1 < depth && !Walk.IsPassedOver(entry.Name)) Below(at.Length == 0 ? entry.Name : $"{at}/{entry.Name}", level + 1);
            }
        }
    }
}
