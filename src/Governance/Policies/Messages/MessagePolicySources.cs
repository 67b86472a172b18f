// Every kind of policy source for messages, in one table: the kind as configuration spells it, and its loader. A new kind is one file in Sources/ and one line here.
using CabinCrew.Governance.Policies.Messages.Sources;
using CabinCrew.Governance.Policies.Sources;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Messages;

public static class MessagePolicySources
{
    private static readonly (string Kind, Func<PolicyRef, PolicySurroundings, TimeSpan, CancellationToken, Task<Outcome<IMessagePolicySource>>> LoadAsync)[] Table =
    [
        ("builtin", (r, _, _, _) => At(MessageRulesSource.BuiltIn(r.Value))),
        ("rules", (r, at, _, _) => At(MessageRulesSource.FromFile(r.Value, at.BaseDirectory))),
        ("rego", (r, at, limit, _) => At(RegoMessageSource.Load(r, at, limit))),
        ("bundle", RegoMessageSource.LoadBundleAsync),
        ("opa", (r, _, _, _) => At(Later(r))),
        (TextModels.Kind, (r, at, _, _) => At(ModelMessageSource.Load(r, at))),
    ];

    public static IReadOnlyList<string> Kinds { get; } = [.. Table.Select(t => t.Kind)];

    /// <param name="timeLimit">For one evaluation.</param>
    public static Task<Outcome<IMessagePolicySource>> LoadAsync(PolicyRef reference, PolicySurroundings at, TimeSpan timeLimit, CancellationToken ct)
    {
        foreach (var (kind, load) in Table)
            if (kind == reference.Kind) return load(reference, at, timeLimit, ct);
        return At(new Problem(ProblemCode.PolicyInvalid,
            $"There is no policy kind '{reference.Kind}'; expected one of {string.Join(", ", Kinds)}{NearMatch.Hint(reference.Kind, Kinds)}"));
    }

    private static Task<Outcome<IMessagePolicySource>> At(Outcome<IMessagePolicySource> loaded) => Task.FromResult(loaded);

    private static Problem Later(PolicyRef reference) =>
        new(ProblemCode.NotYetSupported, $"Policies of kind '{reference.Kind}' cannot judge messages in this version, so nothing would be allowed.")
        {
            Where = $"{reference.Kind}: {reference.Value}",
            Remedy = "Use `rego`, `bundle`, `rules`, `onnx` and `builtin: mcp-defaults`.",
        };
}
