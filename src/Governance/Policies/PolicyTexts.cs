// The texts of the policies that judged, kept beside the judgement: what was in force then can be explained and judged by when its files have long changed.
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies;

/// <summary>What a source judges by: from these bytes alone it can be made again.</summary>
/// <param name="Source">The source's name and digest.</param>
/// <param name="Prefix">What the paths of its files are shown behind.</param>
/// <param name="Files">As they were read; looked through for secrets.</param>
/// <param name="Bytes">All of them as one.</param>
public sealed record PolicyText((string Name, Digest Digest) Source, string Prefix, IReadOnlyList<ReadOnlyMemory<byte>> Files, Func<ReadOnlyMemory<byte>> Bytes)
{
    /// <summary>Of one source, packed.</summary>
    public const int BytesMax = 16 << 20;

    /// <summary>Why it is not kept; null where <paramref name="bytes"/> are what to keep. A text that holds a secret is not kept at all: redacted, it would judge otherwise.</summary>
    public string? Unfit(Redactor redactor, out ReadOnlyMemory<byte> bytes)
    {
        bytes = default;
        foreach (var file in Files)
            if (redactor.FindIn(file.Span) is { } secret) return $"it holds the secret '{secret}'";
        bytes = Bytes();
        return bytes.Length <= BytesMax ? null : $"it has more than {BytesMax} bytes";
    }
}

/// <summary>On record with a judgement.</summary>
/// <param name="Name">The source's.</param>
/// <param name="Digest">The source's, as it is in policy_digest.</param>
/// <param name="Text">The blob; null: see <paramref name="NotKept"/>.</param>
public sealed record KeptPolicy(string Name, Digest Digest, string Prefix, Digest? Text, string? NotKept = null);
