// PHP, with its shells, its includes and what it takes from requests without asking.
namespace CabinCrew.Governance.Detection.Code.Languages;

internal static class PhpChecks
{
    private static readonly string[] Decoders = ["base64_decode", "gzinflate", "gzuncompress", "gzdecode", "str_rot13", "hex2bin", "convert_uudecode", "strrev"];
    private static readonly System.Buffers.SearchValues<char> Modifiers = System.Buffers.SearchValues.Create("imsxuADSUXJe");
    private static readonly string[] Shells = ["system", "exec", "shell_exec", "passthru", "popen", "proc_open", "pcntl_exec"];

    public static readonly CodeCheck[] Table =
    [
        new(CodeRules.HiddenCode, ["eval", "assert", "create_function"], (c, i) => IsRun(c, i) && c.Has(Given(c, i), Decoders)),
        new(CodeRules.DownloadedCode, ["eval", "include", "require", "include_once", "require_once", "assert"], (c, i) => IsRun(c, i) | !c.IsDot(i - 1) && Given(c, i) is var a && (c.Is(i, "eval") || c.Is(i, "assert") ? c.Has(a, "file_get_contents", "curl_exec") && (c.HasText(a, "http") || c.Has(a, "curl_exec")) : c.FirstText(a).StartsWith("http", StringComparison.OrdinalIgnoreCase) && c[a.From].Kind == CodeTokenKind.Text)),
        new(CodeRules.RequestCode, ["eval", "assert", "create_function", "include", "require", "include_once", "require_once", .. Shells], (c, i) => !c.IsDot(i - 1) && !c.IsDefined(i) && (IsRun(c, i) || c.IsAny(i, "include", "require", "include_once", "require_once") || IsShell(c, i)) && c.HasRequest(Given(c, i)) && !c.Has(Given(c, i), "basename", "escapeshellarg", "in_array", "isset") && !c.IsCleaned(Given(c, i))),
        Shared.ReverseShell,
        new(CodeRules.Eval, ["eval", "assert", "create_function"], (c, i) => IsRun(c, i) && Given(c, i) is var a && (c.Is(i, "eval") ? !c.IsConstant(a) && !a.IsEmpty : c.Is(i, "assert") ? c[a.From].Kind == CodeTokenKind.Text && c.IsBuilt(a) : !c.IsConstant(a))),
        new(CodeRules.Eval, ["preg_replace"], (c, i) => c.IsBareCall(i) && IsRunByPattern(c.FirstText(c.Arg(i, 0)))),
        new(CodeRules.Command, Shells, (c, i) => IsShell(c, i) && c.IsBuilt(c.Arg(i, 0)) && !c.IsCleaned(c.Arg(i, 0))),
        new(CodeRules.Command, [CodeCheck.Backtick], (c, i) => c[i].HasHoles),
        Shared.Sql,
        new(CodeRules.Html, ["echo", "print", "<?="], (c, i) => !c.IsDot(i - 1) && !c.IsDefined(i) && c.HasRequest(Given(c, i)) && !c.IsCleaned(Given(c, i)) && !c.Has(Given(c, i), "htmlspecialchars", "htmlentities", "json_encode", "isset", "empty", "strip_tags", "esc_html", "esc_attr", "checked", "selected", "count")),
        new(CodeRules.Path, ["fopen", "file_get_contents", "readfile", "unlink", "file", "fpassthru", "file_put_contents"], (c, i) => c.IsBareCall(i) && c.HasRequest(c.Arg(i, 0)) && !c.Has(c.Arg(i, 0), "basename", "realpath") && !c.IsCleaned(c.Arg(i, 0))),
        new(CodeRules.Redirect, ["header"], (c, i) => c.IsBareCall(i) && c.FirstText(c.Arg(i, 0)).StartsWith("Location:", StringComparison.OrdinalIgnoreCase) && c.FirstText(c.Arg(i, 0)).Length < 12 && c.HasRequest(c.Arg(i, 0)) && !c.IsCleaned(c.Arg(i, 0))),
        new(CodeRules.Fetch, ["curl_init", "file_get_contents", "get_headers"], (c, i) => c.IsBareCall(i) && c.HasRequest(c.Arg(i, 0)) && (c.Is(i, "curl_init") || c.FirstText(c.Arg(i, 0)).StartsWith("http", StringComparison.Ordinal))),
        new(CodeRules.Deserialize, ["unserialize"], (c, i) => c.IsBareCall(i) && !c.IsConstant(c.Arg(i, 0)) && !c.HasText(c.Inside(i), "allowed_classes") && !c.Is(c.Arg(i, 0).From, "serialize")),
        new(CodeRules.Xxe, ["libxml_disable_entity_loader", "LIBXML_NOENT", "substituteEntities", "resolveExternals"], (c, i) => c.Is(i, "LIBXML_NOENT") ? !c.IsDot(i - 1) : c.Is(i, "libxml_disable_entity_loader") ? c.IsBareCall(i) && c.IsFalse(c.Arg(i, 0)) : c.IsDot(i - 1) && c.IsTrue(c.Value(i))),
        new(CodeRules.Tls, ["CURLOPT_SSL_VERIFYPEER", "CURLOPT_SSL_VERIFYHOST", "verify_peer", "verify_peer_name", "allow_self_signed"], (c, i) => c.Is(i, "CURLOPT_SSL_VERIFYPEER") || c.Is(i, "CURLOPT_SSL_VERIFYHOST") ? c.IsAny(i + 1, ",", "=>") && (c.IsFalse(new(i + 2, i + 3)) || c.Is(i + 2, "FALSE")) : c.Content(i) is "allow_self_signed" ? c.IsTrue(c.Value(i)) : c.IsFalse(c.Value(i))),
        new(CodeRules.PasswordHash, ["md5", "sha1"], (c, i) => c.IsBareCall(i) && c.IsSecretive(c.Inside(i))),
        new(CodeRules.Cipher, ["openssl_encrypt", "openssl_decrypt", "mcrypt_encrypt", "mcrypt_decrypt"], (c, i) => c.IsBareCall(i) && (c.IsAny(i, "mcrypt_encrypt", "mcrypt_decrypt") || IsWeak(c.FirstText(c.Arg(i, 1))))),
        new(CodeRules.FixedIv, ["openssl_encrypt"], (c, i) => c.IsBareCall(i) && c.IsOneText(c.Arg(i, 4)) && c.Content(c.Arg(i, 4).From).Length > 4),
        new(CodeRules.Random, Shared.Secrets, (c, i) => Shared.IsDrawnFor(c, i) && HasRandom(c, c.Value(i))),
        new(CodeRules.Writable, ["chmod"], (c, i) => c.IsBareCall(i) && Shared.IsForAll(c, c.Arg(i, 1))),
    ];

    private static bool IsRun(CodeView c, int i) => !c.IsDot(i - 1) && !c.IsDefined(i) && c.IsAny(i, "eval", "assert", "create_function") && c.Is(i + 1, "(");

    private static bool IsShell(CodeView c, int i) => c.IsBareCall(i) && c.IsAny(i, Shells);

    // With brackets or without.
    private static CodeRange Given(CodeView c, int i) => c.Is(i + 1, "(") ? c.Inside(i) : c.Following(i);

    private static bool IsRunByPattern(ReadOnlySpan<char> pattern)
    {
        if (pattern.Length < 3 || char.IsAsciiLetterOrDigit(pattern[0])) return false;
        var end = pattern.LastIndexOf(pattern[0]);
        return end > 0 && pattern[(end + 1)..].Contains('e') && !pattern[(end + 1)..].ContainsAnyExcept(Modifiers);
    }

    private static bool IsWeak(ReadOnlySpan<char> name) => name.StartsWith("des", StringComparison.OrdinalIgnoreCase) || name.StartsWith("rc4", StringComparison.OrdinalIgnoreCase) || name.EndsWith("-ecb", StringComparison.OrdinalIgnoreCase);

    private static bool HasRandom(CodeView c, CodeRange range)
    {
        for (var i = range.From; i < range.To; i++)
            if (c.IsAny(i, "rand", "mt_rand", "uniqid", "lcg_value", "str_shuffle", "array_rand") && c.Is(i + 1, "(") && !c.IsDot(i - 1)) return true;
        return false;
    }
}
