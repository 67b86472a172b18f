// Words that patterns of several families are put together from.
namespace CabinCrew.Governance.Detection.Secrets;

internal static class TokenForms
{
    public const string Uuid = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}";

    public const string HexDigits = "0123456789abcdef";

    public const string Digits = "0123456789";

    public const string Base62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    public const string Base64 = Base62 + "+/";

    public const string Base64Url = Base62 + "_-";

    /// <summary>Of an anchor that is too short: itself with each letter that may follow.</summary>
    public static string[] Each(string anchor, string next) => [.. next.Select(c => anchor + c)];
}
