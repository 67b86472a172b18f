// Go, with its standard library.
namespace CabinCrew.Governance.Detection.Code.Languages;

internal static class GoChecks
{
    public static readonly CodeCheck[] Table =
    [
        new(CodeRules.RequestCode, ["Command", "CommandContext"], (c, i) => c.IsOf(i, "exec") && c.IsCall(i) && c.HasRequest(c.Inside(i))),
        Shared.ReverseShell,
        new(CodeRules.Command, ["Command", "CommandContext"], (c, i) => c.IsOf(i, "exec") && c.IsCall(i) && c.Parts(c.Inside(i)) is { Count: >= 3 } parts && IsShell(c, parts, out var script) && !c.IsConstant(script) && (c.IsBuilt(script) || script.To - script.From == 1)),
        Shared.Sql,
        new(CodeRules.Html, ["HTML", "JS"], (c, i) => c.IsOf(i, "template") && c.IsCall(i) && (c.IsBuilt(c.Inside(i)) || c.HasRequest(c.Inside(i))) && !c.IsCleaned(c.Inside(i))),
        new(CodeRules.Html, ["Fprintf", "Fprint", "Fprintln"], (c, i) => c.IsOf(i, "fmt") && c.IsCall(i) && c.IsAny(c.Arg(i, 0).From, "w", "rw", "writer") && c.HasRequest(c.Inside(i)) && !c.IsCleaned(c.Inside(i))),
        new(CodeRules.Path, ["Open", "ReadFile", "OpenFile", "Remove", "ServeFile", "Create"], (c, i) => c.IsOf(i, "os", "ioutil", "http") && c.IsCall(i) && c.HasRequest(c.Inside(i)) && !c.Has(c.Inside(i), "Base", "Clean")),
        new(CodeRules.Redirect, ["Redirect"], (c, i) => c.IsOf(i, "http") && c.IsCall(i) && c.HasRequest(c.Arg(i, 2))),
        new(CodeRules.Fetch, ["Get", "Post", "Head", "NewRequest"], (c, i) => c.IsOf(i, "http") && c.IsCall(i) && c.HasRequest(c.Inside(i))),
        new(CodeRules.Tls, ["InsecureSkipVerify"], (c, i) => c.Is(c.Value(i).From, "true")),
        new(CodeRules.OldTls, ["MinVersion"], (c, i) => c.IsAny(c.Value(i).From + 2, "VersionSSL30", "VersionTLS10", "VersionTLS11")),
        new(CodeRules.SshHost, ["InsecureIgnoreHostKey"], (c, i) => c.IsOf(i, "ssh") && c.IsCall(i)),
        new(CodeRules.PasswordHash, ["Sum"], (c, i) => c.IsOf(i, "md5", "sha1") && c.IsCall(i) && c.IsSecretive(c.Inside(i))),
        new(CodeRules.Cipher, ["NewCipher", "NewTripleDESCipher"], (c, i) => c.IsOf(i, "des", "rc4") && c.IsCall(i)),
        new(CodeRules.FixedIv, ["NewCBCEncrypter", "NewCFBEncrypter", "NewCTR", "NewOFB"], (c, i) => c.IsOf(i, "cipher") && c.IsCall(i) && c.Arg(i, 1) is var iv && c.Is(iv.From + 2, "byte") && !c.FirstText(iv).IsEmpty && c.Is(iv.From, "[")),
        new(CodeRules.Random, Shared.Secrets, (c, i) => Shared.IsDrawnFor(c, i) && c.Value(i) is var v && c.Has(v, "rand") && c.Has(v, "Intn", "Int", "Int63", "Int31", "Int31n", "Int63n", "Uint32", "Read") && c.FileHas("\"math/rand")),
        new(CodeRules.Jwt, ["ParseUnverified", "UnsafeAllowNoneSignatureType", "SigningMethodNone"], (c, i) => c.IsDot(i - 1) && !c.IsDefined(i)),
        new(CodeRules.Cors, ["AllowCredentials"], (c, i) => c.Is(c.Value(i).From, "true") && c.Braces(i) is var s && (c.HasWhole(s, "*") && c.Has(s, "AllowOrigins", "AllowedOrigins") || c.IsTrue(c.Member(s, "AllowAllOrigins")))),
        new(CodeRules.Writable, ["Chmod"], (c, i) => c.IsCall(i) && c.IsDot(i - 1) && Shared.IsForAll(c, c.IsOf(i, "os") ? c.Arg(i, 1) : c.Arg(i, 0))),
    ];

    private static bool IsShell(CodeView c, List<CodeRange> parts, out CodeRange script)
    {
        script = default;
        for (var i = 0; i + 2 < parts.Count; i++)
            if (c.FirstText(parts[i]) is "sh" or "bash" or "/bin/sh" or "/bin/bash" or "cmd" or "cmd.exe" && c.FirstText(parts[i + 1]) is "-c" or "/c" or "/C")
            {
                script = parts[i + 2];
                return true;
            }
        return false;
    }
}
