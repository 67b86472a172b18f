// Who is calling (MCP-08): one place that weighs whatever proof a connection brings. No proof, a wrong one, or two that contradict each other: nobody.
using System.Security.Cryptography.X509Certificates;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Firewall.Callers;

/// <summary>What a connection brings to show who it is.</summary>
/// <param name="Bearer">Of the Authorization header: a token, or an API key.</param>
/// <param name="Certificate">Verified up to a trusted root by the TLS layer.</param>
public sealed record CallerProof(string? Bearer = null, string? ApiKey = null, X509Certificate2? Certificate = null)
{
    // Neither key nor token ever gets into a log by way of a record's text.
    public override string ToString() => $"{(Bearer is null ? "" : "bearer ")}{(ApiKey is null ? "" : "api key ")}{Certificate?.Subject}";
}

/// <summary>An issuer whose tokens are taken.</summary>
public sealed record TokenIssuer(TokenRules Rules, KeySource Keys);

public sealed class CallerDoor(CallerKeys? keys, IReadOnlyList<TokenIssuer> issuers, CertificateCallers? certificates, TimeProvider clock)
{
    public async ValueTask<Outcome<MessageCaller>> AuthenticateAsync(CallerProof proof, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        MessageCaller? caller = null;
        if (proof.ApiKey is { } key)
        {
            if (!ByKey(key, now).Try(out caller, out var problem)) return problem;
        }
        if (proof.Bearer is { } bearer)
        {
            var isToken = bearer.AsSpan().Count('.') == 2;
            if (!(isToken ? await ByTokenAsync(bearer, now, ct).ConfigureAwait(false) : ByKey(bearer, now)).Try(out var by, out var problem)) return problem;
            if (Contradicts(caller, by) is { } contradiction) return contradiction;
            caller = by;
        }
        if (proof.Certificate is { } certificate && certificates is not null)
        {
            if (!certificates.Authenticate(certificate, now).Try(out var by, out var problem)) return problem;
            if (Contradicts(caller, by) is { } contradiction) return contradiction;
            caller ??= by;
        }
        return caller is null ? new Problem(ProblemCode.CallerNotAuthenticated, "nothing was sent that shows who is calling") : caller;
    }

    private Outcome<MessageCaller> ByKey(string key, DateTimeOffset now) => keys is null ? new Problem(ProblemCode.CallerNotAuthenticated, "API keys are not taken here") : keys.Authenticate(key, now);

    private async ValueTask<Outcome<MessageCaller>> ByTokenAsync(string token, DateTimeOffset now, CancellationToken ct)
    {
        if (issuers.Count == 0) return new Problem(ProblemCode.CallerNotAuthenticated, "tokens are not taken here");
        Problem? last = null;
        foreach (var issuer in issuers)
        {
            if (!(await issuer.Keys.KeysAsync(TokenCheck.KeyIdOf(token), ct).ConfigureAwait(false)).Try(out var known, out var problem))
            {
                last = problem;
                continue;
            }
            var verified = TokenCheck.Verify(token, known, issuer.Rules, now);
            if (verified.Try(out _, out var refused)) return verified;
            last = refused;
        }
        return last!;
    }

    private static Problem? Contradicts(MessageCaller? one, MessageCaller other) =>
        one is null || one.Name == other.Name ? null : new(ProblemCode.CallerNotAuthenticated, "what was sent to show who is calling names two different callers");
}
