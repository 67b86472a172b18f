// What a diff adds, with true files and lines, whatever stands around the hunks and whatever lines pose as headers.
using System.Text;
using CabinCrew.Governance.Detection.Scanning;

namespace CabinCrew.Detection.Tests.Scanning;

public sealed class DiffReaderTests
{
    private static List<ScanContent> Read(string diff) => [.. new DiffReader(new MemoryStream(Encoding.UTF8.GetBytes(diff))).Files()];

    private static string Text(ScanContent content) => Encoding.UTF8.GetString(content.Bytes.Span);

    [Fact]
    public void Added_lines_have_their_numbers_and_context_stays_around_them()
    {
        var file = Assert.Single(Read("diff --git a/src/a.py b/src/a.py\nindex 1..2 100644\n--- a/src/a.py\n+++ b/src/a.py\n@@ -1,3 +1,3 @@ def f():\n one\n-two\n+zwei\n three\n@@ -10 +10,2 @@\n ten\n+eleven\n"));
        Assert.Equal("src/a.py", file.Name);
        Assert.Equal("one\nzwei\nthree\n\nten\neleven\n", Text(file));
        Assert.Equal([1, 2, 3, 0, 10, 11], file.Numbers!);
        Assert.Equal([2, 11], file.Lines!.Order());
    }

    [Fact]
    public void Lines_of_a_hunk_cannot_pose_as_headers()
    {
        var files = Read("--- a/a.sql\n+++ b/a.sql\n@@ -1,2 +1,3 @@\n--- comment\n+++ b/innocent.txt\n+@@ -1 +1 @@\n plain\n+last\n--- a/b\n+++ b/b\n@@ -0,0 +1 @@\n+x\n");
        Assert.Equal(["b/a.sql", "b/b"], files.Select(f => f.Name));
        Assert.Equal("++ b/innocent.txt\n@@ -1 +1 @@\nplain\n", Text(files[0]));
    }

    [Fact]
    public void Deleted_files_and_pure_deletions_add_nothing() =>
        Assert.Empty(Read("diff --git a/x b/x\ndeleted file mode 100644\n--- a/x\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n--- b\ndiff --git a/y b/y\n--- a/y\n+++ b/y\n@@ -1,2 +1 @@\n a\n-b\n"));

    [Fact]
    public void A_log_tells_which_commit_brought_it()
    {
        var files = Read("commit 1111111111111111111111111111111111111111\nAuthor: A\n\n    +++ b/not-a-file\n\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n\ncommit 2222222222222222222222222222222222222222 (HEAD)\n\ndiff --git a/x b/x\nnew file mode 100644\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+a\n");
        Assert.Equal([("x", '1'), ("x", '2')], files.Select(f => (f.Name, f.Commit![0])));
    }

    [Fact]
    public void A_merge_counts_what_no_parent_has()
    {
        var file = Assert.Single(Read("diff --cc x\nindex 1,2..3\n--- a/x\n+++ b/x\n@@@ -1,2 -1,2 +1,3 @@@\n  same\n- ours\n -theirs\n++evil\n +from-second\n"));
        Assert.Equal("same\nevil\nfrom-second\n", Text(file));
        Assert.Equal([2], file.Lines!);
    }

    [Fact]
    public void Names_are_read_as_git_and_diff_write_them()
    {
        Assert.Equal("caf\u00e9 \"x\".txt", Assert.Single(Read("diff --git \"a/x\" \"b/x\"\n--- /dev/null\n+++ \"b/caf\\303\\251 \\\"x\\\".txt\"\n@@ -0,0 +1 @@\n+a\n")).Name);
        Assert.Equal("new dir/a.txt", Assert.Single(Read("--- old/a.txt\t2026-01-01 00:00:00\n+++ new dir/a.txt\t2026-01-01 00:00:01\n@@ -1 +1 @@\n-a\n+b\n")).Name);
    }

    [Fact]
    public void A_diff_that_breaks_off_says_so()
    {
        var file = Assert.Single(Read("--- a/x\n+++ b/x\n@@ -0,0 +1,9 @@\n+a\n+b\n"));
        Assert.True(file.IsCut);
        Assert.Contains(Kit.Scan(file).Findings, f => f.Id == "detection/too-large");
    }

    [Fact]
    public void What_is_no_diff_is_told_apart_from_nothing()
    {
        DiffReader none = new(new MemoryStream("hello\n"u8.ToArray())), nothing = new(new MemoryStream([]));
        Assert.Empty(none.Files());
        Assert.Empty(nothing.Files());
        Assert.Equal((true, false, false), (none.HasRead, none.HasSeenFile, nothing.HasRead));
    }

    [Fact]
    public void A_line_without_end_is_cut_and_told()
    {
        var file = Assert.Single(Read("--- a/x\n+++ b/x\n@@ -0,0 +1,2 @@\n+" + new string('a', 20 << 20) + "\n+b\n"));
        Assert.True(file.IsCut);
        Assert.Equal(2, file.Numbers!.Count);
    }

    [Fact]
    public void Any_bytes_are_read_to_their_end()
    {
        var random = new Random(5);
        string[] parts = ["diff --git a/x b/x\n", "--- a/x\n", "+++ b/x\n", "@@ -1,3 +1,4 @@\n", "@@@ -1 -1 +1 @@@\n", "+a\n", "-b\n", " c\n", "\\ No newline\n", "@@ -99999999999 +1 @@\n", "commit abcdef0123\n", "\"", "+++ \"\\3", "\0", "@@ -1,-3 +1 @@\n"];
        for (var i = 0; i < 500; i++)
        {
            var diff = string.Concat(Enumerable.Range(0, random.Next(30)).Select(_ => parts[random.Next(parts.Length)]));
            foreach (var file in Read(diff))
            {
                Assert.Equal(file.Numbers!.Count, Text(file).Count(c => c == '\n'));
                Assert.All(file.Lines!, l => Assert.Contains(l, file.Numbers!));
            }
        }
    }
}
