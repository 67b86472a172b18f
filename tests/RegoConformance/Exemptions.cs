// Which groups of cases count for what. Groups are put by the part of the note before the first slash.
namespace CabinCrew.RegoConformance;

internal static class Exemptions
{
    /// <summary>Why a group is refused at compile time; null where it has to pass.</summary>
    public static string? Of(string note) =>
        note.StartsWith("graphql", StringComparison.Ordinal) ? "GraphQL built-ins are not available here"
        : note.StartsWith("providers-aws", StringComparison.Ordinal) ? "AWS request signing is not available here"
        : note.StartsWith("net.lookup_ip_addr", StringComparison.Ordinal) ? "names are not looked up on the network: evaluation does no I/O"
        : note.StartsWith("http", StringComparison.Ordinal) || note.StartsWith("invalidkeyerror/", StringComparison.Ordinal) ? "calls of http.send: evaluation does no I/O"
        : null;

    /// <summary>The core: everything that is not refused and not about networks (<c>net.*</c>, <c>netcidr*</c>).</summary>
    public static bool IsCore(string note) => Of(note) is null && !note.StartsWith("net", StringComparison.Ordinal);
}
