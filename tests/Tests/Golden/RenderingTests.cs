// How problems, tables, quantities and patches look, to the letter.
using System.Text;
using System.Text.Json;
using CabinCrew.Cli.Rendering;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Tests.Golden;

public sealed class RenderingTests
{
    private static readonly Terminal Plain = new(Color: false, Live: false, Interactive: false, Width: 60);
    private static readonly Terminal Colour = Plain with { Color = true };

    [Fact]
    public void A_problem_says_what_where_and_what_next()
    {
        var problem = new Problem(ProblemCode.ArtifactLink, "artifact 'a' holds a link named 'evil\e[2J'") { Where = "wf-1, step edit" }.With("target", "/etc/passwd");
        Assert.Equal("""
            error: artifact 'a' holds a link named 'evil\x1b[2J'
              where: wf-1, step edit
              target: /etc/passwd
              next:  Write regular files.
              code:  artifact_link (exit 7, ART-01)

            """, ProblemView.Render(problem, Plain));
        Assert.StartsWith("\e[31merror:\e[0m artifact", ProblemView.Render(problem, Colour));
    }

    [Fact]
    public void A_problem_is_the_same_in_json()
    {
        var problem = new Problem(ProblemCode.WorkspaceDrift, "it moved") { Remedy = "Plan again." }.With("path", "a.txt");
        var error = JsonDocument.Parse(ProblemView.Json(problem)).RootElement.GetProperty("error");
        Assert.Equal("workspace_drift", error.GetProperty("code").GetString());
        Assert.Equal("Plan again.", error.GetProperty("remedy").GetString());
        Assert.Equal(8, error.GetProperty("exit_code").GetInt32());
        Assert.Equal("a.txt", error.GetProperty("evidence").GetProperty("path").GetString());
        Assert.Equal("TOK-06", error.GetProperty("clause").GetString());
    }

    [Fact]
    public void Every_problem_can_be_shown()
    {
        foreach (var code in Enum.GetValues<ProblemCode>())
        {
            var problem = new Problem(code, "x\ny");
            Assert.Contains(code.Id(), ProblemView.Render(problem, Plain));
            Assert.Equal(code.Id(), JsonDocument.Parse(ProblemView.Json(problem)).RootElement.GetProperty("error").GetProperty("code").GetString());
        }
    }

    [Fact]
    public void A_table_aligns_and_cuts_what_may_be_cut()
    {
        var table = new TextTable(new("Flight"), new("Files", Right: true), new("Summary", Flexible: true))
            .Add("wf-1", "3", "short")
            .Add(new Cell("wf-22", Tone.Green), "1200", "a summary that is far too long for the columns that are left\e[2J")
            .Add("日本", "1", "");
        Assert.Equal("""
            FLIGHT  FILES  SUMMARY
            wf-1        3  short
            wf-22    1200  a summary that is far too long for the colum…
            日本        1

            """, table.Render(Plain));
        var coloured = table.Render(Colour);
        Assert.Contains("\e[32mwf-22\e[0m    1200", coloured);
        Assert.All(coloured.Split('\n'), line => Assert.Equal(line, line.TrimEnd()));
        Assert.All(table.Render(Plain).Split('\n'), line => Assert.True(TextWidth.Of(line) <= 60));
    }

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.0 KiB")]
    [InlineData(102_348, "99.9 KiB")]
    [InlineData(102_400, "100 KiB")]
    [InlineData(1_048_575, "1.0 MiB")]
    [InlineData(77_000_000, "73.4 MiB")]
    [InlineData(long.MaxValue, "8192 PiB")]
    public void Sizes(long bytes, string shown) => Assert.Equal(shown, Quantities.Bytes(bytes));

    [Theory]
    [InlineData(0.0004, "0.4 ms")]
    [InlineData(0.012, "12 ms")]
    [InlineData(0.9996, "1.0 s")]
    [InlineData(4.21, "4.2 s")]
    [InlineData(59.94, "59.9 s")]
    [InlineData(59.96, "1 min")]
    [InlineData(3599.8, "1 h")]
    [InlineData(60, "1 min")]
    [InlineData(192, "3 min 12 s")]
    [InlineData(7500, "2 h 5 min")]
    [InlineData(273600, "3 d 4 h")]
    public void Durations(double seconds, string shown) => Assert.Equal(shown, Quantities.Duration(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void Times_and_counts()
    {
        var now = new DateTimeOffset(2026, 1, 31, 9, 15, 0, TimeSpan.FromHours(2));
        Assert.Equal("2026-01-31 07:15:00Z", Quantities.Time(now));
        Assert.Equal("3 min ago", Quantities.Relative(now.AddMinutes(-3.5), now));
        Assert.Equal("in 2 h", Quantities.Relative(now.AddHours(2), now));
        Assert.Equal("1 day ago", Quantities.Relative(now.AddHours(-30), now));
        Assert.Equal("now", Quantities.Relative(now, now));
        Assert.Equal("1 file", Quantities.Count(1, "file"));
        Assert.Equal("1,200 entries", Quantities.Count(1200, "entry", "entries"));
    }

    [Fact]
    public void A_patch_is_shown_file_by_file() =>
        Assert.Equal("""
            update src/app.py  +2 -1
            @@ -1,3 +1,4 @@
             import os
            -print("hello")
            +print("hello, world")
            +print("\x1b[2J\u{202e}")
             done
            \ no newline at end of file

            create run.sh  +1 -0  executable
            @@ -0,0 +1,1 @@
            +#!/bin/sh

            rename a.txt -> b.txt  +0 -0

            delete logo.png  binary
              binary: 2.0 KiB before, gone

            """, new DiffView(Plain).Render(Patch()));

    [Fact]
    public void A_patch_is_summed_up_in_a_line_a_file() =>
        Assert.Equal("""
              update src/app.py      +2 -1
              create run.sh          +1 -0
              rename a.txt -> b.txt  +0 -0
              delete logo.png        binary
              4 files, 3 lines added, 1 line deleted

            """, new DiffView(Plain).Summary(Patch()));

    [Fact]
    public void What_changed_within_a_line_is_marked()
    {
        var shown = new DiffView(Colour).Render(new([Update("a", Hunk("-limit: 10 # per day", "+limit: 99 # per day"))]));
        Assert.Contains("\e[31m-limit: \e[0m\e[1;7;31m10\e[0m\e[31m # per day\e[0m", shown);
        Assert.Contains("\e[32m+limit: \e[0m\e[1;7;32m99\e[0m\e[32m # per day\e[0m", shown);
        var unlike = new DiffView(Colour).Render(new([Update("a", Hunk("-alpha", "+omega"))]));
        Assert.Contains("\e[31m-alpha\e[0m", unlike);
    }

    [Fact]
    public void Carriage_returns_show_only_where_they_are_mixed()
    {
        Assert.DoesNotContain("\\r", new DiffView(Plain).Render(new([Update("a", Hunk(" a\r", "-b\r", "+c\r"))])));
        Assert.Contains("+c\\r", new DiffView(Plain).Render(new([Update("a", Hunk(" a", "-b", "+c\r"))])));
    }

    [Fact]
    public void A_long_patch_is_cut_and_says_so()
    {
        var many = Update("a", Hunk([.. Enumerable.Range(0, 500).Select(i => $"+line {i}")]));
        var shown = new DiffView(Plain, new(LinesMax: 100, LineMax: 50)).Render(new([many, Update("b", Hunk("+" + new string('x', 80)))]));
        Assert.Contains("401 lines of 2 files not shown", shown);
        Assert.True(shown.Split('\n').Length < 110);
        Assert.Contains(new string('x', 50) + "… (+30)", new DiffView(Plain, new(LineMax: 50)).Render(new([Update("b", Hunk("+" + new string('x', 80)))])));
    }

    [Fact]
    public void Raw_text_is_coloured_by_line_and_made_safe()
    {
        var text = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\e[2J\n\\ No newline at end of file\n"u8;
        Assert.Equal("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\\x1b[2J\n\\ No newline at end of file\n", new DiffView(Plain).RenderText(text));
        var coloured = new DiffView(Colour).RenderText(text);
        Assert.Contains("\e[1m--- a/x\e[0m", coloured);
        Assert.Contains("\e[31m-a\e[0m", coloured);
    }

    private static PatchSet Patch() => new(
    [
        Update("src/app.py", new Hunk(1, 3, 1, 4,
        [
            Line(" import os\n"), Line("-print(\"hello\")\n"), Line("+print(\"hello, world\")\n"), Line("+print(\"\e[2J\u202e\")\n"), Line(" done"),
        ])),
        new(null, WorkspacePath.Parse("run.sh"), null, FileKind.Executable, false, false, [new(0, 0, 1, 1, [Line("+#!/bin/sh\n")])], null),
        new(WorkspacePath.Parse("a.txt"), WorkspacePath.Parse("b.txt"), FileKind.Regular, FileKind.Regular, true, false, [], null),
        new(WorkspacePath.Parse("logo.png"), null, FileKind.Regular, null, false, false, [], new(ReadOnlyMemory<byte>.Empty, new byte[2048])),
    ]);

    private static FilePatch Update(string path, params Hunk[] hunks) =>
        new(WorkspacePath.Parse(path), WorkspacePath.Parse(path), FileKind.Regular, FileKind.Regular, false, false, hunks, null);

    private static Hunk Hunk(params string[] lines) =>
        new(1, lines.Count(l => l[0] != '+'), 1, lines.Count(l => l[0] != '-'), [.. lines.Select(l => Line(l + "\n"))]);

    private static HunkLine Line(string text) => new(text[0], Encoding.UTF8.GetBytes(text[1..]));
}
