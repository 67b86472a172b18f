// A bundle as a workflow names it: the key that it trusts, and whether the last good one may stand in.
using System.Text.Json.Nodes;
using CabinCrew.Governance.Policies.Bundles.Signing;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Governance.Policies.Bundles;

public static class BundlePolicies
{
    public static async Task<Outcome<PolicyBundle>> LoadAsync(PolicyRef reference, PolicySurroundings at, CancellationToken ct)
    {
        var said = reference.Bundle ?? new();
        if (!Options(said, at.BaseDirectory).Try(out var options, out var problem)) return problem;
        if (said.KeepLastGood && at.LastGood is null) return new Problem(ProblemCode.PolicyInvalid, "No good bundle can be kept where there is no store.") { Where = reference.Value, Remedy = "Leave out `keep_last_good`." };
        return await BundleLoader.LoadAsync(reference.Value, options, new(at.BaseDirectory, at.Git, said.Network), said.KeepLastGood ? at.LastGood : null, ct).ConfigureAwait(false);
    }

    /// <summary>What a judge by this bundle adds to policy_digest: the content, and who is trusted to have made it.</summary>
    public static Outcome<Digest> DigestOf(PolicyRef reference, PolicyBundle bundle, string baseDirectory)
    {
        var said = reference.Bundle ?? new();
        if (!Options(said, baseDirectory).Try(out var options, out var problem)) return problem;
        return Digest.Of(CanonicalJson.Write(new JsonObject
        {
            ["bundle"] = bundle.Digest.ToString(),
            ["key"] = options.Verification?.Keys[0].Fingerprint.ToString(),
            ["key_id"] = said.Verify?.KeyId,
            ["algorithm"] = said.Verify?.Algorithm,
            ["scope"] = said.Verify?.Scope,
            ["exclude"] = said.Verify is { } trust ? new JsonArray([.. trust.Exclude.Select(e => (JsonNode)e)]) : null,
            ["ignore_signature"] = said.IgnoreSignature,
            ["keep_last_good"] = said.KeepLastGood,
        }));
    }

    private static Outcome<BundleOptions> Options(BundlePolicyOptions said, string baseDirectory) => said.Verify is not { } trust
        ? new BundleOptions(IgnoreSignature: said.IgnoreSignature)
        : BundleKey.Load(Path.GetFullPath(trust.Key, baseDirectory), trust.Algorithm, trust.KeyId ?? BundleKey.DefaultId)
            .Map(key => new BundleOptions(new BundleVerification([key], trust.KeyId is null ? key.Id : null, trust.Scope, trust.Exclude)));
}
