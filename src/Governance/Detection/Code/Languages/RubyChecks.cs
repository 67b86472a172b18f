// Ruby, with Rails.
namespace CabinCrew.Governance.Detection.Code.Languages;

internal static class RubyChecks
{
    public static readonly CodeCheck[] Table =
    [
        new(CodeRules.HiddenCode, ["eval", "instance_eval", "class_eval"], (c, i) => IsSent(c, i) && c.Has(Given(c, i), "decode64", "strict_decode64", "urlsafe_decode64", "unpack", "unpack1", "inflate")),
        new(CodeRules.DownloadedCode, ["eval", "instance_eval"], (c, i) => IsSent(c, i) && Given(c, i) is var a && (c.Has(a, "Net", "URI", "HTTParty", "RestClient", "Faraday") || c.Has(a, "open") && c.HasText(a, "http"))),
        new(CodeRules.RequestCode, ["eval", "system", "exec", "spawn", "instance_eval", "send", "public_send", "constantize", "popen"], (c, i) => IsSent(c, i) | c.IsDot(i - 1) && (c.Is(i, "constantize") ? c.Is(i - 2, "]") && c.Is(c[i - 2].Match - 1, "params") : c.IsAny(i, "send", "public_send") ? c.IsDot(i - 1) && c.Is(Given(c, i).From, "params") : !(c.IsDot(i - 1) && !c.IsOf(i, "Kernel", "IO", "Open3")) && c.HasRequest(Given(c, i)))),
        Shared.ReverseShell,
        new(CodeRules.Eval, ["eval"], (c, i) => IsSent(c, i) && Given(c, i) is var a && !a.IsEmpty && !c.IsConstant(a) && !c.IsAny(a.From, "=", ".", ")")),
        new(CodeRules.Command, ["system", "exec", "spawn", "popen", "capture2", "capture3", "capture2e"], (c, i) => (IsSent(c, i) || c.IsOf(i, "Kernel", "IO", "Open3")) && (c.Is(i + 1, "(") ? c.Arg(i, 0) : c.Following(i)) is var a && c[a.From].Kind == CodeTokenKind.Text && c.IsBuilt(a) && !c.IsCleaned(a)),
        new(CodeRules.Command, [CodeCheck.Backtick], (c, i) => c[i].HasHoles && !c.IsCleaned(new(i, i + 1))),
        Shared.Sql,
        new(CodeRules.Sql, ["where", "find_by_sql", "order", "having", "pluck", "joins"], (c, i) => c.IsDot(i - 1) && (c.Is(i + 1, "(") ? c.Arg(i, 0) : Given(c, i)) is var a && c[a.From] is { Kind: CodeTokenKind.Text, HasHoles: true } && c.HasRequest(a)),
        new(CodeRules.Html, ["html_safe"], (c, i) => c.IsDot(i - 1) && c[i - 2] is { Kind: CodeTokenKind.Text, HasHoles: true } && !c.IsCleaned(new(i - 2, i - 1))),
        new(CodeRules.Html, ["raw"], (c, i) => !c.IsDot(i - 1) && !c.IsDefined(i) && c.HasRequest(Given(c, i))),
        new(CodeRules.Path, ["open", "read", "send_file", "readlines", "delete"], (c, i) => (c.Is(i, "send_file") || c.IsOf(i, "File", "IO")) && c.HasRequest(Given(c, i)) && !c.Has(Given(c, i), "basename")),
        new(CodeRules.Redirect, ["redirect_to"], (c, i) => !c.IsDot(i - 1) && Given(c, i) is var a && c.Is(a.From, "params") && c.HasRequest(a) && !c.Is(c[a.From + 1].Match + 1, "?")),
        new(CodeRules.Fetch, ["get", "open", "get_response", "post"], (c, i) => c.IsOf(i, "HTTP", "HTTParty", "RestClient", "Faraday", "URI") && c.HasRequest(Given(c, i))),
        new(CodeRules.Deserialize, ["load", "unsafe_load", "restore"], (c, i) => c.IsOf(i, "Marshal", "YAML", "Psych") && Given(c, i) is var a && !a.IsEmpty && (c.Is(i, "unsafe_load") || c.IsOf(i, "Marshal") && !c.IsConstant(a) && !c.Has(a, "dump") || c.HasRequest(a))),
        new(CodeRules.Xxe, ["noent", "NOENT"], (c, i) => c.IsOf(i, "config", "ParseOptions", "options") && !c.Is(i + 1, "=")),
        new(CodeRules.Tls, ["VERIFY_NONE", "verify_ssl", "verify"], (c, i) => c.Is(i, "VERIFY_NONE") ? c.IsOf(i, "SSL") && !c.Has(c.Statement(i), "VERIFY_PEER") : c.IsFalse(c.Value(i)) && (c.Is(i, "verify_ssl") || c.Is(i - 1, "{") && c.Is(i - 3, "ssl") || c.Has(c.Statement(i), "ssl", "Faraday", "HTTParty", "RestClient"))),
        new(CodeRules.PasswordHash, ["hexdigest", "digest", "base64digest"], (c, i) => c.IsOf(i, "MD5", "SHA1") && c.IsCall(i) && c.IsSecretive(c.Inside(i))),
        new(CodeRules.Cipher, ["new"], (c, i) => c.IsOf(i, "Cipher") && IsWeak(c.FirstText(Given(c, i)))),
        new(CodeRules.Random, Shared.Secrets, (c, i) => Shared.IsDrawnFor(c, i) && c.Value(i) is var v && HasRandom(c, v)),
        new(CodeRules.Jwt, ["decode"], (c, i) => c.IsOf(i, "JWT") && c.IsCall(i) && (c.IsFalse(c.Arg(i, 2)) || c.IsText(c.Named(i, "algorithm"), "none"))),
        new(CodeRules.Csrf, ["skip_before_action", "skip_forgery_protection", "skip_before_filter"], (c, i) => c.Is(i, "skip_forgery_protection") ? c[i].BeginsLine : c.Has(Given(c, i), "verify_authenticity_token")),
        new(CodeRules.Writable, ["chmod", "chmod_R"], (c, i) => c.IsOf(i, "File", "FileUtils") && Given(c, i) is var a && Shared.IsForAll(c, c.Is(i + 1, "(") ? c.Arg(i, 0) : a)),
    ];

    private static bool IsSent(CodeView c, int i) => !c.IsDot(i - 1) && !c.IsDefined(i) && !c.Is(i - 1, ":") && !c.IsAny(i + 1, "=", ":", "=>");

    private static CodeRange Given(CodeView c, int i) => c.Is(i + 1, "(") ? c.Inside(i) : c[i + 1].BeginsLine ? default : c.Following(i);

    private static bool IsWeak(ReadOnlySpan<char> name) => name.StartsWith("des", StringComparison.OrdinalIgnoreCase) || name.StartsWith("rc4", StringComparison.OrdinalIgnoreCase) || name.EndsWith("-ecb", StringComparison.OrdinalIgnoreCase);

    private static bool HasRandom(CodeView c, CodeRange range)
    {
        for (var i = range.From; i < range.To; i++)
            if (c.Is(i, "rand") && !c.IsDot(i - 1) || c.Is(i, "rand") && c.IsOf(i, "Random", "Kernel") && !c.Is(i - 3, "::")) return true;
        return false;
    }
}
