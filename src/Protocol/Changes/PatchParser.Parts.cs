// The bodies of a patch's files: text hunks, whose counts must be exact, and binary parts.
using System.Globalization;
using System.Text;

namespace CabinCrew.Protocol.Changes;

internal sealed partial class PatchParser
{
    private bool Hunks(Header h)
    {
        int oldEnd = 0, shift = 0;
        bool oldClosed = false, newClosed = false;
        while (problem is null && Peek(out var next) && next.Span.StartsWith("@@ -"u8))
        {
            Next(out var line);
            if (!TryRanges(Encoding.Latin1.GetString(line.Span), out var r)) return Fail("the hunk header is not '@@ -START,COUNT +START,COUNT @@'");
            // Where lines are counted from 0: the line that the hunk begins with, or that follows it when it has none.
            var oldAt = r.OldCount == 0 ? r.OldStart : r.OldStart - 1;
            var newAt = r.NewCount == 0 ? r.NewStart : r.NewStart - 1;
            if (oldAt < oldEnd) return Fail("hunks overlap or are out of order");
            if (newAt != oldAt + shift) return Fail($"the hunk's new start does not follow from the hunks before it: {r.NewStart}, expected {r.NewStart - newAt + oldAt + shift}");
            var hunkLine = lineNumber;
            if (!HunkBody(r.OldCount, r.NewCount, ref oldClosed, ref newClosed, out var lines)) return false;
            if (lines.TrueForAll(l => l.Mark == ' ')) return Fail("the hunk changes nothing", hunkLine);
            h.Hunks.Add(new(r.OldStart, r.OldCount, r.NewStart, r.NewCount, lines) { Line = hunkLine });
            oldEnd = oldAt + r.OldCount;
            shift += r.NewCount - r.OldCount;
        }
        return problem is null;
    }

    private bool HunkBody(int oldLeft, int newLeft, ref bool oldClosed, ref bool newClosed, out List<HunkLine> lines)
    {
        lines = [];
        while (oldLeft > 0 || newLeft > 0)
        {
            if (!Next(out var line)) return Fail("the patch ends in the middle of a hunk");
            var mark = line.IsEmpty ? ' ' : (char)line.Span[0];
            if (mark == '\\' && lines.Count > 0)
            {
                if (!CloseLast(line.Span, lines, ref oldClosed, ref newClosed)) return false;
                continue;
            }
            if (mark is not (' ' or '+' or '-')) return Fail($"'{Show(line.Span)}' is no line of a hunk; the hunk's counts may be wrong");
            if (patch.Span[at - 1] != '\n') return Fail(CutLine);
            if (mark != '+' && (--oldLeft < 0 || oldClosed) || mark != '-' && (--newLeft < 0 || newClosed)) return Fail("the hunk has more lines than its header counts, or lines after the end of the file");
            if (++hunkLines > GitPatch.LinesMax) return Fail($"the patch has more than {GitPatch.LinesMax} hunk lines");
            // Some editors strip the space off an empty context line; git reads that too.
            lines.Add(new(mark, line.IsEmpty ? patch.Slice(lineStart, 1) : patch[(lineStart + 1)..at]));
        }
        if (!Peek(out var next) || next.Span is not [(byte)'\\', ..]) return true;
        Next(out var last);
        return CloseLast(last.Span, lines, ref oldClosed, ref newClosed);
    }

    // Of fewer bytes it is nothing to git, and the line before it has its newline.
    private const int CloseBytesMin = 13;

    /// <summary>"\ No newline at end of file", in whatever language: the line before it is the file's last, without a newline.</summary>
    private bool CloseLast(ReadOnlySpan<byte> text, List<HunkLine> lines, ref bool oldClosed, ref bool newClosed)
    {
        var last = lines[^1];
        if (!text.StartsWith("\\ "u8) || text.Length < CloseBytesMin || last.Text.Span is not [.., (byte)'\n']) return Fail("'\\ No newline at end of file' is expected here, once");
        if (last.Text.Length == 1) return Fail("an empty last line without a newline is no line");
        lines[^1] = last with { Text = last.Text[..^1] };
        if (last.Mark != '+') oldClosed = true;
        if (last.Mark != '-') newClosed = true;
        return true;
    }

    private static bool TryRanges(string text, out (int OldStart, int OldCount, int NewStart, int NewCount) ranges)
    {
        ranges = default;
        var end = text.IndexOf(" @@", 3, StringComparison.Ordinal);
        if (end is < 0 or > 80) return false;
        var parts = text[3..end].Split(' ');
        return parts.Length == 2 && TryRange(parts[0], '-', out ranges.OldStart, out ranges.OldCount) && TryRange(parts[1], '+', out ranges.NewStart, out ranges.NewCount)
            && (ranges.OldCount > 0 || ranges.NewCount > 0);
    }

    private static bool TryRange(string text, char sign, out int start, out int count)
    {
        (start, count) = (0, 1);
        if (text.Length < 2 || text[0] != sign) return false;
        var comma = text.IndexOf(',', StringComparison.Ordinal);
        if (comma >= 0 && !TryNumber(text[(comma + 1)..], out count)) return false;
        return TryNumber(comma < 0 ? text[1..] : text[1..comma], out start) && (start > 0 || count == 0);
    }

    private static bool TryNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= 1_000_000_000;

    private bool Binary(Header h)
    {
        Next(out _);
        if (!BinaryPart(out var forward, out var delta) || forward is null) return Fail("after 'GIT binary patch' comes 'literal SIZE' or 'delta SIZE'");
        if (!BinaryPart(out var backward, out var backwardDelta)) return false;
        if (h.OldId?.Length is not (40 or 64) || h.NewId?.Length != h.OldId.Length) return Fail("a binary part needs an index line with both full object ids (`git diff --binary`)");
        h.Binary = new(forward, backwardDelta || backward is null ? null : backward) { IsDelta = delta };
        return true;
    }

    /// <summary>One literal or delta. False only when it is broken; none at all is null.</summary>
    private bool BinaryPart(out byte[]? bytes, out bool delta)
    {
        bytes = null;
        delta = false;
        if (!Peek(out var next)) return problem is null;
        var text = Encoding.Latin1.GetString(next.Span[..Math.Min(40, next.Length)]);
        delta = text.StartsWith("delta ", StringComparison.Ordinal);
        if (!delta && !text.StartsWith("literal ", StringComparison.Ordinal)) return true;
        Next(out _);
        if (!TryNumber(text[(text.IndexOf(' ', StringComparison.Ordinal) + 1)..], out var size)) return Fail("the size of a binary part is not a number");
        if ((unpacked += size) > GitPatch.UnpackedBytesMax) return Fail($"the patch's binary parts unpack to more than {GitPatch.UnpackedBytesMax} bytes");
        using var packed = new MemoryStream();
        var ended = false;
        while (!ended && Next(out var line))
        {
            ended = line.IsEmpty;
            if (!ended && !PatchBinary.TryDecodeLine(line.Span, packed)) return Fail("a line of a binary part is not git's base85");
        }
        if (problem is not null) return false;
        // Git calls such a part corrupt, leaves its file as it is, applies the others, and says that all went well.
        if (!ended) return Fail("the patch ends in the middle of a binary part (the empty line after it is missing)");
        return PatchBinary.TryInflate(packed.GetBuffer().AsSpan(0, (int)packed.Length), size, out bytes) || Fail("a binary part does not unpack to the size that it states");
    }
}
