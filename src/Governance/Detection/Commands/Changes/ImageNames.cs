// Names of container images.
namespace CabinCrew.Governance.Detection.Commands.Changes;

internal static class ImageNames
{
    /// <summary>Whether the name means another image tomorrow: no tag, or <c>latest</c>, and no digest. What a variable decides is not known.</summary>
    public static bool IsLoose(string image)
    {
        if (image.Contains('@') || image.Contains('$') || image.Length == 0) return false;
        var last = image[(image.LastIndexOf('/') + 1)..];
        return !last.Contains(':') || last.EndsWith(":latest", StringComparison.Ordinal);
    }
}
