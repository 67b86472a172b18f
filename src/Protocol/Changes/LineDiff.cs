// Which lines changed: Myers' O(ND) difference in linear space, on interned lines, deterministic.
// Cost is bounded: where the shortest script is too far to seek, a good one is taken (lines that exist on one side only never enter the search).
namespace CabinCrew.Protocol.Changes;

/// <summary>Changed lines of two texts. What is left unmarked on both sides is the same sequence of lines.</summary>
internal sealed class LineDiff
{
    /// <summary>Edit distance in one search beyond which the furthest point so far is taken.</summary>
    private const int DistanceMax = 512;

    public required ReadOnlyMemory<byte>[] Old { get; init; }
    public required ReadOnlyMemory<byte>[] New { get; init; }
    public required bool[] Deleted { get; init; }
    public required bool[] Added { get; init; }

    public static LineDiff Of(ReadOnlyMemory<byte> oldText, ReadOnlyMemory<byte> newText)
    {
        var (old, now) = (Split(oldText), Split(newText));
        var (a, b) = Intern(old, now);
        var diff = new LineDiff { Old = old, New = now, Deleted = new bool[old.Length], Added = new bool[now.Length] };
        int head = 0, tail = 0;
        while (head < a.Length && head < b.Length && a[head] == b[head]) head++;
        while (tail < a.Length - head && tail < b.Length - head && a[^(tail + 1)] == b[^(tail + 1)]) tail++;

        // A line that the other side does not have is changed in any case.
        var common = a.AsSpan(head, a.Length - head - tail).ToArray().ToHashSet();
        common.IntersectWith(b.AsSpan(head, b.Length - head - tail).ToArray());
        var (aAt, bAt) = (Keep(a, head, tail, common, diff.Deleted), Keep(b, head, tail, common, diff.Added));
        new Search([.. aAt.Select(i => a[i])], [.. bAt.Select(i => b[i])], aAt, bAt, diff).Run();
        Slide(a, diff.Deleted);
        Slide(b, diff.Added);
        return diff;
    }

    private static int[] Keep(int[] lines, int head, int tail, HashSet<int> common, bool[] changed)
    {
        var kept = new List<int>();
        for (var i = head; i < lines.Length - tail; i++)
            if (common.Contains(lines[i])) kept.Add(i);
            else changed[i] = true;
        return [.. kept];
    }

    private static ReadOnlyMemory<byte>[] Split(ReadOnlyMemory<byte> text)
    {
        var lines = new List<ReadOnlyMemory<byte>>();
        for (var at = 0; at < text.Length;)
        {
            var n = text.Span[at..].IndexOf((byte)'\n');
            var end = n < 0 ? text.Length : at + n + 1;
            lines.Add(text[at..end]);
            at = end;
        }
        return [.. lines];
    }

    private static (int[] A, int[] B) Intern(ReadOnlyMemory<byte>[] old, ReadOnlyMemory<byte>[] now)
    {
        var ids = new Dictionary<ReadOnlyMemory<byte>, int>(new ByteEquality());
        int Id(ReadOnlyMemory<byte> line)
        {
            if (!ids.TryGetValue(line, out var id)) ids[line] = id = ids.Count;
            return id;
        }
        return ([.. old.Select(Id)], [.. now.Select(Id)]);
    }

    /// <summary>Moves each run of changed lines down as far as it means the same, as git shows it.</summary>
    private static void Slide(int[] lines, bool[] changed)
    {
        for (var start = 0; start < lines.Length; start++)
        {
            if (!changed[start]) continue;
            var end = start;
            while (end < lines.Length && changed[end]) end++;
            while (end < lines.Length && lines[start] == lines[end])
            {
                changed[start++] = false;
                changed[end++] = true;
                while (end < lines.Length && changed[end]) end++;
            }
            start = end;
        }
    }

    private sealed class ByteEquality : IEqualityComparer<ReadOnlyMemory<byte>>
    {
        public bool Equals(ReadOnlyMemory<byte> x, ReadOnlyMemory<byte> y) => x.Span.SequenceEqual(y.Span);

        public int GetHashCode(ReadOnlyMemory<byte> x)
        {
            var hash = new HashCode();
            hash.AddBytes(x.Span);
            return hash.ToHashCode();
        }
    }

    private sealed class Search(int[] a, int[] b, int[] aAt, int[] bAt, LineDiff diff)
    {
        private readonly int[] forward = new int[2 * (DistanceMax + 2) + 1];
        private readonly int[] backward = new int[2 * (DistanceMax + 2) + 1];

        public void Run()
        {
            var boxes = new Stack<(int A, int AEnd, int B, int BEnd)>();
            boxes.Push((0, a.Length, 0, b.Length));
            while (boxes.TryPop(out var box))
            {
                var (i, iEnd, j, jEnd) = box;
                while (i < iEnd && j < jEnd && a[i] == b[j]) (i, j) = (i + 1, j + 1);
                while (i < iEnd && j < jEnd && a[iEnd - 1] == b[jEnd - 1]) (iEnd, jEnd) = (iEnd - 1, jEnd - 1);
                if (i == iEnd || j == jEnd)
                {
                    for (; i < iEnd; i++) diff.Deleted[aAt[i]] = true;
                    for (; j < jEnd; j++) diff.Added[bAt[j]] = true;
                    continue;
                }
                var (x, y) = Middle(i, iEnd, j, jEnd);
                boxes.Push((x, iEnd, y, jEnd));
                boxes.Push((i, x, j, y));
            }
        }

        /// <summary>A point on a shortest path through the box, in its middle; or the furthest point reached within the allowed distance.</summary>
        private (int X, int Y) Middle(int i, int iEnd, int j, int jEnd)
        {
            int n = iEnd - i, m = jEnd - j, delta = n - m, centre = DistanceMax + 2;
            var odd = (delta & 1) != 0;
            forward[centre + 1] = backward[centre + 1] = 0;
            for (var d = 0; d <= DistanceMax; d++)
            {
                for (var k = -d; k <= d; k += 2)
                {
                    var x = Step(forward, centre, k, d);
                    var y = x - k;
                    while (x < n && y < m && x >= 0 && y >= 0 && a[i + x] == b[j + y]) (x, y) = (x + 1, y + 1);
                    forward[centre + k] = x;
                    var other = delta - k;
                    if (odd && Math.Abs(other) <= d - 1 && x + backward[centre + other] >= n) return Inside(i, j, n, m, x, y);
                }
                for (var k = -d; k <= d; k += 2)
                {
                    var x = Step(backward, centre, k, d);
                    var y = x - k;
                    while (x < n && y < m && x >= 0 && y >= 0 && a[iEnd - 1 - x] == b[jEnd - 1 - y]) (x, y) = (x + 1, y + 1);
                    backward[centre + k] = x;
                    var other = delta - k;
                    if (!odd && Math.Abs(other) <= d && x + forward[centre + other] >= n) return Inside(i, j, n, m, n - x, m - y);
                }
            }
            return Furthest(i, j, n, m, centre);
        }

        private static int Step(int[] reach, int centre, int k, int d) =>
            k == -d || k != d && reach[centre + k - 1] < reach[centre + k + 1] ? reach[centre + k + 1] : reach[centre + k - 1] + 1;

        private (int X, int Y) Furthest(int i, int j, int n, int m, int centre)
        {
            var (bestX, bestY) = (0, 0);
            for (var k = -DistanceMax; k <= DistanceMax; k += 2)
            {
                var x = Math.Min(forward[centre + k], n);
                var y = Math.Min(x - k, m);
                x = y + k;
                if (x >= 0 && y >= 0 && x <= n && x + y > bestX + bestY) (bestX, bestY) = (x, y);
            }
            return Inside(i, j, n, m, bestX, bestY);
        }

        /// <summary>A split must leave less work on both sides: a corner would not.</summary>
        private static (int X, int Y) Inside(int i, int j, int n, int m, int x, int y)
        {
            (x, y) = (Math.Clamp(x, 0, n), Math.Clamp(y, 0, m));
            if (x == 0 && y == 0) x = 1;
            else if (x == n && y == m) x = n - 1;
            return (i + x, j + y);
        }
    }
}
