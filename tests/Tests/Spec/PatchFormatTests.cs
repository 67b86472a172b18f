// What a patch may say, and what it may not: each refusal has the patch's line.
using System.IO.Compression;
using System.Text;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Tests.Fuzz;
using CabinCrew.Tests.Properties;
using Xunit;

namespace CabinCrew.Tests.Spec;

[Clause("ENG-09")]
public sealed class PatchFormatTests
{
    private static string Apply(string patch, params (string, string)[] files)
    {
        var tree = PatchTests.Tree([.. files.Select(f => (f.Item1, Encoding.UTF8.GetBytes(f.Item2)))]);
        return string.Join('|', PatchTests.Applied(tree, Encoding.UTF8.GetBytes(patch)).Select(e => $"{e.Key}={Encoding.UTF8.GetString(e.Value.Bytes.Span)}"));
    }

    private static Problem Refused(string patch, params (string, string)[] files)
    {
        var tree = PatchTests.Tree([.. files.Select(f => (f.Item1, Encoding.UTF8.GetBytes(f.Item2)))]);
        var problem = GitPatch.Parse(Encoding.UTF8.GetBytes(patch)).Then(p => GitPatch.Apply(p, PatchTests.Reader(tree))).Problem;
        Assert.NotNull(problem);
        Assert.Equal(ProblemCode.ArtifactPatchInvalid, problem.Code);
        return problem;
    }

    [Theory]
    [InlineData("--- x\n+++ x\n@@ -1 +1 @@\n-a\n+b\n")]
    [InlineData("--- a/x\t2020-01-01 00:00:00.000000000 +0000\n+++ b/x\t2020-01-02 00:00:00 +0000\n@@ -1 +1 @@ whatever\n-a\n+b\n")]
    [InlineData("--- old/x\n+++ new/x\n@@ -1 +1 @@\n-a\n+b\n")]
    [InlineData("From 1234 Mon Sep 17 00:00:00 2001\nSubject: x\n\n x | 2 +-\n---\ndiff --git a/x b/x\nindex 1234567..89abcde 100644\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n-- \n2.39.5\n\n")]
    [InlineData("diff --git x x\n--- x\n+++ x\n@@ -1,1 +1,1 @@\n-a\n+b\n")]
    public void One_change_in_its_many_spellings(string patch) => Assert.Equal("x=b\n", Apply(patch, ("x", "a\n")));

    [Fact]
    public void Creation_deletion_rename_and_copy_in_one_patch() => Assert.Equal("c=a\n|d=b\n|n=new|r=b\n", Apply("""
        diff --git a/x b/c
        similarity index 100%
        rename from x
        rename to c
        diff --git a/y b/d
        copy from y
        copy to d
        diff --git a/y b/r
        rename from y
        rename to r
        diff --git a/g b/g
        deleted file mode 100644
        --- a/g
        +++ /dev/null
        @@ -1 +0,0 @@
        -gone
        diff --git a/n b/n
        new file mode 100644
        --- /dev/null
        +++ b/n
        @@ -0,0 +1 @@
        +new
        \ No newline at end of file

        """, ("x", "a\n"), ("y", "b\n"), ("g", "gone\n")));

    [Fact]
    public void Two_files_change_places() => Assert.Equal("x=b\n|y=a\n", Apply(
        "diff --git a/x b/y\nrename from x\nrename to y\ndiff --git a/y b/x\nrename from y\nrename to x\n", ("x", "a\n"), ("y", "b\n")));

    [Fact]
    public void Gnu_diff_says_not_there_by_the_epoch() => Assert.Equal("n=a\n", Apply(
        "diff -Nru old/g new/g\n--- old/g\t2020-01-01 00:00:00 +0000\n+++ new/g\t1970-01-01 01:00:00.000000000 +0100\n@@ -1 +0,0 @@\n-a\ndiff -Nru old/n new/n\n--- old/n\t1970-01-01 00:00:00.000000000 +0000\n+++ new/n\t2020-01-01 00:00:00 +0000\n@@ -0,0 +1 @@\n+a\n", ("g", "a\n")));

    [Theory]
    [InlineData("", 1, "no file")]
    [InlineData("hello\n", 1, "no file")]
    [InlineData("@@ -1 +1 @@\n-a\n+b\n", 1, "without a file header")]
    [InlineData("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-A\n+b\n", 3, "another line 1")]
    [InlineData("--- a/x\n+++ b/x\n@@ -2 +2 @@\n-a\n+b\n", 3, "another line 2")]
    [InlineData("--- a/x\n+++ b/x\n@@ -9 +9 @@\n-a\n+b\n", 3, "only 1 lines")]
    [InlineData("--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n-a\n+b\n", 5, "middle of a hunk")]
    [InlineData("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n+c\n", 6, "counts may be wrong")]
    [InlineData("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n-b\n", 5, "more lines than its header")]
    [InlineData("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b", 5, "last newline is missing")]
    [InlineData("--- a/x\n+++ b/x\n@@ -1 +2 @@\n-a\n+b\n", 3, "new start")]
    [InlineData("--- a/x\n+++ b/x\n@@ -3 +3 @@\n-a\n+b\n@@ -1 +1 @@\n-a\n+b\n", 6, "out of order")]
    [InlineData("--- a/x\n+++ b/x\n@@ -1 +1 @@\n a\n", 3, "changes nothing")]
    [InlineData("--- a/x\n+++ b/../x\n@@ -1 +1 @@\n-a\n+b\n", 1, "called")]
    [InlineData("--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-a\n+b\n", 1, "not a path inside")]
    [InlineData("--- /etc/x\n+++ /etc/x\n@@ -1 +1 @@\n-a\n+b\n", 1, "not a path inside")]
    [InlineData("diff --git a/x b/x\n--- a/y\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n", 1, "do not agree")]
    [InlineData("diff --git a/x b/z\nrename from x\nrename to y\n", 1, "do not agree")]
    [InlineData("diff --git a/x b/y\nrename from x\n", 1, "one pair")]
    [InlineData("diff --git a/s b/s\nnew file mode 160000\n--- /dev/null\n+++ b/s\n@@ -0,0 +1 @@\n+Subproject commit 1\n", 1, "submodule")]
    [InlineData("diff --git a/x b/x\nold mode 100644\nnew mode 104755\n", 1, "none of")]
    [InlineData("diff --git a/x b/x\nold mode 100644\nnew mode 120000\n", 1, "by its mode")]
    [InlineData("diff --git a/x b/x\nold mode 100755\nnew mode 100644\n", 1, "is a plain file")]
    [InlineData("diff --git a/x b/x\nindex 1234..5678\nBinary files a/x and b/x differ\n", 1, "changes nothing")]
    [InlineData("diff --git a/x b/x\ndeleted file mode 100644\n", 1, "whole content")]
    [InlineData("diff --git a/x b/x\nnew file mode 100644\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+b\n", 1, "already in the workspace")]
    [InlineData("--- /dev/null\n+++ b/x/y\n@@ -0,0 +1 @@\n+b\n", 1, "which is a file")]
    [InlineData("--- a/q\n+++ b/q\n@@ -1 +1 @@\n-a\n+b\n", 1, "not in the workspace")]
    [InlineData("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+c\n", 6, "changed twice")]
    [InlineData("--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n-a\n+b\n\\ No newline at end of file\n+c\n", 7, "after the end of the file")]
    [InlineData("--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+b\n\\ No newline at end of file\n", 3, "goes on after")]
    [InlineData("diff --git a/x b/x\nGIT binary patch\nliteral 1\nIcmZPo000310RR91\n\n", 5, "index line")]
    [InlineData("diff --git a/x b/x\nGIT binary patch\nliteral 1\nIcmZPo000310RR91\n", 4, "empty line after it is missing")]
    [InlineData("diff --git a/x b/x\nGIT binary patch\nliteral 1\nIcmZPo000310RR91\n\nliteral 0\nHcmV?d00001", 7, "empty line after it is missing")]
    [InlineData("diff --git a/l b/l\nnew file mode 120000\n", 1, "link whose target")]
    [InlineData("--- a/n\r\n+++ b/n\r\n@@ -0,0 +1 @@\n+b\n", 2, "not readable")]
    [InlineData("--- a/n\tq\t2026-01-31 12:00:00 +0000\n+++ b/n\tq\t2026-01-31 12:00:00 +0000\n@@ -0,0 +1 @@\n+b\n", 2, "not readable")]
    [InlineData("--- a/n 2026-01-31 12:00:00.5 +0000\n+++ b/n 2026-01-31 12:00:00.5 +0000\n@@ -0,0 +1 @@\n+b\n", 1, "ends in a time")]
    [InlineData("diff --git a/x b/y\nrename from x\nrename to y\tz\n", 1, "do not agree")]
    [InlineData("diff --git a/x b/y\ncopy from x\ncopy to \"y\"z\n", 3, "not readable")]
    [InlineData("diff --git a/x b/x\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n", 1, "disagree")]
    [InlineData("diff --git a/n b/n\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+a\n", 1, "disagree")]
    [InlineData("diff --git a/x b/x\ndeleted file mode 100644", 2, "in the middle of a line")]
    [InlineData("diff --git a/x b/y\nrename from x\nrename to y", 3, "in the middle of a line")]
    [InlineData("diff --git a/x b/x\ndeleted file mode 100644\n--- a/x\n+++ /dev/null", 4, "in the middle of a line")]
    [InlineData("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n\\ No end\n", 6, "expected here, once")]
    public void A_patch_that_is_not_exact_is_refused_with_its_line(string patch, int line, string says)
    {
        var problem = Refused(patch, ("x", "a\n"));
        Assert.Contains(says, problem.Message, StringComparison.Ordinal);
        Assert.Equal($"{line}", problem.Evidence["line"]);
    }

    [Theory]
    [InlineData("1970-01-01 00:00:00.000000000 +0000", false)]
    [InlineData("1969-12-31 19:00:00 -0500", false)]
    [InlineData("1970-01-01 01:30:00 +01:30", false)]
    [InlineData("1970-01-01 00:00:00. +0000", true)]
    [InlineData("1970-01-01 00:00:01 +0000", true)]
    [InlineData("1970-01-01 01:00:00 +0000", true)]
    [InlineData("1969-12-31 00:00:00 +0000", true)]
    [InlineData("1970-01-01", true)]
    public void A_time_at_the_epoch_says_that_a_file_is_gone_in_a_plain_patch_and_nothing_in_one_of_git_s(string time, bool stays)
    {
        Assert.Equal(stays ? "x=" : "", Apply($"--- a/x\n+++ b/x\t{time}\n@@ -1 +0,0 @@\n-a\n", ("x", "a\n")));
        Assert.Equal(stays ? "x=" : "", Apply($"--- \"a/x\"\n+++ \"b/x\"\t{time}\n@@ -1 +0,0 @@\n-a\n", ("x", "a\n")));
        Assert.Equal("x=", Apply($"diff --git a/x b/x\n--- a/x\n+++ b/x\t{time}\n@@ -1 +0,0 @@\n-a\n", ("x", "a\n")));
    }

    [Fact]
    public void A_binary_part_is_checked_against_the_content_it_was_made_from()
    {
        var before = PatchTests.Tree(("x", [0, 1, 2]));
        var after = PatchTests.Tree(("x", [0, 3]));
        var patch = GitPatch.Parse(GitPatch.Write(PatchTests.Writes(before, after), PatchTests.Reader(before))).Value;
        var moved = PatchTests.Tree(("x", [0, 1, 9]));
        Assert.True(GitPatch.Apply(patch, PatchTests.Reader(before)).Ok);
        Assert.Contains("not the content", GitPatch.Apply(patch, PatchTests.Reader(moved)).Problem!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1), InlineData(4), InlineData(5)]
    public void A_binary_part_whose_compressed_stream_is_cut_short_is_refused_although_its_bytes_are_all_there(int cut)
    {
        byte[] content = [0, 1, 2, 3, 4, 5, 6, 7];
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.NoCompression, leaveOpen: true)) zlib.Write(content);
        // The stream as a literal of ours would have it, and the same without its end, with the length letter that fits.
        string Patch(byte[] stream)
        {
            var text = Encoding.Latin1.GetString(GitPatch.Write(PatchTests.Writes(PatchTests.Tree(), PatchTests.Tree(("x", content))), PatchTests.Reader(PatchTests.Tree())));
            return text[..(text.IndexOf("literal 8\n", StringComparison.Ordinal) + 10)] + PatchTarget.Base85Line(stream) + "\n\n";
        }
        Assert.True(GitPatch.Parse(Encoding.Latin1.GetBytes(Patch(packed.ToArray()))).Ok);
        Assert.Contains("does not unpack", GitPatch.Parse(Encoding.Latin1.GetBytes(Patch(packed.ToArray()[..^cut]))).Problem?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_binary_part_that_unpacks_to_more_than_it_states_is_refused()
    {
        var zeros = PatchTests.Tree(("x", new byte[1 << 20]));
        var text = Encoding.Latin1.GetString(GitPatch.Write(PatchTests.Writes(PatchTests.Tree(), zeros), PatchTests.Reader(PatchTests.Tree())));
        Assert.Contains("does not unpack", GitPatch.Parse(Encoding.Latin1.GetBytes(text.Replace("literal 1048576", "literal 10", StringComparison.Ordinal))).Problem!.Message, StringComparison.Ordinal);
        Assert.Contains("unpack to more than", GitPatch.Parse(Encoding.Latin1.GetBytes(text.Replace("literal 1048576", "literal 999999999", StringComparison.Ordinal))).Problem!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_flipped_byte_is_refused_or_still_exact()
    {
        var before = PatchTests.Tree(("x", "a\nb\nc\n"u8.ToArray()), ("bin", [0, 1, 2]));
        var after = PatchTests.Tree(("x", "a\nB\nc\n"u8.ToArray()), ("bin", [0, 9]));
        var patch = GitPatch.Write(PatchTests.Writes(before, after), PatchTests.Reader(before));
        for (var i = 0; i < patch.Length; i++)
            for (var bit = 0; bit < 8; bit++)
            {
                var bent = patch.ToArray();
                bent[i] ^= (byte)(1 << bit);
                // No exception, whatever it says; and what it applies to, it changes.
                var writes = GitPatch.Parse(bent).Then(p => GitPatch.Apply(p, PatchTests.Reader(before)));
                if (writes.Ok) Assert.All(writes.Value, w => Assert.NotEqual(w.Change.Before, w.Change.After));
            }
    }
}
