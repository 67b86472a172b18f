// Looks through items side by side and gives their results in the items' order: the same order whatever the number of cores.
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Scan;

/// <param name="Bytes">Of the content, as it is stored.</param>
internal sealed record ScanDone(ScanResult Result, long Bytes);

internal static class ScanRun
{
    /// <summary>So many are looked through before others are asked to help: starting that costs more than a few files.</summary>
    private const int AloneMax = 4;

    /// <param name="timeUp">Whatever is not looked through by then is told as such, thing by thing.</param>
    public static IEnumerable<ScanDone> Each(Scanner scanner, IEnumerable<ScanItem> items, CancellationToken timeUp, CancellationToken ct)
    {
        using var source = items.GetEnumerator();
        for (var i = 0; i < AloneMax; i++)
        {
            ct.ThrowIfCancellationRequested();
            if (!source.MoveNext()) yield break;
            yield return One(scanner, source.Current, timeUp, ct);
        }
        // Some are always on their way, so that a slow one does not keep the others waiting; not so many that their contents would fill the memory.
        var most = 2 * Math.Clamp(Environment.ProcessorCount, 1, 16);
        Queue<Task<ScanDone>> under = new(most);
        while (true)
        {
            while (under.Count < most && source.MoveNext())
            {
                var item = source.Current;
                under.Enqueue(Task.Run(() => One(scanner, item, timeUp, ct), ct));
            }
            if (!under.TryDequeue(out var next)) yield break;
            yield return next.GetAwaiter().GetResult();
        }
    }

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
