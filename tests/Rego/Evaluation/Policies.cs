// Short ways for the tests to a program and an answer.
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Tests.Evaluation;

internal static class Policies
{
    public static RegoProgram Compile(params string[] texts)
    {
        var modules = texts.Select((text, i) => Parse(text, $"m{i}.rego"));
        var program = RegoProgram.Compile(modules);
        return program.Ok ? program.Value : throw new FormatException(program.Errors[0].ToString());
    }

    public static RegoModule Parse(string text, string name)
    {
        var parsed = RegoModule.Parse(text, name);
        return parsed.Ok ? parsed.Value : throw new FormatException(parsed.Errors[0].ToString());
    }

    public static PreparedQuery Asks(this RegoProgram program, string query)
    {
        var prepared = program.Prepare(query, false);
        return prepared.Ok ? prepared.Value : throw new FormatException(prepared.Errors[0].ToString());
    }

    public static RegoAnswers Ask(string policy, string query, string? input = null, EvaluationOptions? options = null, CancellationToken cancellation = default) =>
        Compile(policy).Asks(query).Evaluate(input is null ? null : Value.FromJson(input), null, options, cancellation);
}
