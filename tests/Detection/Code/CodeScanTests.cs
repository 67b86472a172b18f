// Where findings in code stand: in which lines of files, diffs and wrapped files, with which decision; and that nothing makes the reading slow or lets it lose its way.
using System.Diagnostics;
using System.Text;
using CabinCrew.Detection.Tests.Scanning;
using CabinCrew.Governance.Detection.Code;
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Protocol;

namespace CabinCrew.Detection.Tests.Code;

public sealed class CodeScanTests
{
    private static IEnumerable<string> Diff(string diff) =>
        new DiffReader(new MemoryStream(Encoding.UTF8.GetBytes(diff))).Files().SelectMany(f => Scanner.Standard.Scan(f, CancellationToken.None).Findings).Select(f => $"{f.Id} {f.Path}:{f.Line}");

    [Fact]
    public void A_finding_has_the_place_of_its_word_and_its_rules_decision()
    {
        var found = Kit.Scan("a/b.py", "import os\n\ndef f(x):\n    os.system(x)\n    exec(base64.b64decode(x))\n");
        Assert.Equal(["insecure-code/command-injection 4:8", "insecure-code/hidden-code 5:5"], found.Short());
        Assert.Equal([Decision.Warn, Decision.RequireApproval], found.Select(f => f.Decision));
        Assert.Equal(2, found.Select(f => f.Fingerprint).Distinct().Count());
        Assert.Equal(found.Select(f => f.Fingerprint), Kit.Scan("a/b.py", "import os\n\n\n\ndef f(x):\n    os.system(x)\n    exec(base64.b64decode(x))\n").Select(f => f.Fingerprint));
    }

    [Fact]
    public void Decisions_are_changed_by_detector_and_by_rule()
    {
        const string code = "import os\nos.system(x)\neval(x)\n";
        Assert.Equal([Decision.Deny, Decision.Warn], Kit.Scan("a.py", code, Kit.Settings(("insecure-code/command-injection", Decision.Deny))).Select(f => f.Decision));
        Assert.Equal(["insecure-code/eval 3:1"], Kit.Scan("a.py", code, Kit.Settings(("insecure-code/command-injection", Decision.Allow))).Short());
        Assert.Empty(Kit.Scan("a.py", code, Kit.Settings(("insecure-code", Decision.Allow))));
        Assert.Empty(Kit.Scan("a.txt", code));
    }

    [Fact]
    public void A_script_is_known_by_its_first_line_and_a_packed_one_by_its_name()
    {
        Assert.Equal(["insecure-code/eval 2:1"], Kit.Scan("run", "#!/usr/bin/env python3\neval(x)\n").Short());
        var packed = new MemoryStream();
        using (var zip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionLevel.Fastest)) zip.Write("eval(x)\n"u8);
        Assert.Equal(["insecure-code/eval"], Kit.Scan("a.py.gz", packed.ToArray()).Findings.Select(f => f.Id));
    }

    [Fact]
    public void Of_a_diff_only_what_was_added_counts_and_what_stands_around_is_understood()
    {
        const string head = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n";
        Assert.Equal(["insecure-code/eval a.py:2"], Diff(head + "@@ -1,2 +1,3 @@\n eval(a)\n+eval(b)\n eval(c)\n"));
        // A call that was there, and an argument of it that is new.
        Assert.Equal(["insecure-code/command-injection a.py:1"], Diff(head + "@@ -1,3 +1,4 @@\n subprocess.run(\n     command,\n+    shell=True,\n )\n"));
        // A change elsewhere in a statement of its own.
        Assert.Empty(Diff(head + "@@ -1,2 +1,3 @@\n os.system(x)\n+print(x)\n \n"));
    }

    [Fact]
    public void Hunks_are_no_neighbours_and_an_open_text_of_one_does_not_hide_the_next()
    {
        const string head = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n";
        Assert.Equal(["insecure-code/eval a.py:21"], Diff(head + "@@ -1,1 +1,2 @@\n \"\"\"begins\n+more\n@@ -20,1 +20,2 @@\n pass\n+eval(x)\n"));
        // The end of a comment that began before the hunk.
        Assert.Equal(["insecure-code/eval a.js:12"], Diff(head.Replace("a.py", "a.js", StringComparison.Ordinal) + "@@ -10,2 +10,3 @@\n eval(not_code)\n */\n+eval(x)\n"));
    }

    [Fact]
    public void What_a_comment_forgives_is_told_all_the_same() =>
        Assert.Equal(["insecure-code/eval 1:1", "insecure-code/eval 2:1"], Kit.Scan("a.py", "eval(x)  # nosec\neval(y)  # noqa: S307\n").Short());

    public static TheoryData<string, string> Hostile => new()
    {
        { "a.py", "eval(" }, { "a.py", "x = \"\"\"" }, { "a.py", "\\\"\"\"" }, { "a.py", "verify=False," }, { "a.py", "os.system(a, " }, { "a.py", "f'{" }, { "a.py", "token = (" }, { "a.py", "\"SELECT a FROM b WHERE c = \" + " }, { "a.js", "`${" }, { "a.js", "eval(/[/" }, { "a.js", "exec(`${a} " }, { "a.js", "{\"credentials\":true," },
        { "a.php", "<?php eval(" }, { "a.php", "<?php ?>" }, { "a.php", "<?php <<<A\n" }, { "a.rb", "<<~A " }, { "a.rb", "x <<A\n" }, { "a.rb", "%w[" }, { "a.rb", "\"#{\"" }, { "a.c", "strcpy(a, " }, { "a.cpp", "R\"a(" }, { "a.rs", "r#\"" }, { "a.rs", "/*" }, { "a.cs", "$\"{" }, { "a.cs", "@\"" }, { "a.kt", "\"\"\"${" },
        { "a.java", "getInstance(" }, { "a.java", "checkServerTrusted(){" }, { "a.tf", "ingress { cidr_blocks = [\"0.0.0.0/0\"]\n" }, { "a.tf", "actions = [\"*\"]\n" }, { "a.go", "\"/bin/sh\" socket. " }, { "a.yml", "run: ${{ " }, { "a.js", "(" }, { "a.js", "([{" }, { "a.js", "\\" }, { "a.js", "rejectUnauthorized:[" },
    };

    [Theory, MemberData(nameof(Hostile))]
    public void Anything_repeated_is_read_in_time_that_grows_with_it(string path, string part)
    {
        var clock = Stopwatch.StartNew();
        CodeReview.Of(path, string.Concat(Enumerable.Repeat(part, 200_000 / part.Length)));
        // Some hundredths of a second; anything quadratic would be at it for minutes.
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 20);
    }

    [Fact]
    public void Any_beginning_and_any_end_of_code_is_read_without_a_fault()
    {
        foreach (var (file, path) in new[] { ("python.cases", "a.py"), ("javascript.cases", "a.js"), ("java.cases", "a.java"), ("kotlin.cases", "a.kt"), ("csharp.cases", "a.cs"), ("go.cases", "a.go"), ("php.cases", "a.php"), ("ruby.cases", "a.rb"), ("c.cases", "a.c"), ("rust.cases", "a.rs"), ("hcl.cases", "a.tf"), ("yaml.cases", "a.yml") })
            foreach (var (_, code) in Commands.ShellCases.Read(file))
                for (var at = 1; at < code.Length; at += 3)
                {
                    CodeReview.Of(path, code[..at]);
                    CodeReview.Of(path, code[at..]);
                }
    }
}
