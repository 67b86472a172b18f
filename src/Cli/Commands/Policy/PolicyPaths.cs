// What the author's verbs have in common: which files, read how, and how findings are told.
using System.CommandLine;
using System.Text.Json.Nodes;
using CabinCrew.Governance.Policies.Rego.Authoring;
using CabinCrew.Protocol;
using CabinCrew.Rego.Syntax;

namespace CabinCrew.Cli.Commands.Policy;

internal static class PolicyPaths
{
    /// <summary>What the verbs look at where nothing is named.</summary>
    private const string Usual = "policies";

    /// <summary>The exit code of a finding: a fault in a policy, a test that failed, a file that is not formatted.</summary>
    public const int Found = 1;

    public static Argument<string[]> Argument() => new("PATH")
    {
        Description = $"Files (.rego, .json, .yaml), directories, .tar.gz archives; in directories data is in data.json and data.yaml (default: {Usual}).",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public static Flag V0() => new("--v0-compatible") { Description = "Read modules as Rego before 1.0." };

    public static Flag NoStrict() => new("--no-strict") { Description = "A built-in function's error makes the expression undefined, as by default in OPA. Judgement is always strict." };

    public static Outcome<PolicyFiles> Read(string[]? paths, bool v0, bool metadata = true)
    {
        var here = Directory.GetCurrentDirectory();
        if (paths is not { Length: > 0 })
        {
            if (!Directory.Exists(Path.Combine(here, Usual))) return new Problem(ProblemCode.InvalidArgument, $"no PATH is given, and there is no directory '{Usual}' here") { Remedy = "Name the policies, or write the starter library: cabincrew policy init" };
            paths = [Usual];
        }
        return PolicyFiles.Read(paths, here, v0 ? RegoVersion.V0 : RegoVersion.V1, metadata);
    }

    /// <summary>Now, as policies reckon it.</summary>
    public static long Now() => (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    public static JsonArray Json(IEnumerable<PolicyFinding> findings) =>
    [
        .. findings.Select(f => (JsonNode)new JsonObject
        {
            ["severity"] = f.IsWarning ? "warning" : "error",
            ["code"] = f.Error.Code,
            ["message"] = f.Error.Message,
            ["details"] = TestDocuments.Details(f.Error),
            ["location"] = TestDocuments.Location(f.Error.Location),
            ["advice"] = f.Advice,
        }),
    ];

    /// <summary>Each as compilers tell it, with the line of text that it is about.</summary>
    public static void Show(Screen screen, PolicyFiles files, IEnumerable<PolicyFinding> findings)
    {
        foreach (var finding in findings)
        {
            screen.Finding(finding.IsWarning, finding.Error.ToString().Replace("\n\t", "\n", StringComparison.Ordinal), finding.Advice);
            var (file, row, column) = finding.Error.Location;
            if (row == 0 || files.TextOf(file) is not { } text || text.Split('\n').ElementAtOrDefault(row - 1) is not { } line) continue;
            screen.Excerpt(row, line, column);
        }
    }
}
