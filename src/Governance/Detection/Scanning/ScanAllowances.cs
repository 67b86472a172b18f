// What a person allows in a scan (Allowances), on one day and seen from one directory. Never part of the judgement of plans: who writes the files would write the allowances.
using System.Security.Cryptography;
using System.Text;
using CabinCrew.Governance.Detection.Allowances;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection.Scanning;

/// <param name="Root">The directory that the file of allowances stands in, absolute; their paths are relative to it, as relative names of what is scanned are.</param>
public sealed record ScanAllowances(AllowanceList List, string Root, DateTimeOffset Now)
{
    public static readonly ScanAllowances Nothing = new(AllowanceList.Nothing, "/", DateTimeOffset.UnixEpoch);

    internal bool IsNothing => List.All.Count == 0;

    private readonly bool byDigest = List.All.Any(a => a.Found is not null);

    /// <summary>Every rule there is, as allowances may call it.</summary>
    public static IReadOnlySet<string> Rules { get; } = ScanSettings.Detectors.SelectMany(d => ScanSettings.RulesOf(d).SelectMany(r => new[] { r.Id, $"{d}/{r.Id}" })).ToHashSet(StringComparer.Ordinal);

    /// <param name="found">What was found; empty where only the place is known.</param>
    /// <param name="expired">Why it is told again though it was allowed once.</param>
    internal bool Allows(string detector, string rule, string name, ReadOnlySpan<char> found, out string? expired)
    {
        expired = null;
        if (IsNothing) return false;
        var path = PathOf(name);
        Digest? digest = byDigest && !found.IsEmpty ? DigestOf(found) : null;
        if (List.Allows(detector, rule, path, digest, Now) is not null) return true;
        expired = List.Expired(detector, rule, path, digest, Now);
        return false;
    }

    private string PathOf(string name) =>
        name.StartsWith("./", StringComparison.Ordinal) ? name[2..]
        : name.Length > Root.Length + 1 && name.StartsWith(Root, StringComparison.Ordinal) && name[Root.Length] == '/' ? name[(Root.Length + 1)..] : name;

    private static Digest DigestOf(ReadOnlySpan<char> found)
    {
        var utf8 = new byte[Encoding.UTF8.GetByteCount(found)];
        Encoding.UTF8.GetBytes(found, utf8);
        var digest = Digest.Of(utf8);
        CryptographicOperations.ZeroMemory(utf8);
        return digest;
    }
}
