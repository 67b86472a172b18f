// Who there is, what roles they hold, and how we know it is them. Read from identities.yaml beside the store; never from the workspace.
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Access;

/// <summary>An authenticated identity.</summary>
/// <param name="AuthenticatedBy"><c>os_user</c> or <c>token</c>.</param>
public sealed record Caller(string Name, IReadOnlyList<string> Roles, bool Human, string AuthenticatedBy);

/// <param name="OsUser">The name of the process's real uid.</param>
/// <param name="ClaimedName">What `--as NAME` says, or null.</param>
/// <param name="Token">From `CABINCREW_IDENTITY_TOKEN` or `--identity-token-file`, or null.</param>
public sealed record Credentials(string OsUser, int Uid, string? ClaimedName, string? Token);

public sealed partial class IdentityBook
{
    /// <summary>Reads the file. A missing file is the zero-config book: the OS user, role <c>maintainer</c>, no self approval.</summary>
    public static Outcome<IdentityBook> Load(string path, Credentials me) => throw new NotImplementedException();

    public bool SelfApproval => throw new NotImplementedException();

    /// <summary>The role that approves where a policy names none.</summary>
    public string DefaultRole => throw new NotImplementedException();

    public Outcome<Caller> Authenticate(Credentials credentials) => throw new NotImplementedException();

    /// <summary>The roles that a name holds now: checked again at the moment an approval is used.</summary>
    public IReadOnlyList<string> RolesOf(string name) => throw new NotImplementedException();
}
