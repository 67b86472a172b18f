// A policy as a workflow names it, what it says besides the name, and what is around it when it is loaded.
using CabinCrew.Governance.Policies.Rego;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Governance.Policies.Bundles;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies;

/// <param name="Kind">A line of <see cref="PolicySources"/>: <c>builtin</c> (value: <c>defaults</c>), <c>rules</c> (a file), <c>detectors</c> (<c>standard</c>), <c>rego</c> (a module or a directory), <c>bundle</c> (a bundle's reference), <c>opa</c> (a URL), <c>onnx</c> (a model's folder). Paths are relative to the workflow file's directory.</param>
public sealed record PolicyRef(string Kind, string Value)
{
    /// <summary>With <c>detectors</c>. Null: nothing besides the name.</summary>
    public ScanSettings? Detectors { get; init; }

    /// <summary>Null: nothing besides the name.</summary>
    public BundlePolicyOptions? Bundle { get; init; }

    /// <summary>Null: nothing besides the name.</summary>
    public OpaPolicyOptions? Opa { get; init; }

    /// <summary>With <c>rego</c> and <c>bundle</c>. Null: nothing besides the name.</summary>
    public RegoPolicyOptions? Rego { get; init; }

    /// <summary>Null: nothing besides the name.</summary>
    public ModelPolicyOptions? Model { get; init; }
}

/// <summary>Which texts of a gateway's messages.</summary>
[Flags]
public enum MessageTexts
{
    FromCaller = 1,
    FromServer = 2,
    All = FromCaller | FromServer,
}

/// <param name="Digest">The model must have it. Null: whatever model is in the folder.</param>
/// <param name="Texts">Plans have no such sides.</param>
public sealed record ModelPolicyOptions(Digest? Digest = null, MessageTexts Texts = MessageTexts.All)
{
    public static readonly ModelPolicyOptions Default = new();
}

/// <param name="Verify">Null: a signed bundle is refused.</param>
/// <param name="IgnoreSignature">The user said so in so many words (<c>verify: none</c>).</param>
/// <param name="KeepLastGood">The last bundle that was good stands in for one that cannot be loaded.</param>
/// <param name="Network">A repository may be fetched from a URL.</param>
public sealed record BundlePolicyOptions(BundleTrust? Verify = null, bool IgnoreSignature = false, bool KeepLastGood = false, bool Network = false);

/// <param name="Key">The file of a public key (PEM), or of a secret.</param>
/// <param name="KeyId">What the signature's key is called; null: whatever it is called, the key must be this one.</param>
/// <param name="Exclude">Patterns of files that need not be signed.</param>
public sealed record BundleTrust(string Key, string Algorithm, string? KeyId, string Scope, IReadOnlyList<string> Exclude)
{
    public bool Equals(BundleTrust? other) => other is not null && (Key, Algorithm, KeyId, Scope) == (other.Key, other.Algorithm, other.KeyId, other.Scope) && Exclude.SequenceEqual(other.Exclude);

    public override int GetHashCode() => HashCode.Combine(Key, Algorithm, KeyId, Scope, Exclude.Count);
}

/// <param name="TokenKind">env or file, where there is a bearer token; else null.</param>
/// <param name="TokenValue">The variable's name, or the absolute path.</param>
public sealed record OpaPolicyOptions(TimeSpan TimeLimit, string? TokenKind = null, string? TokenValue = null)
{
    public static readonly TimeSpan TimeLimitDefault = TimeSpan.FromSeconds(5);
}

/// <param name="Package">Whose <c>decision</c>, <c>deny</c>, <c>require_approval</c> and <c>warn</c> are the answer; without <c>data</c>.</param>
/// <param name="Version">0 or 1: how modules are read that no manifest says it of. Null: 1.</param>
/// <param name="Data">A file of data (JSON or YAML) that becomes <c>data</c>; only beside a single module. Null: none.</param>
public sealed record RegoPolicyOptions(string Package = RegoPolicyOptions.DefaultPackage, int? Version = null, string? Data = null)
{
    public const string DefaultPackage = "cabincrew.preflight";

    public static readonly RegoPolicyOptions Default = new();

    /// <summary>Names joined by dots, as a package clause writes them.</summary>
    public static bool IsPackage(string text) =>
        text.Length is > 0 and <= 200 && text.Split('.').All(p => p.Length > 0 && !char.IsAsciiDigit(p[0]) && p.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'));
}

/// <summary>Reads a secret's value from its source (env or file).</summary>
public delegate Task<Outcome<string>> PolicySecretReader(string kind, string value, CancellationToken ct);

/// <param name="BaseDirectory">The workflow file's directory.</param>
public sealed record PolicySurroundings(string BaseDirectory, Redactor Redactor)
{
    /// <summary>Null: no policy may have a secret.</summary>
    public PolicySecretReader? Secrets { get; init; }

    /// <summary>Null: commits cannot be read.</summary>
    public GitTreeReader? Git { get; init; }

    /// <summary>Null: nothing is kept.</summary>
    public LastGoodBundles? LastGood { get; init; }

    /// <summary>What policies of messages are asked about.</summary>
    public PolicyDocument Messages { get; init; } = PolicyDocument.Message;

    /// <summary>Null: no model can be run.</summary>
    public TextModelLoader? Models { get; init; }
}
