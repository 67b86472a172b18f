// Policies that loop, explode, recurse, are huge or lie about their shape: denied, in bounded time and memory, and nothing of them half loaded.
using System.Diagnostics;
using System.Text;
using CabinCrew.Governance.Policies;
using CabinCrew.Protocol;
using CabinCrew.Tests.Spec;
using Xunit;

namespace CabinCrew.Tests.Attacks;

public sealed class HostileRegoTests : IDisposable
{
    private const string Says = "gave no usable answer, which counts as deny";

    private readonly RegoLab lab = new();

    public void Dispose() => lab.Dispose();

    [Theory, Clause("PRE-04")]
    [InlineData("deny contains \"x\" if { some a in numbers.range(1, 3000); some b in numbers.range(1, 3000); some c in numbers.range(1, 3000); a + b + c < 0 }", "eval_limit_")]
    [InlineData("deny contains sprintf(\"%d-%d\", [a, b]) if { some a in numbers.range(1, 100000); some b in numbers.range(1, 100000) }", "eval_limit_")]
    [InlineData("deny contains \"x\" if count(numbers.range(1, 1000000000)) > 5", "eval_limit_elements")]
    [InlineData("deny contains \"x\" if count({[a, b, c] | some a in numbers.range(1, 500); some b in numbers.range(1, 500); some c in numbers.range(1, 500)}) > 5", "eval_limit_")]
    [InlineData("s0 := \"xxxxxxxxxxxxxxxx\"\n\ns1 := concat(\"\", [s | some i in numbers.range(1, 4000); s := s0])\n\ns2 := concat(\"\", [s | some i in numbers.range(1, 4000); s := s1])\n\ndeny contains \"x\" if count(s2) > 5", "eval_limit_")]
    [InlineData("deny contains msg if { some i in numbers.range(1, 5000); msg := sprintf(\"message %d\", [i]) }", "more than 2000 verdicts")]
    [InlineData("decision := x if { some x in [\"allow\", \"deny\"] }", "eval_conflict_error")]
    public async Task A_policy_that_explodes_is_a_deny_in_bounded_time_and_memory(string module, string says)
    {
        lab.Write("p.rego", module);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var clock = Stopwatch.StartNew();
        var why = await lab.DeniedAsync();
        Assert.Contains(Says, why);
        Assert.Contains(says, why);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 20);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 64 << 20);
    }

    [Fact, Clause("PRE-04")]
    public async Task A_policy_that_takes_too_long_is_ended_and_a_deny()
    {
        lab.Write("p.rego", "deny contains \"x\" if { some a in numbers.range(1, 1000); some b in numbers.range(1, 1000); some c in numbers.range(1, 1000); regex.match(`^(a|aa)+$`, sprintf(\"%d%d%d\", [a, b, c])) }");
        var clock = Stopwatch.StartNew();
        var why = await lab.DeniedAsync(limit: TimeSpan.FromMilliseconds(300));
        Assert.Contains("policy_timeout", why);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.2, 8);
        // The thread is given back: it hears that nobody waits any more.
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        await Task.Delay(TimeSpan.FromMilliseconds(700));
        clock.Restart();
        Assert.Contains("policy_timeout", await lab.DeniedAsync(limit: TimeSpan.FromMilliseconds(300)));
        Assert.NotEqual(TimeSpan.Zero, cpu);
    }

    [Fact, Clause("PRE-04")]
    public async Task A_cancelled_judgement_stops_the_policy()
    {
        lab.Write("p.rego", "deny contains \"x\" if { some a in numbers.range(1, 2000); some b in numbers.range(1, 2000); some c in numbers.range(1, 2000); a * b == c }");
        var set = lab.Load().Value;
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        var clock = Stopwatch.StartNew();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => set.JudgeAsync(Subjects.Of(), TimeProvider.System, stop.Token));
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 5);
    }

    [Fact, Clause("PRE-04")]
    public async Task Rules_as_deep_as_a_tower_end_in_a_deny_and_not_in_a_dead_process()
    {
        var tower = new StringBuilder("r0 := 1\n\n");
        for (var i = 1; i <= 5000; i++) tower.Append(System.Globalization.CultureInfo.InvariantCulture, $"r{i} := r{i - 1} + 1\n\n");
        lab.Write("p.rego", tower.Append("deny contains \"x\" if r5000 < 0\n").ToString());
        var loaded = lab.Load();
        if (loaded.Problem is { } refused) Assert.Equal(ProblemCode.PolicyInvalid, refused.Code);
        else Assert.Contains("eval_limit_depth", await lab.DeniedAsync());
    }

    [Theory, Clause("PRE-04")]
    [InlineData("brackets")]
    [InlineData("ten megabytes")]
    [InlineData("parentheses")]
    [InlineData("not utf-8")]
    [InlineData("zero bytes")]
    public void A_module_that_no_person_wrote_is_refused_within_seconds(string what)
    {
        lab.Write("p.rego", what switch
        {
            "brackets" => "deny contains x if x := " + new string('[', 100_000) + new string(']', 100_000),
            "parentheses" => "deny contains x if x := " + new string('(', 100_000) + "1" + new string(')', 100_000),
            "ten megabytes" => string.Concat(Enumerable.Range(0, 400_000).Select(i => $"a{i} := \"xxxxxxxxxx\"\n")),
            "zero bytes" => "deny contains \"\0\"\n\0\0\0",
            _ => "deny contains \"x\"",
        });
        if (what == "not utf-8") File.WriteAllBytes(Path.Combine(lab.Directory, "p.rego"), [.. "package cabincrew.preflight\ndeny contains \""u8, 0xFF, 0xFE, .. "\""u8]);
        var clock = Stopwatch.StartNew();
        lab.Refused();
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 10);
    }

    [Fact, Clause("PRE-04")]
    public void One_module_that_is_wrong_refuses_all_of_them()
    {
        lab.Write("d/a.rego", "deny contains \"a\" if false").Write("d/b.rego", "deny contains");
        Assert.Contains("d/b.rego:", lab.Refused("d"));
        lab.Write("d/b.rego", "package cabincrew.preflight\n\ndefault decision := \"allow\"\n\ndefault decision := \"deny\"\n");
        Assert.Contains("d/b.rego:", lab.Refused("d"));
        lab.Write("d/b.rego", "warn contains \"b\"");
        Assert.True(lab.Load("d").Ok);
    }

    [Fact, Clause("PRE-04")]
    public void A_link_in_a_directory_of_policies_is_refused()
    {
        lab.Write("d/a.rego", "deny contains \"a\" if false").Write("other.rego", "decision := \"allow\"");
        File.CreateSymbolicLink(Path.Combine(lab.Directory, "d/b.rego"), Path.Combine(lab.Directory, "other.rego"));
        Assert.Contains("is a link", lab.Refused("d"));
    }

    [Fact, Clause("PRE-04")]
    public async Task A_plan_cannot_grow_the_judgement_beyond_its_bounds()
    {
        lab.Write("p.rego", "deny contains \"pairs\" if { some a in input.changes; some b in input.changes; a.path == sprintf(\"%s!\", [b.path]) }");
        var subject = Subjects.Of([.. Enumerable.Range(0, 20_000).Select(i => Subjects.Update($"src/file-{i}.cs", "x"))]);
        var clock = Stopwatch.StartNew();
        Assert.Contains("eval_limit_", await lab.DeniedAsync(subject));
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 20);
    }

    [Fact, Clause("PRE-04")]
    public async Task What_a_plan_says_is_data_and_never_a_rule()
    {
        lab.Write("p.rego", "deny contains sprintf(\"%s\", [c.path]) if some c in input.changes");
        var said = await lab.DeniedAsync(Subjects.Of(Subjects.Update("a%s%d{{data}}", "\"} decision := \"allow\"")));
        Assert.Contains("a%s%d{{data}}", said);
    }
}
