// What stands in place of secrets that are taken out of a text, and the way back: the same secret has the same placeholder in one scope (a key), so that a text still reads, and what an
// answer says of a placeholder can be put back for whoever gave the secret. Without the key a placeholder tells nothing about the secret but its kind; with two keys there are two placeholders.
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using CabinCrew.Ledger.Redaction;

namespace CabinCrew.Governance.Detection;

/// <summary>One scope: a store, a session, whatever shares a key. Thread-safe. Secrets stay in memory as long as it does, and nowhere else.</summary>
/// <param name="key">16 bytes or more that stay secret.</param>
/// <param name="secretsMax">So many different secrets can be put back; those after them get placeholders that stay.</param>
/// <param name="charsMax">And so many characters of secrets altogether.</param>
public sealed partial class PlaceholderScope(byte[] key, int secretsMax = 10_000, int charsMax = 4 << 20)
{
    private const int TagChars = 8;

    private readonly byte[] key = key.Length >= 16 ? key : throw new ArgumentException("a key of placeholders has 16 bytes or more", nameof(key));
    private readonly Lock gate = new();
    private readonly Dictionary<string, string> secretOf = new(StringComparer.Ordinal);
    private int chars;

    /// <summary>How every placeholder with a tag looks.</summary>
    [GeneratedRegex(@"\[redacted:[a-z0-9-]{1,64}#[0-9a-f]{8,64}\]", RegexOptions.NonBacktracking)]
    public static partial Regex Form { get; }

    /// <summary>There were more secrets than can be put back.</summary>
    public bool IsFull { get; private set; }

    /// <summary>The secret's placeholder, for example <c>[redacted:github-token#1f3a9c02]</c>.</summary>
    /// <param name="rule">What it is: small letters, digits and hyphens.</param>
    public string Of(string rule, string secret)
    {
        var tag = Tag(key, secret);
        lock (gate)
        {
            // Two secrets with the same short tag: the second has a longer one. Which is which does not change while the scope lasts.
            for (var length = TagChars; ; length += TagChars)
            {
                var placeholder = Redactor.Placeholder($"{rule}#{tag[..length]}");
                if (secretOf.TryGetValue(placeholder, out var known))
                {
                    if (known == secret || length == tag.Length) return placeholder;
                    continue;
                }
                if (secretOf.Count >= secretsMax || chars + secret.Length > charsMax) IsFull = true;
                else
                {
                    secretOf[placeholder] = secret;
                    chars += secret.Length;
                }
                return placeholder;
            }
        }
    }

    /// <summary>The text with every secret of this scope back in its place; what only looks like a placeholder of it stays.</summary>
    /// <param name="spell">How a secret is written where it goes, for example escaped for JSON; null: as it is.</param>
    public string Restore(string text, Func<string, string>? spell = null)
    {
        if (!text.Contains("[redacted:", StringComparison.Ordinal)) return text;
        return Form.Replace(text, match =>
        {
            lock (gate) return secretOf.TryGetValue(match.Value, out var secret) ? spell?.Invoke(secret) ?? secret : match.Value;
        });
    }

    /// <summary>Where secrets of this scope go back into a text, in order, and how they are written there.</summary>
    /// <param name="spell">As in <see cref="Restore"/>.</param>
    public List<(int Start, int Length, string Instead)> Places(string text, Func<string, string>? spell = null)
    {
        List<(int, int, string)> places = [];
        if (!text.Contains("[redacted:", StringComparison.Ordinal)) return places;
        lock (gate)
            foreach (var match in Form.EnumerateMatches(text))
                if (secretOf.TryGetValue(text.Substring(match.Index, match.Length), out var secret)) places.Add((match.Index, match.Length, spell?.Invoke(secret) ?? secret));
        return places;
    }

    /// <summary>The placeholder of a secret that nobody will put back.</summary>
    internal static string Placeholder(byte[] key, string rule, string secret) => Redactor.Placeholder($"{rule}#{Tag(key, secret)[..TagChars]}");

    private static string Tag(byte[] key, string secret) => Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(secret)));
}
