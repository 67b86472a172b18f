// Client certificates (mTLS, MCP-08): whom a certificate stands for, by its thumbprint or a name in it. Its chain has been verified by whoever ended the TLS connection.
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Firewall.Callers;

/// <summary>One of the two says which certificates: exactly one is given.</summary>
/// <param name="Thumbprint">SHA-256 of the certificate.</param>
/// <param name="Subject">A name in the certificate, exactly: its subject's one common name, or a DNS, URI or e-mail alternative name.</param>
public sealed record CertificateRule(string Name, IReadOnlyList<string> Roles, bool? Human = null, ReadOnlyMemory<byte>? Thumbprint = null, string? Subject = null);

public sealed class CertificateCallers
{
    public const string Method = "certificate";
    private const string CommonName = "2.5.4.3";

    private readonly IReadOnlyList<CertificateRule> rules;

    private CertificateCallers(IReadOnlyList<CertificateRule> rules) => this.rules = rules;

    public static Outcome<CertificateCallers> Of(IReadOnlyList<CertificateRule> rules)
    {
        foreach (var rule in rules)
        {
            if (rule.Thumbprint is null == rule.Subject is null) return new Problem(ProblemCode.GatewayFileInvalid, $"the certificate of '{rule.Name}' must be named either by thumbprint or by a name in it");
            if (rule.Thumbprint is { Length: not SHA256.HashSizeInBytes }) return new Problem(ProblemCode.GatewayFileInvalid, $"the thumbprint of '{rule.Name}' is not 64 hex digits of SHA-256");
        }
        return new CertificateCallers(rules);
    }

    public Outcome<MessageCaller> Authenticate(X509Certificate2 certificate, DateTimeOffset now)
    {
        if (now < certificate.NotBefore.ToUniversalTime() || now > certificate.NotAfter.ToUniversalTime()) return Unknown("is not valid at this time");
        var thumbprint = SHA256.HashData(certificate.RawDataMemory.Span);
        var names = Names(certificate);
        var hits = rules.Where(r => (r.Thumbprint is { } t && CryptographicOperations.FixedTimeEquals(t.Span, thumbprint)) || (r.Subject is { } s && names.Contains(s))).ToList();
        return hits switch
        {
            [var one] => new MessageCaller(one.Name, one.Human, one.Roles, Method),
            [] => Unknown("stands for nobody in the gateway's configuration"),
            _ when hits.Select(h => h.Name).Distinct(StringComparer.Ordinal).Count() == 1 => new MessageCaller(hits[0].Name, hits[0].Human, [.. hits.SelectMany(h => h.Roles).Distinct(StringComparer.Ordinal)], Method),
            _ => Unknown("stands for several callers at once"),
        };
    }

    private static HashSet<string> Names(X509Certificate2 certificate)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        // Two common names are none: readers take one or the other.
        var common = certificate.SubjectName.EnumerateRelativeDistinguishedNames().Where(r => !r.HasMultipleElements && r.GetSingleElementType().Value == CommonName).ToList();
        if (common is [var one] && one.GetSingleElementValue() is { Length: > 0 } text) names.Add(text);
        foreach (var extension in certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()) names.UnionWith(Texts(extension));
        return names;
    }

    // E-mail, DNS and URI are context tags 1, 2 and 6, each an IA5String (RFC 5280, 4.2.1.6).
    private static List<string> Texts(X509SubjectAlternativeNameExtension extension)
    {
        var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
        var found = new List<string>();
        while (names.HasData)
        {
            var tag = names.PeekTag();
            if (tag is { TagClass: TagClass.ContextSpecific, TagValue: 1 or 2 or 6 }) found.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, tag));
            else names.ReadEncodedValue();
        }
        return found;
    }

    private static Problem Unknown(string why) => new(ProblemCode.CallerNotAuthenticated, $"the client certificate {why}");
}
