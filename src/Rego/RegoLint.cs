// Traps that the language allows and that cost a gate its meaning. Findings are advice: a policy with findings still compiles.
using CabinCrew.Rego.Compile.Checks.Lint;
using CabinCrew.Rego.Syntax;

namespace CabinCrew.Rego;

/// <summary>One finding: the rule that found it (a stable name such as <c>near-name</c>), what it means and what to do, and where.</summary>
public sealed record RegoFinding(string Rule, string Message, RegoLocation Location)
{
    public override string ToString() => $"{Location}: {Rule}: {Message}";
}

/// <summary>What the policies are for, which is what tells a trap from a choice.</summary>
public sealed record LintOptions
{
    /// <summary>The packages that are asked for decisions, dotted without <c>data</c>.</summary>
    public IReadOnlyList<string> EntryPackages { get; init; } = [];

    /// <summary>The rules that are asked for in those packages.</summary>
    public IReadOnlyList<string> EntryRules { get; init; } = [];

    /// <summary>Those of <see cref="EntryRules"/> that are read as sets of messages.</summary>
    public IReadOnlyList<string> SetRules { get; init; } = [];

    /// <summary>First names under <c>data</c> that data files provide; null where that is not known, and then unknown names are not told.</summary>
    public IReadOnlyList<string>? DataRoots { get; init; } = [];

    /// <summary>How the modules are compiled; with a schema for input its paths are checked.</summary>
    public CompileOptions Compile { get; init; } = CompileOptions.Default;
}

/// <summary>The linter behind <c>check</c>.</summary>
public static class RegoLint
{
    /// <summary>Findings by file and place. Modules that do not compile together have errors instead, which this does not tell.</summary>
    public static IReadOnlyList<RegoFinding> Run(IReadOnlyList<RegoModule> modules, LintOptions options)
    {
        var findings = new List<RegoFinding>();
        LintEntry.Run(modules, options, findings);
        foreach (var module in modules)
            LintModule.Run(module, modules, options, findings);
        LintCalls.Run(modules, findings);
        if (RegoProgram.Compile(modules, options.Compile) is { Ok: true, Value: var program })
            findings.AddRange(program.Notes);
        return [.. findings.Distinct().OrderBy(f => f.Location.File, StringComparer.Ordinal).ThenBy(f => f.Location.Row).ThenBy(f => f.Location.Column)];
    }
}
