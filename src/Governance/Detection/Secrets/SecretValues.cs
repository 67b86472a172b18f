// Tells a secret from what stands in its place: a sample, a template, a reference to somewhere else, a hash, an identifier, a word of the code. For values that have no form of their own;
// what a person chose and what a machine drew are told apart by different measures.
using System.Buffers;

namespace CabinCrew.Governance.Detection.Secrets;

internal static class SecretValues
{
    private const int DrawnCharsMin = 16;

    // Longer runs of small letters are words of a language.
    private const int WordCharsMax = 11;

    private static readonly SearchValues<string> Placeholders = SearchValues.Create(
    [
        "example", "placeholder", "changeme", "change_me", "change-me", "change_this", "changeit", "your_", "your-", "yourtoken", "yourkey", "yoursecret", "yourpass", "yourapi", "insert", "replace", "redacted", "dummy", "sample",
        "xxxx", "****", "....", "____", "----", "fake", "foobar", "mysecret", "my_secret", "my-secret", "mypass", "mytoken", "my-token", "my_token", "my-key", "my_key", "passw", "lorem", "undefined", "null", "none", "secretkey", "secret-key", "secret_key",
        "notasecret", "not-a-secret", "not_a_secret", "topsecret", "supersecret", "apikey", "api_key", "api-key", "12345", "abcde", "qwert", "deadbeef", "00000", "11111", "test_test", "testtest", "test-token", "test_token", "testing",
        "process.env", "os.environ", "getenv", "secretref", "secretkeyref", "valuefrom", "vault:", "secretsmanager", "keyvault", "op://", "ssm:", "arn:", "://", "enc(", "enc[", "sops", "vaultproject", "encrypted", "hidden", "disabled", "required", "optional", "unknown",
    ], StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<char> Templates = SearchValues.Create("${}<>[]()|*\\#");
    private static readonly SearchValues<char> DrawnLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/=.~!@%^:");
    private static readonly SearchValues<char> Joints = SearchValues.Create("_-./: ,");
    private static readonly SearchValues<char> HexLetters = SearchValues.Create("0123456789abcdefABCDEF");
    private static readonly SearchValues<char> Chained = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.?!");

    /// <summary>Stands for a secret, or tells where it is, and is none.</summary>
    public static bool IsPlaceholder(ReadOnlySpan<char> value) =>
        value.ContainsAny(Templates) || value.IndexOfAny(Placeholders) >= 0 || IsHashOfPassword(value) || (value.Contains('%') && (value.Contains("%s", StringComparison.Ordinal) || value.Contains("%d", StringComparison.Ordinal) || value.Contains("%(", StringComparison.Ordinal))) || LongestRun(value) > 5;

    /// <summary>Letters as a machine draws them: long enough, of several kinds, in no order, and not words put together.</summary>
    /// <param name="hexCounts">Hexadecimal digits alone are enough; else they are taken for a hash.</param>
    public static bool IsDrawn(ReadOnlySpan<char> value, bool hexCounts)
    {
        if (value.Length is < DrawnCharsMin or > 512 || value.ContainsAnyExcept(DrawnLetters) || IsUuid(value) || value[0] is '/' or '.' || IsFile(value)) return false;
        int digits = 0, letters = 0, changes = 0, small = 0, longest = 0;
        for (var i = 0; i < value.Length; i++)
        {
            if (char.IsAsciiDigit(value[i])) digits++;
            else if (char.IsAsciiLetter(value[i])) letters++;
            if (i > 0 && Kind(value[i]) != Kind(value[i - 1])) changes++;
            small = char.IsAsciiLetterLower(value[i]) ? small + 1 : 0;
            longest = Math.Max(longest, small);
        }
        if (digits < 2 || letters < 4 || longest > WordCharsMax || changes * 5 < value.Length) return false;
        if (!value.ContainsAnyExcept(HexLetters)) return hexCounts && value.Length >= 24 && Entropy(value) >= 3;
        return Entropy(value) >= (value.Length < 20 ? 3.2 : 3.5) && !IsWords(value);
    }

    /// <summary>A password as a person chooses a good one, and no word of a program: signs, or digits among letters of both cases.</summary>
    /// <param name="isQuoted">In quotes; outside of them code looks much like a password.</param>
    public static bool IsStrong(ReadOnlySpan<char> value, bool isQuoted)
    {
        if (value.Length is < 8 or > 128 || value.ContainsAny(" \t") || value[0] is '/' or '.' or '-' or '=' or ':' or '?' || value[^1] is ':' or '=' || IsUuid(value) || IsFile(value)) return false;
        bool lower = false, upper = false, digit = false, sign = false, amid = false;
        for (var i = 0; i < value.Length; i++)
        {
            var c = value[i];
            lower |= char.IsAsciiLetterLower(c);
            upper |= char.IsAsciiLetterUpper(c);
            digit |= char.IsAsciiDigit(c);
            sign |= c < 128 && !char.IsAsciiLetterOrDigit(c) && !Joints.Contains(c);
            amid |= i > 0 && char.IsAsciiLetter(c) && char.IsAsciiDigit(value[i - 1]);
        }
        if (!lower && !upper) return false;
        return (sign && digit && (isQuoted || value[^1] != '.')) || (lower && upper && digit && amid && !value.Contains('.') && Entropy(value) >= 2.8);
    }

    public static bool IsUuid(ReadOnlySpan<char> value) => value.Length is 36 or 32 && Guid.TryParseExact(value, value.Length == 36 ? "D" : "N", out _) && (value.Length == 36 || value.Count('-') > 0);

    /// <summary>A member of something: a.b.c.</summary>
    public static bool IsChain(ReadOnlySpan<char> value) => value.Contains('.') && !value.ContainsAnyExcept(Chained);

    private static bool IsHashOfPassword(ReadOnlySpan<char> value) =>
        value.StartsWith("$2") || value.StartsWith("$5$") || value.StartsWith("$6$") || value.StartsWith("$argon2") || value.StartsWith("{SSHA") || value.StartsWith("sha256") || value.StartsWith("sha512") || value.StartsWith("sha1") || value.StartsWith("md5") || value.StartsWith("pbkdf2") || value.StartsWith("bcrypt");

    // Ends as the name of a file does.
    private static bool IsFile(ReadOnlySpan<char> value) => value.LastIndexOf('.') is > 0 and var dot && value.Length - dot is >= 3 and <= 6 && !value[(dot + 1)..].ContainsAnyExceptInRange('a', 'z');

    // Every part between joints is a word, or a word with a number behind it.
    private static bool IsWords(ReadOnlySpan<char> value)
    {
        var parts = 0;
        while (!value.IsEmpty)
        {
            var end = value.IndexOfAny(Joints);
            var part = end < 0 ? value : value[..end];
            var word = part.TrimEnd("0123456789");
            if (word.ContainsAnyInRange('0', '9')) return false;
            parts++;
            value = end < 0 ? default : value[(end + 1)..];
        }
        return parts > 1;
    }

    private static int Kind(char c) => char.IsAsciiLetterLower(c) ? 0 : char.IsAsciiLetterUpper(c) ? 1 : char.IsAsciiDigit(c) ? 2 : 3;

    private static int LongestRun(ReadOnlySpan<char> value)
    {
        int run = 1, longest = 1;
        for (var i = 1; i < value.Length; i++) longest = Math.Max(longest, run = value[i] == value[i - 1] ? run + 1 : 1);
        return longest;
    }

    /// <summary>Of Shannon, in bits a character.</summary>
    internal static double Entropy(ReadOnlySpan<char> value)
    {
        Span<int> counts = stackalloc int[128];
        counts.Clear();
        foreach (var c in value) counts[c & 127]++;
        var bits = 0.0;
        foreach (var count in counts)
            if (count > 0) bits -= (double)count / value.Length * Math.Log2((double)count / value.Length);
        return bits;
    }
}
