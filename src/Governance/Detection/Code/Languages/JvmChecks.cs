// Java, Kotlin, Groovy and Scala, with the standard library and common frameworks.
namespace CabinCrew.Governance.Detection.Code.Languages;

internal static class JvmChecks
{
    public static readonly CodeCheck[] Table =
    [
        new(CodeRules.HiddenCode, ["eval", "defineClass", "exec"], (c, i) => c.IsCall(i) && c.IsDot(i - 1) | c.Is(i, "defineClass") && !IsDeclared(c, i) && c.Has(c.Inside(i), "getDecoder", "decodeBase64", "Base64", "decodeFromString")),
        new(CodeRules.RequestCode, ["exec", "eval"], (c, i) => c.IsCall(i) && c.IsDot(i - 1) && c.HasRequest(c.Inside(i))),
        Shared.ReverseShell,
        new(CodeRules.Eval, ["eval", "parseExpression"], (c, i) => c.IsCall(i) && !IsDeclared(c, i) && (c.Is(i, "parseExpression") ? c.IsBuilt(c.Arg(i, 0)) || c.HasRequest(c.Arg(i, 0)) : c.IsOf(i, "engine", "scriptEngine", "nashorn", "jsEngine", "groovyShell", "GroovyShell", "shell", "Eval") && !c.IsConstant(c.Arg(i, 0)))),
        new(CodeRules.Command, ["exec"], (c, i) => c.IsCall(i) && (c.IsOf(i, "runtime", "rt", "r", "Runtime") || (c.Is(i - 1, ".") && c.Is(i - 2, ")") && c.IsAny(i - 4, "getRuntime"))) && c.Arg(i, 0) is var a && (c.IsBuilt(a) || (c.HasText(a, "sh") && c.HasText(a, "-c") && !c.IsConstant(a)))),
        new(CodeRules.Command, ["ProcessBuilder", "command"], (c, i) => c.IsCall(i) && (c.IsMade(i) || c.IsDot(i - 1) || c.Language == CodeLanguage.Kotlin) && !IsDeclared(c, i) && IsShell(c, c.Inside(i)) && !c.IsConstant(c.Inside(i))),
        Shared.Sql,
        new(CodeRules.Path, ["File", "FileInputStream", "FileReader", "get", "of", "FileSystemResource"], (c, i) => c.IsCall(i) && (c.IsMade(i) || c.IsOf(i, "Paths", "Path")) && c.HasRequest(c.Inside(i)) && !c.Has(c.Inside(i), "getName", "normalize")),
        new(CodeRules.Redirect, ["sendRedirect", "RedirectView"], (c, i) => c.IsCall(i) && c.HasRequest(c.Inside(i))),
        new(CodeRules.Fetch, ["URL", "create", "getForObject", "getForEntity"], (c, i) => c.IsCall(i) && (c.IsMade(i) || c.IsOf(i, "URI", "restTemplate")) && c.HasRequest(c.Arg(i, 0))),
        new(CodeRules.Html, ["println", "print", "write", "append"], (c, i) => c.IsCall(i) && c.HasRequest(c.Inside(i)) && !c.IsCleaned(c.Inside(i)) && (c.IsOf(i, "out", "writer") || (c.Is(i - 2, ")") && c.Is(i - 4, "getWriter")))),
        new(CodeRules.Deserialize, ["ObjectInputStream", "XMLDecoder", "enableDefaultTyping", "activateDefaultTyping", "readUnshared", "SerializationUtils"], (c, i) => c.IsAny(i, "enableDefaultTyping", "activateDefaultTyping") ? c.IsDot(i - 1) && c.IsCall(i)
            : c.Is(i, "SerializationUtils") ? c.Is(i + 2, "deserialize") && c.Is(i + 3, "(") : c.IsCall(i) && (c.Is(i - 1, "new") || c.Language == CodeLanguage.Kotlin && !c.IsDot(i - 1) && !IsDeclared(c, i) && !c.IsAny(i - 1, ":", "class"))),
        new(CodeRules.Xxe, ["setFeature", "setProperty", "setExpandEntityReferences"], (c, i) => c.IsCall(i) && c.IsDot(i - 1) && (c.FirstText(c.Arg(i, 0)).Contains("external-general-entities", StringComparison.Ordinal) || c.FirstText(c.Arg(i, 0)).Contains("external-parameter-entities", StringComparison.Ordinal) || c.Has(c.Arg(i, 0), "IS_SUPPORTING_EXTERNAL_ENTITIES") ? IsYes(c, c.Arg(i, 1))
            : c.FirstText(c.Arg(i, 0)).EndsWith("disallow-doctype-decl", StringComparison.Ordinal) && c.IsFalse(c.Arg(i, 1)))),
        new(CodeRules.Tls, ["checkServerTrusted", "ALLOW_ALL_HOSTNAME_VERIFIER", "NoopHostnameVerifier", "TrustAllStrategy", "AllowAllHostnameVerifier", "setHostnameVerifier", "setDefaultHostnameVerifier", "hostnameVerifier", "InsecureTrustManagerFactory"], (c, i) =>
            c.Is(i, "checkServerTrusted") ? c.IsCall(i) && !c.IsDot(i - 1) && IsEmptyBody(c, i)
            : c.IsAny(i, "setHostnameVerifier", "setDefaultHostnameVerifier", "hostnameVerifier") ? c.IsCall(i) && IsAlwaysTrue(c, c.Inside(i))
            : !IsImport(c, i) && !c.IsAny(i - 1, "class", "extends") && (!c.Is(i, "AllowAllHostnameVerifier") || c.IsMade(i))),
        new(CodeRules.OldTls, ["getInstance"], (c, i) => c.IsOf(i, "SSLContext") && c.FirstText(c.Arg(i, 0)) is "SSL" or "SSLv3" or "SSLv2" or "TLSv1"),
        new(CodeRules.SshHost, ["setConfig", "put", "PromiscuousVerifier"], (c, i) => c.Is(i, "PromiscuousVerifier") ? c.IsMade(i) : c.IsCall(i) && c.IsText(c.Arg(i, 0), "StrictHostKeyChecking") && c.IsText(c.Arg(i, 1), "no")),
        new(CodeRules.PasswordHash, ["md5Hex", "sha1Hex", "getInstance", "md5DigestAsHex"], (c, i) => c.Is(i, "getInstance") ? c.IsOf(i, "MessageDigest") && c.FirstText(c.Arg(i, 0)) is "MD5" or "SHA1" or "SHA-1" or "md5" && c.IsSecretive(c.Statement(i)) : c.IsCall(i) && c.IsDot(i - 1) && c.IsSecretive(c.Inside(i))),
        new(CodeRules.Cipher, ["getInstance"], (c, i) => c.IsOf(i, "Cipher") && IsWeak(c.FirstText(c.Arg(i, 0))) && c[c.Arg(i, 0).From].Kind == CodeTokenKind.Text),
        new(CodeRules.FixedIv, ["IvParameterSpec", "PBEKeySpec", "PBEParameterSpec", "GCMParameterSpec"], (c, i) => c.IsCall(i) && !IsDeclared(c, i) && c.Arg(i, c.IsAny(i, "PBEKeySpec", "GCMParameterSpec") ? 1 : 0) is var a && !c.FirstText(a).IsEmpty && c.IsConstant(a)),
        new(CodeRules.Random, Shared.Secrets, (c, i) => Shared.IsDrawnFor(c, i) && c.Value(i) is var v && IsRandom(c, v)),
        new(CodeRules.Jwt, ["none", "setAllowedClockSkewSeconds", "parseClaimsJwt"], (c, i) => c.Is(i, "none") && c.IsOf(i, "Algorithm") && c.IsCall(i)),
        new(CodeRules.Cors, ["allowCredentials", "setAllowCredentials"], (c, i) => c.IsCall(i) && c.IsTrue(c.Arg(i, 0)) && c.HasWhole(c.Statement(i), "*") && c.Has(c.Statement(i), "allowedOrigins", "allowedOriginPatterns", "setAllowedOrigins")),
        new(CodeRules.Csrf, ["csrf"], (c, i) => c.IsCall(i) && (c.Is(i + 2, ")") && c.IsDot(i + 3) && c.Is(i + 4, "disable") || (c.Has(c.Inside(i), "disable") && !c.Has(c.Inside(i), "ignoringRequestMatchers", "ignoringAntMatchers")))),
        new(CodeRules.Writable, ["fromString", "setWritable"], (c, i) => c.Is(i, "fromString") ? c.IsOf(i, "PosixFilePermissions") && c.FirstText(c.Inside(i)).EndsWith("rwx", StringComparison.Ordinal) && c.FirstText(c.Inside(i)).Length == 9 : c.IsDot(i - 1) && c.IsCall(i) && c.IsTrue(c.Arg(i, 0)) && c.IsFalse(c.Arg(i, 1))),
    ];

    private static bool IsYes(CodeView c, CodeRange range) => c.IsTrue(range) || (c.Is(range.To - 1, "TRUE") && c.Is(range.From, "Boolean"));

    // A method's own head: a type before its name.
    private static bool IsDeclared(CodeView c, int i) => c.IsDefined(i) || (c.IsName(i - 1) && !c.IsAny(i - 1, "new", "return", "throw", "else", "in"));

    private static bool IsShell(CodeView c, CodeRange range) => c.HasText(range, "-c") && (c.HasText(range, "bash") || c.HasText(range, "sh")) || (c.HasText(range, "/c") && c.HasText(range, "cmd"));

    private static bool IsImport(CodeView c, int i)
    {
        for (var at = i; at >= 0 && at > i - 20; at--)
            if (c.IsAny(at, "import", "package")) return true;
            else if (!c.IsName(at) && !c.Is(at, ".")) return false;
        return false;
    }

    // checkServerTrusted(...) throws X { } and its Kotlin twin.
    private static bool IsEmptyBody(CodeView c, int i)
    {
        var at = c[c.Opening(i)].Match;
        if (at < 0) return false;
        for (var end = at + 8; at < end; at++)
            if (c.Is(at, "{")) return c[at].Match == at + 1 || (c.Is(at + 1, "return") && c.Is(at + 2, ";") && c.Is(at + 3, "}"));
            else if (c.Is(at, ";")) return false;
        return false;
    }

    // (h, s) -> true, or NoopHostnameVerifier's like.
    private static bool IsAlwaysTrue(CodeView c, CodeRange range)
    {
        for (var i = range.From; i < range.To; i++)
            if (c.IsAny(i, "->") && c.Is(i + 1, "true")) return true;
            else if (c.Is(i, "{") && c.Is(i + 1, "return") && c.Is(i + 2, "true")) return true;
        return c.Is(range.From, "{") && c.Is(range.To - 2, "true");
    }

    private static bool IsWeak(ReadOnlySpan<char> name) => name is "AES" or "RC4" or "ARCFOUR" or "RC2" or "Blowfish" || name.StartsWith("DES", StringComparison.Ordinal) || name.Contains("/ECB", StringComparison.Ordinal) && !name.StartsWith("RSA", StringComparison.Ordinal);

    private static bool IsRandom(CodeView c, CodeRange range)
    {
        for (var i = range.From; i < range.To; i++)
            if ((c.Is(i, "random") && c.IsOf(i, "Math")) || (c.Is(i, "Random") && c.IsCall(i) && c.Is(i - 1, "new")) || c.IsAny(i, "RandomStringUtils", "ThreadLocalRandom")) return true;
        return false;
    }
}
