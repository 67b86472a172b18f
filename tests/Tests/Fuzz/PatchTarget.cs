// The door for patches: parsed, applied to a small tree, written again and applied again. Whatever it takes, git must take in the same way.
using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Tests.Properties;
using static CabinCrew.Tests.Fuzz.FuzzTarget;

namespace CabinCrew.Tests.Fuzz;

internal static class PatchTarget
{
    public static readonly SortedDictionary<string, FileContent> Tree = new(StringComparer.Ordinal)
    {
        ["a.txt"] = new(FileKind.Regular, "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n"u8.ToArray()),
        ["b c.txt"] = new(FileKind.Regular, "x\n"u8.ToArray()),
        ["bin"] = new(FileKind.Regular, new byte[] { 0, 1, 2, 3, 0 }),
        ["dir/run.sh"] = new(FileKind.Executable, "#!/bin/sh\necho hi"u8.ToArray()),
        ["dir/link"] = new(FileKind.Link, "../a.txt"u8.ToArray()),
        ["empty"] = new(FileKind.Regular, ReadOnlyMemory<byte>.Empty),
    };

    public static FuzzTarget Target => new("patch", [.. Seeds()], Try,
        "diff --git a/a.txt b/a.txt\n", "--- a/a.txt\n", "+++ b/a.txt\n", "--- /dev/null\n", "+++ /dev/null\n", "@@ -1,3 +1,3 @@\n", "\\ No newline at end of file\n", "new file mode 100644\n", "deleted file mode 100755\n",
        "old mode 100644\nnew mode 100755\n", "rename from a.txt\nrename to z.txt\n", "copy from a.txt\ncopy to z.txt\n", "similarity index 100%\n", "index 0000000..1111111 100644\n", "GIT binary patch\n", "literal 5\n", "delta 4\n", "-- \n", "\"a/\\303\\251\"", "120000", "160000",
        "Only in x\n", "Binary files a and b differ\n", "../", ".git/", "1970-01-01 00:00:00.000000000 +0000", " 2026-01-31 12:00:00", "\t", "\r", "dir/", "a ")
    { Short = 12_000, Mend = Mend, Memory = (16 << 20, 1200) };

    private static string Try(byte[] input)
    {
        if (!GitPatch.Parse(input).Try(out var patch, out var problem)) return Refused(problem);
        var read = PatchTests.Reader(Tree);
        if (!GitPatch.Apply(patch, read).Try(out var writes, out problem)) return $"applies not: {Refused(problem)}";
        foreach (var write in writes)
        {
            Holds(write.Change.Before == read(write.Change.Path)?.State, $"begins elsewhere: {write.Change.Path}");
            Holds(write.Change.Before != write.Change.After, $"no change: {write.Change.Path}");
            Holds(write.Change.After is not { } after || after == new FileContent(after.Kind, write.Content!.Value).State, $"another content than it says: {write.Change.Path}");
        }
        var shape = string.Concat(patch.Files.Take(4).Select(f => $"{(f.OldPath is null ? 'C' : f.NewPath is null ? 'D' : f.IsRename ? 'R' : f.IsCopy ? 'Y' : 'U')}{(f.Binary is null ? Math.Min(f.Hunks.Count, 2) : 'b')}"));
        if (writes.Count == 0) return $"nothing {shape}";
        var written = GitPatch.Write(writes, read);
        var again = GitPatch.Parse(written).Then(p => GitPatch.Apply(p, read));
        Holds(again.Ok, $"what we write we refuse: {again.Problem}");
        Holds(again.Value.Select(w => w.Change).SequenceEqual(writes.Select(w => w.Change)), "written and read again it does something else");
        Holds(GitPatch.Write(again.Value, read).AsSpan().SequenceEqual(written), "the same change is written in two ways");
        return $"good {shape}";
    }

    /// <summary>Counts of hunks as their lines are, and now and then an index line that fits a binary part.</summary>
    private static byte[] Mend(byte[] input, Random random)
    {
        var lines = Encoding.Latin1.GetString(input).Split('\n');
        var (shift, file) = (0, true);
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith("+++ ", StringComparison.Ordinal)) (shift, file) = (0, true);
            if (!file || !lines[i].StartsWith("@@ -", StringComparison.Ordinal)) continue;
            var (old, now, to) = (0, 0, i + 1);
            for (; to < lines.Length && lines[to].Length > 0 && lines[to][0] is ' ' or '+' or '-' or '\\' && !lines[to].StartsWith("--- ", StringComparison.Ordinal); to++)
            {
                if (lines[to][0] is ' ' or '-') old++;
                if (lines[to][0] is ' ' or '+') now++;
            }
            var digits = new string([.. lines[i].Skip(4).TakeWhile(char.IsAsciiDigit)]);
            if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var start)) continue;
            if (random.Next(3) == 0) start = 1;
            var newStart = start + shift + (old == 0 ? 1 : 0) - (now == 0 ? 1 : 0);
            lines[i] = $"@@ -{start},{old} +{newStart},{now} @@";
            shift += now - old;
        }
        return Encoding.Latin1.GetBytes(string.Join('\n', lines));
    }

    private static IEnumerable<byte[]> Seeds()
    {
        var after = new SortedDictionary<string, FileContent>(Tree, StringComparer.Ordinal)
        {
            ["a.txt"] = new(FileKind.Executable, "one\n2\nthree\nfour\nfive\nsix\nseven\neight\nten"u8.ToArray()),
            ["bin"] = new(FileKind.Regular, new byte[] { 0, 1, 2, 9, 9, 9, 0 }),
            ["dir/new \"file\""] = new(FileKind.Regular, "n\n"u8.ToArray()),
            ["dir/link"] = new(FileKind.Link, "run.sh"u8.ToArray()),
        };
        after.Remove("b c.txt");
        yield return GitPatch.Write(PatchTests.Writes(Tree, after), PatchTests.Reader(Tree));
        foreach (var text in (string[])
        [
            "--- a/a.txt\t2026-01-31 12:00:00.000000000 +0000\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n-one\n+1\n two\n@@ -8,2 +8,1 @@\n eight\n-nine\n",
            "diff --git a/a.txt b/z.txt\nsimilarity index 90%\nrename from a.txt\nrename to z.txt\n--- a/a.txt\n+++ b/z.txt\n@@ -1,1 +1,1 @@\n-one\n+eins\n",
            "diff --git a/a.txt b/y.txt\ncopy from a.txt\ncopy to y.txt\ndiff --git a/empty b/empty\ndeleted file mode 100644\ndiff --git a/dir/run.sh b/dir/run.sh\nold mode 100755\nnew mode 100644\n",
            "diff -u -N x/new y/new\n--- x/new\t1970-01-01 00:00:00.000000000 +0000\n+++ y/new\t2026-01-31 12:00:00\n@@ -0,0 +1,2 @@\n+a\n+b\n\\ No newline at end of file\n",
            "From 1234 Mon Sep 17 00:00:00 2001\nSubject: x\n\n---\n a.txt | 2 +-\n\ndiff --git \"a/b c.txt\" \"b/b c.txt\"\nindex 587be6b..975fbec 100644\n--- \"a/b c.txt\"\n+++ \"b/b c.txt\"\n@@ -1 +1 @@\n-x\n+y\n-- \n2.39\n",
        ]) yield return Encoding.UTF8.GetBytes(text);
        yield return Delta([5, 7, 0x91, 0, 3, 4, 9, 9, 9, 0], [0, 1, 2, 9, 9, 9, 0]);
        // Claims 200 MB and has none.
        yield return Delta([5, 0x80, 0x80, 0xaf, 0x5f, 1, 7], [7]);
    }

    private static byte[] Delta(byte[] delta, byte[] result)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.NoCompression, leaveOpen: true)) zlib.Write(delta);
        return Encoding.ASCII.GetBytes($"diff --git a/bin b/bin\nindex {BlobId(Tree["bin"].Bytes.Span)}..{BlobId(result)} 100644\nGIT binary patch\ndelta {delta.Length}\n{Base85Line(packed.ToArray())}\n\n");
    }

    /// <summary>At most 52 bytes as one line of a binary part.</summary>
    public static string Base85Line(byte[] bytes)
    {
        var line = new StringBuilder();
        line.Append((char)(bytes.Length <= 26 ? 'A' + bytes.Length - 1 : 'a' + bytes.Length - 27));
        const string alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
        for (var i = 0; i < bytes.Length; i += 4)
        {
            uint word = 0;
            for (var k = 0; k < 4; k++) word = word << 8 | (i + k < bytes.Length ? bytes[i + k] : 0u);
            var five = new char[5];
            for (var k = 4; k >= 0; k--, word /= 85) five[k] = alphabet[(int)(word % 85)];
            line.Append(five);
        }
        return line.ToString();
    }

    private static string BlobId(ReadOnlySpan<byte> content)
    {
        using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA1);
        hash.AppendData(Encoding.ASCII.GetBytes($"blob {content.Length}\0"));
        hash.AppendData(content);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>What git itself makes of a patch that we take: null when it is the same tree, else what differs.</summary>
    public static string? Git(byte[] patch, string directory)
    {
        // Without git's own prefixes it guesses, from the first file for all of them, how much of the names to leave out: we look at each file's two names.
        var named = Encoding.Latin1.GetString(patch).Split('\n').Where(l => l.StartsWith("--- ", StringComparison.Ordinal) || l.StartsWith("+++ ", StringComparison.Ordinal)).Select(l => l[4..].TrimStart('"'));
        if (named.Any(n => n.Length > 0 && !n.StartsWith("a/", StringComparison.Ordinal) && !n.StartsWith("b/", StringComparison.Ordinal) && !n.StartsWith("/dev/null", StringComparison.Ordinal))) return null;
        if (!GitPatch.Parse(patch).Then(p => GitPatch.Apply(p, PatchTests.Reader(Tree))).Try(out var writes, out _)) return null;
        Directory.CreateDirectory(directory);
        PatchTests.WriteTree(directory, Tree);
        var file = directory + ".patch";
        File.WriteAllBytes(file, patch);
        var start = new ProcessStartInfo("git", ["apply", "--whitespace=nowarn", "--unidiff-zero", file]) { WorkingDirectory = directory, RedirectStandardError = true };
        foreach (var (name, value) in new[] { ("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CEILING_DIRECTORIES", Path.GetDirectoryName(directory)!) }) start.Environment[name] = value;
        using var git = Process.Start(start)!;
        var said = git.StandardError.ReadToEnd();
        git.WaitForExit();
        if (git.ExitCode != 0) return $"git refuses: {said.Trim()}";
        var after = new SortedDictionary<string, FileContent>(Tree, StringComparer.Ordinal);
        foreach (var write in writes)
            if (write.Change.After is { } state) after[write.Change.Path.ToString()] = new(state.Kind, write.Content!.Value);
            else after.Remove(write.Change.Path.ToString());
        var (ours, gits) = (PatchTests.Describe(after).ToList(), PatchTests.Describe(PatchTests.ReadTree(directory)).ToList());
        return ours.SequenceEqual(gits) ? null : $"we have {string.Join("; ", ours.Except(gits))} and git has {string.Join("; ", gits.Except(ours))}";
    }
}
