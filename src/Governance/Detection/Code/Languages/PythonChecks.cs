// Python, with its common frameworks.
namespace CabinCrew.Governance.Detection.Code.Languages;

internal static class PythonChecks
{
    private static readonly string[] Verbs = ["get", "post", "put", "patch", "delete", "head", "options", "request", "Client", "AsyncClient", "Session", "urlopen", "send"];

    public static readonly CodeCheck[] Table =
    [
        new(CodeRules.HiddenCode, ["eval", "exec", "loads", "__import__"], (c, i) => IsRun(c, i) && c.Has(c.Inside(i), "b64decode", "b32decode", "b85decode", "a85decode", "decompress", "fromhex", "unhexlify", "rot13", "urlsafe_b64decode")),
        new(CodeRules.DownloadedCode, ["eval", "exec", "loads"], (c, i) => IsRun(c, i) && (c.Has(c.Inside(i), "urlopen", "urlretrieve") || (c.Has(c.Inside(i), "requests", "httpx", "urllib") && c.Has(c.Inside(i), "get", "post", "request")))),
        new(CodeRules.RequestCode, ["eval", "exec", "system", "popen", "run", "call", "Popen", "check_output", "check_call", "getoutput"], (c, i) => (c.IsBareCall(i) && c.IsAny(i, "eval", "exec") || c.IsOf(i, "os", "subprocess") && c.IsCall(i)) && c.HasRequest(c.Arg(i, 0))),
        Shared.ReverseShell,
        new(CodeRules.Eval, ["eval", "exec"], (c, i) => c.IsBareCall(i) && !c.IsConstant(c.Arg(i, 0)) && !c.Arg(i, 0).IsEmpty),
        new(CodeRules.Command, ["system", "popen", "getoutput", "getstatusoutput"], (c, i) => c.IsOf(i, "os", "subprocess", "commands") && c.IsCall(i) && !c.IsConstant(c.Arg(i, 0)) && !c.IsCleaned(c.Arg(i, 0))),
        new(CodeRules.Command, ["run", "call", "Popen", "check_output", "check_call", "create_subprocess_shell"], (c, i) => c.IsCall(i) && !c.IsDefined(i) && (c.IsTrue(c.Named(i, "shell")) || c.Is(i, "create_subprocess_shell")) && !c.IsConstant(c.Arg(i, 0)) && !c.Arg(i, 0).IsEmpty && !c.IsCleaned(c.Arg(i, 0))),
        Shared.Sql,
        new(CodeRules.Template, ["render_template_string"], (c, i) => c.IsBareCall(i) && !c.IsConstant(c.Arg(i, 0))),
        new(CodeRules.Html, ["mark_safe", "Markup", "HttpResponse", "make_response"], (c, i) => c.IsCall(i) && !c.IsDefined(i) && (c.IsAny(i, "mark_safe", "Markup") ? c.IsBuilt(c.Arg(i, 0)) : c.HasRequest(c.Arg(i, 0)) && c.IsBuilt(c.Arg(i, 0))) && !c.IsCleaned(c.Arg(i, 0))),
        new(CodeRules.Autoescape, ["autoescape"], (c, i) => c.IsFalse(c.Value(i)) && !c.IsDefined(i)),
        new(CodeRules.Path, ["open", "send_file", "FileResponse", "remove", "unlink", "rmtree"], (c, i) => c.IsCall(i) && c.HasRequest(c.Arg(i, 0)) && !c.Has(c.Arg(i, 0), "secure_filename", "safe_join", "basename")),
        new(CodeRules.Redirect, ["redirect", "HttpResponseRedirect", "RedirectResponse"], (c, i) => c.IsBareCall(i) && c.HasRequest(c.Arg(i, 0)) && !c.Has(c.Arg(i, 0), "url_for", "reverse")),
        new(CodeRules.Fetch, ["get", "post", "put", "request", "urlopen", "head"], (c, i) => (c.IsOf(i, "requests", "httpx", "session", "client") || c.Is(i, "urlopen")) && c.IsCall(i) && c.HasRequest(c.Arg(i, 0))),
        new(CodeRules.Deserialize, ["load", "loads", "Unpickler", "decode", "read_pickle", "open"], (c, i) => c.IsCall(i) && !c.IsConstant(c.Arg(i, 0)) && (c.Is(i, "read_pickle") ? c.IsDot(i - 1)
            : c.Is(i, "decode") ? c.IsOf(i, "jsonpickle") : c.Is(i, "open") ? c.IsOf(i, "shelve") : c.IsOf(i, "pickle", "cPickle", "_pickle", "dill", "cloudpickle", "marshal") && !c.Is(i - 3, "."))),
        new(CodeRules.Deserialize, ["load", "load_all", "unsafe_load", "unsafe_load_all", "full_load"], (c, i) => c.IsOf(i, "yaml") && c.IsCall(i) && (c.IsAny(i, "unsafe_load", "unsafe_load_all") || (c.ArgCount(i) == 1 && !c.Is(i, "full_load")) || c.Has(c.Inside(i), "UnsafeLoader"))),
        new(CodeRules.Deserialize, ["allow_pickle"], (c, i) => c.IsTrue(c.Value(i)) && !c.IsDefined(i) && c.Statement(i) is var s && c.Has(s, "load", "numpy", "np")),
        new(CodeRules.Xxe, ["resolve_entities", "load_dtd", "feature_external_ges"], (c, i) => c.Is(i, "feature_external_ges") ? c.IsTrue(new(i + 2, i + 3)) : c.IsTrue(c.Value(i)) && c.Has(c.Statement(i), "XMLParser", "iterparse")),
        new(CodeRules.Tls, ["verify", "check_hostname", "verify_mode", "cert_reqs", "_create_unverified_context", "verify_ssl", "ssl_verify", "validate_certs", "disable_warnings"], (c, i) => c.Is(i, "_create_unverified_context") ? c.IsDot(i - 1)
            : c.Is(i, "disable_warnings") ? false
            : c.IsAny(i, "verify_mode", "cert_reqs") ? !c.IsDefined(i) && !c.Has(c.Value(i), "CERT_REQUIRED", "CERT_OPTIONAL") && (c.Has(c.Value(i), "CERT_NONE") || c.IsText(c.Value(i), "CERT_NONE"))
            : c.Is(i, "check_hostname") ? c.IsDot(i - 1) && c.IsFalse(c.Value(i))
            : c.Is(i + 1, "=") && c.Is(i + 2, "False") && (c.IsDot(i - 1) || c.IsArgumentOf(i, Verbs))),
        new(CodeRules.OldTls, ["PROTOCOL_SSLv2", "PROTOCOL_SSLv3", "PROTOCOL_TLSv1", "SSLv3_METHOD", "TLSv1_METHOD"], (c, i) => c.IsOf(i, "ssl", "SSL") && !c.IsAny(i + 1, ":", "=", "==") && c.Has(c.Statement(i), "wrap_socket", "SSLContext", "ssl_version", "Context")),
        new(CodeRules.SshHost, ["set_missing_host_key_policy"], (c, i) => c.IsDot(i - 1) && c.Has(c.Inside(i), "AutoAddPolicy", "WarningPolicy")),
        new(CodeRules.PasswordHash, ["md5", "sha1", "new"], (c, i) => c.IsOf(i, "hashlib") && c.IsCall(i) && c.IsSecretive(c.Inside(i)) && (!c.Is(i, "new") || c.FirstText(c.Inside(i)) is "md5" or "sha1")),
        new(CodeRules.Cipher, ["new", "MODE_ECB", "ECB", "ARC4", "IDEA", "Blowfish"], (c, i) => c.Is(i, "new") ? c.IsOf(i, "DES", "ARC4", "ARC2", "DES3") && c.IsCall(i) && !c.IsOf(i - 2, "hashlib") : c.Is(i, "MODE_ECB") ? c.IsDot(i - 1) && !c.Is(i + 1, "=") : c.Is(i, "ECB") ? c.IsOf(i, "modes") && c.IsCall(i) : c.IsOf(i, "algorithms") && c.IsCall(i)),
        new(CodeRules.FixedIv, ["iv", "salt", "nonce"], (c, i) => c.Is(i + 1, "=") && c.IsOneText(c.Value(i)) && c.Content(c.Value(i).From).Length >= 4 && c.IsArgumentOf(i, "new", "pbkdf2_hmac", "PBKDF2", "PBKDF2HMAC", "scrypt", "Scrypt", "CBC", "GCM", "derive")),
        new(CodeRules.Random, Shared.Secrets, (c, i) => Shared.IsDrawnFor(c, i) && c.Value(i) is var v && HasRandom(c, v)),
        new(CodeRules.Jwt, ["verify_signature", "decode"], (c, i) => c.Is(i, "decode") ? c.IsOf(i, "jwt") && c.IsCall(i) && (c.IsFalse(c.Named(i, "verify")) || (!c.Named(i, "algorithms").IsEmpty && c.HasText(c.Named(i, "algorithms"), "none"))) : c.IsFalse(c.Value(i))),
        new(CodeRules.Debug, ["debug", "DEBUG"], (c, i) => c.Is(i, "debug") ? c.IsTrue(c.Value(i)) && c.IsArgumentOf(i, "run", "Flask", "FastAPI", "Starlette") && (c.Has(c.Statement(i), "app", "Flask", "FastAPI", "Starlette", "application", "server"))
            : c.IsTrue(c.Value(i)) && c.Is(i + 1, "=") && c[i].BeginsLine && c.Path.EndsWith("settings.py", StringComparison.Ordinal)),
        new(CodeRules.Cors, ["supports_credentials", "allow_credentials"], (c, i) => c.IsTrue(c.Value(i)) && c.CallAround(i) is >= 0 and var call && c.HasWhole(c.Inside(call), "*") && c.Has(c.Inside(call), "origins", "allow_origins", "CORS", "resources")),
        new(CodeRules.Csrf, ["csrf_exempt"], (c, i) => c.Is(i - 1, "@") || (c.Is(i + 1, "(") && !c.IsDefined(i) && c.Is(i - 1, "("))),
        new(CodeRules.Writable, ["chmod"], (c, i) => c.IsDot(i - 1) && c.IsCall(i) && Shared.IsForAll(c, c.IsOf(i, "os") ? c.Arg(i, 1) : c.Arg(i, 0))),
        new(CodeRules.Temporary, ["mktemp", "tempnam", "tmpnam"], (c, i) => c.IsOf(i, "tempfile", "os") && c.IsCall(i)),
    ];

    private static bool IsRun(CodeView c, int i) => c.Is(i, "loads") ? c.IsOf(i, "marshal", "pickle") && c.IsCall(i) : c.IsBareCall(i);

    private static bool HasRandom(CodeView c, CodeRange range)
    {
        for (var i = range.From; i < range.To; i++)
            if (c.IsAny(i, "choice", "choices", "randint", "random", "randrange", "getrandbits", "sample") && c.IsOf(i, "random") && c.Is(i + 1, "(")) return true;
        return false;
    }
}
