// Inputs made to cost more than they look: each is held to what the fuzzer allows an input of its length, in time and in memory.
using System.Text;
using CabinCrew.Cli;
using CabinCrew.Tests.Fuzz;
using CabinCrew.Tests.Spec;

namespace CabinCrew.Tests.Attacks;

public sealed class CostlyInputTests
{
    private static readonly Dictionary<string, (string Door, Func<byte[]> Make)> Inputs = new()
    {
        ["a header that may be parted at every space"] = ("patch", () => Text("diff --git " + Many("a ", 16_000) + "\n")),
        ["a header full of quotes"] = ("patch", () => Text("diff --git a " + Many("\" ", 15_000) + "\n")),
        ["a header longer than any path"] = ("patch", () => Text("diff --git " + Many("a ", 60_000) + "\n")),
        ["a rename whose names are all spaces"] = ("patch", () => Text($"diff --git {Many("a ", 4000)}\nsimilarity index 100%\nrename from a\nrename to {Many("a ", 1000)}a\n")),
        ["a hunk header without end"] = ("patch", () => Text("--- a/a.txt\n+++ b/a.txt\n@@ -1" + Many(" ", 100_000) + " @@\n")),
        ["an index line without end"] = ("patch", () => Text("diff --git a/a.txt b/a.txt\nindex " + Many("..", 100_000) + "\n")),
        ["a time of a thousand parts"] = ("patch", () => Text("--- a/a.txt\t" + Many("1 ", 100_000) + "\n+++ b/a.txt\n@@ -1 +1 @@\n-one\n+x\n")),
        ["files deep below directories that are not there"] = ("patch", () => Text(string.Concat(Enumerable.Range(0, 30).Select(i =>
            $"--- /dev/null\n+++ b/{i}/{Many("fifteen-letters/", 250)}x\n@@ -0,0 +1 @@\n+x\n")))),
        ["a file deeper than any workspace"] = ("patch", () => Text($"--- /dev/null\n+++ b/{Many("d/", 2000)}x\n@@ -0,0 +1 @@\n+x\n")),
        ["a list of things that are all wrong"] = ("workflow", () => Text("version: 1\nname: x\npolicies:\n" + Many("- x\n", 45_000))),
        ["ten thousand keys that nobody knows"] = ("workflow", () => Text("version: 1\nname: x\n" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"k{i}: 1\n")))),
        ["a key over and over"] = ("yaml", () => Text(Many("k: 1\n", 40_000))),
        ["brackets"] = ("yaml", () => Text("a: " + Many("[", 100_000))),
        ["a pattern that counts"] = ("rules", () => Rule("(a{1,1000}){1,1000}")),
        ["a pattern that counts thrice"] = ("rules", () => Rule("((a{0,99}){0,99}){0,99}b")),
        ["a pattern of many ways"] = ("rules", () => Rule("(a|aa|aaa)*(b|c)*x{500}")),
        ["a pattern with a long way back"] = ("rules", () => Rule("a.{900}a")),
        ["names that read the same once redacted"] = ("redactor", () => Text("abcd\n{" + string.Join(',', Names(8).Select(n => $"\"{n}\":1")) + "}")),
        ["an index whose names grow"] = ("index", GrowingNames),
    };

    public static TheoryData<string> All => [.. Inputs.Keys];

    [Theory, MemberData(nameof(All))]
    public void An_input_costs_no_more_than_its_length(string input)
    {
        var (door, make) = Inputs[input];
        var fuzzer = new Fuzzer(FuzzTests.Targets.Value[door], 1);
        // The first of a kind also pays for the compiler and for what is built once.
        foreach (var seed in FuzzTests.Targets.Value[door].Seeds) fuzzer.Examine(seed);
        var finding = fuzzer.Examine(make());
        Assert.True(finding is null, $"{finding?.Kind}: {finding?.Message}");
    }

    [Fact]
    public void An_argument_that_looks_like_a_file_stays_an_argument()
    {
        using var tree = new TempTree();
        tree.File("words", "--as\nroot\n");
        var parse = Root.Parse(["reject", "ap-1", "--reason", $"@{tree["words"]}"]);
        Assert.Empty(parse.Errors);
        Assert.Contains(parse.Tokens, t => t.Value == $"@{tree["words"]}");
        Assert.DoesNotContain(parse.Tokens, t => t.Value == "root");
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    private static string Many(string piece, int times) => new StringBuilder(piece.Length * times).Insert(0, piece, times).ToString();

    private static byte[] Rule(string pattern) =>
        Text($"version: 1\ndefault: allow\nrules:\n- {{ id: a, when: {{ added_lines: '{pattern}' }}, decision: deny, reason: r, examples: {{ match: [{{ path: x, added: ['{Many("a", 2000)}'] }}] }} }}\n");

    // Every way to write the secret once more in front of itself: thousands of names that all become the same marks.
    private static IEnumerable<string> Names(int times) => times == 0 ? [""] : Names(times - 1).SelectMany(n => (string[])[$"{n}abcd", $"{n}61626364", $"{n}YWJjZA"]);

    private static byte[] GrowingNames()
    {
        var bytes = new List<byte>("DIRC"u8.ToArray());
        bytes.AddRange([0, 0, 0, 4, 0, 0, 0x20, 0]);
        for (var i = 0; i < 0x2000; i++) bytes.AddRange([.. new byte[60], 0, 0, 0, .. Enumerable.Repeat((byte)'x', 30), 0]);
        return [.. bytes, .. new byte[20]];
    }
}
