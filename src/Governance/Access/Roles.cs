// The one role that the program knows by name; every other is a word of the identities file.
namespace CabinCrew.Governance.Access;

public static class Roles
{
    /// <summary>Who approves where neither a policy nor the identities file names a role.</summary>
    public const string Default = "maintainer";
}
