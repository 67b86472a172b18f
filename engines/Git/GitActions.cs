// Config: `action: commit|branch|merge|tag|push` with its members beside it, or `actions:` with a list of such objects, done in order.
using System.Globalization;
using CabinCrew.EngineSdk;
using CabinCrew.Protocol;

namespace CabinCrew.Engines.Git;

internal sealed record Person(string Name, string Email);

internal abstract record GitAction(string Place);

/// <param name="Paths">Null: everything that git would add.</param>
/// <param name="Branch">A new branch for the commit; null: the branch that HEAD names.</param>
internal sealed record CommitAction(string Place, string Message, IReadOnlyList<WorkspacePath>? Paths, Person Author, string? Branch, long? Date) : GitAction(Place);

internal sealed record BranchAction(string Place, string Name, string From, bool Checkout) : GitAction(Place);

/// <param name="FastForward">auto, never or only.</param>
internal sealed record MergeAction(string Place, string Branch, string? Into, string? Message, Person? Author, string FastForward, long? Date) : GitAction(Place);

internal sealed record TagAction(string Place, string Name, string? Message, string At, Person? Author, long? Date) : GitAction(Place);

/// <param name="Expect">What a remote ref holds now, by its full name; null: it is not there. Needed where the remote cannot be asked, and to force.</param>
internal sealed record PushAction(string Place, string Remote, IReadOnlyList<string> Refspecs, bool Force, IReadOnlyDictionary<string, string?> Expect) : GitAction(Place);

internal static class GitActions
{
    private static readonly string[] Kinds = ["commit", "branch", "merge", "tag", "push"];

    public static Outcome<IReadOnlyList<GitAction>> Read(Settings settings)
    {
        IReadOnlyList<GitAction> actions = settings.OneOf("action", "actions") == "actions"
            ? [.. (settings.Objects("actions") ?? []).Select(ReadOne).OfType<GitAction>()]
            : ReadOne(settings) is { } one ? [one] : [];
        return settings.Check().Try(out _, out var problem) ? Outcome.Of(actions) : problem;
    }

    private static GitAction? ReadOne(Settings s)
    {
        switch (s.RequiredText("action"))
        {
            case "commit":
                var all = s.Flag("all");
                var paths = s.WorkspacePaths("paths");
                if (all == (paths is not null)) s.Fail("", "expected either 'paths' or 'all: true'");
                return new CommitAction(s.Place, s.RequiredText("message"), paths, Author(s) ?? Missing(s), Name(s, "branch"), Date(s));
            case "branch":
                return new BranchAction(s.Place, Name(s, "name", required: true)!, Name(s, "from") ?? "HEAD", s.Flag("checkout"));
            case "merge":
                var ff = s.Text("ff") ?? "auto";
                if (ff is not ("auto" or "never" or "only")) s.Fail("ff", "expected auto, never or only");
                return new MergeAction(s.Place, Name(s, "branch", required: true)!, Name(s, "into"), s.Text("message"), Author(s), ff, Date(s));
            case "tag":
                var (message, author) = (s.Text("message"), Author(s));
                if (message is not null && author is null) s.Fail("", "a tag with a message needs an author");
                return new TagAction(s.Place, Name(s, "name", required: true)!, message, Name(s, "at") ?? "HEAD", author, Date(s));
            case "push":
                var remote = s.RequiredText("remote");
                if (!Remotes.IsAllowed(remote)) s.Fail("remote", "expected an absolute path or an https, ssh or file URL without a password; names of the workspace's own config are not read");
                var expect = s.Map("expect")?.ToDictionary(e => e.Key, e => e.Value.Length == 0 ? null : e.Value, StringComparer.Ordinal) ?? [];
                foreach (var (name, id) in expect)
                    if (!name.StartsWith("refs/", StringComparison.Ordinal) || id is not null && !ShadowRepository.IsId(id)) s.Fail("expect", "expected full ref names, each with an object id, or with '' where there is no such ref");
                var force = s.Flag("force");
                if (force && expect.Count == 0) s.Fail("force", "needs 'expect': the object id that is to be replaced");
                var refspecs = s.Texts("refspecs") ?? [];
                if (refspecs.Count == 0) s.Fail("refspecs", "expected a list such as [main] or ['main:refs/heads/main']");
                foreach (var spec in refspecs)
                    if (spec.StartsWith('-') || spec.StartsWith('+') || spec.StartsWith(':') || spec.Contains('*') || spec.Count(c => c == ':') > 1) s.Fail("refspecs", $"'{spec}' is not SOURCE or SOURCE:TARGET; nothing is deleted or forced by a sign");
                return new PushAction(s.Place, remote, refspecs, force, expect);
            default:
                s.Fail("action", $"expected one of {string.Join(", ", Kinds)}");
                return null;
        }
    }

    private static Person? Author(Settings s)
    {
        if (s.Object("author") is not { } author) return null;
        var (name, email) = (author.RequiredText("name"), author.RequiredText("email"));
        if ((name + email).Any(c => c is '<' or '>' || char.IsControl(c))) author.Fail("", "a name or address cannot hold <, > or control characters");
        return new(name, email);
    }

    private static Person Missing(Settings s)
    {
        s.Fail("", "'author' is missing");
        return new("", "");
    }

    /// <summary>A name or revision that git cannot take for an option.</summary>
    private static string? Name(Settings s, string member, bool required = false)
    {
        var name = required ? s.RequiredText(member) : s.Text(member);
        if (name is not null && (name.StartsWith('-') || name.Any(char.IsControl))) s.Fail(member, "is no name for git");
        return name;
    }

    private static long? Date(Settings s)
    {
        if (s.Text("date") is not { } text) return null;
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) && date.ToUnixTimeSeconds() >= 0) return date.ToUnixTimeSeconds();
        s.Fail("date", "expected a time such as 2026-01-31T12:00:00Z");
        return null;
    }
}

internal static class Remotes
{
    public static bool IsPath(string remote) => remote.StartsWith('/');

    public static bool IsAllowed(string remote)
    {
        if (remote.Any(char.IsControl)) return false;
        if (IsPath(remote)) return true;
        return Uri.TryCreate(remote, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "ssh" or "file" && !uri.UserInfo.Contains(':', StringComparison.Ordinal);
    }
}
