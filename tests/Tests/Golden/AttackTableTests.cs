// The table of attacks as a document, written from the rows that the tests run.
using System.Text;
using CabinCrew.Protocol;
using CabinCrew.Tests.Attacks;
using CabinCrew.Tests.Tidy;

namespace CabinCrew.Tests.Golden;

public sealed class AttackTableTests
{
    [Fact(Explicit = Repository.StillBuilding)]
    public void The_table_of_attacks_is_up_to_date() => Repository.IsUpToDate("docs/generated/attacks.md", Page());

    private static string Page()
    {
        var page = new StringBuilder("""
            # Attacks on the sandbox

            Written by the tests from the rows that they run; do not edit. The programs are in `tests/Attacks`. Each attack is first shown to work outside of a sandbox, as the same user
            (in namespaces and directories of its own where it would do harm), then it is run inside: as root and as an ordinary user without an entry in `/etc/passwd`.

            ## Refused one by one

            What the kernel answers inside. `worked` in a take-off means: in the view, which is thrown away or compared; the workspace itself is as it was. `nothing` means that the call
            was made and had no effect on anything of the host's. `off` means that this kernel has no such thing. `signal 31` is the end of the process by the system-call filter.

            | what | attack | works outside for | in a flight-plan | in a take-off |
            | --- | --- | --- | --- | --- |

            """);
        foreach (var row in SurfaceTable.Rows)
            page.Append($"| {row.Group} | `{row.Name}`: {row.What} | {(row.ByRoot ? "root" : "everybody")} | {Answers(row.Answer(takeOff: false))} | {Answers(row.Answer(takeOff: true))} |\n");
        page.Append("""

            ## Ended by a limit

            Each ends with its own problem code, within about a second of the limit, with no process left.

            | program | what it does | ends as |
            | --- | --- | --- |

            """);
        foreach (var row in HogTable.Rows) page.Append($"| `{row.Name}` | {row.What}{(row.TakeOff ? " (take-off)" : "")} | `{row.Code.Id()}` |\n");
        page.Append("""

            ## Shown elsewhere

            | what | tests |
            | --- | --- |

            """);
        foreach (var (what, where) in Elsewhere) page.Append($"| {what} | {where.Name} |\n");
        return page.ToString();
    }

    private static readonly (string What, Type Where)[] Elsewhere =
    [
        ("artifacts that are links, devices, sockets, fifos, too many, too large, or lie; receipts that lie, are doubled, cut off, late, or come with chatter", typeof(HostileEngineTests)),
        ("receipts that claim another mode, other artifacts, other hashes", typeof(ForgedReceiptTests)),
        ("daemons, killing the launcher and the first process, artifacts changed by an orphan after the exit", typeof(LeftoverProcessTests)),
        ("system calls that would harm the machine if they worked; sockets of odd families; limits raised again", typeof(KernelSurfaceTests)),
        ("descriptors that the starter has open; the store inside of the workspace; the host's processes", typeof(SandboxEscapeReadTests)),
        ("directories outside that a flight-plan may only read; capabilities", typeof(SandboxEscapeWriteTests)),
        ("the network, with and without leave", typeof(SandboxNetworkTests)),
        ("effects outside, then failure; changes that hide from the comparison", typeof(HostileTakeOffTests)),
    ];

    private static string Answers(string row) => string.Join(" or ", row.Split('|').Select(a => $"`{a}`"));
}
