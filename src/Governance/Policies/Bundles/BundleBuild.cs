// Makes bundles: a directory's files, with the manifest's revision and roots set, signed or not, as one archive. The same files give the same bytes (an ES* or PS* signature is new each time).
using System.Text.Json.Nodes;
using CabinCrew.Governance.Policies.Bundles.Signing;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Governance.Policies.Bundles;

/// <param name="Revision">Null: what the directory's manifest says.</param>
/// <param name="Roots">Null: what the directory's manifest says.</param>
/// <param name="Key">Null: not signed.</param>
/// <param name="KeyId">What the signature names; null: nothing.</param>
public sealed record BundleBuildOptions(string? Revision = null, IReadOnlyList<string>? Roots = null, BundleKey? Key = null, string? KeyId = null, string Scope = "");

public static class BundleBuild
{
    /// <summary>Checked as it will be when it is loaded; a signature that stood there before is left behind.</summary>
    public static Outcome<PolicyBundle> FromDirectory(string directory, string shownAs, BundleBuildOptions options)
    {
        if (!PolicyBundle.Load(directory, shownAs, new(IgnoreSignature: true)).Try(out var plain, out var problem)) return problem;
        var files = plain.Files;
        if (options.Revision is not null || options.Roots is not null)
        {
            var manifest = files.FirstOrDefault(f => f.Kind == BundleFileKind.Manifest) is { } there ? JsonNode.Parse(there.Bytes.Span)!.AsObject() : [];
            if (options.Revision is { } revision) manifest["revision"] = revision;
            if (options.Roots is { } roots) manifest["roots"] = new JsonArray([.. roots.Select(r => (JsonNode)r)]);
            files = [.. files.Where(f => f.Kind != BundleFileKind.Manifest), new(BundlePaths.Manifest, (byte[])[.. CanonicalJson.Write(manifest), (byte)'\n'])];
        }
        if (options.Key is { } key)
        {
            if (!BundleSignatures.Sign(files, key, options.KeyId, options.Scope).Try(out var signatures, out problem)) return problem;
            files = [.. files, new(BundlePaths.Signatures, signatures)];
        }
        var archive = BundleGzip.Pack(BundleTar.Write(files.OrderBy(f => f.Path, StringComparer.Ordinal)));
        // Read back as a stranger would: what is built can be loaded.
        return PolicyBundle.OfArchive(archive, shownAs, options.Key is null ? BundleOptions.Default : new(new([options.Key], options.Key.Id, options.Scope)));
    }

    /// <summary>The bytes of <c>.signatures.json</c> for a bundle as it is.</summary>
    public static Outcome<byte[]> Sign(PolicyBundle bundle, BundleKey key, string? keyId, string scope) => BundleSignatures.Sign(bundle.Files, key, keyId, scope);

    /// <summary>The same bundle with these signatures in the place of its own, as an archive.</summary>
    public static byte[] WithSignatures(PolicyBundle bundle, byte[] signatures) =>
        BundleGzip.Pack(BundleTar.Write(bundle.Files.Append(new(BundlePaths.Signatures, signatures)).OrderBy(f => f.Path, StringComparer.Ordinal)));
}
