// What the detectors see in what a plan would add: lines of patches, contents of new files, bodies of artifacts that are no patch. Facts for every policy; what becomes of them is the
// sources' business. Pure and bounded; the same plan, the same findings.
using System.Text;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Governance.Policies.Findings;

/// <param name="Found">In the order of paths, then of artifacts.</param>
/// <param name="Texts">How many contents were looked through.</param>
/// <param name="NotLooked">Paths and artifacts that are no text: nothing was looked for in them.</param>
public sealed record PlanFindings(IReadOnlyList<ScanFinding> Found, int Texts, IReadOnlyList<string> NotLooked);

public static class PlanScan
{
    /// <summary>More are told by one that says so.</summary>
    public const int FindingsMax = 2000;

    /// <summary>So many contents are looked through before their findings are counted: what a plan can make this hold is bounded by that.</summary>
    private const int ChunkMax = 64;

    /// <summary>For less than that, asking another core costs more than it saves.</summary>
    private const int TogetherBytesMin = 256 << 10;

    private const int CoresMax = 8;

    /// <summary>So many are told one by one that are no text and nothing that runs; how many there are stands in the record in any case.</summary>
    private const int PicturesToldMax = 200;

    /// <summary>Every detector looks, whatever a workflow makes of its findings: other policies may make more of them.</summary>
    private static Scanner Scanner => Scanner.Standard;

    // Plans are judged more than once, and most of one is often the next one's as well.
    private static readonly ScanMemory Seen = new();

    /// <exception cref="OperationCanceledException"/>
    public static PlanFindings Of(PolicySubject subject, CancellationToken ct)
    {
        List<ScanFinding> found = [];
        List<string> notLooked = [];
        var (texts, pictures) = (0, 0);
        foreach (var (content, result) in subject.Changes.SelectMany(Contents).Concat(subject.Artifacts.SelectMany(Contents)).Chunk(ChunkMax).SelectMany(chunk => chunk.Zip(Look(chunk, ct))))
        {
            if (result.Kind == ScanKind.Binary) notLooked.Add(content.ShownAs ?? content.Name);
            else texts++;
            found.AddRange(result.Findings.Take(FindingsMax - found.Count));
            if (Unseen.In(content, result) is { } unseen && found.Count < FindingsMax && (unseen.Decision != Decision.Allow || ++pictures <= PicturesToldMax)) found.Add(unseen);
            if (found.Count < FindingsMax) continue;
            found.Add(new(TextDetection.NotAll, "too-many", Decision.RequireApproval, content.ShownAs ?? content.Name, 1, 1, $"more than {FindingsMax} things were found in the plan, and nobody looked at the rest", "0000000000000000"));
            break;
        }
        return new(found, texts, notLooked);
    }

    // Side by side where there is enough to do for that: what comes out is in the same order, whatever the number of cores.
    private static ScanResult[] Look(ScanContent[] contents, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var results = new ScanResult[contents.Length];
        if (contents.Sum(c => (long)c.Bytes.Length) < TogetherBytesMin)
            for (var i = 0; i < contents.Length; i++) results[i] = Seen.Scan(Scanner, contents[i], ct);
        else
            Parallel.For(0, contents.Length, new ParallelOptions { MaxDegreeOfParallelism = Math.Clamp(Environment.ProcessorCount, 1, CoresMax), CancellationToken = ct }, i => results[i] = Seen.Scan(Scanner, contents[i], ct));
        return results;
    }

    private static IEnumerable<ScanContent> Contents(JudgedChange change)
    {
        // A deletion, a link, a mode: nothing is added that could be read.
        if (change.Change is not { After: { Kind: not FileKind.Link } after } || after.Content == change.Change.Before?.Content) yield break;
        var path = change.Change.Path.ToString();
        HashSet<int>? lines = change.Change.Before is null || change.AddedLines.Count == 0 ? null : [.. change.AddedLines.Select(l => l.Number)];
        if (change.Content is { } content) yield return new(path, content) { Lines = lines, MayRun = after.Kind == FileKind.Executable };
        else if (change.AddedLines.Count > 0) yield return Part(path, change);
    }

    // Without the whole content, the added lines as they stand; what stood between them is a gap.
    private static ScanContent Part(string path, JudgedChange change)
    {
        var text = new StringBuilder();
        List<int> numbers = [];
        foreach (var line in change.AddedLines)
        {
            if (numbers is [.., var last] && line.Number != last + 1)
            {
                text.Append('\n');
                numbers.Add(last);
            }
            text.Append(line.Text).Append('\n');
            numbers.Add(line.Number);
        }
        return new(path, Encoding.UTF8.GetBytes(text.ToString())) { Numbers = change.Change.Before is null ? null : numbers };
    }

    // A patch is judged by what it changes. Everything else that an engine hands over may be read by people and by models.
    private static IEnumerable<ScanContent> Contents(JudgedArtifact artifact)
    {
        if (artifact.Role == ArtifactRole.Evidence && ArtifactTypes.DeclaresFileChanges(artifact.Type)) yield break;
        if (artifact.Body is not { IsEmpty: false } body) yield break;
        var isJson = body.Span.TrimStart(" \t\r\n"u8) is [(byte)'{', ..];
        yield return new(isJson ? $"{artifact.Name}.json" : artifact.Name.ToString(), body) { ShownAs = $"artifact {artifact.Name}" };
    }
}
