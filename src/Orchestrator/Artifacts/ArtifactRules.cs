// What artifact.json may not say (ART-04): claims of authority, and references to anything outside the workspace. Pure.
// The lists are documented in docs/reference/artifacts.md.
using System.Collections.Frozen;
using System.Text.Json;

namespace CabinCrew.Orchestrator.Artifacts;

internal static class ArtifactRules
{
    /// <summary>Compared without regard to case and to anything that is no letter or digit, so that plan_token, planToken and "Plan-Token" are one.</summary>
    public static readonly FrozenSet<string> Prohibited = new[]
    {
        "plantoken", "plantokenhash", "expectedplantoken", "token", "identitytoken",
        "approval", "approvals", "approved", "approver", "approvers", "approvedby", "approvalid", "approvalrequest", "approvalresponse",
        "decision", "decisions", "policydecision", "verdict", "preflight",
        "policy", "policies", "policyid", "policydigest", "governance", "governancehash", "governancedecision",
        "secret", "secrets", "allowedsecrets",
        "signature", "signatures", "signed", "signedby", "signaturekeyref",
        "authority", "authorization", "authorized", "authorizedby", "chainhash",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Keys of metadata, at any depth, whose strings are paths.</summary>
    public static readonly FrozenSet<string> PathKeys = new[]
    {
        "path", "paths", "file", "files", "filename", "filenames", "dir", "dirs", "directory", "directories",
        "target", "targets", "oldpath", "newpath", "workingdirectory",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>The JSON pointer of the first member that claims authority: of the document itself, of metadata or of extensions.</summary>
    public static string? ProhibitedField(JsonElement document)
    {
        if (document.ValueKind != JsonValueKind.Object) return null;
        foreach (var member in document.EnumerateObject())
        {
            if (Prohibited.Contains(Folded(member.Name))) return Pointer(member.Name);
            if (member.Name is not ("metadata" or "extensions") || member.Value.ValueKind != JsonValueKind.Object) continue;
            foreach (var inner in member.Value.EnumerateObject())
                if (Prohibited.Contains(Folded(inner.Name))) return Pointer(member.Name) + Pointer(inner.Name);
        }
        return null;
    }

    public static (string Field, string Why)? ExternalReference(JsonElement document)
    {
        if (document.TryGetProperty("target", out var target) && target.ValueKind == JsonValueKind.String && Outside(target.GetString()!) is { } why) return ("/target", why);
        return document.TryGetProperty("metadata", out var metadata) ? Search(metadata, "/metadata", isPath: false) : null;
    }

    /// <summary>Why a path is not inside the workspace, or null.</summary>
    public static string? Outside(string path)
    {
        if (path.Length == 0) return null;
        if (path[0] is '/' or '\\') return "the path is absolute";
        if (path[0] == '~') return "the path begins in a home directory";
        if (path.Length > 1 && path[1] == ':' && char.IsAsciiLetter(path[0])) return "the path names a drive";
        if (path.StartsWith("file:", StringComparison.OrdinalIgnoreCase)) return "the path is a file URL";
        if (path.Contains('\0')) return "the path holds a NUL";
        foreach (var segment in path.AsSpan().SplitAny('/', '\\'))
            if (path.AsSpan()[segment].SequenceEqual("..")) return "the path leaves the workspace through '..'";
        return null;
    }

    private static (string, string)? Search(JsonElement value, string pointer, bool isPath)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                return isPath && Outside(value.GetString()!) is { } why ? (pointer, why) : null;
            case JsonValueKind.Array:
                var index = 0;
                foreach (var item in value.EnumerateArray())
                    if (Search(item, $"{pointer}/{index++}", isPath) is { } found) return found;
                return null;
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    // An object under such a key may be keyed by paths itself.
                    if (isPath && Outside(member.Name) is { } reason) return (pointer + Pointer(member.Name), reason);
                    if (Search(member.Value, pointer + Pointer(member.Name), PathKeys.Contains(Folded(member.Name))) is { } found) return found;
                }
                return null;
            default:
                return null;
        }
    }

    private static string Folded(string key) => string.Concat(key.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();

    private static string Pointer(string key) => "/" + ArtifactProblem.Printable(key).Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}
