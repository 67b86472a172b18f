// Addresses of mail that may be a person's: not those of roles and programs, not those that the standards reserve for samples, not user names of clones and packages with versions.
using System.Buffers;
using System.Collections.Frozen;

namespace CabinCrew.Governance.Detection.Personal;

internal static class EmailAddresses
{
    public static readonly DetectorRule Rule = new("email", "this looks like a person's address of mail");

    private const int LocalCharsMax = 64, DomainCharsMax = 190;

    private static readonly SearchValues<char> Local = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.!#&'*+/=?^_`{|}~-%");
    private static readonly SearchValues<char> Plain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-");
    private static readonly SearchValues<char> Domain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-");

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Roles = Set(
        "git", "hg", "svn", "noreply", "no-reply", "donotreply", "do-not-reply", "info", "support", "admin", "administrator", "sales", "contact", "help", "security", "abuse", "postmaster", "hostmaster", "webmaster", "root", "hello", "team", "office",
        "billing", "privacy", "legal", "press", "jobs", "careers", "marketing", "feedback", "mail", "mailer-daemon", "nobody", "dev", "devel", "developer", "developers", "opensource", "user", "username", "name", "email", "you", "your", "me", "foo", "bar", "test", "example", "someone", "john.doe", "jane.doe", "johndoe", "alice", "bob", "bot", "notifications", "announce", "list", "maintainers", "conduct", "service", "news", "newsletter", "hr", "it", "ops", "api", "app", "demo", "ssh");

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Reserved = Set("example", "test", "invalid", "localhost", "local", "localdomain", "internal", "lan", "home", "corp", "arpa", "onion",
        "png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "css", "js", "ts", "mjs", "cjs", "jsx", "tsx", "json", "md", "py", "rb", "go", "rs", "java", "cs", "cpp", "html", "xml", "yml", "yaml", "txt", "zip", "tgz", "gz", "service", "socket", "target", "mount", "timer", "path", "slice", "scope", "dll", "exe", "so");

    private static readonly string[] SampleDomains = ["example.com", "example.org", "example.net", "example.edu", "users.noreply.github.com", "domain.com", "email.com", "test.com", "foo.com", "bar.com", "acme.com", "contoso.com", "fabrikam.com", "company.com", "yourcompany.com", "mycompany.com", "host.com", "server.com", "mail.com"];

    /// <summary>What stands around an at-sign, as start and length; length 0: no address.</summary>
    public static (int Start, int Length) Around(ReadOnlySpan<char> text, int at)
    {
        var before = text[Math.Max(0, at - LocalCharsMax - 1)..at];
        var local = before[(before.LastIndexOfAnyExcept(Plain) + 1)..];
        var start = at - local.Length;
        // What an escape spells is no letter of the name.
        var isEscaped = start > 0 && text[start - 1] == '\\' && local.Length > 1 && local[0] is 'n' or 'r' or 't';
        if (isEscaped)
        {
            local = local[1..];
            start++;
        }
        if (local.Length is 0 or > LocalCharsMax || !char.IsAsciiLetterOrDigit(local[0]) || local[^1] is '.' || local.IndexOf("..") >= 0 || !local.ContainsAnyInRange('A', 'z')) return default;
        // Another sign of a local part before it, a user in an address, a scope of packages.
        if (start > 0 && !isEscaped && (Local.Contains(text[start - 1]) && text[start - 1] is not ('\'' or '=' or '`' or '|' or '{' or '*') || text[start - 1] is ':' && start > 1 && (char.IsAsciiLetterOrDigit(text[start - 2]) && !text[..start].EndsWith("mailto:", StringComparison.OrdinalIgnoreCase) && IsInUrl(text, start) || text[start - 2] == '/') || text[start - 1] is '@' or '$')) return default;
        var after = text.Slice(at + 1, Math.Min(DomainCharsMax, text.Length - at - 1));
        var end = after.IndexOfAnyExcept(Domain);
        if (end < 0) end = after.Length;
        var domain = after[..end].TrimEnd('.').TrimEnd('-');
        return IsDomain(domain) && !IsRole(local) && !IsSample(domain) && (at + 1 + domain.Length >= text.Length || text[at + 1 + domain.Length] is not ('@' or '_' or '(' or ':') || IsSentenceEnd(text, at + 1 + domain.Length)) ? (start, local.Length + 1 + domain.Length) : default;
    }

    // A colon that ends a clause, and not git@host:path.
    private static bool IsSentenceEnd(ReadOnlySpan<char> text, int at) => text[at] == ':' && (at + 1 >= text.Length || char.IsWhiteSpace(text[at + 1]));

    private static bool IsInUrl(ReadOnlySpan<char> text, int start) => text[Math.Max(0, start - LocalCharsMax)..start].LastIndexOf("://") >= 0;

    private static bool IsDomain(ReadOnlySpan<char> domain)
    {
        var dot = domain.LastIndexOf('.');
        if (dot < 1 || domain[0] is '.' or '-' || domain.IndexOf("..") >= 0) return false;
        var top = domain[(dot + 1)..];
        return top.Length is >= 2 and <= 18 && !top.ContainsAnyExceptInRange('A', 'z') && !top.ContainsAny('_', '^') && !Reserved.Contains(top) && domain[..dot].ContainsAnyInRange('A', 'z');
    }

    private static bool IsRole(ReadOnlySpan<char> local) => Roles.Contains(local) || local.StartsWith("noreply", StringComparison.OrdinalIgnoreCase) || local.StartsWith("no-reply", StringComparison.OrdinalIgnoreCase);

    private static bool IsSample(ReadOnlySpan<char> domain)
    {
        foreach (var sample in SampleDomains)
            if (domain.EndsWith(sample, StringComparison.OrdinalIgnoreCase) && (domain.Length == sample.Length || domain[^(sample.Length + 1)] == '.')) return true;
        return domain.StartsWith("example.", StringComparison.OrdinalIgnoreCase);
    }

    private static FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Set(params string[] words) => words.ToFrozenSet(StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();
}
