// What scans came to, by the very bytes that were looked through: a plan that is judged again at take-off, or under other policies, and a file that stays as it was from plan to plan, are looked
// through once. In memory only, bounded, and without anything of what was found. A digest costs a twentieth of a look.
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection.Scanning;

/// <param name="resultsMax">So many are kept for sure; the least used go first.</param>
/// <param name="findingsMax">And so many findings in all of them.</param>
public sealed class ScanMemory(int resultsMax = 4096, int findingsMax = 20_000)
{
    private readonly Lock gate = new();

    // What is used moves from the older half to the younger one; when that is full it becomes the older one.
    private Dictionary<Digest, ScanResult> younger = [], older = [];
    private int findings;

    /// <summary>As <see cref="Scanner.Scan"/> answers, which is a function of the scanner's digest and all of the content.</summary>
    /// <exception cref="OperationCanceledException"/>
    public ScanResult Scan(Scanner scanner, ScanContent content, CancellationToken ct)
    {
        // What a person allows depends on the day.
        if (!scanner.Allowances.IsNothing) return scanner.Scan(content, ct);
        var key = KeyOf(scanner, content);
        lock (gate)
        {
            if (younger.TryGetValue(key, out var known)) return known;
            if (older.TryGetValue(key, out known)) return Keep(key, known);
        }
        var result = scanner.Scan(content, ct);
        lock (gate) return Keep(key, result);
    }

    private ScanResult Keep(Digest key, ScanResult result)
    {
        if (younger.Count >= resultsMax || (younger.Count > 0 && findings + result.Findings.Count > findingsMax)) (older, younger, findings) = (younger, [], 0);
        if (younger.TryAdd(key, result)) findings += result.Findings.Count;
        return result;
    }

    // Each part with its length before it, so that no two contents are written alike.
    private static Digest KeyOf(Scanner scanner, ScanContent content)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var text in (string?[])[scanner.Digest.ToString(), content.Name, content.ShownAs, content.Commit, content.IsCut ? "cut" : null]) Part(hash, text is null ? null : Encoding.UTF8.GetBytes(text));
        Part<int>(hash, content.Lines is null ? null : [.. content.Lines.Order()]);
        Part<int>(hash, content.Numbers is null ? null : [.. content.Numbers]);
        hash.AppendData(content.Bytes.Span);
        return Digest.FromHash(hash.GetHashAndReset());
    }

    private static void Part<T>(IncrementalHash hash, T[]? part) where T : unmanaged
    {
        hash.AppendData(BitConverter.GetBytes(part?.Length ?? -1));
        hash.AppendData(MemoryMarshal.AsBytes(part.AsSpan()));
    }
}
