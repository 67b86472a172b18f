// Reads *.cases files: what the language means, as policies and answers that read as a manual.
// A case is "=== name", optional lines "input: JSON" and "data: JSON", one or more modules (a new one at each "package"), then checks:
//   > query => term         the query's value (or, for a query with variables, the set of its bindings)
//   > query => undefined    no answer
//   > query => ! code: text an error of evaluation whose text contains this
//   > compile => ! code: text
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Tests.Language;

public sealed record LanguageCase(string Name, IReadOnlyList<string> Modules, string? Input, string? Data, IReadOnlyList<(string Query, string Want)> Checks)
{
    public override string ToString() => Name;

    public static IEnumerable<LanguageCase> ReadAll()
    {
        foreach (var resource in typeof(LanguageCase).Assembly.GetManifestResourceNames().Where(n => n.EndsWith(".cases", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(typeof(LanguageCase).Assembly.GetManifestResourceStream(resource)!);
            foreach (var block in reader.ReadToEnd().Split("\n=== ").Skip(1))
                yield return Read(Path.GetFileNameWithoutExtension(resource).Split('.')[^1], block);
        }
    }

    private static LanguageCase Read(string file, string block)
    {
        var lines = block.Split('\n');
        var modules = new List<string>();
        string? input = null, data = null;
        var checks = new List<(string, string)>();
        foreach (var line in lines.Skip(1))
        {
            if (line.StartsWith("input: ", StringComparison.Ordinal)) input = line[7..];
            else if (line.StartsWith("data: ", StringComparison.Ordinal)) data = line[6..];
            else if (line.StartsWith("> ", StringComparison.Ordinal) && line.IndexOf(" => ", StringComparison.Ordinal) is > 0 and var at) checks.Add((line[2..at], line[(at + 4)..].Trim()));
            else if (line.StartsWith("package ", StringComparison.Ordinal) && (modules.Count == 0 || modules[^1].Contains("package ", StringComparison.Ordinal))) modules.Add(line + "\n");
            else if (modules.Count > 0) modules[^1] += line + "\n";
            else if (line.Length > 0) modules.Add(line + "\n");
        }

        return new($"{file}: {lines[0].Trim()}", modules, input, data, checks);
    }
}

public class LanguageTests
{
    public static TheoryData<string> Names => [.. LanguageCase.ReadAll().Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void the_language_means_what_the_case_says(string name)
    {
        var @case = LanguageCase.ReadAll().Single(c => c.Name == name);
        Assert.NotEmpty(@case.Checks);
        var modules = new List<RegoModule>();
        foreach (var text in @case.Modules)
        {
            var parsed = RegoModule.Parse(text, $"m{modules.Count}.rego");
            Assert.True(parsed.Ok, parsed.Ok ? "" : parsed.Errors[0].ToString());
            modules.Add(parsed.Value);
        }

        var program = RegoProgram.Compile(modules);
        foreach (var (query, want) in @case.Checks)
        {
            if (query == "compile")
            {
                Assert.False(program.Ok, "it compiles");
                Assert.Contains(program.Errors, e => e.ToString().Contains(want.TrimStart('!', ' '), StringComparison.Ordinal));
                continue;
            }

            Assert.True(program.Ok, program.Ok ? "" : program.Errors[0].ToString());
            Check(program.Value, @case, query, want);
        }
    }

    private static void Check(RegoProgram program, LanguageCase @case, string query, string want)
    {
        var prepared = program.Prepare(query);
        Assert.True(prepared.Ok, prepared.Ok ? "" : prepared.Errors[0].ToString());
        var options = EvaluationOptions.Default with { NowNanoseconds = 1_700_000_000_000_000_000, Seed = 7 };
        var got = prepared.Value.Evaluate(@case.Input is null ? null : Value.FromJson(@case.Input), @case.Data is null ? null : Value.FromJson(@case.Data), options);
        if (want.StartsWith('!'))
        {
            Assert.NotNull(got.Error);
            Assert.Contains(want.TrimStart('!', ' '), got.Error.ToString(), StringComparison.Ordinal);
            return;
        }

        Assert.Null(got.Error?.ToString());
        if (want == "undefined")
        {
            Assert.Empty(got.Answers);
            return;
        }

        var found = got.Answers.Count > 0 && got.Answers[0].Bindings.Count > 0 ? SetValue.Of(got.Answers.Select(a => (Value)a.Bindings).ToArray()) : got.Value;
        Assert.Equal(Term(want).ToString(), found?.ToString() ?? "undefined");
    }

    private static Value Term(string text)
    {
        var query = RegoProgram.Compile([]).Value!.Prepare($"x := {text}");
        Assert.True(query.Ok, query.Ok ? "" : query.Errors[0].ToString());
        return query.Value.Evaluate(null, null).Answers[0].Bindings.Get("x")!;
    }
}
