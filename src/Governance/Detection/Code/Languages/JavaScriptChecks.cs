// JavaScript and TypeScript, in browsers and in Node.
namespace CabinCrew.Governance.Detection.Code.Languages;

internal static class JavaScriptChecks
{
    private static readonly string[] Decoders = ["atob", "fromCharCode", "unescape", "decodeURIComponent", "inflateSync", "gunzipSync", "rot13"];

    public static readonly CodeCheck[] Table =
    [
        new(CodeRules.HiddenCode, ["eval", "Function", "runInThisContext", "runInNewContext", "setTimeout"], (c, i) => IsRun(c, i) && (c.Has(c.Inside(i), Decoders) || (c.Has(c.Inside(i), "Buffer") && (c.HasText(c.Inside(i), "base64") || c.HasText(c.Inside(i), "hex"))) || IsPacked(c, i))),
        new(CodeRules.DownloadedCode, ["eval", "Function", "runInThisContext", "runInNewContext"], (c, i) => IsRun(c, i) && (c.Has(c.Inside(i), "fetch", "axios", "XMLHttpRequest") || (c.Has(c.Inside(i), "responseText") && c.Is(i, "eval")))),
        new(CodeRules.RequestCode, ["eval", "Function", "exec", "execSync", "spawn", "runInNewContext"], (c, i) => (IsRun(c, i) || IsShell(c, i) || c.IsOf(i, "child_process", "cp") && c.IsCall(i)) && c.HasRequest(c.Arg(i, 0))),
        Shared.ReverseShell,
        new(CodeRules.Eval, ["eval"], (c, i) => IsRun(c, i) && !c.IsConstant(c.Arg(i, 0)) && !c.Arg(i, 0).IsEmpty && !c.Has(c.Arg(i, 0), "require")),
        new(CodeRules.Eval, ["setTimeout", "setInterval"], (c, i) => c.IsCall(i) && c.Arg(i, 0) is var a && c[a.From].Kind == CodeTokenKind.Text && c.IsBuilt(a)),
        new(CodeRules.Eval, ["Function"], (c, i) => c.Is(i - 1, "new") && c.IsCall(i) && c.IsBuilt(c.Inside(i))),
        new(CodeRules.Command, ["exec", "execSync"], (c, i) => IsShell(c, i) && c.IsBuilt(c.Arg(i, 0)) && !c.IsCleaned(c.Arg(i, 0))),
        new(CodeRules.Command, ["spawn", "spawnSync", "execFile", "execFileSync"], (c, i) => c.IsCall(i) && c.IsTrue(c.Named(i, "shell")) && c.IsBuilt(c.Arg(i, 0))),
        Shared.Sql,
        new(CodeRules.Html, ["innerHTML", "outerHTML"], (c, i) => c.IsDot(i - 1) && c.IsAny(i + 1, "=", "+=") && c.Value(i) is var v && (c.IsBuilt(v) || c.HasRequest(v) || c.Has(v, "location", "responseText")) && !c.IsCleaned(v)),
        new(CodeRules.Html, ["__html"], (c, i) => c.Is(i + 1, ":") && c.Value(i) is var v && !c.IsConstant(v) && !c.IsCleaned(v) && c.Is(i - 1, "{") && (c.Is(i - 3, "dangerouslySetInnerHTML") || c.Is(i - 4, "dangerouslySetInnerHTML"))),
        new(CodeRules.Html, ["write", "writeln"], (c, i) => c.IsOf(i, "document") && c.IsCall(i) && (c.HasRequest(c.Inside(i)) || c.Has(c.Inside(i), "location", "referrer")) && !c.IsCleaned(c.Inside(i))),
        new(CodeRules.Html, ["send", "end"], (c, i) => c.IsOf(i, "res", "response") && c.IsCall(i) && c.HasRequest(c.Arg(i, 0)) && c.IsBuilt(c.Arg(i, 0)) && c.HasText(c.Arg(i, 0), "<") && !c.IsCleaned(c.Arg(i, 0))),
        new(CodeRules.Autoescape, ["autoescape", "noEscape"], (c, i) => c.Is(i + 1, ":") && (c.Is(i, "noEscape") ? c.IsTrue(c.Value(i)) : c.IsFalse(c.Value(i))) && c.IsArgumentOf(i, "configure", "Environment", "compile", "Swig", "setDefaults")),
        new(CodeRules.Path, ["readFile", "readFileSync", "createReadStream", "sendFile", "unlink", "unlinkSync", "writeFile", "writeFileSync", "download"], (c, i) => c.IsCall(i) && c.HasRequest(c.Arg(i, 0)) && !c.Has(c.Arg(i, 0), "basename")),
        new(CodeRules.Redirect, ["redirect"], (c, i) => c.IsOf(i, "res", "response", "reply", "ctx") && c.IsCall(i) && c.HasRequest(c.Inside(i)) && !c.IsCleaned(c.Inside(i))),
        new(CodeRules.Fetch, ["fetch", "get", "post", "axios", "got", "request"], (c, i) => c.IsCall(i) && !c.IsDefined(i) && (c.IsOf(i, "axios", "http", "https", "got", "superagent", "needle") || (!c.IsDot(i - 1) && c.IsAny(i, "fetch", "axios", "got"))) && c.HasRequest(c.Arg(i, 0)) && IsAddress(c, c.Arg(i, 0))),
        new(CodeRules.Deserialize, ["unserialize"], (c, i) => c.IsDot(i - 1) && c.IsCall(i) && c.IsOf(i, "serialize", "serializer", "nodeSerialize")),
        new(CodeRules.Xxe, ["noent"], (c, i) => c.IsTrue(c.Value(i))),
        new(CodeRules.Tls, ["rejectUnauthorized", "strictSSL", "NODE_TLS_REJECT_UNAUTHORIZED", "checkServerIdentity"], (c, i) => c.Is(i, "checkServerIdentity") ? c.Is(i + 1, ":") && c.Value(i) is var v && c.Is(v.To - 1, "undefined") && c.Has(v, "undefined") : c.IsFalse(c.Value(i)) && c.Value(i).From > 0),
        new(CodeRules.OldTls, ["secureProtocol", "minVersion"], (c, i) => c.Is(i, "secureProtocol") ? c.FirstText(c.Value(i)) is "SSLv2_method" or "SSLv3_method" or "TLSv1_method" or "SSLv23_method" : c.FirstText(c.Value(i)) is "TLSv1" or "SSLv3"),
        new(CodeRules.PasswordHash, ["createHash", "md5", "sha1"], (c, i) => c.Is(i, "createHash") ? c.FirstText(c.Arg(i, 0)) is "md5" or "sha1" or "MD5" or "SHA1" && c.IsSecretive(c.Statement(i)) : c.IsCall(i) && !c.IsDefined(i) && c.IsSecretive(c.Inside(i))),
        new(CodeRules.Cipher, ["createCipheriv", "createDecipheriv", "createCipher"], (c, i) => c.IsCall(i) && !c.IsDefined(i) && (c.Is(i, "createCipher") ? c.IsDot(i - 1) && !c.IsOf(i, "forge", "cipher") && c.ArgCount(i) >= 2 && c[c.Arg(i, 0).From].Kind == CodeTokenKind.Text : IsWeak(c.FirstText(c.Arg(i, 0))))),
        new(CodeRules.FixedIv, ["createCipheriv"], (c, i) => c.IsCall(i) && c.Arg(i, 2) is var iv && !iv.IsEmpty && c.IsConstant(iv) && !c.FirstText(iv).IsEmpty),
        new(CodeRules.Random, Shared.Secrets, (c, i) => Shared.IsDrawnFor(c, i) && c.Value(i) is var v && HasRandom(c, v)),
        new(CodeRules.Jwt, ["verify", "sign"], (c, i) => c.IsOf(i, "jwt", "jsonwebtoken") && c.IsCall(i) && (c.HasText(c.Named(i, "algorithms"), "none") || c.IsText(c.Named(i, "algorithm"), "none"))),
        new(CodeRules.Cors, ["credentials"], (c, i) => c.IsTrue(c.Value(i)) && c.IsArgumentOf(i, "cors") && c.Member(c.Inside(c.CallAround(i)), "origin") is var origin && (c.IsTrue(origin) || c.IsText(origin, "*"))),
        new(CodeRules.Writable, ["chmod", "chmodSync", "fchmod"], (c, i) => c.IsCall(i) && Shared.IsForAll(c, c.Arg(i, 1))),
    ];

    private static bool IsRun(CodeView c, int i) => c.IsCall(i) && !c.IsDefined(i) && (!c.IsDot(i - 1) || c.IsOf(i, "window", "global", "globalThis", "vm", "self"));

    // Of child_process: exec of a pattern takes a text as well.
    private static bool IsShell(CodeView c, int i) => c.IsCall(i) && !c.IsDefined(i) && (c.IsOf(i, "child_process", "cp", "childProcess", "shell", "shelljs") || (!c.IsDot(i - 1) && !c.Is(i - 1, "new")));

    // eval(function(p,a,c,k,e,d){...}: packed by a tool that is there to hide.
    private static bool IsPacked(CodeView c, int i) => c.Is(i, "eval") && c.Is(i + 2, "function") && c.Is(i + 4, "p") && c.Is(i + 6, "a") && c.Is(i + 8, "c") && c.Is(i + 10, "k");

    // The address itself, and not a value in its query.
    private static bool IsAddress(CodeView c, CodeRange range) => !(c[range.From].Kind == CodeTokenKind.Text && c.Content(range.From).Length > 8 && c.Content(range.From).StartsWith("http"));

    private static bool IsWeak(ReadOnlySpan<char> name) => name.StartsWith("des", StringComparison.OrdinalIgnoreCase) || name.StartsWith("rc4", StringComparison.OrdinalIgnoreCase) || name.StartsWith("rc2", StringComparison.OrdinalIgnoreCase) || name.EndsWith("-ecb", StringComparison.OrdinalIgnoreCase);

    private static bool HasRandom(CodeView c, CodeRange range)
    {
        for (var i = range.From; i < range.To; i++)
            if (c.Is(i, "random") && c.IsOf(i, "Math") && c.Is(i + 1, "(")) return true;
        return false;
    }
}
