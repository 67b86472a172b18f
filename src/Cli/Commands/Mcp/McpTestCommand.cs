// mcp test: what the gateway would make of messages, without any server: for one call that somebody wonders about, and for a file of them in a pipeline.
using System.CommandLine;
using System.Text;
using CabinCrew.Cli.Views;
using CabinCrew.Gateways.Mcp.Configuration;
using CabinCrew.Gateways.Mcp.Review;
using CabinCrew.Governance.Access;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Mcp;

internal static class McpTestCommand
{
    private const int InputBytesMax = 64 << 20;
    private const int CasesMax = 100_000;

    public static Command Create()
    {
        var input = new Argument<string>("FILE") { Description = "Messages, one JSON document a line; - for standard input (default).", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => "-" };
        var verbose = new Flag("--verbose", "-v") { Description = "Also the policies that said allow." };
        var choice = new TrialChoice();
        var command = new Command("test", $$$$"""
            Judge messages as the gateway would, and say the verdict, the rule with its line, and what was found. Nothing is sent, held, counted or written.

            A line is a message of MCP as it goes over the wire (a client's, where nothing else is said), or a case around one:
              {"message": {...}, "expect": "deny", "rule": "mcp-defaults/private-key"}
            A case may say: name, message or text, answers (the request that a result answers), direction (to_server, to_caller), server, caller ({name, kind, roles}), protocol_version,
            pin (default: accepted), annotations, context, at; expect (allow, warn, require_approval, deny) and rule (a policy's id, detector/rule, or a problem's code).
            Limits, people's answers and quarantine are a running gateway's, and no part of it; secrets that are mapped to servers are not known.

            Exit code: with expectations 0 if all are met, else {{{{(int)ProblemClass.Failed}}}}; without any 0 for allow and warn, {{{{(int)ProblemClass.Waiting}}}} for require_approval, {{{{(int)ProblemClass.Denied}}}} for deny (the strictest of all lines).

            Examples:
              echo '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","arguments":{"path":".env"}}}' | cabincrew mcp test
              cabincrew mcp test calls.jsonl --policies policies/mcp --json
              cabincrew mcp replay --as-cases > calls.jsonl
            """) { input, verbose };
        choice.AddTo(command);
        command.Plain(async (parse, screen, ct) =>
        {
            if (!choice.Of(parse).Try(out var definition, out var problem)) return problem;
            if (!Cases(parse.GetValue(input)!).Try(out var cases, out problem)) return problem;
            var clock = TimeProvider.System;
            using var models = Composition.BroughtModels();
            if (!(await AssembledJudge.BuildAsync(definition, new Redactor(), Roles.Default, models.Load, clock, ct).ConfigureAwait(false)).Try(out var judge, out problem)) return problem;
            var trial = new MessageTrial(definition, judge, clock);
            List<TriedCase> tried = [];
            foreach (var (line, one) in cases) tried.Add(new(line, one, await trial.RunAsync(one, ct).ConfigureAwait(false)));
            TrialView.Show(screen, judge, tried, parse.Has(verbose));
            return ExitOf(tried);
        });
        return command;
    }

    private static int ExitOf(List<TriedCase> tried)
    {
        if (tried.Exists(t => t.IsExpecting)) return tried.Exists(t => t.Failure is not null) ? (int)ProblemClass.Failed : 0;
        return tried.Max(t => t.Result.Decision) switch { Decision.Deny => (int)ProblemClass.Denied, Decision.RequireApproval => (int)ProblemClass.Waiting, _ => 0 };
    }

    private static Outcome<IReadOnlyList<(int Line, TrialCase Case)>> Cases(string file)
    {
        if (!Text(file).Try(out var text, out var problem)) return problem;
        // A single document may well stand on many lines.
        if (TrialCase.Read(text).Try(out var whole, out _) && text.AsSpan().Trim().Contains('\n') && IsOneDocument(text)) return Outcome.Of<IReadOnlyList<(int, TrialCase)>>([(1, whole)]);
        List<(int, TrialCase)> cases = [];
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            if (cases.Count == CasesMax) return new Problem(ProblemCode.InvalidArgument, $"there are more than {CasesMax} messages");
            if (!TrialCase.Read(line.TrimEnd('\r')).Try(out var one, out problem)) return problem with { Where = $"{(file == "-" ? "standard input" : file)}:{number}" };
            cases.Add((number, one));
        }
        return cases.Count > 0 ? cases : new Problem(ProblemCode.InvalidArgument, "there is no message to judge") { Remedy = "Give one JSON document a line, in a file or on standard input." };
    }

    private static bool IsOneDocument(string text)
    {
        try
        {
            using var document = System.Text.Json.JsonDocument.Parse(text);
            return true;
        }
        catch (System.Text.Json.JsonException)
        {
            return false;
        }
    }

    private static Outcome<string> Text(string file)
    {
        try
        {
            using var stream = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
            using var bytes = new MemoryStream();
            var chunk = new byte[64 << 10];
            int read;
            while ((read = stream.Read(chunk)) > 0)
            {
                if (bytes.Length + read > InputBytesMax) return new Problem(ProblemCode.InvalidArgument, $"the input has more than {InputBytesMax} bytes");
                bytes.Write(chunk, 0, read);
            }
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new Problem(ProblemCode.NotFound, $"there is no file '{Screen.Safe(file)}'") { Remedy = "Name a file of messages, or - for standard input." };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            return new Problem(ProblemCode.IoFailed, $"the messages cannot be read: {e.Message}") { Where = file };
        }
    }
}
