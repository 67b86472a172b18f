// One entry of a file's `policies`: which kind, its one value, and what may stand beside it. Workflow files and the gateways' configurations read it alike.
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Governance.Files;
using CabinCrew.Governance.Policies.Bundles;
using CabinCrew.Governance.Policies.Bundles.Signing;
using CabinCrew.Governance.Policies.Rules;
using CabinCrew.Governance.Policies.Sources;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies;

/// <param name="BuiltIn">The one built-in set of rules that may be named.</param>
/// <param name="Package">Whose rules answer where an entry says nothing of it.</param>
/// <param name="Exposed">Where else a file (canonical path) must be, since those who are judged can read it where it is; null: it may stay. Without it every file may.</param>
public sealed record PolicyDialect(string BuiltIn, string Package, Func<string, string?>? Exposed)
{
    /// <summary>It is messages that are judged: a model may look at those of one side only.</summary>
    public bool Messages { get; init; }

    /// <summary>What detectors find may be told beside the policies. Gateways have a section of their own for that.</summary>
    public bool HasDetectors { get; init; }

    /// <summary>What judges plans.</summary>
    public static PolicyDialect Plans(Func<string, string?> exposed) => new(BuiltInRules.DefaultsName, RegoPolicyOptions.DefaultPackage, exposed) { HasDetectors = true };
}

public sealed class PolicyReader(string baseDirectory, PolicyDialect dialect)
{
    private static readonly (string, Decision)[] DecisionWords = [("allow", Decision.Allow), ("warn", Decision.Warn), ("require_approval", Decision.RequireApproval), ("deny", Decision.Deny)];
    private const int PatternsMax = 100;
    private static readonly TimeSpan OpaTimeMax = TimeSpan.FromMinutes(5);

    private string[] Kinds { get; } = dialect.HasDetectors ? ["builtin", "rules", "rego", "bundle", "opa", "onnx", "detectors"] : ["builtin", "rules", "rego", "bundle", "opa", "onnx"];

    /// <summary>Null: there are errors, or it is for later.</summary>
    public PolicyRef? Read(YamlMap map)
    {
        var given = Kinds.Where(map.Has).ToList();
        if (given.Count > 1 || (given.Count == 0 && map.Entries.Count != 1))
        {
            map.Errors.Add(map, $"expected exactly one of {string.Join(", ", Kinds)}, found {(given.Count == 0 ? "none" : string.Join(" and ", given))}");
            return null;
        }
        if (given.Count == 0) map.Know(Kinds);
        var policy = given is [var kind] ? Read(map, kind) : null;
        map.Close();
        return policy;
    }

    private PolicyRef? Read(YamlMap map, string kind) => kind switch
    {
        "builtin" => map.TakeWord("builtin", [(dialect.BuiltIn, 0)]) is null ? null : new PolicyRef(kind, dialect.BuiltIn),
        "rules" => map.TakeText(kind, expected: "the path of a rules file") is { } path ? new PolicyRef(kind, path) : null,
        "rego" => Rego(map),
        "detectors" => Detectors(map),
        "bundle" => Bundle(map),
        "onnx" => Model(map),
        _ => Opa(map),
    };

    private PolicyRef? Model(YamlMap map)
    {
        var options = ModelPolicyOptions.Default;
        if (map.TakeText("digest", expected: "the digest of a model") is { } text)
        {
            if (Digest.TryParse(text, out var digest)) options = options with { Digest = digest };
            else map.Errors.Add(map.Take("digest")!, "'digest': expected sha256: and 64 lower-case hex digits, as `cabincrew model check` prints it");
        }
        if (dialect.Messages && map.TakeWord("from", [("caller", MessageTexts.FromCaller), ("server", MessageTexts.FromServer), ("both", MessageTexts.All)]) is { } side) options = options with { Texts = side };
        return map.TakeText("onnx", expected: "the folder of a model") is { } path ? new PolicyRef("onnx", path) { Model = options == ModelPolicyOptions.Default ? null : options } : null;
    }

    private static PolicyRef? Detectors(YamlMap map)
    {
        var standard = map.TakeWord("detectors", [(DetectorsPolicySource.Standard, 0)]);
        Dictionary<string, Decision> decisions = new(StringComparer.Ordinal);
        if (map.TakeMap("decisions") is { } said)
        {
            foreach (var entry in said.Entries)
                if (said.TakeWord(entry.Key.Text, DecisionWords) is { } decision) decisions[entry.Key.Text] = decision;
            if (new ScanSettings(decisions).Fault(ProblemCode.WorkflowFileInvalid) is { } fault) map.Errors.Add(said, $"'decisions': {fault.Message}");
        }
        return standard is null ? null : new("detectors", DetectorsPolicySource.Standard) { Detectors = decisions.Count == 0 ? null : new(decisions) };
    }

    private PolicyRef? Rego(YamlMap map)
    {
        var options = new RegoPolicyOptions(Package(map), (int?)map.TakeInteger("rego_version", 0, 1), map.TakeText("data", expected: "the path of a JSON or YAML file"));
        return map.TakeText("rego", expected: "the path of a .rego file, or of a directory of them") is { } path ? new PolicyRef("rego", path) { Rego = options == RegoPolicyOptions.Default ? null : options } : null;
    }

    private string Package(YamlMap map)
    {
        if (map.TakeText("package", expected: "the name of a package", charsMax: 200) is not { } name) return dialect.Package;
        if (!RegoPolicyOptions.IsPackage(name)) map.Errors.Add(map.Take("package")!, $"'package': expected names joined by dots, such as {dialect.Package}, without 'data.'");
        return name;
    }

    private PolicyRef? Bundle(YamlMap map)
    {
        var options = new BundlePolicyOptions(KeepLastGood: map.TakeTruth("keep_last_good") ?? false, Network: map.TakeTruth("network") ?? false);
        switch (map.Take("verify"))
        {
            case YamlMap trust: options = options with { Verify = Trust(trust) }; break;
            case YamlScalar { Type: YamlType.Text, Text: "none" }: options = options with { IgnoreSignature = true }; break;
            case { } other: map.Errors.Add(other, $"'verify': expected a mapping with 'key', or none, found {other.Is}"); break;
        }
        var package = Package(map);
        if (map.TakeText("bundle", expected: "a directory, a .tar.gz file, git:REPOSITORY@REF:DIRECTORY or oci:DIRECTORY:TAG") is not { } text) return null;
        if (BundleReference.Parse(text).Problem is { } wrong) map.Errors.Add(map.Take("bundle")!, $"'bundle': {wrong.Message}");
        return new PolicyRef("bundle", text) { Bundle = options, Rego = package == RegoPolicyOptions.DefaultPackage ? null : new(package) };
    }

    private static BundleTrust? Trust(YamlMap trust)
    {
        var key = trust.TakeText("key", required: true, "the file of a public key, or of a secret");
        var algorithm = trust.TakeWord("algorithm", [.. BundleKey.Algorithms.Select(a => (a, BundleKey.Algorithms.ToList().IndexOf(a)))]) is { } at ? BundleKey.Algorithms[at] : BundleKey.DefaultAlgorithm;
        var keyId = trust.TakeText("key_id", expected: "a key's name", charsMax: 256);
        var scope = trust.TakeText("scope", expected: "a word", charsMax: 256) ?? "";
        var exclude = trust.TakeTexts("exclude") ?? [];
        if (exclude.Count > PatternsMax) trust.Errors.Add(trust, $"'exclude': expected at most {PatternsMax} patterns");
        trust.Close();
        return key is null ? null : new(key, algorithm, keyId, scope, exclude);
    }

    private PolicyRef? Opa(YamlMap map)
    {
        var options = new OpaPolicyOptions(Quantities.TakeDuration(map, "time_limit", OpaTimeMax) ?? OpaPolicyOptions.TimeLimitDefault);
        if (map.Take("token") is YamlMap token) options = Token(token) is var (kind, value) ? options with { TokenKind = kind, TokenValue = value } : options;
        // What stands here may be the token itself: it is not repeated.
        else if (map.Take("token") is { } node) map.Errors.Add(node, $"'token': expected a source (env: NAME or file: PATH), found {node.Is}; a secret's value never stands in this file");
        return map.TakeText("opa", expected: "the URL of a document") is { } url ? new PolicyRef("opa", url) { Opa = options } : null;
    }

    private (string Kind, string Value)? Token(YamlMap map)
    {
        map.Know("env", "file");
        map.Close();
        if (map.Has("env") == map.Has("file")) map.Errors.Add(map, "'token': expected one of env, file");
        else if (map.Has("env"))
        {
            if (map.TakeText("env", expected: "the name of a variable", charsMax: 128) is not { } name) return null;
            if (name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') && !char.IsAsciiDigit(name[0])) return ("env", name);
            map.Errors.Add(map.Take("env")!, "'env': expected the name of a variable (letters, digits and '_')");
        }
        else if (map.TakeText("file", expected: "the path of a file") is { } written)
        {
            var path = Path.GetFullPath(written, baseDirectory);
            if (dialect.Exposed?.Invoke(CanonicalPath.Of(path) ?? path) is not { } elsewhere) return ("file", path);
            map.Errors.Add(map.Take("file")!, $"'file': expected a file {elsewhere}");
        }
        return null;
    }
}
