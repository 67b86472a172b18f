// A policy bundle, whole and checked, or refused (PRE-07): manifest, modules, one document of data, and a digest over the content. Nothing is ever half loaded.
using System.Text.Json.Nodes;
using CabinCrew.Governance.Files;
using CabinCrew.Governance.Policies.Bundles.Signing;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Governance.Policies.Bundles;

/// <param name="Path">In the bundle.</param>
/// <param name="RegoVersion">0 or 1.</param>
/// <param name="Package">Below <c>data</c>.</param>
public sealed record BundleModule(string Path, ReadOnlyMemory<byte> Source, int RegoVersion, IReadOnlyList<string> Package);

/// <param name="Verification">Null: no signature is asked for, and then a signed bundle is refused, unless <paramref name="IgnoreSignature"/>: whoever signs wants it looked at.</param>
public sealed record BundleOptions(BundleVerification? Verification = null, bool IgnoreSignature = false, BundleLimits? Limits = null)
{
    public static readonly BundleOptions Default = new();
}

public sealed class PolicyBundle
{
    private readonly IReadOnlyList<BundleFile> all;
    private readonly BundleData data;
    private readonly Lazy<byte[]> archive;

    private PolicyBundle(string shownAs, IReadOnlyList<BundleFile> all, BundleManifest manifest, IReadOnlyList<BundleModule> modules, BundleData data, BundleSignature? signature)
    {
        (ShownAs, this.all, this.data, Manifest, Modules, Signature) = (shownAs, all, data, manifest, modules, signature);
        Files = [.. all.Where(f => f.Kind is not (BundleFileKind.Other or BundleFileKind.Signatures))];
        Ignored = [.. all.Where(f => f.Kind == BundleFileKind.Other).Select(f => f.Path)];
        IsSigned = all.Any(f => f.Kind == BundleFileKind.Signatures);
        Data = data.ToJson();
        Digest = DigestOf(Files);
        archive = new(() => BundleGzip.Pack(BundleTar.Write(all)));
    }

    /// <summary>As the user named it.</summary>
    public string ShownAs { get; }

    public BundleManifest Manifest { get; }

    /// <summary>In path order, tests among them.</summary>
    public IReadOnlyList<BundleModule> Modules { get; }

    /// <summary>One JSON object in UTF-8: what <c>data</c> is before any rule.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>All that belongs to the bundle, without its signatures, in path order.</summary>
    public IReadOnlyList<BundleFile> Files { get; }

    /// <summary>What stands beside it and is not read.</summary>
    public IReadOnlyList<string> Ignored { get; }

    public bool IsSigned { get; }

    /// <summary>The signature, where one was asked for and verified.</summary>
    public BundleSignature? Signature { get; }

    /// <summary>Over paths and contents: SHA-256 of the RFC 8785 form of <c>{"files":[{"digest","path"},...],"format":"cabincrew-bundle-1"}</c>, in path order, without
    /// <c>.signatures.json</c>. The same for a directory, an archive and a commit with the same files, whatever their order and times.</summary>
    public Digest Digest { get; }

    /// <summary>All that was read, signatures included, as <c>.tar.gz</c>: sorted, without times and owners.</summary>
    public ReadOnlyMemory<byte> Archive => archive.Value;

    /// <summary>Why the newest could not be had, where this is the last good one instead.</summary>
    public Problem? InsteadOf { get; private init; }

    /// <summary>The commit or image that it was read from, where that has a name of its own.</summary>
    public string? Origin { get; private init; }

    /// <summary>A directory, or the bytes of a <c>.tar.gz</c> file.</summary>
    /// <param name="shownAs">As the user names it.</param>
    public static Outcome<PolicyBundle> Load(string path, string shownAs, BundleOptions? options = null)
    {
        options ??= BundleOptions.Default;
        var into = new BundleFiles(shownAs, options.Limits ?? BundleLimits.Default);
        return Directory.Exists(path)
            ? BundleDirectory.Read(path, into) is { } unread ? unread : Of(into, options)
            : ReadArchive(path, into).Then(bytes => Unpack(bytes, into)).Then(_ => Of(into, options));
    }

    public static Outcome<PolicyBundle> OfArchive(ReadOnlyMemory<byte> archive, string shownAs, BundleOptions? options = null)
    {
        options ??= BundleOptions.Default;
        var into = new BundleFiles(shownAs, options.Limits ?? BundleLimits.Default);
        return Unpack(archive, into).Then(_ => Of(into, options));
    }

    /// <summary>Whether data has something at the path of a rule: the rule could never say anything else, or nobody knows which of the two counts.</summary>
    public bool HasDataAt(IReadOnlyList<string> path) => data.Has(path);

    /// <summary>Whether bundles can be used together: no part of data is owned by two of them.</summary>
    public static Problem? Conflict(IReadOnlyList<PolicyBundle> bundles)
    {
        for (var i = 1; i < bundles.Count; i++)
            for (var j = 0; j < i; j++)
                foreach (var one in bundles[j].Manifest.Roots)
                    foreach (var other in bundles[i].Manifest.Roots)
                        if (BundleRoots.Overlap(one, other))
                            return new Problem(ProblemCode.PolicyInvalid, $"the bundles '{bundles[j].ShownAs}' and '{bundles[i].ShownAs}' both own data{Dotted(one.Length > other.Length ? one : other)}")
                                { Remedy = "Give each bundle roots of its own in its .manifest." };
        return null;

        static string Dotted(string root) => root.Length == 0 ? " as a whole" : "." + root.Replace('/', '.');
    }

    internal PolicyBundle StandingInFor(Problem newest, string? origin) => new(ShownAs, all, Manifest, Modules, data, Signature) { InsteadOf = newest, Origin = origin };

    internal static Digest DigestOf(IEnumerable<BundleFile> files) => Digest.Of(CanonicalJson.Write(new JsonObject
    {
        ["format"] = "cabincrew-bundle-1",
        ["files"] = new JsonArray([.. files.Where(f => f.Kind is not (BundleFileKind.Other or BundleFileKind.Signatures)).OrderBy(f => f.Path, StringComparer.Ordinal)
            .Select(f => (JsonNode)new JsonObject { ["path"] = f.Path, ["digest"] = Digest.Of(f.Bytes.Span).ToString() })]),
    }));

    /// <summary>The one way in: everything is checked here, whatever it was read from. Signatures first: nothing of what is not the signer's is looked into.</summary>
    internal static Outcome<PolicyBundle> Of(BundleFiles into, BundleOptions options, string? origin = null)
    {
        var all = into.InOrder();
        var signature = (BundleSignature?)null;
        if (options.Verification is { } verification)
        {
            if (!BundleSignatures.Verify(all, verification, into).Try(out signature, out var unsigned)) return unsigned with { Remedy = "Take the bundle as it was signed, and name the key, algorithm and scope of whoever signs it." };
        }
        else if (!options.IgnoreSignature && all.Any(f => f.Kind == BundleFileKind.Signatures))
        {
            return into.Refuse("it is signed, and no key says whose signature is trusted") with { Remedy = "Name the key under `verify`, or say `verify: none`." };
        }

        var manifest = BundleManifest.Default;
        if (all.FirstOrDefault(f => f.Kind == BundleFileKind.Manifest) is { } said && !BundleManifest.Read(said, into).Try(out manifest, out var problem)) return problem;
        if (Unsupported(all) is { } what) return into.Refuse(what);
        if (!BundleData.Merge(all.Where(f => f.Kind is BundleFileKind.JsonData or BundleFileKind.YamlData), into).Try(out var data, out problem)) return problem;
        if (data.Outside(manifest.Roots) is { } outside) return into.Refuse($"its roots ({Shown(manifest.Roots)}) do not have data at '{outside}'");
        if (!ReadModules(all, manifest, data, into).Try(out var modules, out problem)) return problem;
        if (modules.Count == 0 && data.IsEmpty) return into.Refuse("it holds neither a module nor data");
        return new PolicyBundle(into.ShownAs, all, manifest, modules, data, signature) { Origin = origin };
    }

    private static Outcome<ReadOnlyMemory<byte>> ReadArchive(string path, BundleFiles into) =>
        PlainFile.Read(path, into.Limits.ArchiveBytesMax, ProblemCode.PolicyInvalid).Try(out var file, out var problem)
            ? new ReadOnlyMemory<byte>(file.Bytes)
            : problem with { Code = ProblemCode.PolicyInvalid, Remedy = "Name a bundle: a directory, a .tar.gz file, git:REPOSITORY@REF or oci:DIRECTORY." };

    private static Outcome<ReadOnlyMemory<byte>> Unpack(ReadOnlyMemory<byte> archive, BundleFiles into)
    {
        if (archive.Length > into.Limits.ArchiveBytesMax) return into.Refuse($"it has more than {into.Limits.ArchiveBytesMax} bytes");
        if (!BundleGzip.Unpack(archive, into).Try(out var tar, out var problem)) return problem;
        return BundleTar.Read(tar, into) is { } refused ? refused : tar;
    }

    private static Outcome<IReadOnlyList<BundleModule>> ReadModules(IReadOnlyList<BundleFile> all, BundleManifest manifest, BundleData data, BundleFiles into)
    {
        List<BundleModule> modules = [];
        foreach (var file in all.Where(f => f.Kind == BundleFileKind.Module))
        {
            if (PackageClause.Read(file.Bytes.Span) is not { } package) return into.Refuse($"{file.Path} does not begin with a package clause");
            var path = string.Join('/', package);
            if (package.Any(p => p.Contains('/')) || !BundleRoots.Contain(manifest.Roots, path)) return into.Refuse($"its roots ({Shown(manifest.Roots)}) do not have the package {string.Join('.', package)} of {file.Path}");
            if (data.InTheWayOf(package) is { } taken) return into.Refuse($"data gives data.{taken} a value, and {file.Path} has its package {string.Join('.', package)} there");
            if (!manifest.RegoVersionOf(file.Path, into).Try(out var version, out var problem)) return problem;
            modules.Add(new(file.Path, file.Bytes, version, package));
        }
        return modules;
    }

    private static string? Unsupported(IReadOnlyList<BundleFile> all)
    {
        if (all.Any(f => f.Path == "patch.json")) return "it is a delta bundle (patch.json); a bundle is loaded whole here";
        // Elsewhere it would be one more file that nobody reads, and whoever wrote it would think otherwise.
        return all.FirstOrDefault(f => f.Kind == BundleFileKind.Other && f.Path.EndsWith("/" + BundlePaths.Manifest, StringComparison.Ordinal)) is { } nested ? $"'{nested.Path}' is not at its top" : null;
    }

    private static string Shown(IReadOnlyList<string> roots) => string.Join(", ", roots.Take(5).Select(r => r.Length == 0 ? "everything" : r)) + (roots.Count > 5 ? ", …" : "");
}
