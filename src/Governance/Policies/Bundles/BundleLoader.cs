// From a user's reference to a bundle, whatever it is read from. A bundle that cannot be had or is refused is a refusal (PRE-04); only where the user said so
// (`keep_last_good`) does the last one that was good stand in for it, checked again like any other, and saying of itself that it is not the newest.
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Bundles;

/// <param name="BaseDirectory">What relative paths are relative to: the workflow file's directory.</param>
/// <param name="Git">Null: commits cannot be read here.</param>
/// <param name="AllowRemoteGit">Whether a repository may be fetched from a URL.</param>
public sealed record BundleSurroundings(string BaseDirectory, GitTreeReader? Git = null, bool AllowRemoteGit = false);

public static class BundleLoader
{
    /// <param name="text">As the user names the bundle.</param>
    /// <param name="lastGood">Where good bundles are kept; null: the user did not ask for it.</param>
    public static async Task<Outcome<PolicyBundle>> LoadAsync(string text, BundleOptions options, BundleSurroundings at, LastGoodBundles? lastGood, CancellationToken ct)
    {
        var loaded = await LoadAsync(text, options, at, ct).ConfigureAwait(false);
        if (lastGood is null) return loaded;
        // The same words mean another bundle in another directory.
        var key = $"{at.BaseDirectory}\n{text}";
        if (!loaded.Try(out var bundle, out var problem)) return await lastGood.FindAsync(key, text, options, problem, ct).ConfigureAwait(false);
        var kept = await lastGood.KeepAsync(key, bundle, ct).ConfigureAwait(false);
        return kept.Problem is { } unkept ? unkept : bundle;
    }

    private static async Task<Outcome<PolicyBundle>> LoadAsync(string text, BundleOptions options, BundleSurroundings at, CancellationToken ct)
    {
        if (!BundleReference.Parse(text).Try(out var reference, out var problem)) return problem with { Where = text };
        var into = new BundleFiles(text, options.Limits ?? BundleLimits.Default);
        switch (reference)
        {
            case BundleReference.OnDisk file:
                return PolicyBundle.Load(Path.GetFullPath(file.Path, at.BaseDirectory), text, options);
            case BundleReference.OciLayout layout:
                return OciLayouts.Read(layout, Path.GetFullPath(layout.Path, at.BaseDirectory), into).Then(digest => PolicyBundle.Of(into, options, digest));
            case BundleReference.OciImage:
                return new Problem(ProblemCode.NotYetSupported, "Bundles cannot be pulled from a registry by this version, so nothing would be allowed.")
                    { Where = text, Remedy = "Pull the image to a layout directory (for example with `skopeo copy docker://... oci:DIRECTORY:TAG`) and name that." };
            case BundleReference.Git { IsRemote: true } when !at.AllowRemoteGit:
                return new Problem(ProblemCode.PolicyInvalid, $"The bundle '{text}' is in a repository elsewhere, and nobody said that it may be fetched.") { Where = text, Remedy = "Say `network: true` with the bundle, or name a clone on this machine." };
            case BundleReference.Git git:
                if (at.Git is null) return new Problem(ProblemCode.PolicyInvalid, "Bundles cannot be read from git here.") { Where = text };
                var read = await at.Git(git, at.BaseDirectory, into.Limits, ct).ConfigureAwait(false);
                return read.Try(out var tree, out problem) ? OfTree(tree, into, options) : problem.Where is null ? problem with { Where = text } : problem;
            default:
                throw new InvalidOperationException($"no such kind of bundle: {reference.GetType().Name}");
        }
    }

    private static Outcome<PolicyBundle> OfTree(GitTree tree, BundleFiles into, BundleOptions options)
    {
        foreach (var entry in tree.Entries)
        {
            var kind = BundlePaths.KindOf(entry.Path);
            if (kind == BundleFileKind.Other && BundlePaths.IsHidden(entry.Path)) continue;
            if (entry.Mode == "120000") return into.Link(entry.Path);
            if (entry.Mode == "160000") return into.Refuse($"'{entry.Path}' is another repository, and what it holds is not in the commit");
            if (kind == BundleFileKind.Other) continue;
            if (!into.Admit(entry.Path, entry.Bytes.Length).Try(out var path, out var problem)) return problem;
            into.Add(path, entry.Bytes);
        }
        return PolicyBundle.Of(into, options, $"commit {tree.Commit}");
    }
}
