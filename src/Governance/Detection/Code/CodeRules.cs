// Every weakness in code that is looked for, in one table; which words it is looked for at in which language is in Languages. docs/reference/insecure-code.md is made of it.
using static CabinCrew.Protocol.Decision;

namespace CabinCrew.Governance.Detection.Code;

public static class CodeRules
{
    internal static readonly CodeRule HiddenCode = new("hidden-code", 506, "runs code that is hidden by encoding", RequireApproval);
    internal static readonly CodeRule DownloadedCode = new("downloaded-code", 494, "runs code that it fetches over the network", RequireApproval);
    internal static readonly CodeRule RequestCode = new("request-code", 94, "runs what a request brings, as code or as a command", RequireApproval);
    internal static readonly CodeRule ReverseShell = new("reverse-shell-code", 506, "joins a shell to a network connection", RequireApproval);

    internal static readonly CodeRule Eval = new("eval", 95, "runs a text as code that is not written out here");
    internal static readonly CodeRule Command = new("command-injection", 78, "runs a command through a shell that is put together or not written out here");
    internal static readonly CodeRule Sql = new("sql-injection", 89, "puts values into the text of SQL instead of binding them");
    internal static readonly CodeRule Template = new("template-injection", 1336, "renders a template that is not written out here");
    internal static readonly CodeRule Html = new("html-injection", 79, "puts into a page as HTML what is not written out here");
    internal static readonly CodeRule Autoescape = new("autoescape-off", 79, "switches off the escaping of what goes into pages");
    internal static readonly CodeRule Path = new("path-from-request", 22, "opens a path that a request names");
    internal static readonly CodeRule Redirect = new("redirect-from-request", 601, "redirects to an address that a request names");
    internal static readonly CodeRule Fetch = new("fetch-from-request", 918, "asks an address that a request names");
    internal static readonly CodeRule Deserialize = new("unsafe-deserialization", 502, "makes objects of data that may run code by it");
    internal static readonly CodeRule Xxe = new("external-entities", 611, "lets XML bring in files and addresses");
    internal static readonly CodeRule Format = new("format-string", 134, "takes a format that is not written out here");
    internal static readonly CodeRule Copy = new("unbounded-copy", 120, "copies without regard to where the room ends");

    internal static readonly CodeRule Tls = new("tls-verification-off", 295, "does not check whom it talks to");
    internal static readonly CodeRule OldTls = new("old-tls", 327, "talks by a protocol that is broken");
    internal static readonly CodeRule SshHost = new("ssh-host-unchecked", 322, "does not check which machine it logs in to");
    internal static readonly CodeRule PasswordHash = new("weak-password-hash", 916, "hashes a password or a secret by what is fast or broken");
    internal static readonly CodeRule Cipher = new("weak-cipher", 327, "encrypts by what is broken, or block for block");
    internal static readonly CodeRule FixedIv = new("fixed-iv", 329, "encrypts or hashes with a vector or a salt that is written out here");
    internal static readonly CodeRule Random = new("predictable-secret", 338, "draws a secret by a generator that can be foretold");
    internal static readonly CodeRule Jwt = new("jwt-unverified", 347, "takes a web token without its signature");

    internal static readonly CodeRule Debug = new("debug-server", 489, "serves with debugging on");
    internal static readonly CodeRule Cors = new("open-cors", 942, "lets every site act with its visitors' credentials");
    internal static readonly CodeRule Csrf = new("csrf-off", 352, "switches off the protection against forged requests");
    internal static readonly CodeRule Writable = new("world-writable", 732, "lets everybody write a file");
    internal static readonly CodeRule Temporary = new("predictable-file", 377, "names a temporary file before it is made, so that another may be there first");

    internal static readonly CodeRule Ingress = new("open-ingress", 284, "lets the whole internet in");
    internal static readonly CodeRule Public = new("public-resource", 732, "opens data or a database to everybody");
    internal static readonly CodeRule Unencrypted = new("unencrypted-storage", 311, "keeps data without encryption");
    internal static readonly CodeRule Wildcard = new("wildcard-rights", 269, "allows everything on everything");
    internal static readonly CodeRule Host = new("host-power", 250, "gives a container power over its host");
    internal static readonly CodeRule Pipeline = new("pipeline-injection", 94, "puts what strangers write into a pipeline's script", RequireApproval);

    /// <summary>In groups as they are documented.</summary>
    public static IReadOnlyList<(string Group, IReadOnlyList<CodeRule> Rules)> Groups { get; } =
    [
        ("What no program has reason to do", [HiddenCode, DownloadedCode, RequestCode, ReverseShell]),
        ("Data that becomes code, commands, pages or addresses", [Eval, Command, Sql, Template, Html, Autoescape, Path, Redirect, Fetch, Deserialize, Xxe, Format, Copy]),
        ("Cryptography and connections", [Tls, OldTls, SshHost, PasswordHash, Cipher, FixedIv, Random, Jwt]),
        ("Servers and files", [Debug, Cors, Csrf, Writable, Temporary]),
        ("Infrastructure", [Ingress, Public, Unencrypted, Wildcard, Host, Pipeline]),
    ];

    public static IReadOnlyDictionary<string, CodeRule> ById { get; } = Groups.SelectMany(g => g.Rules).ToDictionary(r => r.Id, StringComparer.Ordinal);
}
