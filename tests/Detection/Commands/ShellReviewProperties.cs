// A dangerous command stays found however it is wrapped and quoted, its harmless twin stays harmless, and no text at all makes the review fail.
using CabinCrew.Governance.Detection.Commands;
using FsCheck;
using FsCheck.Fluent;

namespace CabinCrew.Detection.Tests.Commands;

[Clause("PRE-04")]
public sealed class ShellReviewProperties
{
    private static readonly (string Rule, string Command, string Twin)[] Pairs =
    [
        ("delete-root", "rm -rf /", "rm -rf ./build"),
        ("terraform-destroy", "terraform destroy -auto-approve", "terraform plan"),
        ("kubernetes-delete", "kubectl delete ns prod", "kubectl get ns prod"),
        ("git-force-push-protected", "git push --force origin main", "git push origin main"),
        ("sql-drop", "psql -c \"DROP TABLE users\"", "psql -c \"SELECT 1\""),
        ("overwrite-device", "dd if=/dev/zero of=/dev/sda", "dd if=a of=b"),
    ];

    private static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    // Each takes a script and gives one that runs it.
    private static readonly Func<string, string>[] Wrappers =
    [
        s => $"sh -c {Quoted(s)}", s => $"bash -lc {Quoted(s)}", s => $"eval {Quoted(s)}", s => $"sudo -u root sh -c {Quoted(s)}", s => $"env A=b sh -c {Quoted(s)}", s => $"nohup sh -c {Quoted(s)} &",
        s => $"timeout 5 sh -c {Quoted(s)}", s => $"ssh host {Quoted(s)}", s => $"docker exec web sh -c {Quoted(s)}", s => $"kubectl exec pod -- sh -c {Quoted(s)}", s => $"su -c {Quoted(s)}", s => $"( {s} )", s => $"{{ {s}\n}}",
        s => $"if true; then\n{s}\nfi", s => $"x=$( {s} )", s => $"true && {s}", s => $"echo a | {{ {s}\n}}", s => $"f() {{ {s}\n}}\nf", s => $"sh <<'END{s.Length}'\n{s}\nEND{s.Length}\n", s => $"echo {Quoted(s)} | sh",
        s => $"echo {Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(s))} | base64 -d | bash", s => $"x{s.Length}={Quoted(s)}; eval \"$x{s.Length}\"", s => $"find . -exec sh -c {Quoted(s)} \\;", s => $"echo a | xargs sh -c {Quoted(s)}",
        s => $"busybox sh -c {Quoted(s)}", s => $"time nice -n 5 sh -c {Quoted(s)}", s => $"for i in 1 2; do\n{s}\ndone", s => $"watch {Quoted(s)}", s => $"python3 -c {Quoted($"import os; os.system({Python(s)})")}",
    ];

    private static string Python(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static readonly Arbitrary<(int Pair, int[] Wrappers)> Wrapped = Arb.From(
        from pair in Gen.Choose(0, Pairs.Length - 1)
        from depth in Gen.Choose(1, 3)
        from wrappers in Gen.Choose(0, Wrappers.Length - 2).ArrayOf(depth)
        from inner in Gen.Choose(0, Wrappers.Length - 1)
        select (pair, (int[])[inner, .. wrappers]));

    [Fact]
    public void Wrapping_hides_nothing_and_accuses_nothing() => Prop.ForAll(Wrapped, drawn =>
    {
        var (rule, command, twin) = Pairs[drawn.Pair];
        var (bad, good) = (command, twin);
        foreach (var wrapper in drawn.Wrappers) (bad, good) = (Wrappers[wrapper](bad), Wrappers[wrapper](good));
        Assert.True(ShellReviewTests.Rules(bad).Contains(rule), $"{rule} is not found in:\n{bad}");
        // That a script is hidden by encoding is told whatever it says.
        Assert.True(ShellReviewTests.Rules(good).All(r => r == "decoded-to-shell"), $"{string.Join(", ", ShellReviewTests.Rules(good))} in:\n{good}");
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(400));

    private static readonly Arbitrary<(int Pair, int Seed)> Letters = Arb.From(from pair in Gen.Choose(0, Pairs.Length - 1) from seed in Gen.Choose(0, int.MaxValue - 1) select (pair, seed));

    [Fact]
    public void Quoting_single_letters_hides_nothing() => Prop.ForAll(Letters, drawn =>
    {
        var (rule, command, _) = Pairs[drawn.Pair];
        if (command.Contains('"')) return;
        var seed = (uint)drawn.Seed;
        var quoted = string.Concat(command.Select(c =>
        {
            seed = seed * 1664525 + 1013904223;
            return c == ' ' ? "  " : ((seed >> 24) % 5) switch { 0 => $"'{c}'", 1 => $"\"{c}\"", 2 => $"\\{c}", 3 => $"$'{c}'", _ => c.ToString() };
        }));
        Assert.True(ShellReviewTests.Rules(quoted).Contains(rule), $"{rule} is not found in {quoted}");
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    private static readonly string[] Pieces =
        ["rm", " ", "-rf", "/", "\n", "'", "\"", "`", "$(", ")", "(", "((", "))", "{", "}", "${", "<<E", "E\n", "|", "&", ";", ";;", "if", "then", "fi", "case", "in", "esac", "for", "do", "done", "x=", "$x", "\\", "#", "[[", "]]", ">", "<(", "*", "~", "\0", "é", "\ud800", "sh -c ", "eval ", "xargs ", "find . -exec ", "base64 -d", "$'\\x", "@(", "function f", "trap "];

    [Fact]
    public void No_text_makes_the_review_fail() => Prop.ForAll(Arb.From(Gen.Choose(0, 60).SelectMany(n => Gen.Elements(Pieces).ArrayOf(n))), pieces =>
    {
        var text = string.Concat(pieces);
        foreach (var kind in Enum.GetValues<CommandKind>()) Assert.NotNull(CommandReview.Of(text, kind));
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
}
