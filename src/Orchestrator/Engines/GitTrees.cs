// Reads the files of a commit for policy bundles: from a repository on this machine by its objects alone (no work tree, no hooks, no filters, no configuration of the user's),
// or from a fetched copy that is gone afterwards. What it reads, the bundle's own rules judge.
using System.Globalization;
using System.Text;
using CabinCrew.Governance.Policies.Bundles;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines;

public static class GitTrees
{
    private const int ListingBytesMax = 16 << 20;

    public static async Task<Outcome<GitTree>> ReadAsync(BundleReference.Git reference, string baseDirectory, BundleLimits limits, CancellationToken ct)
    {
        if (reference.IsRemote) return await FetchAsync(reference, limits, ct).ConfigureAwait(false);
        var repository = Path.GetFullPath(reference.Repository, baseDirectory);
        return Directory.Exists(repository)
            ? await ReadAsync(repository, reference.Revision, reference.Directory, limits, ct).ConfigureAwait(false)
            : new Problem(ProblemCode.PolicyInvalid, $"There is no repository at '{reference.Repository}'.");
    }

    private static async Task<Outcome<GitTree>> FetchAsync(BundleReference.Git reference, BundleLimits limits, CancellationToken ct)
    {
        var directory = Directory.CreateTempSubdirectory("cabincrew-bundle-").FullName;
        try
        {
            var made = await HostGit.ReadAsync(directory, ["init", "--quiet", "--bare", "--template="], default, ListingBytesMax, HostGit.Reach.Nothing, ct).ConfigureAwait(false);
            if (!made.Try(out _, out var problem)) return Failed(problem);
            var fetched = await HostGit.ReadAsync(directory, ["fetch", "--quiet", "--depth=1", "--no-tags", "--end-of-options", reference.Repository, reference.Revision], default, ListingBytesMax, HostGit.Reach.Remote, ct).ConfigureAwait(false);
            return fetched.Try(out _, out problem) ? await ReadAsync(directory, "FETCH_HEAD", reference.Directory, limits, ct).ConfigureAwait(false) : Failed(problem);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<Outcome<GitTree>> ReadAsync(string repository, string revision, string directory, BundleLimits limits, CancellationToken ct)
    {
        var named = await HostGit.ReadAsync(repository, ["rev-parse", "--verify", "--quiet", "--end-of-options", $"{revision}^{{commit}}"], default, 4096, HostGit.Reach.Nothing, ct).ConfigureAwait(false);
        if (!named.Try(out var bytes, out var problem)) return problem.Code == ProblemCode.NotFound ? problem : new Problem(ProblemCode.PolicyInvalid, $"The repository has no commit '{revision}'{(problem.Message.Length > 0 ? $" ({problem.Message})" : "")}.");
        var commit = Encoding.ASCII.GetString(bytes).Trim();

        var listed = await HostGit.ReadAsync(repository, ["ls-tree", "-r", "-z", "-l", "--full-tree", $"{commit}:{directory}"], default, ListingBytesMax, HostGit.Reach.Nothing, ct).ConfigureAwait(false);
        if (!listed.Try(out var listing, out problem)) return directory.Length > 0 ? new Problem(ProblemCode.PolicyInvalid, $"The commit {commit} has no directory '{directory}'.") : Failed(problem);
        if (Entries(listing) is not { } entries) return new Problem(ProblemCode.PolicyInvalid, "A name in the commit is not UTF-8.");

        var wanted = entries.Where(e => e.Mode is "100644" or "100755" && BundlePaths.KindOf(e.Path) != BundleFileKind.Other).ToList();
        if (wanted.Count > limits.FilesMax || wanted.Any(e => e.Size > limits.FileBytesMax) || wanted.Sum(e => e.Size) > limits.TotalBytesMax)
            return new Problem(ProblemCode.PolicyInvalid, $"The commit holds more than a bundle may: {limits.FilesMax} files, {limits.FileBytesMax} bytes each, {limits.TotalBytesMax} bytes together.");
        var asked = Encoding.ASCII.GetBytes(string.Concat(wanted.Select(e => e.Id + "\n")));
        var read = await HostGit.ReadAsync(repository, ["cat-file", "--batch"], asked, limits.TotalBytesMax + wanted.Count * 128 + 1, HostGit.Reach.Nothing, ct).ConfigureAwait(false);
        if (!read.Try(out var contents, out problem)) return Failed(problem);
        if (Contents(contents, wanted) is not { } byPath) return new Problem(ProblemCode.PolicyInvalid, "An object of the commit is missing or damaged.");
        return new GitTree(commit, [.. entries.Select(e => new GitTreeEntry(e.Path, e.Mode, byPath.GetValueOrDefault(e.Path)))]);
    }

    private sealed record Listed(string Path, string Mode, string Id, long Size);

    // MODE TYPE ID SIZE<tab>PATH<nul>
    private static List<Listed>? Entries(ReadOnlySpan<byte> listing)
    {
        List<Listed> found = [];
        while (listing.IndexOf((byte)0) is >= 0 and var end)
        {
            var line = listing[..end];
            listing = listing[(end + 1)..];
            var tab = line.IndexOf((byte)'\t');
            var words = Encoding.ASCII.GetString(line[..tab]).Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string path;
            try
            {
                path = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(line[(tab + 1)..]);
            }
            catch (DecoderFallbackException)
            {
                return null;
            }
            found.Add(new(path, words[0], words[2], long.TryParse(words[3], NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : 0));
        }
        return found;
    }

    // For each that was asked for, in order: ID TYPE SIZE<lf>CONTENT<lf>
    private static Dictionary<string, ReadOnlyMemory<byte>>? Contents(byte[] output, List<Listed> wanted)
    {
        Dictionary<string, ReadOnlyMemory<byte>> contents = new(StringComparer.Ordinal);
        var at = 0;
        foreach (var entry in wanted)
        {
            var end = output.AsSpan(at).IndexOf((byte)'\n');
            if (end < 0 || Encoding.ASCII.GetString(output, at, end) != $"{entry.Id} blob {entry.Size}" || at + end + 1 + entry.Size + 1 > output.Length) return null;
            contents[entry.Path] = output.AsMemory(at + end + 1, (int)entry.Size);
            at += end + 1 + (int)entry.Size + 1;
        }
        return contents;
    }

    private static Problem Failed(Problem problem) => problem.Code == ProblemCode.NotFound ? problem : new Problem(ProblemCode.PolicyInvalid, $"The bundle cannot be read from git: {problem.Message}");
}
