// A disk that remembers what was flushed and what was not, as POSIX promises it and no better: a flush of a file makes its bytes and its mode last, a flush
// of a directory its names; all else may be there or not when the power comes back. Fed from a journal, it makes images of the disk at any moment.
namespace CabinCrew.Tests.Simulation.Power;

/// <summary>What becomes of that which was not flushed.</summary>
internal enum Fate
{
    Lost,
    Kept,
    /// <summary>Bytes: each write kept, lost, or torn between sectors. Names and modes: kept up to some moment, in their order, in each directory for itself.</summary>
    Torn,
    /// <summary>The same, but names and modes of all directories up to one common moment, as a file system with a journal does it.</summary>
    Journalled,
}

internal sealed class DiskModel
{
    private readonly string root;
    private readonly Node top;
    private readonly Dictionary<ulong, Node> byInode = [];
    private long clock;

    /// <summary>What stands under the root now is on disk.</summary>
    public DiskModel(string root)
    {
        this.root = root;
        top = Scan(root);
    }

    public void Apply(DiskRecord r)
    {
        clock++;
        switch (r.Kind)
        {
            case DiskKind.Create:
                Put(r.First, byInode[r.Inode] = new() { Mode = r.Mode, DurableMode = r.Mode });
                break;
            case DiskKind.MakeDirectory:
                Put(r.First, byInode[r.Inode] = new() { IsDirectory = true, Mode = r.Mode, DurableMode = r.Mode });
                break;
            case DiskKind.Symlink:
                Put(r.First, byInode[r.Inode] = new() { Target = r.Second });
                break;
            case DiskKind.Link:
                Put(r.Second, Find(r.First));
                break;
            case DiskKind.Rename:
                Rename(r.First, r.Second);
                break;
            case DiskKind.Remove:
                var (holder, name) = Parent(r.First);
                holder.Names.Remove(name);
                holder.Unflushed.Add(new(clock, name, null, null));
                break;
            case DiskKind.Write or DiskKind.Truncate:
                byInode[r.Inode].Pending.Add(new(clock, r.Offset, r.Kind == DiskKind.Write ? r.Bytes : null, null));
                break;
            case DiskKind.Mode:
                byInode[r.Inode].Pending.Add(new(clock, 0, null, r.Mode));
                break;
            case DiskKind.Flush when r.Inode == 0:
                foreach (var node in byInode.Values) node.Flush();
                break;
            case DiskKind.Flush:
                byInode[r.Inode].Flush();
                break;
            case DiskKind.FlushFailed:
                // The kernel tried, failed, and counts the pages as clean: they are never written again.
                byInode[r.Inode].Pending.RemoveAll(p => p.Bytes is not null);
                break;
        }
    }

    /// <summary>The disk as it may be found when the power comes back, in place of whatever stands under the root.</summary>
    public void Restore(Fate fate, Random random)
    {
        Empty(root);
        new Image(fate, random, fate == Fate.Journalled ? random.NextInt64(Oldest(), clock + 1) : 0).Write(top, root);
    }

    public static void Empty(string directory)
    {
        foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos())
            if (entry is DirectoryInfo { LinkTarget: null } inner) inner.Delete(recursive: true);
            else entry.Delete();
    }

    private long Oldest()
    {
        var open = byInode.Values.SelectMany(n => n.Unflushed.Select(u => u.At).Concat(n.Pending.Select(p => p.At))).ToList();
        return open.Count == 0 ? clock : open.Min() - 1;
    }

    private void Rename(string from, string to)
    {
        var node = Find(from);
        var ((source, oldName), (target, newName)) = (Parent(from), Parent(to));
        source.Names.Remove(oldName);
        target.Names[newName] = node;
        if (source == target) source.Unflushed.Add(new(clock, newName, node, oldName));
        else
        {
            target.Unflushed.Add(new(clock, newName, node, null));
            source.Unflushed.Add(new(clock, oldName, null, null));
        }
    }

    private void Put(string path, Node node)
    {
        var (holder, name) = Parent(path);
        holder.Names[name] = node;
        holder.Unflushed.Add(new(clock, name, node, null));
    }

    private (Node Holder, string Name) Parent(string path) => (Find(Path.GetDirectoryName(path)!), Path.GetFileName(path));

    private Node Find(string path)
    {
        var at = top;
        foreach (var name in Path.GetRelativePath(root, path).Split('/'))
            if (name != ".") at = at.Names[name];
        return at;
    }

    private Node Scan(string path)
    {
        var info = new FileInfo(path);
        var node = new Node();
        if (info.LinkTarget is { } target) node.Target = target;
        else
        {
            node.Mode = node.DurableMode = (uint)File.GetUnixFileMode(path);
            node.IsDirectory = Directory.Exists(path);
            if (!node.IsDirectory) node.Durable.Write(0, File.ReadAllBytes(path));
            else foreach (var entry in Directory.EnumerateFileSystemEntries(path)) node.Names[Path.GetFileName(entry)] = Scan(entry);
        }
        node.Flush();
        byInode[InodeOf(path)] = node;
        return node;
    }

    private static ulong InodeOf(string path)
    {
        using var directory = Orchestrator.Posix.DirectoryHandle.Open(Path.GetDirectoryName(path)!);
        return directory.TryStatus(Path.GetFileName(path), out var status) ? status.Inode : throw new IOException($"{path} is gone");
    }

    private sealed class Node
    {
        public bool IsDirectory { get; set; }
        public string? Target { get; set; }
        public uint Mode { get; set; }
        public uint DurableMode { get; set; }
        public Content Durable { get; set; } = new();
        public List<Change> Pending { get; } = [];
        /// <summary>As the running system sees them.</summary>
        public Dictionary<string, Node> Names { get; } = new(StringComparer.Ordinal);
        public Dictionary<string, Node> DurableNames { get; private set; } = new(StringComparer.Ordinal);
        public List<NameChange> Unflushed { get; } = [];

        public void Flush()
        {
            foreach (var change in Pending) DurableMode = change.On(Durable, DurableMode);
            Pending.Clear();
            if (!IsDirectory) return;
            DurableNames = new(Names, StringComparer.Ordinal);
            Unflushed.Clear();
        }
    }

    /// <param name="Bytes">Null with a null mode: the file's length becomes the offset.</param>
    private sealed record Change(long At, long Offset, byte[]? Bytes, uint? NewMode)
    {
        public uint On(Content content, uint mode)
        {
            if (NewMode is { } m) return m;
            if (Bytes is null) content.Resize((int)Offset);
            else content.Write((int)Offset, Bytes);
            return mode;
        }
    }

    private sealed class Content
    {
        private byte[] bytes = [];

        public int Length { get; private set; }

        public ReadOnlySpan<byte> Span => bytes.AsSpan(0, Length);

        public void Write(int offset, ReadOnlySpan<byte> part)
        {
            if (Length < offset + part.Length) Resize(offset + part.Length);
            part.CopyTo(bytes.AsSpan(offset));
        }

        public void Resize(int length)
        {
            if (bytes.Length < length) Array.Resize(ref bytes, Math.Max(length, 2 * bytes.Length));
            if (length < Length) bytes.AsSpan(length, Length - length).Clear();
            Length = length;
        }

        public Content Copy() => new() { bytes = [.. Span], Length = Length };
    }

    /// <param name="Node">Null: the name goes.</param>
    /// <param name="Old">A name in the same directory that goes at the same moment.</param>
    private sealed record NameChange(long At, string Name, Node? Node, string? Old);

    private sealed class Image(Fate fate, Random random, long until)
    {
        private readonly int sector = random.Next(2) == 0 ? 512 : 4096;
        private readonly Dictionary<Node, (Content, uint)> chosen = [];

        public void Write(Node directory, string path)
        {
            foreach (var (name, node) in Names(directory))
            {
                var at = Path.Combine(path, name);
                if (node.Target is { } target) File.CreateSymbolicLink(at, target);
                else if (node.IsDirectory)
                {
                    Directory.CreateDirectory(at);
                    Write(node, at);
                    File.SetUnixFileMode(at, (UnixFileMode)Choose(node).Mode);
                }
                else
                {
                    var (content, mode) = Choose(node);
                    File.WriteAllBytes(at, content.Span);
                    File.SetUnixFileMode(at, (UnixFileMode)mode);
                }
            }
        }

        private Dictionary<string, Node> Names(Node directory)
        {
            if (fate == Fate.Kept) return directory.Names;
            var names = new Dictionary<string, Node>(directory.DurableNames, StringComparer.Ordinal);
            var kept = fate switch
            {
                Fate.Torn => random.Next(directory.Unflushed.Count + 1),
                Fate.Journalled => directory.Unflushed.TakeWhile(u => u.At <= until).Count(),
                _ => 0,
            };
            foreach (var change in directory.Unflushed.Take(kept))
            {
                if (change.Old is { } old) names.Remove(old);
                if (change.Node is { } node) names[change.Name] = node;
                else names.Remove(change.Name);
            }
            return names;
        }

        private (Content Content, uint Mode) Choose(Node node)
        {
            if (chosen.TryGetValue(node, out var known)) return known;
            var (content, mode) = (node.Durable.Copy(), node.DurableMode);
            foreach (var change in node.Pending)
            {
                var isKept = fate switch
                {
                    Fate.Kept => true,
                    Fate.Lost => false,
                    Fate.Journalled when change.Bytes is null => change.At <= until,
                    _ => random.Next(3) == 0,
                };
                if (isKept) mode = change.On(content, mode);
                else if (change.Bytes is { } bytes && fate is Fate.Torn or Fate.Journalled && random.Next(2) == 0) Tear(content, (int)change.Offset, bytes);
            }
            return chosen[node] = (content, mode);
        }

        // Each sector for itself: written, left as it was, or (where the file grew) zeros.
        private void Tear(Content content, int offset, ReadOnlySpan<byte> bytes)
        {
            for (var at = 0; at < bytes.Length;)
            {
                var length = Math.Min(bytes.Length - at, sector - (offset + at) % sector);
                if (random.Next(2) == 0) content.Write(offset + at, bytes.Slice(at, length));
                at += length;
            }
        }
    }
}
