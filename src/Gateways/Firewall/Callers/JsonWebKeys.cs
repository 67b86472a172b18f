// A set of public keys (RFC 7517), read strictly: only asymmetric signature keys are taken, so that no token can be signed with something that everybody knows.
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Gateways.Firewall.Callers;

/// <param name="Id">Its <c>kid</c>; null: it has none.</param>
/// <param name="Algorithm">The only one that it may be used with, where the set says so.</param>
public sealed record JsonWebKey(string? Id, string? Algorithm, AsymmetricAlgorithm Key)
{
    /// <summary>Which curve; null: an RSA key.</summary>
    public string? Curve { get; init; }
}

public sealed record JsonWebKeys(IReadOnlyList<JsonWebKey> Keys)
{
    public const int BytesMax = 1 << 20;
    private const int KeysMax = 200;
    private const int RsaBitsMin = 2048, RsaBitsMax = 16_384;

    /// <summary>Keys of other kinds and uses are passed over; one of ours that is broken or too weak is a refusal.</summary>
    public static Outcome<JsonWebKeys> Read(ReadOnlyMemory<byte> utf8, string where)
    {
        if (!StrictJson.Parse(utf8, new JsonLimits(BytesMax: BytesMax, DepthMax: 16)).Try(out var root, out var problem)) return problem.At(where);
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("keys", out var list) || list.ValueKind != JsonValueKind.Array) return Invalid(where, "it is no JSON Web Key Set: it has no list 'keys'");
        if (list.GetArrayLength() > KeysMax) return Invalid(where, $"it has more than {KeysMax} keys");
        var keys = new List<JsonWebKey>();
        foreach (var item in list.EnumerateArray())
        {
            if (Text(item, "use") is not (null or "sig")) continue;
            try
            {
                if (One(item) is { } key) keys.Add(key);
            }
            catch (Exception e) when (e is CryptographicException or FormatException or ArgumentException)
            {
                return Invalid(where, $"the key '{Plain.Text(Text(item, "kid") ?? "without kid", 100)}' cannot be used: {e.Message}");
            }
        }
        return keys.Count == 0 ? Invalid(where, "it has no RSA or EC key for signatures") : new JsonWebKeys(keys);
    }

    private static JsonWebKey? One(JsonElement item)
    {
        var (id, algorithm) = (Text(item, "kid"), Text(item, "alg"));
        switch (Text(item, "kty"))
        {
            case "RSA":
                var modulus = Bytes(item, "n");
                if (modulus.Length * 8 is < RsaBitsMin or > RsaBitsMax) throw new CryptographicException($"an RSA key of {modulus.Length * 8} bits is not taken");
                return new(id, algorithm, RSA.Create(new RSAParameters { Modulus = modulus, Exponent = Bytes(item, "e") }));
            case "EC":
                var curve = Text(item, "crv");
                var named = curve switch { "P-256" => ECCurve.NamedCurves.nistP256, "P-384" => ECCurve.NamedCurves.nistP384, "P-521" => ECCurve.NamedCurves.nistP521, _ => default(ECCurve?) };
                // Importing verifies that the point lies on the curve.
                return named is null ? null : new(id, algorithm, ECDsa.Create(new ECParameters { Curve = named.Value, Q = new() { X = Bytes(item, "x"), Y = Bytes(item, "y") } })) { Curve = curve };
            default:
                return null;
        }
    }

    private static string? Text(JsonElement item, string name) => item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static byte[] Bytes(JsonElement item, string name) => Base64Url.DecodeFromUtf8(Encoding.UTF8.GetBytes(Text(item, name) ?? throw new FormatException($"it has no '{name}'")));

    private static Problem Invalid(string where, string why) => new(ProblemCode.GatewayFileInvalid, $"the key set cannot be used: {why}") { Where = where };
}
