// What take-off may do inside .git: add objects that are what their names say, and move refs, HEAD, the index and their logs exactly as declared.
// Invariant: nothing that makes git run or read something else (config, hooks, alternates, grafts) can pass, whatever a plan declares.
using System.Text;
using CabinCrew.Orchestrator.Artifacts;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Orchestrator.Workspaces;

internal sealed class GitComparison(DeclaredGit? declared, IReadOnlyList<FileWrite> actual)
{
    private const string Root = ".git/";
    private readonly HashSet<string> moved = new(StringComparer.Ordinal);
    private readonly Lazy<Dictionary<string, FileWrite>> byPath = new(() => actual.ToDictionary(w => w.Change.Path.ToString(), StringComparer.Ordinal));

    // One pack comes as several files; it is unpacked once.
    private readonly Dictionary<string, string?> judged = new(StringComparer.Ordinal);

    public static bool IsGit(WorkspacePath path) => path.ToString() is ".git" || path.ToString().StartsWith(Root, StringComparison.Ordinal);

    /// <summary>Why this change is not covered, or null.</summary>
    public string? Refuse(FileWrite write)
    {
        if (declared is null) return "no artifact declares a change to git's directory";
        var path = write.Change.Path.ToString();
        if (!path.StartsWith(Root, StringComparison.Ordinal)) return "git's directory itself was replaced";
        if (write.Change.After is { Kind: not FileKind.Regular }) return "git writes regular files here";
        var name = path[Root.Length..];
        return name switch
        {
            "HEAD" => Head(write),
            "index" => declared.Index && write.Change.After is not null ? null : "the plan does not declare the index",
            _ when name.StartsWith("objects/", StringComparison.Ordinal) => Object(name["objects/".Length..], write),
            _ when name.StartsWith("refs/", StringComparison.Ordinal) => Ref(name, write),
            _ when name.StartsWith("logs/", StringComparison.Ordinal) => Log(name["logs/".Length..], write),
            _ => "only objects, refs, HEAD, index and logs may change",
        };
    }

    /// <summary>What was declared and did not happen; to be asked after every change was looked at.</summary>
    public IEnumerable<string> Missing()
    {
        if (declared is null) yield break;
        foreach (var (name, _) in declared.Refs)
            if (!moved.Contains(name)) yield return $"{Root}{name} (ref)";
        if (declared.Head is not null && !moved.Contains("HEAD")) yield return $"{Root}HEAD (ref)";
    }

    private string? Head(FileWrite write)
    {
        if (declared!.Head is null) return "the plan does not declare HEAD";
        moved.Add("HEAD");
        return TextOf(write) == declared.Head ? null : $"declared as '{declared.Head}'";
    }

    private string? Ref(string name, FileWrite write)
    {
        if (!declared!.Refs.TryGetValue(name, out var values)) return "the plan does not declare this ref";
        moved.Add(name);
        if (TextOf(write) != values.After) return $"declared as {values.After ?? "deleted"}";
        // A ref that was packed had no file of its own: whether it stood where the plan says is what the workspace's hash tells.
        if (write.Change.Before is not { } before) return null;
        return values.Before is { } was && before.Content == Digest.Of(Encoding.UTF8.GetBytes(was + "\n")) ? null : $"it was not at {values.Before ?? "nothing"} before";
    }

    private string? Log(string name, FileWrite write)
    {
        if (name == "HEAD" ? declared!.Head is null && declared.Refs.Count == 0 : !declared!.Refs.ContainsKey(name)) return "the plan does not declare the ref of this log";
        if (write.Change.After is null || write.Content is not { } content) return "a log may only grow";
        if (write.Change.Before is not { } before) return null;
        return before.Kind == FileKind.Regular && content.Length >= before.Size && Digest.Of(content.Span[..(int)before.Size]) == before.Content ? null : "a log may only grow";
    }

    private string? Object(string name, FileWrite write)
    {
        if (write.Change.Before is not null) return "an object may only be added";
        if (write.Content is not { } content) return "an object may only be added";
        if (name.StartsWith("pack/", StringComparison.Ordinal)) return Pack(name["pack/".Length..]);
        var id = name.Length > 3 && name[2] == '/' ? name[..2] + name[3..] : "";
        return GitNames.IsObjectId(id) && GitObjects.IsLoose(content, id) ? null : "it is not the object that its name says";
    }

    private string? Pack(string name)
    {
        var dot = name.LastIndexOf('.');
        if (dot < 0 || !name.StartsWith("pack-", StringComparison.Ordinal) || !GitNames.IsObjectId(name[5..dot])) return "not the name of a pack";
        if (name[dot..] is not (".pack" or ".idx" or ".rev")) return "not a part of a pack that may be added";
        var stem = $"{Root}objects/pack/{name[..dot]}";
        if (!byPath.Value.TryGetValue(stem + ".pack", out var pack) || !byPath.Value.TryGetValue(stem + ".idx", out var index)) return "a pack and its index come together";
        var reverse = byPath.Value.TryGetValue(stem + ".rev", out var rev) ? rev.Content : null;
        if (!judged.TryGetValue(stem, out var fault)) judged[stem] = fault = GitPacks.Fault(pack.Content ?? default, index.Content ?? default, reverse, name[5..dot].Length / 2);
        return fault;
    }

    private static string? TextOf(FileWrite write)
    {
        if (write.Content is not { } content) return null;
        var text = Encoding.UTF8.GetString(content.Span);
        return text.EndsWith('\n') ? text[..^1] : text;
    }
}
