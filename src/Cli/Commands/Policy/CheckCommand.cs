// policy check: whether policies parse, compile, fit the document that they will see, and do what their author seems to want.
using System.CommandLine;
using CabinCrew.Governance.Policies.Rego.Authoring;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Schemas;

namespace CabinCrew.Cli.Commands.Policy;

internal static class CheckCommand
{
    public static Command Create()
    {
        var (paths, v0) = (PolicyPaths.Argument(), PolicyPaths.V0());
        var schema = SchemaOption();
        var strict = new Flag("--strict") { Description = "Unused imports and the like are errors, as in OPA's strict mode; so are warnings." };
        var command = new Command("check", """
            Check policies before they judge anything: syntax, names, recursion, types, and our known traps.

            Policies of packages below `cabincrew` are checked against the document that they will see (`cabincrew schema policy-input`): a reference
            to what it does not have is an error here and where plans are judged, never a rule that silently does nothing.
            Exit code 0: good, perhaps with warnings; 1: errors, or with --strict warnings; others: the files could not be read.

            Examples:
              cabincrew policy check
              cabincrew policy check policies/freeze.rego
              cabincrew policy check --strict --json policies ops/data.yaml
              cabincrew policy check --schema admission-review.json admission/
              cabincrew policy check --schema schemas/ admission/
            """) { paths, schema, strict, v0 };
        command.Plain((parse, screen) =>
        {
            if (!PolicyPaths.Read(parse.GetValue(paths), parse.Has(v0)).Try(out var files, out var problem)) return problem;
            if (!SchemaOf(files, parse.GetValue(schema)).Try(out var wanted, out problem)) return problem;
            var check = PolicyCheck.Of(files, wanted, parse.Has(strict));
            var failed = check.Program is null || (parse.Has(strict) && check.Findings.Count > 0);
            if (screen.Json)
                screen.Document(new() { ["ok"] = !failed, ["files"] = files.Modules.Count, ["input_checked"] = check.HasInputSchema, ["findings"] = PolicyPaths.Json(check.Findings) });
            else
            {
                PolicyPaths.Show(screen, files, check.Findings);
                screen.Line(Summary(files, check));
            }
            return failed ? PolicyPaths.Found : 0;
        });
        return command;
    }

    internal static Option<string[]> SchemaOption()
    {
        var schema = new Option<string[]>("--schema", "-s")
        {
            Description = "What input is checked by: a schema's name (policy-input for packages below cabincrew), a file, or none. A directory holds what `schema.NAME` in annotations stands for (may be repeated).",
            HelpName = "NAME|FILE|DIR",
        };
        schema.CompletionSources.Add(_ => SchemaCatalog.Names.Append(PolicyCheck.NoSchema).Select(n => new System.CommandLine.Completions.CompletionItem(n)));
        return schema;
    }

    /// <summary>At most one schema of the input, and at most one directory.</summary>
    internal static Outcome<InputSchema> SchemaOf(PolicyFiles files, string[]? said)
    {
        var directories = (said ?? []).Where(Directory.Exists).ToList();
        var inputs = (said ?? []).Except(directories).ToList();
        if (directories.Count > 1 || inputs.Count > 1)
            return new Problem(ProblemCode.InvalidArgument, "--schema names more than one directory, or more than one schema of the input") { Remedy = "Name one directory for annotations and one schema of the input, or either." };
        if (!InputOf(files, inputs.FirstOrDefault()).Try(out var input, out var problem)) return problem;
        return directories.Count == 0 ? input : SchemaFiles.Read(directories[0], directories[0]).Map(named => input with { Named = named });
    }

    private static Outcome<InputSchema> InputOf(PolicyFiles files, string? said) => said is not null && said != PolicyCheck.NoSchema && !SchemaCatalog.Names.Contains(said)
        ? File.Exists(said)
            ? PolicyCheck.Schema(File.ReadAllText(said), said)
            : new Problem(ProblemCode.NotFound, $"there is no schema '{Screen.Safe(said)}', and no file or directory of that name{NearMatch.Hint(said, SchemaCatalog.Names)}") { Remedy = "List the names with `cabincrew schema`." }
        : PolicyCheck.SchemaFor(files, said);

    private static string Summary(PolicyFiles files, PolicyCheck check)
    {
        var errors = check.Errors.Count();
        var warnings = check.Findings.Count - errors;
        var input = check.HasInputSchema ? "" : "; input was not checked, since no package is below cabincrew (--schema)";
        return $"{(check.Program is null ? "not good" : "good")}: files: {files.Modules.Count}, errors: {errors}, warnings: {warnings}{(check.Program is null ? "" : input)}";
    }
}
