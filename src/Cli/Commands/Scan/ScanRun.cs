// Looks through items side by side and gives their results in the items' order: the same order whatever the number of cores.
using System.Collections.Concurrent;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Scan;

/// <param name="Bytes">Of the content, as it is stored.</param>
internal readonly record struct ScanDone(ScanResult Result, long Bytes);

internal static class ScanRun
{
    /// <param name="timeUp">Whatever is not looked through by then is told as such, thing by thing.</param>
    public static IEnumerable<ScanDone> Each(Scanner scanner, IEnumerable<ScanItem> items, CancellationToken timeUp, CancellationToken ct) => Partitioner.Create(items, EnumerablePartitionerOptions.NoBuffering)
        .AsParallel().AsOrdered().WithDegreeOfParallelism(Math.Clamp(Environment.ProcessorCount, 1, 16)).WithMergeOptions(ParallelMergeOptions.NotBuffered).WithCancellation(ct)
        .Select(item => One(scanner, item, timeUp, ct));

    private static ScanDone One(Scanner scanner, ScanItem item, CancellationToken timeUp, CancellationToken ct)
    {
        try
        {
            timeUp.ThrowIfCancellationRequested();
            return One(scanner, item, timeUp);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new(new(ScanKind.Text, [Unread(item.Name, new(ProblemCode.IoFailed, "the time was up"))]), 0);
        }
    }

    private static ScanDone One(Scanner scanner, ScanItem item, CancellationToken ct)
    {
        if (!item.Read().Try(out var content, out var problem)) return new(new(ScanKind.Text, [Unread(item.Name, problem)]), 0);
        var result = scanner.Scan(content, ct);
        // Which lines are new is dear to tell, and mostly nobody needs to know.
        if (item.Added is { } added && result.Findings.Count > 0) result = scanner.Scan(content with { Lines = added() }, ct);
        return new(result, content.Bytes.Length);
    }

    public static ScanFinding Unread(string name, Problem problem) =>
        new(TextDetection.NotAll, "unread", Decision.RequireApproval, name, 1, 1, $"nobody looked at it: {problem.Message}", Protocol.Digest.Of(System.Text.Encoding.UTF8.GetBytes(name)).Hex[..16]);
}
