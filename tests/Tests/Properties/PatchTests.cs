// Patches against git itself: what we write git applies, what git writes we apply, on random trees; and every round trip is exact.
using System.Diagnostics;
using System.Text;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol;
using Xunit;

namespace CabinCrew.Tests.Properties;

public sealed class PatchTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("cc-patch-").FullName;

    public void Dispose() => Directory.Delete(root, true);

    [Fact, Clause("ENG-09")]
    public void What_is_written_applies_to_exactly_the_tree_it_was_made_for()
    {
        for (var seed = 1; seed <= 150; seed++)
        {
            var random = new Random(seed);
            var before = RandomTree(random);
            var after = Edit(before, random);
            var patch = GitPatch.Write(Writes(before, after), Reader(before));
            Assert.Equal(patch, GitPatch.Write(Writes(before, after).AsEnumerable().Reverse(), Reader(before)));
            if (Writes(before, after).Count == 0) continue;
            Assert.True(Same(after, Applied(before, patch)), $"seed {seed}");
        }
    }

    [Fact, Clause("ENG-09")]
    public void Git_applies_our_patches_to_the_same_tree()
    {
        for (var seed = 1000; seed < 1030; seed++)
        {
            var random = new Random(seed);
            var before = RandomTree(random);
            var after = Edit(before, random);
            if (Writes(before, after).Count == 0) continue;
            var directory = Path.Combine(root, $"ours-{seed}");
            WriteTree(directory, before);
            var file = Path.Combine(root, $"{seed}.patch");
            File.WriteAllBytes(file, GitPatch.Write(Writes(before, after), Reader(before)));
            Git(directory, "apply", "--whitespace=nowarn", file);
            Assert.True(Describe(after).SequenceEqual(Describe(ReadTree(directory))), $"seed {seed}: {string.Join('\n', Describe(after).Except(Describe(ReadTree(directory))))}\n{File.ReadAllText(file)}");
        }
    }

    [Fact, Clause("ENG-09")]
    public void We_apply_gits_patches_to_the_same_tree()
    {
        for (var seed = 2000; seed < 2030; seed++)
        {
            var random = new Random(seed);
            var before = RandomTree(random);
            var after = Edit(before, random);
            if (Writes(before, after).Count == 0) continue;
            var directory = Path.Combine(root, $"git-{seed}");
            WriteTree(directory, before);
            Git(directory, "init", "-q");
            Git(directory, "add", "-A");
            var tree = Encoding.ASCII.GetString(Git(directory, "write-tree")).Trim();
            foreach (var entry in Directory.GetFileSystemEntries(directory).Where(e => Path.GetFileName(e) != ".git"))
                if (File.Exists(entry) || new FileInfo(entry).LinkTarget is not null) File.Delete(entry);
                else Directory.Delete(entry, true);
            WriteTree(directory, after);
            Git(directory, "add", "-A");
            var options = seed % 3 == 0 ? "--find-copies-harder" : seed % 3 == 1 ? "--find-renames=30%" : "--no-renames";
            var patch = Git(directory, "-c", $"core.quotePath={seed % 2 == 0}", "diff", "--cached", "--binary", "--no-color", options, $"-U{random.Next(0, 5)}", tree);
            Assert.True(Same(after, Applied(before, patch)), $"seed {seed}:\n{Encoding.UTF8.GetString(patch)}");
        }
    }

    [Fact]
    public void A_text_of_ten_thousand_lines_that_shares_little_is_diffed_quickly_and_exactly()
    {
        var random = new Random(5);
        byte[] Text() => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 10_000).Select(_ => $"{random.Next(200)}\n")));
        var (before, after) = (Tree(("a", Text())), Tree(("a", Text())));
        var watch = Stopwatch.StartNew();
        var patch = GitPatch.Write(Writes(before, after), Reader(before));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"{watch.Elapsed}");
        Assert.True(Same(after, Applied(before, patch)));
    }

    [Fact]
    public void A_small_edit_of_a_long_file_stays_a_small_patch()
    {
        var lines = Enumerable.Range(0, 10_000).Select(i => $"line {i}").ToList();
        var before = Tree(("a", Encoding.UTF8.GetBytes(string.Join('\n', lines))));
        lines[5000] = "changed";
        lines.RemoveAt(100);
        var after = Tree(("a", Encoding.UTF8.GetBytes(string.Join('\n', lines))));
        var set = GitPatch.Parse(GitPatch.Write(Writes(before, after), Reader(before))).Value;
        Assert.Equal((1, 2), (set.Files[0].Added, set.Files[0].Deleted));
        Assert.Equal(2, set.Files[0].Hunks.Count);
    }

    internal static SortedDictionary<string, FileContent> Tree(params (string Path, byte[] Bytes)[] files)
    {
        var tree = new SortedDictionary<string, FileContent>(StringComparer.Ordinal);
        foreach (var (path, bytes) in files) tree[path] = new(FileKind.Regular, bytes);
        return tree;
    }

    internal static ReadBase Reader(SortedDictionary<string, FileContent> tree) => path => tree.GetValueOrDefault(path.ToString());

    internal static List<FileWrite> Writes(SortedDictionary<string, FileContent> before, SortedDictionary<string, FileContent> after) =>
        [.. before.Keys.Union(after.Keys).Where(p => before.GetValueOrDefault(p)?.State != after.GetValueOrDefault(p)?.State)
            .Select(p => new FileWrite(new(WorkspacePath.Parse(p), before.GetValueOrDefault(p)?.State, after.GetValueOrDefault(p)?.State), after.GetValueOrDefault(p)?.Bytes))];

    internal static SortedDictionary<string, FileContent> Applied(SortedDictionary<string, FileContent> before, byte[] patch)
    {
        var parsed = GitPatch.Parse(patch);
        Assert.True(parsed.Ok, $"{parsed.Problem}\n{Encoding.UTF8.GetString(patch)}");
        var writes = GitPatch.Apply(parsed.Value, Reader(before));
        Assert.True(writes.Ok, $"{writes.Problem}\n{Encoding.UTF8.GetString(patch)}");
        var after = new SortedDictionary<string, FileContent>(before, StringComparer.Ordinal);
        foreach (var write in writes.Value)
            if (write.Change.After is { } state) after[write.Change.Path.ToString()] = new(state.Kind, write.Content!.Value);
            else after.Remove(write.Change.Path.ToString());
        return after;
    }

    internal static IEnumerable<string> Describe(SortedDictionary<string, FileContent> tree) => tree.Select(e => $"{e.Key} {e.Value.State}");

    private static bool Same(SortedDictionary<string, FileContent> a, SortedDictionary<string, FileContent> b) =>
        a.Keys.SequenceEqual(b.Keys) && a.All(e => e.Value.State == b[e.Key].State);

    private static readonly string[] Names = ["a", "b c", "d/e", "d/f", "é/ü", "q\"uote", "back\\slash", "z/y/x", "tail ", "a/ b/ c"];

    private static SortedDictionary<string, FileContent> RandomTree(Random random)
    {
        var tree = new SortedDictionary<string, FileContent>(StringComparer.Ordinal);
        foreach (var name in Names.Skip(1))
            if (random.Next(3) > 0) tree[name is "a/ b/ c" ? "m/ b/ c" : name] = RandomFile(random);
        tree["keep"] = new(FileKind.Regular, "keep\n"u8.ToArray());
        return tree;
    }

    private static FileContent RandomFile(Random random)
    {
        var kind = random.Next(8) switch { 0 => FileKind.Link, 1 => FileKind.Executable, _ => FileKind.Regular };
        if (kind == FileKind.Link) return new(kind, Encoding.UTF8.GetBytes($"target{random.Next(5)}"));
        if (random.Next(5) == 0)
        {
            var bytes = new byte[random.Next(1, 3000)];
            random.NextBytes(bytes);
            bytes[0] = 0;
            return new(kind, bytes);
        }
        return new(kind, RandomText(random, random.Next(0, 40)));
    }

    private static byte[] RandomText(Random random, int lines)
    {
        var text = new StringBuilder();
        for (var i = 0; i < lines; i++) text.Append(random.Next(12) switch { 0 => "", 1 => "--- a/x", 2 => "+++ b/x", 3 => "@@ -1 +1 @@", 4 => "carriage\r", var n => $"line {n}" }).Append('\n');
        if (random.Next(3) == 0) text.Append("no newline");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static SortedDictionary<string, FileContent> Edit(SortedDictionary<string, FileContent> before, Random random)
    {
        var after = new SortedDictionary<string, FileContent>(StringComparer.Ordinal);
        foreach (var (path, content) in before)
            switch (path == "keep" ? 9 : random.Next(10))
            {
                case 0: break;
                case 1: after[path] = RandomFile(random); break;
                case 2: after[path] = content.Kind == FileKind.Link ? content : content with { Kind = content.Kind == FileKind.Regular ? FileKind.Executable : FileKind.Regular }; break;
                case 3: after[$"moved/{path}"] = content; break;
                case < 8 when content.Kind != FileKind.Link:
                    var lines = Encoding.Latin1.GetString(content.Bytes.Span).Split('\n').ToList();
                    for (var n = random.Next(1, 5); n > 0; n--)
                        if (random.Next(2) == 0) lines.Insert(random.Next(lines.Count + 1), $"new {random.Next(9)}");
                        else if (lines.Count > 1) lines.RemoveAt(random.Next(lines.Count));
                    after[path] = content with { Bytes = Encoding.Latin1.GetBytes(string.Join('\n', lines)) };
                    break;
                default: after[path] = content; break;
            }
        if (random.Next(2) == 0) after["a"] = RandomFile(random);
        return after;
    }

    internal static void WriteTree(string directory, SortedDictionary<string, FileContent> tree)
    {
        Directory.CreateDirectory(directory);
        foreach (var (path, content) in tree)
        {
            var full = Path.Combine(directory, path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            if (content.Kind == FileKind.Link) { File.CreateSymbolicLink(full, Encoding.UTF8.GetString(content.Bytes.Span)); continue; }
            File.WriteAllBytes(full, content.Bytes.Span);
            File.SetUnixFileMode(full, (UnixFileMode)(content.Kind == FileKind.Executable ? 0b111_101_101 : 0b110_100_100));
        }
    }

    internal static SortedDictionary<string, FileContent> ReadTree(string directory)
    {
        var tree = new SortedDictionary<string, FileContent>(StringComparer.Ordinal);
        foreach (var full in Directory.EnumerateFileSystemEntries(directory, "*", SearchOption.AllDirectories))
        {
            var (path, info) = (Path.GetRelativePath(directory, full), new FileInfo(full));
            if (info.LinkTarget is { } target) tree[path] = new(FileKind.Link, Encoding.UTF8.GetBytes(target));
            else if (info.Exists) tree[path] = new((info.UnixFileMode & UnixFileMode.UserExecute) != 0 ? FileKind.Executable : FileKind.Regular, File.ReadAllBytes(full));
        }
        return tree;
    }

    private static byte[] Git(string directory, params string[] arguments)
    {
        var start = new ProcessStartInfo("git", arguments) { WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in new[] { ("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CEILING_DIRECTORIES", Path.GetDirectoryName(directory)!) }) start.Environment[name] = value;
        using var git = Process.Start(start)!;
        var errors = git.StandardError.ReadToEndAsync();
        using var output = new MemoryStream();
        git.StandardOutput.BaseStream.CopyTo(output);
        git.WaitForExit();
        Assert.True(git.ExitCode == 0, $"git {string.Join(' ', arguments)}: {errors.Result}");
        return output.ToArray();
    }
}
