// Client certificates (mTLS, MCP-08): whom a certificate stands for, by its thumbprint, subject or alternative name. Its chain has been verified by whoever ended the TLS connection.
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Firewall.Callers;

/// <summary>One of the three says which certificates: exactly one is given.</summary>
/// <param name="Thumbprint">SHA-256 of the certificate.</param>
/// <param name="Subject">The whole distinguished name, as RFC 4514 writes it and .NET prints it.</param>
/// <param name="AlternativeName">A DNS name or URI among its subject alternative names, exactly.</param>
public sealed record CertificateRule(string Name, IReadOnlyList<string> Roles, bool? Human = null, ReadOnlyMemory<byte>? Thumbprint = null, string? Subject = null, string? AlternativeName = null);

public sealed class CertificateCallers
{
    public const string Method = "certificate";

    private readonly IReadOnlyList<CertificateRule> rules;

    private CertificateCallers(IReadOnlyList<CertificateRule> rules) => this.rules = rules;

    public static Outcome<CertificateCallers> Of(IReadOnlyList<CertificateRule> rules)
    {
        foreach (var rule in rules)
        {
            var given = (rule.Thumbprint is null ? 0 : 1) + (rule.Subject is null ? 0 : 1) + (rule.AlternativeName is null ? 0 : 1);
            if (given != 1) return new Problem(ProblemCode.GatewayFileInvalid, $"the certificate of '{rule.Name}' must be named by one of thumbprint, subject, alternative name");
            if (rule.Thumbprint is { Length: not SHA256.HashSizeInBytes }) return new Problem(ProblemCode.GatewayFileInvalid, $"the thumbprint of '{rule.Name}' is not 64 hex digits of SHA-256");
        }
        return new CertificateCallers(rules);
    }

    public Outcome<MessageCaller> Authenticate(X509Certificate2 certificate, DateTimeOffset now)
    {
        if (now < certificate.NotBefore.ToUniversalTime() || now > certificate.NotAfter.ToUniversalTime()) return Unknown("is not valid at this time");
        var thumbprint = SHA256.HashData(certificate.RawDataMemory.Span);
        var names = AlternativeNames(certificate);
        var hits = rules.Where(r => (r.Thumbprint is { } t && CryptographicOperations.FixedTimeEquals(t.Span, thumbprint)) || (r.Subject is { } s && s == certificate.Subject) || (r.AlternativeName is { } a && names.Contains(a))).ToList();
        return hits switch
        {
            [var one] => new MessageCaller(one.Name, one.Human, one.Roles, Method),
            [] => Unknown("stands for nobody in the gateway's configuration"),
            _ when hits.Select(h => h.Name).Distinct(StringComparer.Ordinal).Count() == 1 => new MessageCaller(hits[0].Name, hits[0].Human, [.. hits.SelectMany(h => h.Roles).Distinct(StringComparer.Ordinal)], Method),
            _ => Unknown("stands for several callers at once"),
        };
    }

    private static HashSet<string> AlternativeNames(X509Certificate2 certificate)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var extension in certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>())
        {
            foreach (var name in extension.EnumerateDnsNames()) names.Add(name);
            foreach (var uri in Uris(extension)) names.Add(uri);
        }
        return names;
    }

    // The framework enumerates DNS names and addresses only; a URI is context tag 6 (RFC 5280, 4.2.1.6).
    private static List<string> Uris(X509SubjectAlternativeNameExtension extension)
    {
        var names = new System.Formats.Asn1.AsnReader(extension.RawData, System.Formats.Asn1.AsnEncodingRules.DER).ReadSequence();
        var found = new List<string>();
        var uri = new System.Formats.Asn1.Asn1Tag(System.Formats.Asn1.TagClass.ContextSpecific, 6);
        while (names.HasData)
        {
            if (names.PeekTag() == uri) found.Add(names.ReadCharacterString(System.Formats.Asn1.UniversalTagNumber.IA5String, uri));
            else names.ReadEncodedValue();
        }
        return found;
    }

    private static Problem Unknown(string why) => new(ProblemCode.CallerNotAuthenticated, $"the client certificate {why}");
}
