// C and C++, and what Rust says aloud.
namespace CabinCrew.Governance.Detection.Code.Languages;

internal static class NativeChecks
{
    public static readonly CodeCheck[] C =
    [
        Shared.ReverseShell,
        new(CodeRules.Command, ["system", "popen", "_popen", "wsystem"], (c, i) => IsRun(c, i) && !c.IsConstant(c.Arg(i, 0)) && !c.Arg(i, 0).IsEmpty),
        Shared.Sql,
        new(CodeRules.Copy, ["gets"], (c, i) => IsRun(c, i) && c.ArgCount(i) == 1),
        new(CodeRules.Copy, ["strcpy", "strcat", "wcscpy", "lstrcpyA", "lstrcpyW"], (c, i) => IsRun(c, i) && c.ArgCount(i) == 2 && !c.IsConstant(c.Arg(i, 1))),
        new(CodeRules.Copy, ["sprintf", "vsprintf", "wsprintf"], (c, i) => IsRun(c, i) && (c.Is(i, "vsprintf") || HasText(c.FirstText(c.Arg(i, 1)), 's'))),
        new(CodeRules.Copy, ["scanf", "sscanf", "fscanf"], (c, i) => IsRun(c, i) && HasText(c.FirstText(c.Inside(i)), 's')),
        new(CodeRules.Format, ["printf", "syslog", "fprintf"], (c, i) => IsRun(c, i) && c.Arg(i, c.Is(i, "printf") ? 0 : 1) is var a && c.ArgCount(i) == (c.Is(i, "printf") ? 1 : 2) && a.To - a.From == 1 && c.IsName(a.From) && !c.IsConstant(a)),
        new(CodeRules.Tls, ["CURLOPT_SSL_VERIFYPEER", "CURLOPT_SSL_VERIFYHOST", "SSL_VERIFY_NONE"], (c, i) => c.Is(i, "SSL_VERIFY_NONE") ? c.Has(c.Statement(i), "SSL_CTX_set_verify", "SSL_set_verify", "set_verify_mode") && !c.Has(c.Statement(i), "SSL_VERIFY_PEER") : c.Is(i + 1, ",") && c[i + 2].Kind is CodeTokenKind.Number or CodeTokenKind.Name && c.IsAny(i + 2, "0", "0L", "false", "FALSE")),
        new(CodeRules.OldTls, ["SSLv2_method", "SSLv3_method", "TLSv1_method", "SSLv3_client_method", "TLSv1_client_method"], (c, i) => IsRun(c, i) && c.ArgCount(i) == 0 && (c.IsAny(i - 1, "=", "(", "return"))),
        new(CodeRules.PasswordHash, ["MD5", "SHA1"], (c, i) => IsRun(c, i) && c.IsSecretive(c.Inside(i))),
        new(CodeRules.Cipher, ["DES_ecb_encrypt", "DES_ncbc_encrypt", "RC4", "EVP_rc4", "EVP_des_cbc", "EVP_des_ecb", "EVP_aes_128_ecb", "EVP_aes_256_ecb"], (c, i) => IsRun(c, i) && c.IsAny(i - 1, ",", ";", "=", "{", "}", "(", "return")),
        new(CodeRules.Random, Shared.Secrets, (c, i) => Shared.IsDrawnFor(c, i) && c.Is(i + 1, "=") && c.Has(c.Value(i), "rand", "random", "drand48")),
        new(CodeRules.Xxe, ["XML_PARSE_NOENT", "XML_PARSE_DTDLOAD"], (c, i) => c.Has(c.Statement(i), "xmlReadFile", "xmlReadMemory", "xmlCtxtReadFile", "xmlCtxtReadMemory", "xmlReadDoc", "xmlCtxtUseOptions", "xmlReadFd")),
        new(CodeRules.Writable, ["chmod", "fchmod"], (c, i) => IsRun(c, i) && Shared.IsForAll(c, c.Arg(i, 1))),
        new(CodeRules.Temporary, ["mktemp", "tmpnam", "tempnam", "tmpnam_r"], (c, i) => IsRun(c, i)),
    ];

    public static readonly CodeCheck[] Rust =
    [
        Shared.ReverseShell,
        new(CodeRules.Command, ["arg"], (c, i) => c.IsDot(i - 1) && c.IsCall(i) && c.Inside(i) is var a && c.Has(a, "format") && c.IsBuilt(a) && c.Statement(i) is var s && c.HasText(s, "-c") && c.Has(s, "Command")),
        Shared.Sql,
        new(CodeRules.Tls, ["danger_accept_invalid_certs", "danger_accept_invalid_hostnames", "set_verify"], (c, i) => c.IsDot(i - 1) && c.IsCall(i) && (c.Is(i, "set_verify") ? c.Has(c.Inside(i), "NONE") : c.IsTrue(c.Arg(i, 0)))),
        new(CodeRules.PasswordHash, ["compute", "digest"], (c, i) => c.IsOf(i, "md5", "Md5", "Sha1") && c.IsCall(i) && c.IsSecretive(c.Inside(i))),
        new(CodeRules.Jwt, ["insecure_disable_signature_validation", "dangerous_insecure_decode", "dangerous_unsafe_decode"], (c, i) => c.IsCall(i) && !c.IsDefined(i)),
        new(CodeRules.Writable, ["from_mode", "set_mode"], (c, i) => c.IsCall(i) && (c.IsDot(i - 1)) && Shared.IsForAll(c, c.Arg(i, 0))),
    ];

    // Called, and neither declared nor a member: what stands before a declaration's name is its type.
    private static bool IsRun(CodeView c, int i) => c.Is(i + 1, "(") && !c.IsDot(i - 1) | c.IsOf(i, "std") && !(c.IsName(i - 1) && !c.IsAny(i - 1, "return", "else", "do")) && !c.IsAny(i - 1, "*", "#") && !c.Is(c[i + 1].Match + 1, "{");

    // %s without a width that bounds it.
    private static bool HasText(ReadOnlySpan<char> format, char kind)
    {
        for (var i = 0; i + 1 < format.Length; i++)
            if (format[i] == '%' && format[i + 1] == kind) return true;
            else if (format[i] == '%') i++;
        return false;
    }
}
