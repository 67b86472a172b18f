// Every kind of policy source, in one table: the kind as workflow files spell it, and its loader. A new kind is one file in Sources/ and one line here.
using CabinCrew.Governance.Policies.Sources;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies;

public static class PolicySources
{
    private static readonly (string Kind, Func<PolicyRef, string, Outcome<IPolicySource>> Load)[] Table =
    [
        ("builtin", (r, _) => RulesPolicySource.BuiltIn(r.Value)),
        ("rules", (r, directory) => RulesPolicySource.FromFile(r.Value, directory)),
        ("rego", (r, _) => Later(r)),
        ("onnx", (r, _) => Later(r)),
        ("bundle", (r, _) => Later(r)),
    ];

    public static IReadOnlyList<string> Kinds { get; } = [.. Table.Select(t => t.Kind)];

    public static Outcome<IPolicySource> Load(PolicyRef reference, string baseDirectory)
    {
        foreach (var (kind, load) in Table)
            if (kind == reference.Kind) return load(reference, baseDirectory);
        return new Problem(ProblemCode.PolicyInvalid,
            $"There is no policy kind '{reference.Kind}'; expected one of {string.Join(", ", Kinds)}{NearMatch.Hint(reference.Kind, Kinds)}");
    }

    private static Problem Later(PolicyRef reference) =>
        new(ProblemCode.NotYetSupported, $"Policies of kind '{reference.Kind}' cannot be evaluated by this version, so nothing would be allowed.")
        {
            Where = $"{reference.Kind}: {reference.Value}",
            Remedy = "Use `rules` and `builtin: defaults`.",
        };
}
