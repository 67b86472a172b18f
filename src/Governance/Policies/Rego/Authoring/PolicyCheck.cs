// Whether policies are good before they judge anything: parsed, compiled, their types checked against the document that they will see, and looked
// through for our known traps. Pure.
using CabinCrew.Protocol;
using CabinCrew.Protocol.Schemas;
using CabinCrew.Rego;
using CabinCrew.Rego.Syntax;

namespace CabinCrew.Governance.Policies.Rego.Authoring;

/// <param name="IsWarning">It works, and hardly does what its author wants.</param>
/// <param name="Advice">What to do about it, where that is not plain.</param>
public sealed record PolicyFinding(RegoError Error, bool IsWarning = false, string? Advice = null);

/// <param name="Schema">Null: nothing is known of the input.</param>
/// <param name="Named">What <c>schema.NAME</c> in annotations stands for; null: such annotations do not count.</param>
public sealed record InputSchema(RegoSchema? Schema, RegoSchemaSet? Named = null);

/// <param name="Program">Null: there are errors.</param>
/// <param name="Findings">By file and place; errors and warnings.</param>
/// <param name="HasInputSchema">Whether references to <c>input</c> were checked.</param>
public sealed record PolicyCheck(RegoProgram? Program, IReadOnlyList<PolicyFinding> Findings, bool HasInputSchema)
{
    /// <summary>Packages that are asked, each about its own document.</summary>
    internal static readonly string[] EntryPackages = [.. PolicyDocument.All.Select(d => d.Package)];

    /// <summary>The name of a schema that checks nothing.</summary>
    public const string NoSchema = "none";

    public IEnumerable<PolicyFinding> Errors => Findings.Where(f => !f.IsWarning);

    /// <param name="strict">Unused imports and the like are errors, as in OPA's strict mode.</param>
    public static PolicyCheck Of(PolicyFiles files, InputSchema input, bool strict = false)
    {
        var schema = input.Schema;
        List<PolicyFinding> findings = [.. files.Errors.Select(Advised)];
        if (findings.Count > 0) return new(null, Ordered(findings), schema is not null);
        RegoModule[] modules = [.. files.Modules.Select(m => m.Module!)];
        if (modules.Length == 0) return new(null, [new(new("rego_compile_error", "there is no module: nothing could ever be allowed", default))], schema is not null);
        var options = new CompileOptions { Strict = strict, InputSchema = schema, Schemas = input.Named, Tests = true };
        var compiled = RegoProgram.Compile(modules, options);
        findings.AddRange(compiled.Errors.Select(Advised));
        findings.AddRange(PolicyTraps.In(modules, files.DataRoots, options));
        return new(compiled.Value, Ordered(findings), schema is not null);
    }

    /// <summary>The schema to check by: <paramref name="name"/> is one of the house's, <c>none</c>, or null for what the packages ask for.</summary>
    public static Outcome<InputSchema> SchemaFor(PolicyFiles files, string? name)
    {
        name ??= Asked(files);
        return name == NoSchema ? new InputSchema(null) : SchemaCatalog.Text(name).Then(text => Schema(text, name));
    }

    public static Outcome<InputSchema> Schema(string json, string name) => RegoSchema.Parse(json) is { Ok: true, Value: var schema }
        ? new InputSchema(schema)
        : new Problem(ProblemCode.SchemaInvalid, $"'{name}' is no JSON schema that policies can be checked by: {RegoSchema.Parse(json).Errors[0].Message}");

    // Policies of messages are kept apart from those of plans: what is loaded together is checked by one document.
    private static string Asked(PolicyFiles files)
    {
        var packages = files.Modules.Where(m => m.Module is not null).Select(m => m.Module!.PackageName).Where(IsOurs).ToList();
        return packages.Count == 0 ? NoSchema
            : packages.TrueForAll(p => IsOf(PolicyDocument.Message, p)) ? PolicyDocument.Message.Schema
            : packages.TrueForAll(p => IsOf(PolicyDocument.Prompt, p)) ? PolicyDocument.Prompt.Schema
            : PolicyDocument.Plan.Schema;
    }

    // With the packages below it, and its tests.
    private static bool IsOf(PolicyDocument document, string package) =>
        package.StartsWith(document.Package, StringComparison.Ordinal) && package[document.Package.Length..] is "" or "_test" or ['.', ..];

    private static bool IsOurs(string package) => package == "cabincrew" || package.StartsWith("cabincrew.", StringComparison.Ordinal);

    private static PolicyFinding Advised(RegoError error) => new(error, Advice:
        error.Code != "rego_parse_error" ? null
        : error.Message.Contains("`if` keyword is required", StringComparison.Ordinal) || error.Message.Contains("`contains` keyword is required", StringComparison.Ordinal)
            ? "This reads like Rego before 1.0: write `if` and `contains`, or add --v0-compatible."
        : null);

    private static IReadOnlyList<PolicyFinding> Ordered(List<PolicyFinding> findings) =>
        [.. findings.OrderBy(f => f.Error.Location.File, StringComparer.Ordinal).ThenBy(f => f.Error.Location.Row).ThenBy(f => f.Error.Location.Column)];
}
