// Keys without a form of their own, which nearly all are letters drawn by a machine: known by the name of their service, which stands in or just before the name that they are assigned to,
// beside a word for a secret, and by the form that the service gives them.
using System.Text.RegularExpressions;

namespace CabinCrew.Governance.Detection.Secrets;

/// <param name="Names">Of the service, in small letters, as they stand in names of variables.</param>
/// <param name="Pattern">Of the whole value, in the subset that <see cref="SecretRule"/> has.</param>
internal sealed record KeyedService(string Id, string Of, string[] Names, string Pattern)
{
    public DetectorRule Rule { get; } = new(Id, $"this is assigned like {Of}, and looks like one");

    public Regex Regex => field ??= new("^(?:" + Pattern + ")$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
}

internal static class KeyedServices
{
    /// <summary>A new one is a line in one of these families. Of several that fit, the first counts.</summary>
    public static readonly KeyedService[] Table = [.. KeyedClouds.Services, .. KeyedTools.Services, .. KeyedMedia.Services];
}
