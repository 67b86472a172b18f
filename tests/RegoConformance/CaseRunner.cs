// Evaluates one case and says why it fails; null where it holds.
using CabinCrew.Rego;
using CabinCrew.Rego.Builtins;
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.RegoConformance;

internal static class CaseRunner
{
    // OPA's runner adds a built-in that waits; time stands still within an evaluation, so there is nothing to wait for.
    private static readonly CompileOptions options = new()
    {
        ExtraBuiltins = [new("test.sleep", "string -> null", static (_, _) => NullValue.Instance)],
    };

    public static string? Run(ConformanceCase c)
    {
        try
        {
            return Compare(c, Evaluate(c));
        }
        catch (Exception e)
        {
            return $"EXCEPTION {e.GetType().Name}: {e.Message} {e.StackTrace?.Split('\n').FirstOrDefault()?.Trim()}";
        }
    }

    private static (IReadOnlyList<RegoAnswer> Answers, IReadOnlyList<RegoError> Errors) Evaluate(ConformanceCase c)
    {
        var modules = new List<RegoModule>();
        foreach (var text in c.Modules)
        {
            var parsed = RegoModule.Parse(text, $"test-{modules.Count}.rego", new() { Version = c.Version });
            if (!parsed.Ok) return ([], parsed.Errors);
            modules.Add(parsed.Value);
        }

        var program = RegoProgram.Compile(modules, options);
        if (!program.Ok) return ([], program.Errors);
        var query = program.Value.Prepare(c.Query);
        if (!query.Ok) return ([], query.Errors);
        var input = c.InputTerm is { } term ? Term(term) : c.Input is { } json ? Value.From(json) : null;
        var settings = new EvaluationOptions
        {
            StrictBuiltinErrors = c.StrictError,
            NowNanoseconds = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * 100,
            Seed = 42,
        };
        var answers = query.Value.Evaluate(input, c.Data is { } data ? Value.From(data) : null, settings);
        // A bare expression that is false does not hold in OPA's runner; here it is an answer with that value.
        return answers.Error is { } error ? ([], [error]) : ([.. answers.Answers.Where(a => a.Values.Items.IndexOf(BooleanValue.False) < 0)], []);
    }

    private static Value? Term(string term)
    {
        var query = RegoProgram.Compile([]).Value!.Prepare($"x := {term}");
        return query.Ok ? query.Value.Evaluate(null, null).Answers[0].Bindings.Get("x") : throw new FormatException($"input_term: {query.Errors[0]}");
    }

    private static string? Compare(ConformanceCase c, (IReadOnlyList<RegoAnswer> Answers, IReadOnlyList<RegoError> Errors) got)
    {
        if (c.WantErrorCode is not null || c.WantError is not null)
        {
            if (got.Errors.Count == 0) return $"expected error {c.WantErrorCode} {c.WantError}, got answers {Text(got.Answers)}";
            if (c.WantErrorCode is not null && !got.Errors.Any(e => e.Code == c.WantErrorCode)) return $"expected code {c.WantErrorCode}, got {got.Errors[0]}";
            return c.WantError is null || got.Errors.Any(e => Told(e).Contains(c.WantError, StringComparison.Ordinal)) ? null : $"expected error text '{c.WantError}', got {got.Errors[0]}";
        }

        if (got.Errors.Count > 0) return got.Errors[0].ToString();
        if (c.WantResult is not { } want) return null;
        var expected = SetValue.Of(want.EnumerateArray().Select(b => Value.From(b)).ToArray());
        var found = SetValue.Of(got.Answers.Select(a => (Value)Json(a.Bindings, c.SortBindings)).ToArray());
        return expected.Equals(found) ? null : $"expected {Shorten(expected)}, got {Shorten(found)}";
    }

    // OPA's evaluator tells an error's line and not its column.
    private static string Told(RegoError error) => $"{error.Location.File}:{error.Location.Row}: {error.Code}: {error.Message}";

    // Bindings as JSON has them: sets are arrays by then.
    private static ObjectValue Json(ObjectValue bindings, bool sort)
    {
        var builder = new ObjectValue.Builder();
        for (var i = 0; i < bindings.Count; i++)
        {
            var value = Value.FromJson(bindings.Values[i].ToJson());
            if (sort && value is ArrayValue array)
            {
                var items = array.Items.ToArray();
                Array.Sort(items);
                value = ArrayValue.Of(items);
            }

            builder.Set(bindings.Keys[i], value);
        }

        return builder.Build();
    }

    private static string Text(IReadOnlyList<RegoAnswer> answers) => Shorten(ArrayValue.Of(answers.Select(a => (Value)a.Bindings).ToArray()));

    private static string Shorten(Value value) => value.ToString() is { Length: > 300 } text ? text[..300] + "..." : value.ToString();
}
