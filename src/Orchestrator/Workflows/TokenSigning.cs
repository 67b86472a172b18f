// The orchestrator's signature over a plan-token (TOK-03): over the document's canonical form without the signature's own members.
using CabinCrew.Ledger.Signing;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Workflows;

public static class TokenSigning
{
    public static PlanToken Sign(PlanToken token, Signer signer) => token with
    {
        Extensions = token.Extensions! with { Signature = signer.Sign(SignedBytes(token), willBeAsked: true), SignatureKeyRef = signer.KeyRef },
    };

    public static bool Verify(PlanToken token, string publicKeyPem) =>
        token.Extensions?.Signature is { } signature && Signer.Verify(publicKeyPem, SignedBytes(token), signature);

    /// <summary>The same with the key at hand: nothing is parsed anew.</summary>
    public static bool Verify(PlanToken token, Signer signer) => token.Extensions?.Signature is { } signature && signer.Made(SignedBytes(token), signature);

    /// <summary>What the signature is over.</summary>
    public static byte[] SignedBytes(PlanToken token) => CanonicalJson.Write(System.Text.Json.JsonSerializer.SerializeToElement(
        token with { Extensions = token.Extensions! with { Signature = null, SignatureKeyRef = null } }, ProtocolJson.Default.PlanToken));
}
