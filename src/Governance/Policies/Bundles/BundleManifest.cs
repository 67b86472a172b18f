// .manifest, as OPA's bundle format has it, read strictly: strict JSON, no unknown member (what is one's own goes under metadata), no root twice.
using System.Text.Json;
using CabinCrew.Governance.Policies.Rules;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Governance.Policies.Bundles;

/// <param name="Revision">Whatever whoever built it calls this version; empty where nothing is said.</param>
/// <param name="Roots">Without outer slashes; at least one.</param>
/// <param name="RegoVersion">0 or 1; of all modules that <paramref name="FileRegoVersions"/> does not speak of.</param>
/// <param name="Metadata">An object; empty where there is none.</param>
public sealed record BundleManifest(string Revision, IReadOnlyList<string> Roots, int RegoVersion, IReadOnlyList<(string Pattern, int Version)> FileRegoVersions, JsonElement Metadata)
{
    private const int RootsMax = 1000;
    private const int RevisionCharsMax = 1024;
    private static readonly string[] Members = ["revision", "roots", "rego_version", "file_rego_versions", "metadata", "wasm"];

    public static readonly BundleManifest Default = new("", [""], 1, [], JsonElement.Parse("{}"));

    /// <summary>Refusals say what and where.</summary>
    internal static Outcome<BundleManifest> Read(BundleFile file, BundleFiles into)
    {
        if (!StrictJson.Parse(file.Bytes).Try(out var json, out var problem)) return into.Refuse($"{file.Path}: {problem.Where}: {problem.Message}");
        if (json.ValueKind != JsonValueKind.Object) return into.Refuse($"{file.Path}: expected an object");
        foreach (var member in json.EnumerateObject())
            if (!Members.Contains(member.Name)) return into.Refuse($"{file.Path}: there is no member '{Clip(member.Name)}'{NearMatch.Hint(member.Name, Members)}; what is your own goes under 'metadata'");
        if (json.TryGetProperty("wasm", out var wasm) && wasm.ValueKind != JsonValueKind.Null && (wasm.ValueKind != JsonValueKind.Array || wasm.GetArrayLength() > 0))
            return into.Refuse($"{file.Path}: 'wasm' is not available here; policies are evaluated from their source");

        var revision = "";
        if (json.TryGetProperty("revision", out var said) && (said.ValueKind != JsonValueKind.String || (revision = said.GetString()!).Length > RevisionCharsMax))
            return into.Refuse($"{file.Path}: 'revision' is text of at most {RevisionCharsMax} characters");
        if (!ReadRoots(json, file, into).Try(out var roots, out problem)) return problem;
        var version = 1;
        if (json.TryGetProperty("rego_version", out var number) && !IsVersion(number, out version)) return into.Refuse($"{file.Path}: 'rego_version' is 0 or 1");
        if (!ReadVersions(json, file, into).Try(out var versions, out problem)) return problem;
        if (json.TryGetProperty("metadata", out var metadata) && metadata.ValueKind != JsonValueKind.Object) return into.Refuse($"{file.Path}: 'metadata' is an object");
        return new BundleManifest(revision, roots, version, versions, metadata.ValueKind == JsonValueKind.Object ? metadata : Default.Metadata);
    }

    /// <summary>The version that a module is written in, or a refusal where two patterns disagree.</summary>
    internal Outcome<int> RegoVersionOf(string path, BundleFiles into)
    {
        int? found = null;
        foreach (var (pattern, version) in FileRegoVersions)
        {
            if (!GoGlob.IsMatch(pattern, "/" + path)) continue;
            if (found is { } other && other != version) return into.Refuse($"two patterns of 'file_rego_versions' give '{path}' different versions");
            found = version;
        }
        return found ?? RegoVersion;
    }

    private static Outcome<IReadOnlyList<string>> ReadRoots(JsonElement json, BundleFile file, BundleFiles into)
    {
        if (!json.TryGetProperty("roots", out var given) || given.ValueKind == JsonValueKind.Null) return Outcome.Of(Default.Roots);
        if (given.ValueKind != JsonValueKind.Array || given.GetArrayLength() is 0 or > RootsMax || given.EnumerateArray().Any(r => r.ValueKind != JsonValueKind.String))
            return into.Refuse($"{file.Path}: 'roots' is a list of 1 to {RootsMax} paths");
        string[] roots = [.. given.EnumerateArray().Select(r => BundleRoots.Plain(r.GetString()!))];
        foreach (var root in roots)
            if (root.Length > 0 && root.Split('/').Any(p => p is "" or "." or "..")) return into.Refuse($"{file.Path}: '{Clip(root)}' is no root: a path such as a/b");
        return BundleRoots.FirstOverlap(roots) is var (one, other)
            ? into.Refuse($"{file.Path}: the roots '{Clip(one)}' and '{Clip(other)}' overlap")
            : Outcome.Of<IReadOnlyList<string>>(roots);
    }

    private static Outcome<IReadOnlyList<(string, int)>> ReadVersions(JsonElement json, BundleFile file, BundleFiles into)
    {
        List<(string, int)> versions = [];
        if (!json.TryGetProperty("file_rego_versions", out var given)) return Outcome.Of<IReadOnlyList<(string, int)>>(versions);
        if (given.ValueKind != JsonValueKind.Object) return into.Refuse($"{file.Path}: 'file_rego_versions' is an object");
        foreach (var member in given.EnumerateObject())
        {
            if (!IsVersion(member.Value, out var version)) return into.Refuse($"{file.Path}: the version of '{Clip(member.Name)}' is 0 or 1");
            if (!GoGlob.IsPattern(member.Name)) return into.Refuse($"{file.Path}: '{Clip(member.Name)}' is no pattern for files");
            versions.Add((member.Name, version));
        }
        return versions;
    }

    private static bool IsVersion(JsonElement value, out int version)
    {
        version = -1;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out version) && version is 0 or 1;
    }

    private static string Clip(string text) => text.Length <= 60 ? text : text[..60] + "…";
}
