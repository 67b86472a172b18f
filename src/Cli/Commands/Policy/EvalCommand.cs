// policy eval: any query on any input. Its document is the one that `opa eval` prints.
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using CabinCrew.Governance.Policies.Rego.Authoring;
using CabinCrew.Protocol;
using CabinCrew.Rego;
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Values;

namespace CabinCrew.Cli.Commands.Policy;

internal static class EvalCommand
{
    private const int InputBytesMax = 32 << 20;

    public static Command Create()
    {
        var query = new Argument<string>("QUERY") { Description = "An expression or several, parted by ; for example data.cabincrew.preflight.deny" };
        var policy = new Option<string[]>("--policy", "-p") { Description = "Policies: files, directories, archives (may be repeated).", HelpName = "PATH" };
        var data = new Option<string[]>("--data", "-d", "--bundle", "-b") { Description = "The same: data files and policies alike, as OPA's options take them (may be repeated).", HelpName = "PATH" };
        var input = new Option<string?>("--input", "-i") { Description = "The input document, a JSON file; - for standard input. Without it input is undefined.", HelpName = "FILE" };
        var (lax, v0) = (PolicyPaths.NoStrict(), PolicyPaths.V0());
        var standardInput = new Flag("--stdin-input", "-I") { Description = "The same as --input -." };
        var format = new Option<string>("--format", "-f") { Description = "As OPA's option: json, raw, values, bindings, or discard (default: json).", HelpName = "FORMAT", DefaultValueFactory = _ => EvalDocuments.Json };
        format.AcceptOnlyFromAmong(EvalDocuments.Formats);
        var raw = new Flag("--raw") { Description = "The same as --format raw: only the values; a string without its quotes." };
        var fail = new Flag("--fail") { Description = "Exit code 1 where the answer is undefined, or an empty set or list." };
        var failDefined = new Flag("--fail-defined") { Description = "Exit code 1 where the answer is defined, and no empty set or list." };
        // Read here: an option of numbers is compiled anew at every start.
        var timeout = new Option<string?>("--timeout") { Description = "Seconds that the evaluation may take (default: 10).", HelpName = "SECONDS" };
        var command = new Command("eval", """
            Evaluate a query on an input, without input too: a pocket calculator for policies. Prints the document that `opa eval` prints: {"result": ...}, or {} where
            the query is undefined. What print() says goes to standard error.

            The plan of a flight as policies see it is in the flight's record; `cabincrew schema policy-input` describes it.

            Examples:
              cabincrew policy eval '1 + 1'
              cabincrew policy eval --policy policies --input plan.json data.cabincrew.preflight.deny
              cabincrew policy eval -d policies -i plan.json --raw 'count(data.cabincrew.preflight.deny)'
              cat plan.json | cabincrew policy eval -p policies -i - --fail-defined 'data.cabincrew.preflight.deny'
              cabincrew policy eval 'some x in [1, 2, 3]; x > 1'
              cabincrew policy eval --format values 'numbers.range(1, 3)[_]'
            """) { query, policy, data, input, standardInput, format, raw, fail, failDefined, timeout, lax, v0 };
        command.Plain(Evaluate);
        return command;

        Outcome<int> Evaluate(ParseResult parse, Screen screen)
        {
            var files = PolicyFiles.Of([]);
            if (parse.GetValue(policy) is { } policies && parse.GetValue(data) is { } more && policies.Length + more.Length > 0 && !PolicyPaths.Read([.. policies, .. more], parse.Has(v0), metadata: false).Try(out files, out var problem)) return problem;
            if (!Input(parse.Has(standardInput) ? "-" : parse.GetValue(input)).Try(out var document, out problem)) return problem;
            if (!Seconds(parse.GetValue(timeout)).Try(out var limit, out problem)) return problem;
            if (!Prepare(files, parse.GetValue(query)!, screen).Try(out var prepared, out problem)) return problem;
            if (prepared.Query is null) return PolicyPaths.Found;
            var options = new EvaluationOptions
            {
                NowNanoseconds = PolicyPaths.Now(),
                StrictBuiltinErrors = !parse.Has(lax),
                Limits = EvaluationLimits.Default with { Time = limit.Time },
                Observer = new Printer(screen),
            };
            var answers = prepared.Query.Evaluate(document.Value, files.Data, options);
            if (answers.Error is { } error) return Failed(screen, files, [error]);
            screen.Raw(EvalDocuments.Text(answers, parse.GetValue(query)!, parse.Has(raw) ? EvalDocuments.Raw : parse.GetValue(format)!));
            var says = answers.Answers.Count > 0 && answers.Value is not (ArrayValue { Count: 0 } or SetValue { Count: 0 } or ObjectValue { Count: 0 });
            return (parse.Has(fail) && !says) || (parse.Has(failDefined) && says) ? PolicyPaths.Found : 0;
        }
    }

    private sealed record Limit(TimeSpan Time);

    private static Outcome<Limit> Seconds(string? said)
    {
        var seconds = 10.0;
        if (said is not null && !double.TryParse(said, NumberStyles.Float, CultureInfo.InvariantCulture, out seconds))
            return new Problem(ProblemCode.InvalidArgument, $"Cannot parse argument '{Screen.Safe(said)}' for option '--timeout'; a number is expected") { Remedy = "See `cabincrew policy eval --help`." };
        return seconds is > 0 and <= 3600 ? new Limit(TimeSpan.FromSeconds(seconds)) : new Problem(ProblemCode.InvalidArgument, "--timeout is more than 0 and at most 3600 seconds");
    }

    private sealed record Ready(PreparedQuery? Query);

    private static Outcome<Ready> Prepare(PolicyFiles files, string query, Screen screen)
    {
        if (files.Errors.Count > 0) return Failed(screen, files, files.Errors).Map(_ => new Ready(null));
        var compiled = RegoProgram.Compile(files.Modules.Select(m => m.Module!));
        if (!compiled.Ok) return Failed(screen, files, compiled.Errors).Map(_ => new Ready(null));
        var prepared = compiled.Value.Prepare(query);
        return prepared.Ok ? new Ready(prepared.Value) : Failed(screen, files, prepared.Errors).Map(_ => new Ready(null));
    }

    private static Outcome<int> Failed(Screen screen, PolicyFiles files, IEnumerable<RegoError> errors)
    {
        var findings = errors.Select(e => new PolicyFinding(e)).ToList();
        if (screen.Json) screen.Document(new() { ["errors"] = PolicyPaths.Json(findings) });
        else PolicyPaths.Show(screen, files, findings);
        return PolicyPaths.Found;
    }

    private sealed record Given(Value? Value);

    private static Outcome<Given> Input(string? file)
    {
        if (file is null) return new Given(null);
        byte[] bytes;
        if (file == "-")
        {
            using var buffer = new MemoryStream();
            Console.OpenStandardInput().CopyTo(buffer);
            bytes = buffer.ToArray();
        }
        else if (!File.Exists(file)) return new Problem(ProblemCode.NotFound, $"there is no input file '{Screen.Safe(file)}'") { Remedy = "Name a JSON file, or - for standard input." };
        else bytes = File.ReadAllBytes(file);
        if (bytes.Length > InputBytesMax) return new Problem(ProblemCode.InvalidArgument, $"the input has more than {InputBytesMax} bytes");
        try
        {
            return new Given(Value.FromJson(bytes));
        }
        catch (JsonException e)
        {
            return new Problem(ProblemCode.JsonMalformed, $"the input is not JSON: {e.Message}") { Where = file == "-" ? "standard input" : file };
        }
    }

    private sealed class Printer(Screen screen) : IRegoObserver
    {
        public void RuleHeld(RuleInfo rule, IReadOnlyList<KeyValuePair<string, Value>> locals)
        {
        }

        public void ExpressionTried(RegoLocation location)
        {
        }

        public void ExpressionHeld(RegoLocation location)
        {
        }

        public void Print(string message) => screen.Aside(message);

        public void Note(string message) => screen.Aside(message);
    }
}
