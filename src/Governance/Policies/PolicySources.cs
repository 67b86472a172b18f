// Every kind of policy source, in one table: the kind as workflow files spell it, and its loader. A new kind is one file in Sources/ and one line here.
using CabinCrew.Governance.Policies.Sources;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies;

public static class PolicySources
{
    private static readonly (string Kind, Func<PolicyRef, PolicySurroundings, CancellationToken, Task<Outcome<IPolicySource>>> LoadAsync)[] Table =
    [
        ("builtin", (r, _, _) => At(RulesPolicySource.BuiltIn(r.Value))),
        ("rules", (r, at, _) => At(RulesPolicySource.FromFile(r.Value, at.BaseDirectory))),
        (DetectorsPolicySource.Kind, (r, _, _) => At(DetectorsPolicySource.Of(r))),
        ("rego", (r, at, _) => At(RegoPolicySource.Load(r, at))),
        (TextModels.Kind, (r, at, _) => At(ModelPolicySource.Load(r, at))),
        ("bundle", RegoPolicySource.LoadBundleAsync),
        ("opa", OpaPolicySource.LoadAsync),
    ];

    public static IReadOnlyList<string> Kinds { get; } = [.. Table.Select(t => t.Kind)];

    public static Task<Outcome<IPolicySource>> LoadAsync(PolicyRef reference, PolicySurroundings at, CancellationToken ct)
    {
        foreach (var (kind, load) in Table)
            if (kind == reference.Kind) return load(reference, at, ct);
        return At(new Problem(ProblemCode.PolicyInvalid,
            $"There is no policy kind '{reference.Kind}'; expected one of {string.Join(", ", Kinds)}{NearMatch.Hint(reference.Kind, Kinds)}"));
    }

    private static Task<Outcome<IPolicySource>> At(Outcome<IPolicySource> loaded) => Task.FromResult(loaded);
}
