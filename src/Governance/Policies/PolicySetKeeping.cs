// The set that judged, made again of the texts that were kept with its judgement. What is part of the program, or is asked elsewhere, is loaded as ever;
// whether the whole is the set that judged is for the caller to see by its policy digest.
using CabinCrew.Governance.Policies.Sources;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies;

/// <summary>Reads a blob.</summary>
public delegate Task<Outcome<ReadOnlyMemory<byte>>> PolicyTextReader(Digest text, CancellationToken ct);

public sealed partial class PolicySet
{
    /// <summary>Of the sources whose texts can be kept.</summary>
    public IReadOnlyList<PolicyText> Texts => [.. sources.Select(s => s.Text).OfType<PolicyText>()];

    public static async Task<Outcome<PolicySet>> LoadKeptAsync(
        IReadOnlyList<PolicyRef> refs, IReadOnlyList<KeptPolicy> kept, PolicyTextReader read, PolicySurroundings at, AggregationMethod method, TimeSpan timeLimit, CancellationToken ct)
    {
        List<IPolicySource> made = [];
        foreach (var reference in refs)
        {
            var known = kept.FirstOrDefault(k => k.Name == $"{reference.Kind}:{reference.Value}");
            var loaded = known is null ? await PolicySources.LoadAsync(reference, at, ct).ConfigureAwait(false)
                : known.Text is not { } text ? new Problem(ProblemCode.NotFound, $"the text of the policy '{known.Name}' was not kept: {known.NotKept}")
                : (await read(text, ct).ConfigureAwait(false)).Then(bytes => Again(reference, known, bytes, at));
            if (!loaded.Try(out var source, out var problem)) return problem;
            made.Add(source);
        }

        if (!made.Exists(s => s is DetectorsPolicySource)) made.Add(DetectorsPolicySource.Usual());
        made.Add(new MappedSecretsPolicySource(at.Redactor));
        return Of(made, method, timeLimit, at.Redactor);
    }

    private static Outcome<IPolicySource> Again(PolicyRef reference, KeptPolicy kept, ReadOnlyMemory<byte> text, PolicySurroundings at) => reference.Kind == RulesPolicySource.Kind
        ? RulesPolicySource.OfKept(reference.Value, text)
        : RegoPolicySource.OfKept(reference, kept, text, at.Redactor);
}
