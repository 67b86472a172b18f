// Blobs as files, blobs/TENANT/ab/cdef..., written beside and flushed, then renamed, then the names flushed, before anybody learns the digest:
// what stands under a digest was on disk before it got that name, so that neither a power cut nor a failed flush leaves half a content there. Verified on every read (ART-05).
using System.Collections.Concurrent;
using System.Security.Cryptography;
using CabinCrew.Protocol;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Ledger.Blobs;

internal sealed class FileBlobStore(string root) : IBlobStore
{
    /// <summary>One blob. Artifact bodies are limited far below by the engine's own limits.</summary>
    public const long BlobBytesMax = 512L << 20;

    private const int SmallBytes = 256 << 10;

    /// <summary>Files that wait for one round of flushes.</summary>
    private const int OpenMax = 128;

    private const int DurableKept = 16_384;
    private static readonly ParallelOptions AtOnce = new() { MaxDegreeOfParallelism = 8 };
    private const UnixFileMode ReadOnly = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode PrivateDirectory = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // What this process has made durable itself: an empty log comes again and again.
    private readonly ConcurrentDictionary<(TenantId, Digest), bool> durable = new();

    // Directories whose names this process has flushed.
    private readonly ConcurrentDictionary<string, bool> named = new(StringComparer.Ordinal);

    public async Task<Outcome<IReadOnlyList<Digest>>> PutAsync(TenantId tenant, IReadOnlyList<ReadOnlyMemory<byte>> contents, CancellationToken ct)
    {
        foreach (var content in contents)
            if (content.Length > BlobBytesMax)
                return new Problem(ProblemCode.LimitArtifactBytes, $"a blob of {content.Length} bytes is larger than the {BlobBytesMax} that are allowed");
        try
        {
            return await Task.Run(() => Put(tenant, contents, ct), ct).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Problem(ProblemCode.StoreUnavailable, $"blobs cannot be written: {e.Message}") { Where = root, Remedy = "Check the store's disk, its free space and its permissions." };
        }
    }

    /// <summary>A file cannot be less durable than flushed.</summary>
    public Task<Outcome<IReadOnlyList<Digest>>> PutAheadAsync(TenantId tenant, IReadOnlyList<ReadOnlyMemory<byte>> contents, CancellationToken ct) => PutAsync(tenant, contents, ct);

    public async Task<Outcome<ReadOnlyMemory<byte>>> GetAsync(TenantId tenant, Digest digest, CancellationToken ct)
    {
        var path = PathOf(tenant, digest);
        try
        {
            var info = new FileInfo(path);
            if (!info.Exists) return Missing(digest);
            if (info.LinkTarget is not null || info.Length > BlobBytesMax) return Corrupt(digest);
            // A small one is read sooner than a thread is found for it.
            var bytes = info.Length <= SmallBytes ? File.ReadAllBytes(path) : await File.ReadAllBytesAsync(path, ct).ConfigureAwait(false);
            return Digest.Of(bytes) == digest ? new ReadOnlyMemory<byte>(bytes) : Corrupt(digest);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return Missing(digest);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Problem(ProblemCode.StoreUnavailable, $"blob {digest} cannot be read: {e.Message}");
        }
    }

    internal string PathOf(TenantId tenant, Digest digest) => Path.Combine(root, tenant.ToString(), digest.Hex[..2], digest.Hex[2..]);

    private Outcome<IReadOnlyList<Digest>> Put(TenantId tenant, IReadOnlyList<ReadOnlyMemory<byte>> contents, CancellationToken ct)
    {
        var digests = new Digest[contents.Count];
        var pending = new List<(string Temporary, string Final)>();
        var directories = new HashSet<string>(StringComparer.Ordinal);
        var unnamed = new List<string>();
        var unflushed = new List<SafeFileHandle>();
        var seen = new HashSet<Digest>();
        // Opened before anything is written: it hears of every failure from then on.
        MakeDirectory(Path.Combine(root, tenant.ToString()), directories, unnamed);
        using var disk = Posix.OpenDirectory(root);
        var whole = WholeFlush.Serves(disk, contents.Count);
        try
        {
            for (var i = 0; i < contents.Count; i++)
            {
                ct.ThrowIfCancellationRequested();
                var digest = digests[i] = Digest.Of(contents[i].Span);
                if (!seen.Add(digest)) continue;
                var path = PathOf(tenant, digest);
                // Who stored it before, or made its directory, may not have flushed the names yet.
                MakeDirectory(Path.GetDirectoryName(path)!, directories, unnamed);
                var isIntact = IsIntact(path, contents[i].Length, digest);
                if (isIntact && durable.ContainsKey((tenant, digest))) continue;
                directories.Add(Path.GetDirectoryName(path)!);
                if (isIntact) continue;
                var temporary = $"{path}.{RandomNumberGenerator.GetHexString(12, lowercase: true)}.tmp";
                pending.Add((temporary, path));
                Failpoint.Reach("blob lost");
                unflushed.Add(Write(temporary, contents[i]));
                if (unflushed.Count >= OpenMax) Close(unflushed, flush: !whole);
            }
            Close(unflushed, flush: !whole);
            if (whole) WholeFlush.Of(disk);
            foreach (var (temporary, final) in pending)
            {
                Failpoint.Reach("blob rename lost");
                File.Move(temporary, final, overwrite: true);
                Failpoint.Reach("blob rename kept");
            }
            if (whole) WholeFlush.Of(disk);
            else Parallel.ForEach(directories, AtOnce, Posix.FlushDirectory);
            if (durable.Count > DurableKept) durable.Clear();
            foreach (var digest in seen) durable[(tenant, digest)] = true;
            foreach (var directory in unnamed) named[directory] = true;
        }
        catch (Exception e)
        {
            foreach (var file in unflushed) file.Dispose();
            foreach (var (temporary, _) in pending) File.Delete(temporary);
            if (e is AggregateException { InnerException: (IOException or UnauthorizedAccessException) and { } inner }) throw inner;
            throw;
        }
        Failpoint.Reach("blobs kept");
        return digests;
    }

    private static SafeFileHandle Write(string path, ReadOnlyMemory<byte> content)
    {
        var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.None, content.Length);
        try
        {
            RandomAccess.Write(file, content.Span, 0);
            File.SetUnixFileMode(file, ReadOnly);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    // Together, so that the file system commits them in one go; through the descriptors that wrote, which hear of every failure.
    private static void Close(List<SafeFileHandle> files, bool flush)
    {
        if (flush) Parallel.ForEach(files, AtOnce, Posix.Flush);
        foreach (var file in files) file.Dispose();
        files.Clear();
    }

    // A torn or altered blob under the right name is replaced by the content that the caller holds.
    private static bool IsIntact(string path, long length, Digest digest)
    {
        var info = new FileInfo(path);
        if (!info.Exists || info.LinkTarget is not null || info.Length != length) return false;
        using var file = File.OpenRead(path);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(file, hash);
        return Digest.FromHash(hash) == digest;
    }

    // A directory is as good as gone while the one above it was not flushed: not by whoever made it, but by ourselves, once.
    private void MakeDirectory(string path, HashSet<string> toFlush, List<string> unnamed)
    {
        if (path.Length < root.Length || (named.ContainsKey(path) && Directory.Exists(path))) return;
        var parent = Path.GetDirectoryName(path)!;
        MakeDirectory(parent, toFlush, unnamed);
        Directory.CreateDirectory(path, PrivateDirectory);
        toFlush.Add(parent);
        unnamed.Add(path);
    }

    public static Problem Missing(Digest digest) => new Problem(ProblemCode.BlobMissing, $"blob {digest} is not in the store").With("digest", digest.ToString());

    public static Problem Corrupt(Digest digest) =>
        new Problem(ProblemCode.BlobCorrupt, $"the bytes stored as blob {digest} are not those that were stored").With("digest", digest.ToString());
}
