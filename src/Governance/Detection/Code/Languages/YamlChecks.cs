// Settings in YAML that are neither Kubernetes' manifests nor a pipeline's scripts (the commands detector reads those): compose files, CloudFormation, Ansible, and what pipelines fill into their
// scripts. Line by line: a key, a value, and how deep it stands.
namespace CabinCrew.Governance.Detection.Code.Languages;

internal static class YamlChecks
{
    private const int LineCharsMax = 2000;

    /// <summary>Rules of this reader.</summary>
    public static readonly CodeRule[] Rules = [CodeRules.Host, CodeRules.Ingress, CodeRules.Public, CodeRules.Unencrypted, CodeRules.Tls, CodeRules.Writable, CodeRules.Pipeline];

    private static readonly System.Buffers.SearchValues<char> KeyLetters = System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-0123456789");

    // What a stranger may write into an event.
    private static readonly string[] Foreign = ["github.event.issue.title", "github.event.issue.body", "github.event.pull_request.title", "github.event.pull_request.body", "github.event.comment.body", "github.event.review.body", "github.event.review_comment.body", "github.event.discussion.title", "github.event.discussion.body",
        "github.event.pull_request.head.ref", "github.event.pull_request.head.label", "github.event.head_commit.message", "github.event.head_commit.author", "github.event.pages", "github.event.commits", "github.head_ref"];

    public static void Find(string text, string path, int start, int end, List<CodeFinding> found)
    {
        var kind = (IsCompose: text.Contains("services:", StringComparison.Ordinal) && !text.Contains("apiVersion:", StringComparison.Ordinal), IsTemplate: text.Contains("AWSTemplateFormatVersion", StringComparison.Ordinal) || text.Contains("Type: AWS::", StringComparison.Ordinal));
        var isPipeline = path.Contains(".github/workflows/", StringComparison.Ordinal) || path.EndsWith("action.yml", StringComparison.Ordinal) || path.EndsWith("action.yaml", StringComparison.Ordinal);
        // How deep a run's block stands; -1: none is open.
        var run = -1;
        var isIngress = false;
        for (var at = start; at < end;)
        {
            var step = text.AsSpan(at, end - at).IndexOf('\n');
            var length = step < 0 ? end - at : step;
            var line = text.AsSpan(at, Math.Min(length, LineCharsMax)).TrimEnd();
            var content = line.TrimStart();
            if (content.Length > 0 && content[0] != '#')
            {
                var depth = line.Length - content.Length;
                if (content.StartsWith("- "))
                {
                    depth += 2;
                    content = content[2..].TrimStart();
                }
                if (isPipeline)
                {
                    if (run >= 0 && depth <= run) run = -1;
                    var isRun = content.StartsWith("run:") || content.StartsWith("script:");
                    if (run >= 0 || isRun)
                        foreach (var part in Foreign)
                            if (content.IndexOf(part) is >= 0 and var hole && content[..hole].LastIndexOf("${{") >= 0) found.Add(new(CodeRules.Pipeline, at + line.Length - content.Length + hole, at + length, part));
                    if (isRun) run = depth;
                }
                if (Key(content, out var value) is { } key)
                {
                    if (key is "SecurityGroupIngress") isIngress = true;
                    else if (key is "SecurityGroupEgress") isIngress = false;
                    if (Of(key, value, kind.IsCompose, kind.IsTemplate, isIngress) is { } rule) found.Add(new(rule, at + line.Length - content.Length, at + length, key));
                }
                else if (kind.IsCompose && content.Contains("/var/run/docker.sock", StringComparison.Ordinal) && content.TrimStart("\"'").StartsWith("/"))
                {
                    found.Add(new(CodeRules.Host, at + line.Length - content.Length, at + length, "docker.sock"));
                }
            }
            at += length + 1;
        }
    }

    private static string? Key(ReadOnlySpan<char> content, out string value)
    {
        value = "";
        var colon = content.IndexOf(':');
        if (colon is < 2 or > 40 || (colon + 1 < content.Length && content[colon + 1] != ' ')) return null;
        var key = content[..colon].Trim("\"'");
        if (key.ContainsAnyExcept(KeyLetters)) return null;
        var rest = content[(colon + 1)..];
        if (rest.IndexOf(" #") is >= 0 and var comment) rest = rest[..comment];
        value = rest.Trim(" \t\"'").ToString();
        return key.ToString();
    }

    private static CodeRule? Of(string key, string value, bool isCompose, bool isTemplate, bool isIngress) => (key, value) switch
    {
        ("privileged", "true") when isCompose => CodeRules.Host,
        ("network_mode" or "pid" or "ipc" or "userns_mode", "host") when isCompose => CodeRules.Host,
        ("CidrIp", "0.0.0.0/0") or ("CidrIpv6", "::/0") when isTemplate && isIngress => CodeRules.Ingress,
        ("AccessControl", "PublicRead" or "PublicReadWrite") when isTemplate => CodeRules.Public,
        ("PubliclyAccessible", "true") or ("BlockPublicAcls" or "BlockPublicPolicy" or "IgnorePublicAcls" or "RestrictPublicBuckets", "false") when isTemplate => CodeRules.Public,
        ("StorageEncrypted" or "Encrypted", "false") when isTemplate => CodeRules.Unencrypted,
        ("validate_certs", "no" or "false" or "False") => CodeRules.Tls,
        ("mode", "0777" or "777" or "0666" or "a+rwx") => CodeRules.Writable,
        _ => null,
    };
}
