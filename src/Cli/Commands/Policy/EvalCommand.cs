// policy eval: any query on any input. Its document is the one that `opa eval` prints.
using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
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
        var data = new Option<string[]>("--data", "-d") { Description = "The same: data files and policies alike, as OPA's option takes them (may be repeated).", HelpName = "PATH" };
        var input = new Option<string?>("--input", "-i") { Description = "The input document, a JSON file; - for standard input. Without it input is undefined.", HelpName = "FILE" };
        var (lax, v0) = (PolicyPaths.NoStrict(), PolicyPaths.V0());
        var raw = new Option<bool>("--raw") { Description = "Only the value of the first expression; a string without its quotes." };
        var fail = new Option<bool>("--fail") { Description = "Exit code 1 where the answer is undefined, or an empty set or list." };
        var failDefined = new Option<bool>("--fail-defined") { Description = "Exit code 1 where the answer is defined, and no empty set or list." };
        var seconds = new Option<double>("--timeout") { Description = "Seconds that the evaluation may take (default: 10).", HelpName = "SECONDS", DefaultValueFactory = _ => 10 };
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
            """) { query, policy, data, input, raw, fail, failDefined, seconds, lax, v0 };
        command.Plain((parse, screen, ct) => Evaluate(parse, screen, ct));
        return command;

        Outcome<int> Evaluate(ParseResult parse, Screen screen, CancellationToken ct)
        {
            var files = PolicyFiles.Of([]);
            if (parse.GetValue(policy) is { } policies && parse.GetValue(data) is { } more && policies.Length + more.Length > 0 && !PolicyPaths.Read([.. policies, .. more], parse.GetValue(v0), metadata: false).Try(out files, out var problem)) return problem;
            if (!Input(parse.GetValue(input)).Try(out var document, out problem)) return problem;
            if (parse.GetValue(seconds) is not (> 0 and <= 3600)) return new Problem(ProblemCode.InvalidArgument, "--timeout is more than 0 and at most 3600 seconds");
            if (!Prepare(files, parse.GetValue(query)!, screen).Try(out var prepared, out problem)) return problem;
            if (prepared.Query is null) return PolicyPaths.Found;
            var options = new EvaluationOptions
            {
                NowNanoseconds = PolicyPaths.Now(),
                StrictBuiltinErrors = !parse.GetValue(lax),
                Limits = EvaluationLimits.Default with { Time = TimeSpan.FromSeconds(parse.GetValue(seconds)) },
                Observer = new Printer(screen),
            };
            var answers = prepared.Query.Evaluate(document.Value, files.Data, options, ct);
            ct.ThrowIfCancellationRequested();
            if (answers.Error is { } error) return Failed(screen, files, [error]);
            if (parse.GetValue(raw)) Raw(screen, answers.Value);
            else screen.Raw(Rendering.JsonOutput.Document(json => Document(answers, parse.GetValue(query)!).WriteTo(json)));
            var says = answers.Answers.Count > 0 && answers.Value is not (ArrayValue { Count: 0 } or SetValue { Count: 0 } or ObjectValue { Count: 0 });
            return (parse.GetValue(fail) && !says) || (parse.GetValue(failDefined) && says) ? PolicyPaths.Found : 0;
        }
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

    private static JsonObject Document(RegoAnswers answers, string query)
    {
        if (answers.Answers.Count == 0) return [];
        return new()
        {
            ["result"] = new JsonArray([.. answers.Answers.Select(answer =>
            {
                var one = new JsonObject { ["expressions"] = new JsonArray([.. Items(answer.Values).Select(v => (JsonNode)Expression(v, answer.Values.Count == 1 ? query : null))]) };
                if (answer.Bindings.Count > 0) one["bindings"] = Node(answer.Bindings);
                return (JsonNode)one;
            })]),
        };
    }

    private static JsonObject Expression(Value value, string? text)
    {
        var expression = new JsonObject { ["value"] = Node(value) };
        if (text is not null) (expression["text"], expression["location"]) = (text.Trim(), new JsonObject { ["row"] = 1, ["col"] = 1 });
        return expression;
    }

    private static Value[] Items(ArrayValue values) => values.Items.ToArray();

    private static JsonNode? Node(Value value) => JsonNode.Parse(value.ToJson());

    private static void Raw(Screen screen, Value? value)
    {
        if (value is null) return;
        screen.Raw((value is StringValue text ? text.Text : Encoding.UTF8.GetString(value.ToJson())) + "\n");
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
