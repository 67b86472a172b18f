// The workspace's hash (TOK-06): SHA-256 over a manifest of every file, executable and link, as docs/reference/workspace-hash.md defines it.
// Invariant: everything is read at every gate; no time stamp stands for content. Whatever cannot be hashed is refused, never skipped.
using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Orchestrator.Workspaces;

public static partial class WorkspaceHasher
{
    /// <summary>Entry at the root that is never part of the workspace: the store.</summary>
    public const string StoreDirectory = ".cabincrew";

    internal const int FilesMax = 1_000_000;
    internal const int DepthMax = 256;
    private const int Attempts = 3;

    public static Outcome<WorkspaceSnapshot> Hash(string workspace, CancellationToken ct)
    {
        Problem? last = null;
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var pass = HashOnce(workspace, ct);
            if (pass.Try(out var snapshot, out var problem)) return snapshot;
            last = problem;
            if (!problem.Evidence.ContainsKey(Moving)) break;
        }
        return last!.With("workspace", workspace);
    }

    /// <summary>Reads a path without following links, for applying patches; null where there is nothing. Throws <see cref="IOException"/> where it cannot be read.</summary>
    public static ReadBase Reader(string workspace) => path =>
    {
        using var root = DirectoryHandle.Open(workspace);
        return WorkspaceTree.Read(root, path);
    };

    /// <summary>Evidence key of a problem that another attempt may not meet: the tree changed under the reader.</summary>
    internal const string Moving = "changed_while_read";

    private static Outcome<WorkspaceSnapshot> HashOnce(string workspace, CancellationToken ct)
    {
        DirectoryHandle root;
        try
        {
            root = DirectoryHandle.Open(workspace);
        }
        catch (IOException e)
        {
            return new Problem(ProblemCode.WorkspaceUnreadable, $"the workspace cannot be opened: {e.Message}") { Where = workspace };
        }
        using (root) return new HashWalk(ct).Run(root);
    }
}

/// <summary>One line of the manifest: <c>MODE SP VALUE SP PATH NUL</c>.</summary>
internal readonly record struct ManifestEntry(string Mode, string Value, byte[] Path)
{
    public static int Compare(ManifestEntry a, ManifestEntry b) => a.Path.AsSpan().SequenceCompareTo(b.Path);
}

/// <summary>The walk lists directories and hands out batches of files; whoever is free hashes them, the walker too when the queue is full.</summary>
internal sealed class HashWalk(CancellationToken ct)
{
    private const int BatchFiles = 32, QueueMax = 32;
    private static readonly int Workers = Math.Max(0, Environment.ProcessorCount - 1);

    private readonly ConcurrentQueue<Batch> queue = [];
    private readonly ConcurrentBag<HashedBatch> done = [];
    private readonly List<ManifestEntry> references = [];
    private readonly List<Task> workers = [];
    private volatile Problem? problem;
    private volatile bool foreign;
    private int files, busy;
    private Batch? last;

    public Outcome<WorkspaceSnapshot> Run(DirectoryHandle root)
    {
        try
        {
            Walk(new(root), [], 0);
        }
        finally
        {
            if (last is not null) Hash(last);
            Drain();
            Task.WaitAll([.. workers], CancellationToken.None);
        }
        ct.ThrowIfCancellationRequested();
        if (problem is { } found) return found;

        var entries = new List<ManifestEntry>(files + references.Count);
        entries.AddRange(references);
        long bytes = 0;
        foreach (var batch in done)
        {
            entries.AddRange(batch.Entries);
            bytes += batch.Bytes;
        }
        entries.Sort(ManifestEntry.Compare);
        return new WorkspaceSnapshot(Manifest.HashOf(entries), files, bytes, !foreign);
    }

    private void Walk(SharedDirectory directory, byte[] path, int depth)
    {
        try
        {
            if (depth > WorkspaceHasher.DepthMax) { Refuse(ProblemCode.WorkspaceTooLarge, path, $"directories are nested deeper than {WorkspaceHasher.DepthMax}"); return; }
            Owned(directory.Handle.Status());
            List<byte[]> batch = [];
            foreach (var entry in directory.Handle.List(WorkspaceHasher.FilesMax))
            {
                if (problem is not null || ct.IsCancellationRequested) return;
                if (depth == 0 && entry.Name.AsSpan().SequenceEqual(".cabincrew"u8)) continue;
                Enter(directory, entry, path, depth, batch);
                if (batch.Count == BatchFiles) Hand(directory, path, ref batch);
            }
            if (batch.Count > 0) Hand(directory, path, ref batch);
        }
        catch (FileCallException e) when (e.IsAbsent || e.IsNoWay) { Moved(path); }
        catch (TooManyEntriesException e) { Refuse(ProblemCode.WorkspaceTooLarge, path, e.Message); }
        catch (InvalidDataException) { Refuse(ProblemCode.WorkspaceNameUnsupported, path, "a name is not valid UTF-8"); }
        catch (IOException e) { Refuse(ProblemCode.WorkspaceUnreadable, path, e.Message); }
        finally
        {
            directory.Release();
        }
    }

    private void Enter(SharedDirectory directory, ListedEntry entry, byte[] parent, int depth, List<byte[]> batch)
    {
        var kind = entry.Kind;
        if (kind == EntryKind.Unknown)
        {
            if (!directory.Handle.TryStatus(DirectoryHandle.NameOf(entry.Name), out var status)) { Moved(Join(parent, entry.Name)); return; }
            kind = status.Kind;
        }
        switch (kind)
        {
            case EntryKind.File or EntryKind.Link:
                if (!Utf8.IsValid(entry.Name)) throw new InvalidDataException();
                if (++files > WorkspaceHasher.FilesMax) Refuse(ProblemCode.WorkspaceTooLarge, Join(parent, entry.Name), $"there are more than {WorkspaceHasher.FilesMax} files");
                batch.Add(entry.Name);
                break;
            case EntryKind.Directory when entry.Name.AsSpan().SequenceEqual(".git"u8):
                using (var git = directory.Handle.OpenDirectory(".git"))
                    if (GitReferences.Collect(git, Join(parent, entry.Name), references, ct).Problem is { } refused) problem ??= refused;
                break;
            case EntryKind.Directory:
                Walk(new(directory.Handle.OpenDirectory(DirectoryHandle.NameOf(entry.Name))), Join(parent, entry.Name), depth + 1);
                break;
            default:
                Refuse(ProblemCode.SandboxWorkspaceSocket, Join(parent, entry.Name), $"a {kind.ToString().ToLowerInvariant()} stands in the workspace");
                break;
        }
    }

    private void Hand(SharedDirectory directory, byte[] path, ref List<byte[]> names)
    {
        // The last batch is the walker's own: nobody is woken for a workspace that is a handful of files.
        var (batch, held) = (last, new Batch(directory.Share(), path, names));
        (last, names) = (held, []);
        if (batch is null) return;
        if (Workers == 0 || queue.Count >= QueueMax)
        {
            Hash(batch);
            return;
        }
        queue.Enqueue(batch);
        if (Volatile.Read(ref busy) == Workers) return;
        Interlocked.Increment(ref busy);
        workers.RemoveAll(w => w.IsCompletedSuccessfully);
        workers.Add(Task.Run(Work, CancellationToken.None));
    }

    // Ends when there is nothing to do, and is begun anew: a worker that waited would take time from the walker. What is handed over just as it ends is the next one's, or at last the walker's.
    private void Work()
    {
        Drain();
        Interlocked.Decrement(ref busy);
    }

    private void Drain()
    {
        while (queue.TryDequeue(out var batch)) Hash(batch);
    }

    private void Hash(Batch batch)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(256 * 1024);
        try
        {
            var entries = new ManifestEntry[batch.Names.Count];
            long bytes = 0;
            for (var i = 0; i < entries.Length; i++)
            {
                if (problem is not null || ct.IsCancellationRequested) return;
                entries[i] = HashOne(batch.Directory.Handle, batch.Names[i], Join(batch.Path, batch.Names[i]), buffer, ref bytes);
            }
            done.Add(new(entries, bytes));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            batch.Directory.Release();
        }
    }

    private ManifestEntry HashOne(DirectoryHandle directory, byte[] name, byte[] path, byte[] buffer, ref long bytes)
    {
        try
        {
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            try
            {
                var status = SmallFile.Read(directory.Descriptor, name, buffer, out var length);
                if (length >= 0) SHA256.HashData(buffer.AsSpan(0, length), hash);
                var size = length >= 0 ? length : HashLarge(directory, DirectoryHandle.NameOf(name), buffer, hash, out status);
                Owned(status);
                if (size != (long)status.Size) Moved(path);
                bytes += size;
                return new(status.IsExecutable ? "100755" : "100644", Convert.ToHexStringLower(hash), path);
            }
            catch (FileCallException e) when (e.Errno == FileCalls.ELOOP)
            {
                var link = DirectoryHandle.NameOf(name);
                SHA256.HashData(directory.ReadLinkBytes(link), hash);
                if (directory.TryStatus(link, out var status)) Owned(status);
                return new("120000", Convert.ToHexStringLower(hash), path);
            }
        }
        catch (FileCallException e) when (e.IsAbsent || e.IsNoWay || e.Errno is FileCalls.EINVAL) { Moved(path); }
        catch (IOException e) { Refuse(ProblemCode.WorkspaceUnreadable, path, e.Message); }
        catch (UnauthorizedAccessException e) { Refuse(ProblemCode.WorkspaceUnreadable, path, e.Message); }
        return default;
    }

    private static long HashLarge(DirectoryHandle directory, string name, byte[] buffer, Span<byte> hash, out FileStatus status)
    {
        using var file = directory.OpenFile(name, out status);
        using var running = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long at = 0;
        for (int read; (read = RandomAccess.Read(file, buffer, at)) > 0; at += read) running.AppendData(buffer, 0, read);
        running.GetCurrentHash(hash);
        return at;
    }

    private void Owned(in FileStatus status)
    {
        if (!Ownership.IsOurs(status)) foreign = true;
    }

    private void Moved(byte[] path) =>
        problem ??= new Problem(ProblemCode.WorkspaceUnreadable, "it changed while it was being read") { Where = Text(path), Remedy = "Stop what is writing to the workspace, then try again." }
            .With(WorkspaceHasher.Moving, "true");

    private void Refuse(ProblemCode code, byte[] path, string why) => problem ??= new Problem(code, why) { Where = Text(path) };

    internal static byte[] Join(byte[] path, byte[] name) => path.Length == 0 ? name : [.. path, (byte)'/', .. name];

    internal static string Text(byte[] path) => path.Length == 0 ? "." : Encoding.UTF8.GetString(path);

    private sealed record Batch(SharedDirectory Directory, byte[] Path, List<byte[]> Names);

    private sealed record HashedBatch(ManifestEntry[] Entries, long Bytes);

    // Open until the walk and every batch of it are through.
    private sealed class SharedDirectory(DirectoryHandle handle)
    {
        private int holders = 1;

        public DirectoryHandle Handle => handle;

        public SharedDirectory Share()
        {
            Interlocked.Increment(ref holders);
            return this;
        }

        public void Release()
        {
            if (Interlocked.Decrement(ref holders) == 0) handle.Dispose();
        }
    }
}

internal static class Manifest
{
    public static Digest HashOf(IReadOnlyList<ManifestEntry> ordered)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new ArrayBufferWriter<byte>(64 * 1024);
        foreach (var entry in ordered)
        {
            Encoding.UTF8.GetBytes(entry.Mode, buffer);
            buffer.Write(" "u8);
            Encoding.UTF8.GetBytes(entry.Value, buffer);
            buffer.Write(" "u8);
            buffer.Write(entry.Path);
            buffer.Write("\0"u8);
            if (buffer.WrittenCount < 60 * 1024) continue;
            hash.AppendData(buffer.WrittenSpan);
            buffer.ResetWrittenCount();
        }
        hash.AppendData(buffer.WrittenSpan);
        return Digest.FromHash(hash.GetCurrentHash());
    }
}
