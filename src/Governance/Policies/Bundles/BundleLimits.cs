// What a policy bundle may cost: bytes, files, depth. Each is checked before the memory is taken.
namespace CabinCrew.Governance.Policies.Bundles;

/// <param name="ArchiveBytesMax">Of a compressed archive.</param>
/// <param name="TotalBytesMax">Of everything in a bundle, unpacked.</param>
/// <param name="FileBytesMax">Of one file.</param>
/// <param name="FilesMax">Files and directories.</param>
/// <param name="RatioMax">Unpacked to packed, beyond the first MiB; text seldom comes to a tenth of it.</param>
public sealed record BundleLimits(
    int ArchiveBytesMax = 32 << 20, int TotalBytesMax = 64 << 20, int FileBytesMax = 16 << 20, int FilesMax = 10_000, int RatioMax = 250, int PathCharsMax = 240, int DepthMax = 32)
{
    public static readonly BundleLimits Default = new();
}
