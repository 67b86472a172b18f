// Names of files in a bundle: relative, with slashes, and what each is by its name. Whatever could mean another file is refused.
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Bundles;

/// <summary>What a file is to a bundle; <see cref="Other"/> is never read.</summary>
public enum BundleFileKind { Other, Manifest, Signatures, Module, JsonData, YamlData, Asset }

public static class BundlePaths
{
    public const string Manifest = ".manifest";
    public const string Signatures = ".signatures.json";
    public const string DataJson = "data.json";
    public const string DataYaml = "data.yaml";

    /// <summary>A name as archives write it, made plain: OPA writes <c>/a/b.rego</c>, tar <c>./a/b.rego</c>. Null: not a name that a bundle may have.</summary>
    public static string? Plain(string name, BundleLimits limits)
    {
        var path = name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name.StartsWith('/') ? name[1..] : name;
        // ASCII: of other letters two spellings can be one name, and only tables that not every system has could tell.
        if (path.Length > limits.PathCharsMax || path.Contains('\\') || path.AsSpan().ContainsAnyExceptInRange(' ', '~') || !WorkspacePath.TryParse(path, out _)) return null;
        // A drive letter, and a stream of a file: names to some systems, places to others.
        return path.Contains(':') || path.AsSpan().Count('/') >= limits.DepthMax ? null : path;
    }

    public static BundleFileKind KindOf(string path)
    {
        if (path == Manifest) return BundleFileKind.Manifest;
        if (path == Signatures) return BundleFileKind.Signatures;
        if (IsHidden(path)) return BundleFileKind.Other;
        var name = path[(path.LastIndexOf('/') + 1)..];
        if (name.EndsWith(".rego", StringComparison.Ordinal)) return BundleFileKind.Module;
        if (name == DataJson) return BundleFileKind.JsonData;
        if (name is DataYaml or "data.yml") return BundleFileKind.YamlData;
        return path.StartsWith("models/", StringComparison.Ordinal) || path.StartsWith("config/", StringComparison.Ordinal) ? BundleFileKind.Asset : BundleFileKind.Other;
    }

    /// <summary>Whether a part of the path begins with a dot: .git and its like are no part of a bundle.</summary>
    public static bool IsHidden(string path) => path.StartsWith('.') || path.Contains("/.", StringComparison.Ordinal);
}
