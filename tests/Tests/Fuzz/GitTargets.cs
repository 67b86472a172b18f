// Doors for what lies in a .git directory: packs with their index, loose objects, the index of the work tree, refs. All of it is an engine's to write.
using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using CabinCrew.Ledger;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Tests.Spec;
using static CabinCrew.Tests.Fuzz.FuzzTarget;

namespace CabinCrew.Tests.Fuzz;

internal static class GitTargets
{
    public static IEnumerable<FuzzTarget> All =>
    [
        new("pack", [.. JsonTargets.Texts(
            "blob - - hello world hello world\ntree - -\nofs - 0 161690050502787889\ncommit - - tree x\n",
            "blob - - aaaaaaaaaaaaaaaa\nref - 0 10109010\nofs - 1 10109010\nofs - 2 1002900f0141\n",
            "blob - - x\nflip-idx 8 1\n", "blob - - x\nflip-pack 12 16\n", "blob 900000000 - x\n", "blob - - x\nref - 0 018080808004\n")], Pack,
            "blob - - ", "tree - - ", "tag - - ", "ofs - 0 ", "ref - 1 ", "odd - 0 ", "flip-idx ", "flip-pack ", "90", "10", "ff", "800080")
            { Short = 8000, Memory = (24 << 20, 1500) },
        new("loose", [.. JsonTargets.Texts("blob 5\0hello", "tree 0\0", "blob 99999999999\0x", "commit 3\0abcd")], Loose, "blob ", "tag ", "\0", "07", "1073741824", " ") { Short = 6000 },
        new("index", [.. Indexes.Value.Select(i => i)], Index, "DIRC", "secret.txt", "dir/", "\0\0\0\u0002", "\0\0\0\u0003", "\0\0\0\u0004") { Short = 12_000, Memory = (8 << 20, 3000) },
        new("refs", [.. JsonTargets.Texts($"# pack-refs with: peeled fully-peeled sorted \n{new string('a', 40)} refs/heads/main\n^{new string('b', 40)}\n%%ref: refs/heads/main\n", $"%%{new string('c', 40)}\n", "%%")], Refs, "ref: ", "refs/heads/x", "\r", "%%", "\u2028") { Short = 600 },
    ];

    private sealed record Packed(string Type, byte[] Content);

    /// <summary>A pack by its recipe: KIND SIZE BASE DATA on each line, where a SIZE that is given is a lie, BASE is a line, and the data of deltas is hex.</summary>
    internal static (byte[] Pack, byte[] Index) Build(byte[] recipe)
    {
        using var pack = new MemoryStream();
        pack.Write([.. "PACK"u8, 0, 0, 0, 2, 0, 0, 0, 0]);
        var made = new List<(int At, string Id, Packed? Object)>();
        var flips = new List<(bool Index, int At, byte By)>();
        foreach (var line in Encoding.Latin1.GetString(recipe).Split('\n').Take(200))
        {
            var parts = line.Split(' ', 4);
            if (parts.Length < 3) continue;
            if (parts[0].StartsWith("flip-", StringComparison.Ordinal))
            {
                if (int.TryParse(parts[1], out var at) && byte.TryParse(parts[2], out var by)) flips.Add((parts[0] == "flip-idx", at, by));
                continue;
            }
            var type = parts[0] switch { "commit" => 1, "tree" => 2, "blob" => 3, "tag" => 4, "ofs" => 6, "ref" => 7, _ => 5 };
            var data = type < 5 ? Encoding.Latin1.GetBytes(parts.Length > 3 ? parts[3] : "") : Hex(parts.Length > 3 ? parts[3] : "");
            var size = long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var lie) ? lie : data.Length;
            var start = (int)pack.Length;
            var known = int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var b) && b < made.Count;
            var head = (byte)(type << 4 | (int)(size & 15));
            for (size >>= 4; size > 0; size >>= 7)
            {
                pack.WriteByte((byte)(head | 0x80));
                head = (byte)(size & 0x7f);
            }
            pack.WriteByte(head);
            if (type == 6) pack.Write(Distance(known ? start - made[b].At : 0));
            if (type == 7) pack.Write(known ? Convert.FromHexString(made[b].Id) : new byte[20]);
            using (var zlib = new ZLibStream(pack, CompressionLevel.Fastest, leaveOpen: true)) zlib.Write(data);
            Packed? real = type < 5 ? new(parts[0], data) : known && made[b].Object is { } source && Delta(source.Content, data) is { } result ? new(source.Type, result) : null;
            made.Add((start, real is null ? Convert.ToHexStringLower(SHA1.HashData(Encoding.Latin1.GetBytes($"{made.Count} {line}"))) : Id(real.Type, real.Content), real));
        }
        var bytes = pack.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(8), made.Count);
        foreach (var (_, at, by) in flips.Where(f => !f.Index && f.At >= 0 && f.At < bytes.Length)) bytes[at] ^= by;
        bytes = [.. bytes, .. SHA1.HashData(bytes)];

        using var index = new MemoryStream();
        index.Write([0xff, (byte)'t', (byte)'O', (byte)'c', 0, 0, 0, 2]);
        var sorted = made.OrderBy(m => m.Id, StringComparer.Ordinal).ToList();
        for (var i = 0; i < 256; i++) Big(index, sorted.Count(m => Convert.FromHexString(m.Id)[0] <= i));
        foreach (var m in sorted) index.Write(Convert.FromHexString(m.Id));
        foreach (var _ in sorted) Big(index, 0);
        foreach (var m in sorted) Big(index, m.At);
        index.Write(bytes.AsSpan(^20..));
        var idx = index.ToArray();
        foreach (var (_, at, by) in flips.Where(f => f.Index && f.At >= 0 && f.At < idx.Length)) idx[at] ^= by;
        return (bytes, [.. idx, .. SHA1.HashData(idx)]);
    }

    private static string Pack(byte[] recipe)
    {
        var (pack, index) = Build(recipe);
        var fault = GitPacks.Fault(pack, index, null, 20);
        // Whatever id the index had made up would have to be one that the reader computed as well.
        Holds(fault is null or { Length: < 200 }, "a long complaint");
        byte[] other = [.. pack];
        other[pack.Length / 2] ^= 1;
        Holds(GitPacks.Fault(other, index, null, 20) is not null, "a pack whose checksum is wrong was taken");
        return fault ?? $"good {Math.Min(3, BinaryPrimitives.ReadInt32BigEndian(pack.AsSpan(8)))}";
    }

    private static string Loose(byte[] plain)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true)) zlib.Write(plain);
        var id = Convert.ToHexStringLower(SHA1.HashData(plain));
        var taken = GitObjects.IsLoose(packed.ToArray(), id);
        var nul = Array.IndexOf(plain, (byte)0);
        var words = nul < 0 ? [] : Encoding.Latin1.GetString(plain, 0, nul).Split(' ');
        var good = words is ["blob" or "tree" or "commit" or "tag", var size] && size == (plain.Length - nul - 1).ToString(CultureInfo.InvariantCulture);
        Holds(taken == good, taken ? "an object that is none was taken" : "a good object was refused");
        Holds(!GitObjects.IsLoose(packed.ToArray(), new string('0', 40)), "an object of another name was taken");
        Holds(!GitObjects.IsLoose(plain, id) || plain.Length == 0, "what is not packed was taken");
        return $"{taken} {words.FirstOrDefault()?.Length}";
    }

    private static readonly Lazy<List<byte[]>> Indexes = new(() =>
    {
        using var tree = new TempTree();
        tree.File("secret.txt", "x").File("dir/secret.txt", "y").File("dir/a", "").Bash("git init -q . && git add -A");
        var made = new List<byte[]>();
        foreach (var version in (string[])["2", "3", "4"])
        {
            tree.Bash($"git update-index --index-version {version}" + (version == "3" ? " && git add -N dir/a && git rm -q --cached dir/a && git add -N dir/a" : ""));
            made.Add(File.ReadAllBytes(tree[".git/index"]));
        }
        return made;
    });

    private static string Index(byte[] input)
    {
        var words = new StringBuilder();
        foreach (var prefix in (byte[][])["dir/secret.txt"u8.ToArray(), "dir"u8.ToArray(), "nowhere"u8.ToArray()])
        {
            var found = GitIndex.Find(input, prefix, 20) ?? GitIndex.Find(input, prefix, 32);
            Holds(found is not { Length: > 0 } || found.StartsWith(Encoding.UTF8.GetString(prefix), StringComparison.OrdinalIgnoreCase), "found another path");
            words.Append(found is null ? "?" : found.Length > 0 ? "+" : "-");
        }
        if (Indexes.Value.Contains(input)) Holds(words.ToString() == "++-", $"what git has written is not read: {words}");
        return words.ToString();
    }

    private static readonly Lazy<TempTree> Work = new(() =>
    {
        var tree = new TempTree();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => tree.Dispose();
        return tree.File("w/a", "x").File("w/.git/refs/heads/x", new string('d', 40) + "\n");
    });

    private static string Refs(byte[] input)
    {
        var cut = input.AsSpan().IndexOf("%%"u8);
        if (cut < 0) return "nothing";
        File.WriteAllBytes(Work.Value["w/.git/packed-refs"], input[..cut]);
        File.WriteAllBytes(Work.Value["w/.git/HEAD"], input[(cut + 2)..]);
        var first = WorkspaceHasher.Hash(Work.Value["w"], default);
        if (!first.Try(out var snapshot, out var problem)) return Refused(problem);
        Holds(WorkspaceHasher.Hash(Work.Value["w"], default).Value.Hash == snapshot.Hash, "one tree with two hashes");
        File.WriteAllBytes(Work.Value["w/.git/HEAD"], [.. input.AsSpan(cut + 2), .. "z"u8]);
        Holds(!WorkspaceHasher.Hash(Work.Value["w"], default).Try(out var other, out _) || other.Hash != snapshot.Hash, "HEAD changed and the hash did not");
        return "good";
    }

    private static string Id(string type, byte[] content) => Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"{type} {content.Length}\0"), .. content]));

    private static void Big(MemoryStream into, int value)
    {
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(four, value);
        into.Write(four);
    }

    private static byte[] Hex(string text)
    {
        var digits = new string([.. text.Where(char.IsAsciiHexDigit)]);
        return Convert.FromHexString(digits.Length % 2 == 0 ? digits : digits[1..]);
    }

    private static byte[] Distance(int distance)
    {
        var bytes = new List<byte> { (byte)(distance & 0x7f) };
        while ((distance >>= 7) > 0) bytes.Insert(0, (byte)(0x80 | (--distance & 0x7f)));
        return [.. bytes];
    }

    // Git's delta, written a second time and as plainly as can be, to have ids that the reader must come to by itself.
    private static byte[]? Delta(byte[] source, byte[] delta)
    {
        var at = 0;
        if (Size() != source.Length || Size() is not (>= 0 and < 1 << 20 and var size)) return null;
        var result = new List<byte>();
        while (at < delta.Length)
        {
            int op = delta[at++];
            if (op == 0) return null;
            if (op < 0x80)
            {
                if (at + op > delta.Length) return null;
                result.AddRange(delta.AsSpan(at, op));
                at += op;
                continue;
            }
            long from = 0, length = 0;
            for (var i = 0; i < 7; i++)
                if ((op >> i & 1) != 0)
                {
                    if (at == delta.Length) return null;
                    if (i < 4) from |= (long)delta[at++] << 8 * i;
                    else length |= (long)delta[at++] << 8 * (i - 4);
                }
            if (length == 0) length = 0x10000;
            if (from + length > source.Length) return null;
            result.AddRange(source.AsSpan((int)from, (int)length));
            if (result.Count > size) return null;
        }
        return result.Count == size ? [.. result] : null;

        long Size()
        {
            long value = 0;
            for (var shift = 0; shift < 35 && at < delta.Length; shift += 7)
            {
                value |= (long)(delta[at] & 0x7f) << shift;
                if ((delta[at++] & 0x80) == 0) return value;
            }
            return -1;
        }
    }
}
