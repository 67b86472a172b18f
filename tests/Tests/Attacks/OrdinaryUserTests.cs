// The same attacks by an ordinary user without an entry in /etc/passwd: no control group, no rights, a home of nothing.
// A process of its own runs these tests again; where we are no such user, it becomes one first.
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using CabinCrew.Tests.Spec;

namespace CabinCrew.Tests.Attacks;

public sealed partial class OrdinaryUserTests
{
    private const int User = 54321;

    [GeneratedRegex(@"Total: (\d+), Errors: (\d+), Failed: (\d+)")]
    private static partial Regex Summary { get; }

    [Fact, Clause("ENG-06"), Clause("ENG-10"), Clause("ENG-12")]
    public async Task The_attacks_end_the_same_way() =>
        Assert.InRange(await PassedAsync(telling: true, "-class", typeof(SurfaceAttackTests).FullName!, "-class", typeof(ResourceHogTests).FullName!), 80, 1000);

    [Fact(Explicit = true), Clause("ENG-06"), Clause("ENG-10"), Clause("ENG-12")]
    public async Task All_attacks_end_the_same_way() =>
        Assert.InRange(await PassedAsync(telling: false, "-namespace", typeof(OrdinaryUserTests).Namespace!, "-class-", typeof(OrdinaryUserTests).FullName!), 300, 10_000);

    private static async Task<int> PassedAsync(bool telling, params string[] tests)
    {
        using var tree = new TempTree();
        // Where the tests and the runtime lie in somebody's home, that user could not read them: they are shown elsewhere, to that process alone.
        var runtime = Path.GetFullPath(Path.Join(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));
        var home = Directory.CreateDirectory(tree["home"]).FullName;
        string[] command;
        if (AttackProgram.AsRoot)
        {
            foreach (var directory in (string[])["tests", "runtime"]) Directory.CreateDirectory(tree[directory]);
            TempTree.Run("/", "chown", $"{User}:{User}", home);
            TempTree.Run("/", "chmod", "755", tree.Root);
            const string show = """mount --bind "$1" "$2/tests" && mount --bind "$3" "$2/runtime" && cd "$2/home" && shift 3 && exec "$@" """;
            command =
            [
                "/usr/bin/unshare", "--mount", "--propagation", "private", "--", "/bin/sh", "-c", show.TrimEnd(), "sh", AppContext.BaseDirectory, tree.Root, runtime,
                "/usr/bin/setpriv", "--reuid", $"{User}", "--regid", $"{User}", "--clear-groups", "--", tree[$"tests/{Path.GetFileName(Environment.ProcessPath)}"],
            ];
        }
        else command = [Environment.ProcessPath!];

        var start = new ProcessStartInfo(command[0], [.. command[1..], "-noLogo", "-noColor", .. tests]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = home };
        start.Environment["HOME"] = start.Environment["TMPDIR"] = home;
        start.Environment["DOTNET_ROOT"] = AttackProgram.AsRoot ? tree["runtime"] : runtime;
        start.Environment[AttackProgram.Variable] = AttackProgram.File;
        start.Environment[AttackProgram.TellingVariable] = telling ? "1" : "0";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        var counts = Summary.Match(output);
        Assert.True(process.ExitCode == 0 && counts.Groups[2].Value == "0" && counts.Groups[3].Value == "0", output + await errors);
        return int.Parse(counts.Groups[1].Value);
    }
}
