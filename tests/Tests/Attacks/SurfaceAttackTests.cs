// Every attack of the table: it works outside, and in the sandbox it is refused with the answer that the table promises, in flight-plan and in take-off.
namespace CabinCrew.Tests.Attacks;

public sealed class SurfaceAttackTests(SurfaceRange range) : IClassFixture<SurfaceRange>
{
    /// <summary>Kinds of system calls and switches that a kernel may lack altogether.</summary>
    private const int OffMax = 8;

    public static TheoryData<string> Names => [.. SurfaceTable.Rows.Select(r => r.Name).Where(n => Here(n))];

    [Theory, Clause("ENG-06"), Clause("ENG-11"), MemberData(nameof(Names))]
    public void The_attack_works_outside_and_is_refused_inside(string name)
    {
        var row = SurfaceTable.Rows.Single(r => r.Name == name);
        var (outside, plan, takeOff) = (range.Outside[name], range.Plan[name], range.TakeOff[name]);
        if (!row.ByRoot || AttackProgram.AsRoot) Assert.True(outside is "worked" or "off", $"outside: {outside}; so nothing was shown");
        else Assert.False(outside == "worked", "outside it works for everybody: the table is wrong");
        // What the machine does not have at all is not refused inside either.
        Assert.True(row.Answer(takeOff: false).Split('|').Contains(plan) || (plan, outside) is ("off", "off"), $"in a flight-plan: {plan}");
        Assert.True(row.Answer(takeOff: true).Split('|').Contains(takeOff) || (takeOff, outside) is ("off", "off"), $"in a take-off: {takeOff}");
    }

    [Fact]
    public void Every_attack_of_the_program_has_a_row_and_every_row_an_attack() =>
        Assert.Equal(SurfaceTable.Rows.Select(r => r.Name).Where(Here).Order(StringComparer.Ordinal), range.Outside.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void This_machine_can_show_nearly_all_of_them() =>
        Assert.InRange(range.Outside.Values.Count(a => a == "off"), 0, OffMax);

    [Fact, Clause("ENG-06"), Clause("ENG-10")]
    public void Nothing_of_the_host_was_harmed_and_no_process_is_left() => Assert.Empty(range.Harm);

    /// <summary>Other processors than x86-64 have no second way to make a system call.</summary>
    private static bool Here(string name) =>
        System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64 || name is not ("int-80" or "x32" or "descriptor-table");
}
