// Who there is, what roles they hold, and how we know it is them. Read from identities.yaml beside the store; never from the workspace.
// Invariants: a claimed name needs its proof (APR-03); automation never approves; a delegated role is held in somebody's name, and says whose (APR-05).
using System.Security.Cryptography;
using System.Text;
using CabinCrew.Governance.Files;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Access;

/// <summary>An authenticated identity.</summary>
/// <param name="AuthenticatedBy"><c>os_user</c> or <c>token</c>.</param>
public sealed record Caller(string Name, IReadOnlyList<string> Roles, bool Human, string AuthenticatedBy);

/// <param name="OsUser">The name of the process's real uid.</param>
/// <param name="ClaimedName">What `--as NAME` says, or null.</param>
/// <param name="Token">From `CABINCREW_IDENTITY_TOKEN` or `--identity-token-file`, or null.</param>
public sealed record Credentials(string OsUser, int Uid, string? ClaimedName, string? Token)
{
    // The token never gets into a log by way of a record's text.
    public override string ToString() => $"{OsUser} ({Uid}){(ClaimedName is null ? "" : $" as {ClaimedName}")}{(Token is null ? "" : " with a token")}";
}

/// <summary>A role that somebody holds at some moment.</summary>
/// <param name="DelegatedFrom">In whose name; null: in one's own.</param>
public sealed record HeldRole(string Role, string? DelegatedFrom);

public sealed partial class IdentityBook
{
    public const int TokenCharsMin = 16;
    public const int TokenCharsMax = 4096;

    private readonly IReadOnlyList<Identity> identities;
    private readonly IReadOnlyList<Delegation> delegations;

    internal IdentityBook(IReadOnlyList<Identity> identities, IReadOnlyList<Delegation> delegations, bool selfApproval, string defaultRole) =>
        (this.identities, this.delegations, SelfApproval, DefaultRole) = (identities, delegations, selfApproval, defaultRole);

    /// <summary>Reads the file. A missing file is the zero-config book: the OS user, role <c>maintainer</c>, no self approval.</summary>
    public static Outcome<IdentityBook> Load(string path, Credentials me)
    {
        if (!PlainFile.Read(path, YamlLimits.Default.BytesMax, ProblemCode.IdentitiesInvalid).Try(out var file, out var problem))
            return problem.Code == ProblemCode.NotFound ? ZeroConfig(me) : problem;
        if (file.Uid != me.Uid && file.Uid != 0)
            return new Problem(ProblemCode.IdentitiesInvalid, $"The file belongs to uid {file.Uid}, who could name any approver; it must belong to {me.OsUser} or to root.")
            {
                Where = path,
                Remedy = $"Check its content, then `chown {me.OsUser} {path}`.",
            };
        if ((file.Mode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0)
            return new Problem(ProblemCode.IdentitiesInvalid, "Others than its owner can write this file, and so name any approver.")
            {
                Where = path,
                Remedy = $"Check its content, then `chmod go-w {path}`.",
            };
        return YamlNodes.Read(file.Bytes, path, ProblemCode.IdentitiesInvalid).Then(IdentitiesFile.Of);
    }

    private static IdentityBook ZeroConfig(Credentials me) =>
        new([new(me.OsUser, true, [Access.Roles.Default], null, me.Uid, null)], [], selfApproval: false, Access.Roles.Default);

    public bool SelfApproval { get; }

    /// <summary>The role that approves where a policy names none.</summary>
    public string DefaultRole { get; }

    public Outcome<Caller> Authenticate(Credentials credentials)
    {
        if (credentials.Token is { } token) return ByToken(credentials, token);
        if (credentials.ClaimedName is { } claimed)
        {
            if (Find(claimed) is { } identity && identity.Is(credentials)) return identity.As("os_user");
            return NotAuthenticated($"The OS user '{credentials.OsUser}' is not '{Shown(claimed)}', and no token was given.");
        }

        return identities.FirstOrDefault(i => i.Is(credentials)) is { } me
            ? me.As("os_user")
            : NotAuthenticated($"The OS user '{credentials.OsUser}' stands for no identity of the identities file.");
    }

    // A token that is given must be right: falling back to the OS user would hide an expired or mistyped one, and act as somebody else.
    private Outcome<Caller> ByToken(Credentials credentials, string token)
    {
        if (token.Length is < TokenCharsMin or > TokenCharsMax) return NotAuthenticated($"The identity token must have {TokenCharsMin} to {TokenCharsMax} characters.");
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(token));
        Identity? holder = null;
        foreach (var identity in identities)
            if (identity.TokenHash is { } known && CryptographicOperations.FixedTimeEquals(hash, known)) holder = identity;
        if (holder is null) return NotAuthenticated("The identity token belongs to no identity of the identities file.");
        if (credentials.ClaimedName is { } claimed && claimed != holder.Name) return NotAuthenticated($"The identity token is not that of '{Shown(claimed)}'.");
        return holder.As("token");
    }

    /// <summary>The roles that a name holds now: checked again at the moment an approval is used.</summary>
    public IReadOnlyList<string> RolesOf(string name) => Find(name)?.Roles ?? [];

    /// <summary>The same with the roles delegated to the name: own ones first, then by delegator.</summary>
    public IReadOnlyList<HeldRole> RolesOf(string name, DateTimeOffset now) =>
    [
        .. RolesOf(name).Select(r => new HeldRole(r, null)),
        .. delegations.Where(d => d.To == name && now < d.Until)
            .SelectMany(d => d.Roles.Where(r => RolesOf(d.From).Contains(r, StringComparer.Ordinal)).Select(r => new HeldRole(r, d.From)))
            .Distinct().OrderBy(h => h.DelegatedFrom, StringComparer.Ordinal).ThenBy(h => h.Role, StringComparer.Ordinal),
    ];

    public bool Knows(string name) => Find(name) is not null;

    /// <summary>Whether this is a person. Nobody else approves.</summary>
    public bool IsHuman(string name) => Find(name)?.Human ?? false;

    /// <summary>The people who hold a role now, for telling whom to ask. In name order.</summary>
    public IReadOnlyList<string> HoldersOf(string role, DateTimeOffset now) =>
        [.. identities.Where(i => i.Human && RolesOf(i.Name, now).Any(h => h.Role == role)).Select(i => i.Name).Order(StringComparer.Ordinal)];

    private Identity? Find(string name) => identities.FirstOrDefault(i => i.Name == name);

    private static Problem NotAuthenticated(string why) => new(ProblemCode.ApprovalNotAuthenticated, why);

    // What is claimed comes from outside: bounded and without control characters before it is shown.
    private static string Shown(string claimed) => StepId.TryParse(claimed, out _) ? claimed : "a name that cannot be one";
}

/// <param name="OsUser">Name or <paramref name="Uid"/>; both null: not by OS user.</param>
internal sealed record Identity(string Name, bool Human, IReadOnlyList<string> Roles, string? OsUser, int? Uid, byte[]? TokenHash)
{
    public bool Is(Credentials credentials) => Uid is { } uid ? uid == credentials.Uid : OsUser is { } user && user == credentials.OsUser;

    public Caller As(string how) => new(Name, Roles, Human, how);
}

internal sealed record Delegation(string From, string To, IReadOnlyList<string> Roles, DateTimeOffset Until);
