// API keys (MCP-08): the configuration holds their SHA-256 only, and every key is compared with all of them in constant time.
using System.Security.Cryptography;
using System.Text;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Firewall.Callers;

/// <param name="Sha256">Of the key's UTF-8 bytes.</param>
/// <param name="NotAfter">From then on it is worth nothing. Null: it does not end.</param>
public sealed record CallerKey(string Name, ReadOnlyMemory<byte> Sha256, IReadOnlyList<string> Roles, bool? Human = null, DateTimeOffset? NotAfter = null);

public sealed class CallerKeys
{
    public const int KeyCharsMin = 16, KeyCharsMax = 4096, KeysMax = 10_000;
    public const string Method = "api_key";

    private readonly IReadOnlyList<CallerKey> keys;

    private CallerKeys(IReadOnlyList<CallerKey> keys) => this.keys = keys;

    public static Outcome<CallerKeys> Of(IReadOnlyList<CallerKey> keys)
    {
        if (keys.Count > KeysMax) return Invalid($"at most {KeysMax} API keys are taken");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var key in keys)
        {
            if (key.Sha256.Length != SHA256.HashSizeInBytes) return Invalid($"the key of '{key.Name}' is not given as 64 hex digits of its SHA-256");
            if (!seen.Add(Convert.ToHexString(key.Sha256.Span))) return Invalid($"the key of '{key.Name}' is also somebody else's");
        }
        return new CallerKeys(keys);
    }

    public Outcome<MessageCaller> Authenticate(string key, DateTimeOffset now)
    {
        if (key.Length is < KeyCharsMin or > KeyCharsMax) return Unknown();
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(key), hash);
        CallerKey? holder = null;
        // All of them, so that how long it takes tells nothing.
        foreach (var one in keys)
            if (CryptographicOperations.FixedTimeEquals(hash, one.Sha256.Span)) holder = one;
        return holder is null || now >= holder.NotAfter ? Unknown() : new MessageCaller(holder.Name, holder.Human, holder.Roles, Method);
    }

    // One answer for what is unknown, too short, or has ended: a guess learns nothing.
    private static Problem Unknown() => new(ProblemCode.CallerNotAuthenticated, "the API key is not valid");

    private static Problem Invalid(string why) => new(ProblemCode.GatewayFileInvalid, why);
}
