// How a user names a bundle: a directory or a .tar.gz file, git:REPOSITORY@REF[:DIRECTORY], oci:DIRECTORY[:TAG] or oci:DIRECTORY@sha256:...; oci://REGISTRY/... is known and not built yet.
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Bundles;

public abstract record BundleReference
{
    private const int CharsMax = 4096;

    // Words that git would take for ranges or its own syntax; a name with these in it can be given by its commit.
    private static readonly System.Buffers.SearchValues<char> GitSyntax = System.Buffers.SearchValues.Create("^~?*[\\{} ");

    public sealed record OnDisk(string Path) : BundleReference;

    /// <param name="Repository">A path, or a URL where <paramref name="IsRemote"/>.</param>
    /// <param name="Revision">A commit, tag or branch.</param>
    /// <param name="Directory">Within the repository; empty: its top.</param>
    public sealed record Git(string Repository, string Revision, string Directory, bool IsRemote) : BundleReference;

    /// <param name="Tag">As the layout's index names it; null with a <paramref name="Digest"/>, or where there is one image only.</param>
    public sealed record OciLayout(string Path, string? Tag, Digest? Digest) : BundleReference;

    /// <summary>An image in a registry.</summary>
    public sealed record OciImage(string Name) : BundleReference;

    public static Outcome<BundleReference> Parse(string text)
    {
        if (string.IsNullOrWhiteSpace(text) || text.Length > CharsMax || text.Any(char.IsControl)) return Wrong("it names nothing");
        if (text.StartsWith("git:", StringComparison.Ordinal)) return ParseGit(text[4..]);
        if (text.StartsWith("oci://", StringComparison.Ordinal)) return new OciImage(text[6..]);
        if (text.StartsWith("oci:", StringComparison.Ordinal)) return ParseOci(text[4..]);
        return text.Contains("://", StringComparison.Ordinal) ? Wrong("bundles are not downloaded from a URL; fetch it first, or use git: or oci:") : new OnDisk(text);
    }

    private static Outcome<BundleReference> ParseGit(string text)
    {
        var at = text.LastIndexOf('@');
        if (at <= 0) return Wrong("a git bundle is git:REPOSITORY@REF or git:REPOSITORY@REF:DIRECTORY");
        var (repository, rest) = (text[..at], text[(at + 1)..]);
        var colon = rest.IndexOf(':');
        var (revision, directory) = colon < 0 ? (rest, "") : (rest[..colon], rest[(colon + 1)..].Trim('/'));
        if (revision.Length == 0 || revision[0] == '-' || revision.Contains("..", StringComparison.Ordinal) || revision.AsSpan().ContainsAny(GitSyntax)) return Wrong($"'{revision}' is no commit, tag or branch");
        if (repository[0] == '-') return Wrong($"'{repository}' is no repository");
        if (directory.Length > 0 && !WorkspacePath.TryParse(directory, out _)) return Wrong($"'{directory}' is no directory within a repository");
        var isRemote = repository.Contains("://", StringComparison.Ordinal) || IsScp(repository);
        return new Git(repository, revision, directory, isRemote);
    }

    // host:path, as git takes it: a colon before any slash.
    private static bool IsScp(string repository) => repository.IndexOf(':') is > 0 and var colon && repository.AsSpan(0, colon).IndexOf('/') < 0;

    private static Outcome<BundleReference> ParseOci(string text)
    {
        var at = text.IndexOf("@sha256:", StringComparison.Ordinal);
        if (at > 0) return Digest.TryParse(text[(at + 1)..], out var digest) ? new OciLayout(text[..at], null, digest) : Wrong($"'{text[(at + 1)..]}' is no digest");
        var colon = text.LastIndexOf(':');
        if (text.Length == 0 || colon == 0) return Wrong("an image layout is oci:DIRECTORY, oci:DIRECTORY:TAG or oci:DIRECTORY@sha256:...");
        return colon > text.LastIndexOf('/') ? new OciLayout(text[..colon], text[(colon + 1)..], null) : new OciLayout(text, null, null);
    }

    private static Problem Wrong(string why) => new(ProblemCode.PolicyInvalid, $"The bundle cannot be found by that name: {why}.")
        { Remedy = "Name a directory, a .tar.gz file, git:REPOSITORY@REF:DIRECTORY, or oci:DIRECTORY:TAG." };
}

/// <summary>A commit's files, read by whoever may run git.</summary>
public delegate Task<Outcome<GitTree>> GitTreeReader(BundleReference.Git reference, string baseDirectory, BundleLimits limits, CancellationToken ct);

/// <param name="Commit">The full id that the reference came to.</param>
/// <param name="Entries">All of the directory's entries, paths relative to it; contents only of those that <see cref="BundlePaths.KindOf"/> does not call other.</param>
public sealed record GitTree(string Commit, IReadOnlyList<GitTreeEntry> Entries);

/// <param name="Mode">As git writes it: 100644, 100755, 120000 (a link), 160000 (another repository).</param>
public sealed record GitTreeEntry(string Path, string Mode, ReadOnlyMemory<byte> Bytes);
