// scan: the detectors on files, diffs, standard input and git's history, as a tool of its own: for a terminal, a hook before a commit, a pipeline.
using System.CommandLine;
using CabinCrew.Cli.Views;
using CabinCrew.Governance.Detection.Scanning;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Scan;

internal static class ScanCommand
{
    public static Command Create()
    {
        var paths = new Argument<string[]>("PATH") { Description = "Files and directories; - for standard input (default: the directory you stand in).", Arity = ArgumentArity.ZeroOrMore };
        var diff = new Flag("--diff") { Description = "PATH (default: standard input) is a unified diff; only the lines that it adds count." };
        var staged = new Flag("--staged") { Description = "What is staged for the next commit, of the git repository at PATH; only lines that the commit would add count." };
        var history = new Flag("--history") { Description = "Every commit of the git repository at PATH that a branch, a tag or HEAD leads to; only lines that it added count." };
        var name = new Option<string?>("--name") { Description = "What standard input is called: its ending says what it may be, such as deploy.sh.", HelpName = "NAME" };
        var all = new Flag("--all") { Description = "In directories, also what git ignores." };
        var time = new Option<string?>("--time-limit") { Description = "What is not looked through by then is a finding: 30s, 10m (default: none).", HelpName = "DURATION" };
        var sarif = new Flag("--sarif") { Description = "Print SARIF 2.1.0, as code scanning services and editors read it." };
        var choice = new ScanChoice();
        var command = new Command("scan", $"""
            Look for secrets, hidden text, text that gives orders to models, and commands and changes that destroy or expose.

            Directories are looked through file by file, without links, .git, and what git ignores. Text is told by its bytes: UTF-8, UTF-16, UTF-32, else Latin-1;
            gzip, zip, tar, base64, hexadecimal digits and letters spelled by number are unwrapped. Shell scripts, makefiles, scripts of CI pipelines, SQL, Dockerfiles, Kubernetes manifests and
            Terraform plans (JSON) are read as what they are. What was not looked at whole is a finding too; binary files are counted and told.
            Nothing is sent anywhere, nothing is written, and no finding shows what was found.

            Exit code: 0 where nothing is at least as strict as --fail-on; else by the strictest finding: {(int)ProblemClass.Denied} for deny, {(int)ProblemClass.Waiting} for require_approval, {(int)ProblemClass.Failed} for warn.

            Examples:
              cabincrew scan
              cabincrew scan src deploy.sh --only secrets --only commands
              cabincrew scan --staged
              cabincrew scan --history --only secrets
              git log -p origin/main..HEAD | cabincrew scan --diff --fail-on deny
              curl -fsSL https://example.com/install.sh | cabincrew scan - --name install.sh
              cabincrew scan . --sarif > findings.sarif
            """) { paths, diff, staged, history, name, all, time, sarif };
        choice.AddTo(command);
        command.Plain((parse, screen, ct) =>
        {
            if (!choice.Scanner(parse).Try(out var scanner, out var problem)) return problem;
            if (!choice.FailOn(parse).Try(out var failOn, out problem)) return problem;
            if (Limit(parse.GetValue(time)) is not { } limit) return new Problem(ProblemCode.InvalidArgument, $"--time-limit takes {Quantities.DurationShape}, not '{Screen.Safe(parse.GetValue(time)!)}'");
            using var timeUp = CancellationTokenSource.CreateLinkedTokenSource(ct);
            if (limit > TimeSpan.Zero) timeUp.CancelAfter(limit);
            using var input = new ScanInput(new(parse.GetValue(paths) ?? [], parse.Has(diff), parse.Has(staged), parse.Has(history), parse.GetValue(name), parse.Has(all)));
            if (!input.Items().Try(out var items, out problem)) return problem;
            var view = new ScanView(screen, scanner, parse.Has(sarif));
            var totals = new ScanTotals();
            foreach (var done in ScanRun.Each(scanner, items, timeUp.Token, ct))
            {
                totals.Add(done.Result, done.Bytes);
                view.Tell(done.Result.Findings, totals);
            }
            if (input.Missing is { } missing) return missing;
            foreach (var gap in input.Gaps)
            {
                totals.Add(gap);
                view.Tell([gap], totals);
            }
            view.End(totals);
            return totals.Strictest >= failOn ? ExitOf(totals.Strictest) : 0;
        });
        return command;
    }

    // Zero: none. Null: it is no duration.
    private static TimeSpan? Limit(string? text) => text is null ? TimeSpan.Zero : Quantities.Duration(text) is { } limit && limit > TimeSpan.Zero && limit < TimeSpan.FromDays(1) ? limit : null;

    private static int ExitOf(Decision strictest) => (int)(strictest switch { Decision.Deny => ProblemClass.Denied, Decision.RequireApproval => ProblemClass.Waiting, _ => ProblemClass.Failed });
}
