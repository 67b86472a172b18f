// Reads unified diffs for what they add: `git diff`, `git show`, `git log -p`, `diff -u`, and git's combined diffs of merges. Lenient around the hunks, where people write too; a hunk
// is as long as its header says, so that none of its lines can pose as the header of another file. Bounded: one file at a time, and of each as much as a scan looks at.
using System.Buffers.Text;
using System.Text;

namespace CabinCrew.Governance.Detection.Scanning;

public sealed class DiffReader(Stream diff)
{
    private const int LineBytesMax = 8 << 20;
    private const int ParentsMax = 64;

    private byte[] buffer = new byte[1 << 16];
    private int at, filled;
    private bool isGit;
    private string? commit, path;
    private MemoryStream text = new();
    private List<int> numbers = [];
    private HashSet<int> added = [];
    private bool isCut;

    /// <summary>Whether the header of any file was seen.</summary>
    public bool HasSeenFile { get; private set; }

    /// <summary>Whether there was anything to read.</summary>
    public bool HasRead { get; private set; }

    /// <summary>Parts of files in the diff's order; each has lines as they are after the change, of which the added ones count.</summary>
    /// <exception cref="IOException"/>
    public IEnumerable<ScanContent> Files()
    {
        while (Line(out var line))
        {
            if (HasSeenFile && Header(line) is { } header)
            {
                Hunk(header);
                continue;
            }
            HasRead |= line.Length > 0;
            var isFile = line.StartsWith("+++ "u8);
            var isCommit = line.StartsWith("commit "u8) && IdLength(line[7..]) is >= 7;
            if (!isFile && !isCommit && !line.StartsWith("diff --"u8) && !line.StartsWith("--- "u8) && !line.StartsWith("Binary files "u8)) continue;
            HasSeenFile |= !isCommit;
            isGit = line.StartsWith("diff --"u8) || (isGit && !isCommit);
            var next = (Path: isFile ? PathOf(line[4..]) : null, Commit: isCommit ? Encoding.ASCII.GetString(line.Slice(7, IdLength(line[7..]))) : commit);
            if (Take() is { } whole) yield return whole;
            (path, commit) = next;
        }
        if (Take() is { } last) yield return last;
    }

    private sealed record HunkHeader(int[] Old, int Now, int First);

    private ScanContent? Take()
    {
        if (path is null || (added.Count == 0 && !isCut)) return Clear(null);
        return Clear(new(path, text.ToArray()) { Numbers = numbers, Lines = added, Commit = commit, IsCut = isCut });
    }

    private ScanContent? Clear(ScanContent? taken)
    {
        (text, numbers, added, isCut) = (new(), [], [], false);
        return taken;
    }

    // @@ -1,2 +3,4 @@, or for a merge @@@ -1,2 -3,4 +5,6 @@@
    private static HunkHeader? Header(ReadOnlySpan<byte> line)
    {
        var marks = line.Length - line.TrimStart((byte)'@').Length;
        if (marks is < 2 or > ParentsMax + 1 || line.Length == marks || line[marks] != ' ') return null;
        var words = line[(marks + 1)..];
        var old = new int[marks - 1];
        for (var i = 0; i < old.Length; i++)
            if (!Range(ref words, '-', out _, out old[i])) return null;
        return Range(ref words, '+', out var first, out var now) ? new(old, now, first) : null;
    }

    private static bool Range(ref ReadOnlySpan<byte> words, char mark, out int first, out int count)
    {
        (first, count) = (0, 1);
        if (words.IsEmpty || words[0] != mark || !Utf8Parser.TryParse(words[1..], out first, out var used) || first < 0) return false;
        words = words[(1 + used)..];
        if (!words.IsEmpty && words[0] == ',')
        {
            if (!Utf8Parser.TryParse(words[1..], out count, out used) || count < 0) return false;
            words = words[(1 + used)..];
        }
        if (words.IsEmpty || words[0] != ' ') return false;
        words = words[1..];
        return true;
    }

    private void Hunk(HunkHeader header)
    {
        // What stands before and after are no neighbours.
        if (numbers.Count > 0) Keep(default, 0, isAdded: false);
        var (old, now, number) = (header.Old, header.Now, header.First);
        while (now > 0 || Array.Exists(old, o => o > 0))
        {
            if (!Line(out var line))
            {
                isCut = true;
                return;
            }
            if (line.StartsWith("\\"u8)) continue;
            var marks = line[..Math.Min(line.Length, old.Length)];
            // Of a merge, a line is new that no parent has.
            var (isGone, isNew) = (marks.Contains((byte)'-'), marks.Length == old.Length && !marks.ContainsAnyExcept((byte)'+'));
            for (var i = 0; i < old.Length; i++)
                if (i < marks.Length ? marks[i] == '-' || (!isGone && marks[i] != '+') : !isGone) old[i]--;
            if (isGone) continue;
            Keep(line[marks.Length..], number, isNew);
            number++;
            now--;
        }
    }

    private void Keep(ReadOnlySpan<byte> line, int number, bool isAdded)
    {
        if (text.Length + line.Length >= Scanner.BytesMax)
        {
            isCut = true;
            return;
        }
        text.Write(line);
        text.WriteByte((byte)'\n');
        numbers.Add(number);
        if (isAdded) added.Add(number);
    }

    private string? PathOf(ReadOnlySpan<byte> name)
    {
        var given = name.StartsWith("\""u8) ? Unquoted(name[1..]) : name[..(name.IndexOf((byte)'\t') is >= 0 and var tab ? tab : name.Length)].TrimEnd("\r "u8).ToArray();
        var path = Encoding.UTF8.GetString(given);
        if (path is "/dev/null" or "") return null;
        return isGit && path is ['b' or 'w' or 'i' or 'c' or 'o', '/', _, ..] ? path[2..] : path;
    }

    // As C writes strings: git does so where a name has quotes, controls, or letters beyond ASCII.
    private static byte[] Unquoted(ReadOnlySpan<byte> name)
    {
        List<byte> bytes = [];
        for (var i = 0; i < name.Length && name[i] != '"'; i++)
        {
            if (name[i] != '\\' || i + 1 >= name.Length)
            {
                bytes.Add(name[i]);
                continue;
            }
            i++;
            if (i + 2 < name.Length && name[i] is >= (byte)'0' and <= (byte)'3')
            {
                bytes.Add((byte)(((name[i] - '0') << 6) | ((name[i + 1] & 7) << 3) | (name[i + 2] & 7)));
                i += 2;
            }
            else
            {
                bytes.Add(name[i] switch { (byte)'n' => (byte)'\n', (byte)'t' => (byte)'\t', (byte)'r' => (byte)'\r', var c => c });
            }
        }
        return [.. bytes];
    }

    private static int IdLength(ReadOnlySpan<byte> text)
    {
        var length = 0;
        while (length < text.Length && length < 64 && char.IsAsciiHexDigit((char)text[length])) length++;
        return length;
    }

    // Without its line feed. A line beyond the bound is cut, and the rest of it dropped. What is given out is good until the next call.
    private bool Line(out ReadOnlySpan<byte> line)
    {
        for (var searched = at; ;)
        {
            if (buffer.AsSpan(searched, filled - searched).IndexOf((byte)'\n') is >= 0 and var step)
            {
                line = buffer.AsSpan(at, searched + step - at);
                at = searched + step + 1;
                return true;
            }
            if (filled - at >= LineBytesMax)
            {
                isCut = true;
                filled = at + LineBytesMax / 2;
            }
            searched = filled - at;
            Buffer.BlockCopy(buffer, at, buffer, 0, filled - at);
            (filled, at) = (filled - at, 0);
            if (filled == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
            var read = diff.Read(buffer, filled, buffer.Length - filled);
            if (read == 0)
            {
                line = buffer.AsSpan(0, filled);
                at = filled;
                return line.Length > 0;
            }
            filled += read;
        }
    }
}
