// C#, with .NET's libraries and ASP.NET.
namespace CabinCrew.Governance.Detection.Code.Languages;

internal static class CSharpChecks
{
    public static readonly CodeCheck[] Table =
    [
        new(CodeRules.HiddenCode, ["Load", "EvaluateAsync", "RunAsync"], (c, i) => c.IsOf(i, "Assembly", "AppDomain", "CSharpScript") && c.IsCall(i) && c.Has(c.Inside(i), "FromBase64String", "FromHexString")),
        new(CodeRules.DownloadedCode, ["Load", "EvaluateAsync", "RunAsync"], (c, i) => c.IsOf(i, "Assembly", "AppDomain", "CSharpScript") && c.IsCall(i) && c.Has(c.Inside(i), "DownloadData", "DownloadString", "GetByteArrayAsync", "GetStringAsync")),
        new(CodeRules.RequestCode, ["Start", "EvaluateAsync"], (c, i) => c.IsOf(i, "Process", "CSharpScript") && c.IsCall(i) && c.HasRequest(c.Inside(i))),
        Shared.ReverseShell,
        new(CodeRules.Eval, ["EvaluateAsync", "RunAsync"], (c, i) => c.IsOf(i, "CSharpScript") && c.IsCall(i) && !c.IsConstant(c.Arg(i, 0))),
        new(CodeRules.Command, ["Start", "ProcessStartInfo"], (c, i) => c.IsCall(i) && (c.IsOf(i, "Process") || c.IsMade(i)) && c.Inside(i) is var a && IsShell(c, c.Arg(i, 0)) && (c.IsBuilt(c.Arg(i, 1)) || !c.Arg(i, 1).IsEmpty && c.IsName(c.Arg(i, 1).From) && !c.IsConstant(c.Arg(i, 1)) && a.To > a.From)),
        new(CodeRules.Command, ["Arguments"], (c, i) => c.Is(i + 1, "=") && c.IsBuilt(c.Value(i)) && c.FirstText(c.Value(i)).TrimStart() is var t && (t.StartsWith("/c ", StringComparison.OrdinalIgnoreCase) || t.StartsWith("-c ", StringComparison.Ordinal) || t.StartsWith("-Command", StringComparison.OrdinalIgnoreCase))),
        Shared.Sql,
        new(CodeRules.Html, ["Raw", "Write"], (c, i) => (c.Is(i, "Raw") ? c.IsOf(i, "Html") : c.IsOf(i, "Response")) && c.IsCall(i) && c.Inside(i) is var a && (c.HasRequest(a) || c.Is(i, "Raw") && c.IsBuilt(a)) && !c.IsCleaned(a)),
        new(CodeRules.Path, ["ReadAllText", "ReadAllBytes", "OpenRead", "Open", "Delete", "FileStream", "PhysicalFile", "MapPath"], (c, i) => c.IsCall(i) && c.HasRequest(c.Inside(i)) && !c.Has(c.Inside(i), "GetFileName")),
        new(CodeRules.Redirect, ["Redirect", "RedirectPermanent"], (c, i) => c.IsCall(i) && c.HasRequest(c.Inside(i))),
        new(CodeRules.Fetch, ["GetAsync", "GetStringAsync", "DownloadString", "PostAsync", "Create"], (c, i) => c.IsDot(i - 1) && c.IsCall(i) && c.HasRequest(c.Arg(i, 0)) && (!c.Is(i, "Create") || c.IsOf(i, "WebRequest", "HttpWebRequest"))),
        new(CodeRules.Deserialize, ["BinaryFormatter", "SoapFormatter", "NetDataContractSerializer", "LosFormatter", "ObjectStateFormatter"], (c, i) => c.Is(i - 1, "new") && c.IsCall(i)),
        new(CodeRules.Deserialize, ["TypeNameHandling"], (c, i) => c.Is(i + 1, ".") && c.IsAny(i + 2, "All", "Objects", "Auto", "Arrays") && !c.IsAny(i - 1, "==", "!=", "case", "is") && !c.Is(i - 1, "(") && c.Is(i - 1, "=")),
        new(CodeRules.Deserialize, ["SimpleTypeResolver"], (c, i) => c.Is(i - 1, "new")),
        new(CodeRules.Xxe, ["DtdProcessing", "XmlResolver", "ProhibitDtd"], (c, i) => c.Is(i, "DtdProcessing") ? c.Is(i + 1, ".") && c.Is(i + 2, "Parse") && c.Is(i - 1, "=") : c.Is(i, "ProhibitDtd") ? c.IsFalse(c.Value(i)) : c.Is(i + 1, "=") && c.Is(i + 2, "new") && c.Is(i + 3, "XmlUrlResolver")),
        new(CodeRules.Tls, ["ServerCertificateCustomValidationCallback", "ServerCertificateValidationCallback", "RemoteCertificateValidationCallback", "DangerousAcceptAnyServerCertificateValidator"], (c, i) => c.Is(i, "DangerousAcceptAnyServerCertificateValidator") ? c.IsDot(i - 1) : IsAlwaysTrue(c, c.Is(i + 1, "(") ? c.Inside(i) : c.Value(i))),
        new(CodeRules.OldTls, ["SslProtocols", "SecurityProtocolType"], (c, i) => c.Is(i + 1, ".") && c.IsAny(i + 2, "Ssl2", "Ssl3", "Tls", "Tls11") && c.IsAny(i - 1, "=", "|", "(", ",") && !c.Is(i - 1, "(") && c.Has(c.Statement(i), "EnabledSslProtocols", "SslProtocols", "SecurityProtocol") && !c.Is(i + 3, "=>")),
        new(CodeRules.PasswordHash, ["ComputeHash", "HashData"], (c, i) => c.IsCall(i) && c.IsDot(i - 1) && c.IsSecretive(c.Inside(i)) && (c.IsOf(i, "MD5", "SHA1", "md5", "sha1") || c.Is(i - 2, ")") && c.IsOf(c[i - 2].Match - 1, "MD5", "SHA1"))),
        new(CodeRules.Cipher, ["DESCryptoServiceProvider", "TripleDESCryptoServiceProvider", "RC2CryptoServiceProvider", "ECB", "Create"], (c, i) => c.Is(i, "ECB") ? c.IsOf(i, "CipherMode") && c.Is(i - 3, "=") : c.Is(i, "Create") ? c.IsOf(i, "DES", "RC2") && c.IsCall(i) : c.IsMade(i)),
        new(CodeRules.FixedIv, ["IV"], (c, i) => c.IsDot(i - 1) && c.Is(i + 1, "=") && c.Value(i) is var v && (c.Has(v, "GetBytes") && c.FirstText(v).Length > 4 && !c.Is(v.From, "Convert") || c.Is(v.From, "new") && c.Is(v.From + 1, "byte") && c[v.To - 1].Kind == CodeTokenKind.Sign && c.Is(v.To - 1, "}") && c[v.From + 5].Kind == CodeTokenKind.Number)),
        new(CodeRules.Random, Shared.Secrets, (c, i) => Shared.IsDrawnFor(c, i) && c.Value(i) is var v && IsRandom(c, v)),
        new(CodeRules.Jwt, ["RequireSignedTokens", "ValidateIssuerSigningKey", "SignatureValidator"], (c, i) => c.Is(i, "SignatureValidator") ? c.Is(i + 1, "=") && c.Has(c.Value(i), "JwtSecurityToken", "JsonWebToken") : c.IsFalse(c.Value(i))),
        new(CodeRules.Cors, ["AllowCredentials"], (c, i) => c.IsCall(i) && c.Statement(i) is var s && (c.Has(s, "AllowAnyOrigin") || c.Has(s, "SetIsOriginAllowed") && IsAlwaysTrue(c, s))),
        new(CodeRules.Csrf, ["IgnoreAntiforgeryToken", "IgnoreAntiforgeryTokenAttribute"], (c, i) => c.Is(i - 1, "[") || c.IsMade(i)),
        new(CodeRules.Writable, ["SetUnixFileMode", "UnixCreateMode", "UnixFileMode"], (c, i) => c.Is(i, "SetUnixFileMode") ? c.IsCall(i) && c.Has(c.Inside(i), "OtherWrite") : c.Is(i, "UnixCreateMode") && c.Has(c.Value(i), "OtherWrite")),
    ];

    private static bool IsShell(CodeView c, CodeRange range) => c.FirstText(range) is "cmd" or "cmd.exe" or "/bin/sh" or "/bin/bash" or "bash" or "sh" or "powershell" or "powershell.exe";

    // (a, b, c, d) => true, delegate { return true; }
    private static bool IsAlwaysTrue(CodeView c, CodeRange range)
    {
        for (var i = range.From; i < range.To; i++)
            if (c.Is(i, "=>") && c.Is(i + 1, "true") && !c.IsAny(i + 2, "&", "==")) return true;
            else if (c.Is(i, "{") && c.Is(i + 1, "return") && c.Is(i + 2, "true") && c.Is(i + 3, ";")) return true;
        return false;
    }

    private static bool IsRandom(CodeView c, CodeRange range)
    {
        for (var i = range.From; i < range.To; i++)
            if (c.IsAny(i, "Next", "NextBytes", "NextInt64") && c.Is(i + 1, "(") && (c.IsOf(i, "random", "rand", "rnd", "_random", "Random") || c.IsOf(i, "Shared") || (c.Is(i - 2, ")") && c.Is(c[i - 2].Match - 1, "Random")))) return true;
        return false;
    }
}
