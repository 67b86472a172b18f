// What a plan adds that nobody could look into, as a finding of its own, so that policies see it: a picture is there to be looked at by people, but what runs, or is packed in a way that nobody opened,
// goes to a person unless a policy says otherwise.
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Findings;

internal static class Unseen
{
    /// <summary>No decision of its own: for policies only.</summary>
    public const string Binary = "binary";

    public const string Program = "unseen-program", Packed = "unseen-archive";

    private static readonly byte[][] Programs = ["\u007FELF"u8.ToArray(), "MZ"u8.ToArray(), "\0asm"u8.ToArray(), [0xCF, 0xFA, 0xED, 0xFE], [0xCE, 0xFA, 0xED, 0xFE], [0xFE, 0xED, 0xFA, 0xCE], [0xFE, 0xED, 0xFA, 0xCF], [0xCA, 0xFE, 0xBA, 0xBE]];

    // xz, bzip2, zstd, 7z, rar, lz4, cab.
    private static readonly byte[][] Archives = [[0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], "BZh"u8.ToArray(), [0x28, 0xB5, 0x2F, 0xFD], [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "Rar!"u8.ToArray(), [4, 0x22, 0x4D, 0x18], "MSCF"u8.ToArray()];

    /// <summary>Null: it was looked into.</summary>
    public static ScanFinding? In(ScanContent content, ScanResult result)
    {
        if (result.Kind == ScanKind.Text) return result.BinariesWithin == 0 ? null : Finding(content, Binary, Decision.Allow, $"no text, and not looked into: {result.BinariesWithin} of the files in this archive");
        if (content.MayRun || Begins(content, Programs)) return Finding(content, Program, Decision.RequireApproval, "a program, or a file that may be run, that nobody could look into");
        if (Begins(content, Archives)) return Finding(content, Packed, Decision.RequireApproval, "packed in a way that is not opened here, so nobody looked into it");
        return Finding(content, Binary, Decision.Allow, "no text, and not looked into");
    }

    private static bool Begins(ScanContent content, byte[][] with) => Array.Exists(with, w => content.Bytes.Span.StartsWith(w));

    private static ScanFinding Finding(ScanContent content, string rule, Decision decision, string message)
    {
        var shown = content.ShownAs ?? content.Name;
        return new(TextDetection.NotAll, rule, decision, shown, 1, 1, message, Digest.Of(System.Text.Encoding.UTF8.GetBytes($"{rule}\0{shown}")).Hex[..16]);
    }
}
