// .signatures.json as OPA has it: one JWT whose claims list every file with its hash. Signs, and verifies: the key decides the algorithm, every file is listed and
// right, every file that is listed is there, the scope is the one asked for. Anything else is a wrong signature.
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Governance.Policies.Bundles.Signing;

/// <param name="Keys">By the ids that signatures may name.</param>
/// <param name="KeyId">The key to use, whatever a signature names; null: the one it names, or the only one.</param>
/// <param name="Scope">What the signature must be for; empty: it must not say.</param>
/// <param name="Exclude">Patterns of files that need not be signed.</param>
public sealed record BundleVerification(IReadOnlyList<BundleKey> Keys, string? KeyId = null, string Scope = "", IReadOnlyList<string>? Exclude = null);

/// <summary>A signature that was verified.</summary>
public sealed record BundleSignature(string KeyId, string Algorithm, string Scope, int Files);

internal static class BundleSignatures
{
    private const int TokenCharsMax = 4 << 20;
    private static readonly JsonLimits Wide = new(8 << 20, DepthMax: 16, ValuesMax: 500_000);

    /// <summary>The bytes of <c>.signatures.json</c> over all files but itself.</summary>
    public static Outcome<byte[]> Sign(IEnumerable<BundleFile> files, BundleKey key, string? keyId, string scope)
    {
        var listed = new JsonArray();
        foreach (var file in files.Where(f => f.Kind != BundleFileKind.Signatures).OrderBy(f => f.Path, StringComparer.Ordinal))
        {
            if (StructuralHash.Of(file, StructuralHash.Default) is not { } hash) return new Problem(ProblemCode.PolicyInvalid, $"{file.Path} cannot be read as the document that its name says.") { Where = file.Path };
            listed.Add((JsonNode)new JsonObject { ["name"] = file.Path, ["hash"] = hash, ["algorithm"] = StructuralHash.Default });
        }
        var claims = new JsonObject { ["files"] = listed };
        var header = new JsonObject { ["alg"] = key.Algorithm };
        if (keyId is not null) (header["kid"], claims["keyid"]) = (keyId, keyId);
        if (scope.Length > 0) claims["scope"] = scope;
        var signed = $"{Base64Url.EncodeToString(CanonicalJson.Write(header))}.{Base64Url.EncodeToString(CanonicalJson.Write(claims))}";
        return key.Sign(Encoding.ASCII.GetBytes(signed)).Map(signature =>
            (byte[])[.. CanonicalJson.Write(new JsonObject { ["signatures"] = new JsonArray($"{signed}.{Base64Url.EncodeToString(signature)}") }), (byte)'\n']);
    }

    /// <param name="files">All of the bundle's files, those too that nobody reads.</param>
    public static Outcome<BundleSignature> Verify(IReadOnlyList<BundleFile> files, BundleVerification with, BundleFiles into)
    {
        if (files.FirstOrDefault(f => f.Kind == BundleFileKind.Signatures) is not { } document) return into.Refuse("it is not signed, and a signature is asked for");
        if (!Token(document).Try(out var token, out var problem)) return into.Refuse($"{BundlePaths.Signatures}: {problem.Message}");
        if (token.Split('.') is not [var head, var body, var mark] || Part(head) is not { } header || Part(body) is not { } payload || Bytes(mark) is not { } signature)
            return into.Refuse($"{BundlePaths.Signatures}: its token is no signed JWT");

        if (header.TryGetProperty("crit", out _)) return into.Refuse($"{BundlePaths.Signatures}: the token asks for something that is not known here (crit)");
        var named = Text(header, "kid") ?? Text(payload, "keyid");
        var wanted = with.KeyId ?? named;
        var key = wanted is null && with.Keys.Count == 1 ? with.Keys[0] : with.Keys.FirstOrDefault(k => k.Id == wanted);
        if (key is null) return into.Refuse($"its signature is by the key '{Clip(wanted ?? "")}', which is none of those that are trusted");
        // The algorithm is the key's. A token that names another is not verified by it, nor one that says "none".
        if (Text(header, "alg") != key.Algorithm) return into.Refuse($"its signature says '{Clip(Text(header, "alg") ?? "")}', the key '{key.Id}' is for {key.Algorithm}");
        if (!key.Verifies(Encoding.ASCII.GetBytes($"{head}.{body}"), signature)) return into.Refuse($"its signature is not by the key '{key.Id}'");
        var scope = Text(payload, "scope") ?? "";
        if (scope != with.Scope) return into.Refuse($"its signature is for the scope '{Clip(scope)}', not '{with.Scope}'");
        return Listed(files, payload, with.Exclude ?? [], into).Map(count => new BundleSignature(named ?? key.Id, key.Algorithm, scope, count));
    }

    private static Outcome<int> Listed(IReadOnlyList<BundleFile> files, JsonElement payload, IReadOnlyList<string> exclude, BundleFiles into)
    {
        if (!payload.TryGetProperty("files", out var list) || list.ValueKind != JsonValueKind.Array) return into.Refuse($"{BundlePaths.Signatures}: the token lists no files");
        Dictionary<string, (string Hash, string Algorithm)> listed = new(StringComparer.Ordinal);
        foreach (var item in list.EnumerateArray())
        {
            if (Text(item, "name") is not { Length: > 0 } name || Text(item, "hash") is not { } hash || Text(item, "algorithm") is not { Length: > 0 } algorithm)
                return into.Refuse($"{BundlePaths.Signatures}: an entry lacks name, hash or algorithm");
            if (!listed.TryAdd(name, (hash, algorithm))) return into.Refuse($"{BundlePaths.Signatures}: '{Clip(name)}' is listed twice");
        }
        var count = listed.Count;
        foreach (var file in files.Where(f => f.Kind != BundleFileKind.Signatures))
        {
            if (exclude.Any(e => GoGlob.IsMatch(e, file.Path)))
            {
                listed.Remove(file.Path);
                continue;
            }
            // Nobody reads it: it may be there unsigned, but if it is listed it must be right.
            if (!listed.Remove(file.Path, out var said))
            {
                if (file.Kind == BundleFileKind.Other) continue;
                return into.Refuse($"the file '{file.Path}' is not signed");
            }
            if (StructuralHash.Of(file, said.Algorithm) is not { } actual) return into.Refuse($"the hash of '{file.Path}' cannot be computed as '{Clip(said.Algorithm)}'; SHA-256, SHA-384 and SHA-512 are trusted");
            if (!string.Equals(actual, said.Hash, StringComparison.OrdinalIgnoreCase)) return into.Refuse($"the file '{file.Path}' is not the one that was signed");
        }
        return listed.Count == 0 ? count : into.Refuse($"the file '{Clip(listed.Keys.Order(StringComparer.Ordinal).First())}' was signed and is not there");
    }

    private static Outcome<string> Token(BundleFile document)
    {
        if (!StrictJson.Parse(document.Bytes, Wide).Try(out var json, out var problem)) return problem;
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("signatures", out var all) || all.ValueKind != JsonValueKind.Array) return Wrong("expected an object with 'signatures'");
        if (json.TryGetProperty("plugin", out var plugin) && (plugin.ValueKind != JsonValueKind.String || plugin.GetString() is not "")) return Wrong("signature plug-ins are not known here");
        if (all.GetArrayLength() != 1 || all[0].ValueKind != JsonValueKind.String) return Wrong("expected exactly one token");
        return all[0].GetString() is { Length: <= TokenCharsMax } token ? token : Wrong("the token is too long");

        static Problem Wrong(string what) => new(ProblemCode.PolicyInvalid, what);
    }

    private static JsonElement? Part(string encoded) => Bytes(encoded) is { } bytes && StrictJson.Parse(bytes, Wide) is { Ok: true, Value.ValueKind: JsonValueKind.Object } json ? json.Value : null;

    // Without padding and blanks: one text for one value.
    private static byte[]? Bytes(string encoded)
    {
        if (encoded.AsSpan().ContainsAnyExcept(Alphabet)) return null;
        try
        {
            return Base64Url.DecodeFromChars(encoded);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static readonly System.Buffers.SearchValues<char> Alphabet = System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    private static string? Text(JsonElement from, string name) =>
        from.ValueKind == JsonValueKind.Object && from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Clip(string text) => string.Concat((text.Length <= 80 ? text : text[..80] + "…").Select(c => char.IsControl(c) ? '\uFFFD' : c));
}
