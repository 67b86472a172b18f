// Rego as a policy names it, loaded and compiled: a file, a directory or a bundle (PRE-05, PRE-07). What it judges is another's business: plans, or messages.
using System.Text.Json.Nodes;
using CabinCrew.Governance.Files;
using CabinCrew.Governance.Policies.Bundles;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Rego.Evaluate;

namespace CabinCrew.Governance.Policies.Rego;

/// <param name="Name">Of the source, for example <c>rego:policies</c>.</param>
/// <param name="Content">Over what judges.</param>
/// <param name="StandsIn">Why it judges in another's place; null: it does not.</param>
/// <param name="Bundle">What it was read as.</param>
/// <param name="Prefix">What the modules' paths are shown behind.</param>
internal sealed record LoadedRego(string Name, Digest Content, CompiledPolicy Policy, string? StandsIn, PolicyBundle Bundle, string Prefix)
{
    /// <summary>What a judgement keeps of it, so that it can be explained when the files have changed.</summary>
    public PolicyText TextOf(Digest digest) => new((Name, digest), Prefix, [.. Bundle.Files.Select(f => f.Bytes)], () => BundleGzip.Pack(BundleTar.Write(Bundle.Files)));

    /// <summary>What a source by this policy adds to policy_digest.</summary>
    public Digest DigestWith(EvaluationLimits limits) => Digest.Of(CanonicalJson.Write(new JsonObject
    {
        ["version"] = 1, ["content"] = Content.ToString(), ["package"] = Policy.Package,
        ["steps_max"] = limits.StepsMax, ["elements_max"] = limits.ElementsMax, ["depth_max"] = limits.DepthMax,
    }));

    /// <summary>A module (<c>*.rego</c>), or a directory as OPA reads one: modules, <c>data.json</c> and <c>data.yaml</c>, perhaps a <c>.manifest</c>.</summary>
    public static Outcome<LoadedRego> Load(PolicyRef reference, PolicyDocument document, PolicySurroundings at)
    {
        var options = reference.Rego ?? new(document.Package);
        if (string.IsNullOrWhiteSpace(reference.Value) || reference.Value.Contains('\0', StringComparison.Ordinal)) return new Problem(ProblemCode.PolicyInvalid, "A Rego policy names no file.") { Remedy = "Name a .rego file, or a directory of them." };
        var path = Path.GetFullPath(reference.Value, at.BaseDirectory);
        var isDirectory = Directory.Exists(path);
        if (isDirectory && options.Data is not null) return new Problem(ProblemCode.PolicyInvalid, $"'{reference.Value}' is a directory: its own data.json and data.yaml are its data.") { Remedy = "Leave out `data`." };
        var loaded = isDirectory ? PolicyBundle.Load(path, reference.Value, new BundleOptions(IgnoreSignature: true)) : Module(reference.Value, path, options, at.BaseDirectory);
        if (!loaded.Try(out var bundle, out var problem)) return problem with { Remedy = "Mend the policy, or name another under `policies`." };
        var spelled = reference.Value.TrimEnd('/');
        var prefix = isDirectory ? spelled == "." ? "" : spelled + "/" : spelled.LastIndexOf('/') is >= 0 and var slash ? spelled[..(slash + 1)] : "";
        return CompiledPolicy.Of(bundle, document, options, prefix).Map(policy => new LoadedRego($"rego:{reference.Value}", Judging(bundle, options), policy, null, bundle, prefix));
    }

    public static async Task<Outcome<LoadedRego>> LoadBundleAsync(PolicyRef reference, PolicyDocument document, PolicySurroundings at, CancellationToken ct)
    {
        var loaded = await BundlePolicies.LoadAsync(reference, at, ct).ConfigureAwait(false);
        if (!loaded.Try(out var bundle, out var problem)) return problem;
        if (!BundlePolicies.DigestOf(reference, bundle, at.BaseDirectory).Try(out var digest, out problem)) return problem;
        return CompiledPolicy.Of(bundle, document, reference.Rego ?? new(document.Package), "").Map(policy =>
            new LoadedRego($"bundle:{reference.Value}", digest, policy, bundle.InsteadOf is { } newest ? $"the last good bundle, since the newest cannot be used: {newest.Message}" : null, bundle, ""));
    }

    /// <summary>What was kept with a judgement. A bundle's signature was verified then, and its key may be gone by now: the digest of the record is what counts.</summary>
    public static Outcome<LoadedRego> OfKept(PolicyRef reference, PolicyDocument document, KeptPolicy kept, ReadOnlyMemory<byte> archive)
    {
        if (!PolicyBundle.OfArchive(archive, kept.Name, new BundleOptions(IgnoreSignature: true)).Try(out var bundle, out var problem)) return problem;
        var options = reference.Rego ?? new(document.Package);
        return CompiledPolicy.Of(bundle, document, options, kept.Prefix).Map(policy => new LoadedRego(kept.Name, Judging(bundle, options), policy, null, bundle, kept.Prefix));
    }

    /// <summary>Over what judges: a test that changes changes no judgement.</summary>
    private static Digest Judging(PolicyBundle bundle, RegoPolicyOptions options) => Digest.Of(CanonicalJson.Write(new JsonObject
    {
        ["files"] = Digest.Of(CanonicalJson.Write(new JsonArray([.. bundle.Files.Where(f => !f.Path.EndsWith(CompiledPolicy.TestEnding, StringComparison.Ordinal))
            .Select(f => (JsonNode)new JsonArray(f.Path, Digest.Of(f.Bytes.Span).ToString()))]))).ToString(),
        ["rego_version"] = options.Version,
    }));

    private static Outcome<PolicyBundle> Module(string spelled, string path, RegoPolicyOptions options, string baseDirectory)
    {
        if (!path.EndsWith(".rego", StringComparison.Ordinal)) return new Problem(ProblemCode.PolicyInvalid, $"'{spelled}' is neither a directory nor a .rego file.") { Where = spelled };
        var into = new BundleFiles(spelled, BundleLimits.Default);
        if (Add(into, Path.GetFileName(path), path) is { } unread) return unread;
        if (options.Data is { } data)
        {
            var name = Path.GetExtension(data) switch { ".json" => "data.json", ".yaml" or ".yml" => "data.yaml", _ => null };
            if (name is null) return new Problem(ProblemCode.PolicyInvalid, $"the data '{data}' is neither a .json nor a .yaml file") { Where = spelled };
            if (Add(into, name, Path.GetFullPath(data, baseDirectory)) is { } missing) return missing;
        }
        return PolicyBundle.Of(into, BundleOptions.Default);
    }

    private static Problem? Add(BundleFiles into, string name, string path)
    {
        if (!PlainFile.Read(path, into.Limits.FileBytesMax, ProblemCode.PolicyInvalid).Try(out var file, out var problem)) return problem with { Code = ProblemCode.PolicyInvalid };
        if (!into.Admit(name, file.Bytes.Length).Try(out var plain, out problem)) return problem;
        into.Add(plain, file.Bytes);
        return null;
    }
}
