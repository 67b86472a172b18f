// An X.509 certificate or request as the object that Go's encoding/json makes of it: the fields that policies ask for.
using System.Formats.Asn1;
using System.Globalization;
using System.Net;
using System.Numerics;
using System.Security.Cryptography.X509Certificates;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Crypto;

internal static class CertificateValues
{
    /// <summary>The alternative names of a subject; each list may be empty.</summary>
    private sealed record AlternativeNames(List<string> Dns, List<string> Emails, List<string> Addresses, List<string> Uris);

    public static ObjectValue ToValue(X509Certificate2 certificate)
    {
        var map = new ObjectValue.Builder(32);
        map.Set("Raw", Bytes(certificate.RawData));
        map.Set("RawSubject", Bytes(certificate.SubjectName.RawData));
        map.Set("RawIssuer", Bytes(certificate.IssuerName.RawData));
        map.Set("RawSubjectPublicKeyInfo", Bytes(certificate.PublicKey.ExportSubjectPublicKeyInfo()));
        map.Set("Subject", DistinguishedName.Read(certificate.SubjectName.RawData));
        map.Set("Issuer", DistinguishedName.Read(certificate.IssuerName.RawData));
        map.Set("SerialNumber", NumberValue.Of(new BigInteger(certificate.SerialNumberBytes.Span, isUnsigned: false, isBigEndian: true)));
        map.Set("Version", NumberValue.Of(certificate.Version));
        map.Set("NotBefore", Time(certificate.NotBefore));
        map.Set("NotAfter", Time(certificate.NotAfter));
        map.Set("SignatureAlgorithm", NumberValue.Of(SignatureAlgorithm(certificate.SignatureAlgorithm.Value)));
        AddPublicKey(map, certificate.PublicKey);
        AddExtensions(map, certificate.Extensions);
        return map.Build();
    }

    public static ObjectValue ToValue(CertificateRequest request, byte[] der)
    {
        var map = new ObjectValue.Builder(16);
        map.Set("Raw", Bytes(der));
        map.Set("RawSubject", Bytes(request.SubjectName.RawData));
        map.Set("Subject", DistinguishedName.Read(request.SubjectName.RawData));
        map.Set("Version", NumberValue.Zero);
        AddPublicKey(map, request.PublicKey);
        var extensions = new X509ExtensionCollection();
        foreach (var extension in request.CertificateExtensions) extensions.Add(extension);
        AddNames(map, extensions);
        map.Set("Extensions", Extensions(extensions));
        return map.Build();
    }

    private static void AddExtensions(ObjectValue.Builder map, X509ExtensionCollection extensions)
    {
        AddNames(map, extensions);
        map.Set("Extensions", Extensions(extensions));
        var usage = extensions.OfType<X509KeyUsageExtension>().FirstOrDefault();
        map.Set("KeyUsage", NumberValue.Of(usage is null ? 0 : KeyUsage(usage.KeyUsages)));
        var enhanced = extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault();
        map.Set("ExtKeyUsage", enhanced is null ? NullValue.Instance : ArrayValue.Own([.. enhanced.EnhancedKeyUsages.Cast<System.Security.Cryptography.Oid>().Select(oid => NumberValue.Of(ExtendedUsage(oid.Value))).Where(n => n.Sign >= 0)]));
        var basic = extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault();
        map.Set("BasicConstraintsValid", Value.From(basic is not null));
        map.Set("IsCA", Value.From(basic?.CertificateAuthority == true));
        var pathLength = basic is { HasPathLengthConstraint: true } ? basic.PathLengthConstraint : -1;
        map.Set("MaxPathLen", NumberValue.Of(basic is null ? 0 : pathLength));
        map.Set("MaxPathLenZero", Value.From(pathLength == 0));
        map.Set("SubjectKeyId", extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault() is { } subject ? Bytes(subject.SubjectKeyIdentifierBytes.ToArray()) : NullValue.Instance);
        map.Set("AuthorityKeyId", extensions.OfType<X509AuthorityKeyIdentifierExtension>().FirstOrDefault()?.KeyIdentifier is { } authority ? Bytes(authority.ToArray()) : NullValue.Instance);
        var access = extensions.OfType<X509AuthorityInformationAccessExtension>().FirstOrDefault();
        map.Set("OCSPServer", Texts(access?.EnumerateOcspUris()));
        map.Set("IssuingCertificateURL", Texts(access?.EnumerateCAIssuersUris()));
    }

    private static void AddNames(ObjectValue.Builder map, X509ExtensionCollection extensions)
    {
        var names = Names(extensions.FirstOrDefault(e => e.Oid?.Value == "2.5.29.17")?.RawData);
        map.Set("DNSNames", Texts(names.Dns));
        map.Set("EmailAddresses", Texts(names.Emails));
        map.Set("IPAddresses", Texts(names.Addresses));
        map.Set("URIStrings", Texts(names.Uris));
        map.Set("URIs", names.Uris.Count == 0 ? NullValue.Instance : ArrayValue.Own([.. names.Uris.Select(Uri)]));
    }

    private static AlternativeNames Names(byte[]? der)
    {
        var names = new AlternativeNames([], [], [], []);
        if (der is null) return names;
        var reader = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
        while (reader.HasData)
        {
            var tag = reader.PeekTag();
            if (tag.TagValue is not (1 or 2 or 6 or 7))
            {
                reader.ReadEncodedValue();
                continue;
            }

            if (tag.TagValue == 7)
            {
                var address = reader.ReadOctetString(tag);
                names.Addresses.Add(address.Length is 4 or 16 ? new IPAddress(address).ToString() : Convert.ToHexStringLower(address));
                continue;
            }

            var text = reader.ReadCharacterString(UniversalTagNumber.IA5String, tag);
            (tag.TagValue switch { 1 => names.Emails, 2 => names.Dns, _ => names.Uris }).Add(text);
        }

        return names;
    }

    private static ObjectValue Uri(string text)
    {
        var parts = Encodings.UriParts.Parse(text, out _);
        var host = parts is null ? "" : parts.Port.Length > 0 ? $"{parts.Host}:{parts.Port}" : parts.Host;
        return ObjectValue.Of(
            (Name("Scheme"), Name(parts?.Scheme ?? "")), (Name("Host"), Name(host)), (Name("Path"), Name(parts?.Path ?? "")),
            (Name("RawQuery"), Name(parts?.Query ?? "")), (Name("Fragment"), Name(parts?.Fragment ?? "")));
    }

    private static void AddPublicKey(ObjectValue.Builder map, PublicKey key)
    {
        using var rsa = key.GetRSAPublicKey();
        using var ec = rsa is null ? key.GetECDsaPublicKey() : null;
        if (rsa is not null)
        {
            var parameters = rsa.ExportParameters(false);
            map.Set("PublicKey", ObjectValue.Of((Name("N"), Number(parameters.Modulus)), (Name("E"), Number(parameters.Exponent))));
        }
        else if (ec is not null)
        {
            var parameters = ec.ExportParameters(false);
            map.Set("PublicKey", ObjectValue.Of((Name("Curve"), ObjectValue.Empty), (Name("X"), Number(parameters.Q.X)), (Name("Y"), Number(parameters.Q.Y))));
        }
        else
        {
            map.Set("PublicKey", Bytes(key.EncodedKeyValue.RawData));
        }

        map.Set("PublicKeyAlgorithm", NumberValue.Of(rsa is not null ? 1 : ec is not null ? 3 : key.Oid.Value == "1.3.101.112" ? 4 : 0));
    }

    private static Value Extensions(X509ExtensionCollection extensions) => extensions.Count == 0 ? NullValue.Instance : ArrayValue.Own(
    [
        .. extensions.Select(e => ObjectValue.Of((Name("Id"), DistinguishedName.ObjectId(e.Oid!.Value!)), (Name("Critical"), Value.From(e.Critical)), (Name("Value"), Bytes(e.RawData)))),
    ]);

    // Go's bits run from digitalSignature up, the framework's as the standard's octets lie.
    private static int KeyUsage(X509KeyUsageFlags flags)
    {
        X509KeyUsageFlags[] order =
        [
            X509KeyUsageFlags.DigitalSignature, X509KeyUsageFlags.NonRepudiation, X509KeyUsageFlags.KeyEncipherment, X509KeyUsageFlags.DataEncipherment, X509KeyUsageFlags.KeyAgreement,
            X509KeyUsageFlags.KeyCertSign, X509KeyUsageFlags.CrlSign, X509KeyUsageFlags.EncipherOnly, X509KeyUsageFlags.DecipherOnly,
        ];
        return order.Select((flag, bit) => flags.HasFlag(flag) ? 1 << bit : 0).Sum();
    }

    private static int ExtendedUsage(string? oid) => Array.IndexOf(
        ["2.5.29.37.0", "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.3", "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.5", "1.3.6.1.5.5.7.3.6", "1.3.6.1.5.5.7.3.7", "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9"], oid);

    private static int SignatureAlgorithm(string? oid) => oid switch
    {
        "1.2.840.113549.1.1.4" => 2,
        "1.2.840.113549.1.1.5" => 3,
        "1.2.840.113549.1.1.11" => 4,
        "1.2.840.113549.1.1.12" => 5,
        "1.2.840.113549.1.1.13" => 6,
        "1.2.840.10045.4.1" => 9,
        "1.2.840.10045.4.3.2" => 10,
        "1.2.840.10045.4.3.3" => 11,
        "1.2.840.10045.4.3.4" => 12,
        "1.3.101.112" => 16,
        _ => 0,
    };

    private static Value Texts(IEnumerable<string>? texts) => texts is null || !texts.Any() ? NullValue.Instance : ArrayValue.Own([.. texts.Select(Name)]);

    private static StringValue Time(DateTime time) => new(time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));

    private static StringValue Name(string name) => new(name);

    private static StringValue Bytes(byte[] bytes) => new(Convert.ToBase64String(bytes));

    private static NumberValue Number(byte[]? bytes) => NumberValue.Of(new BigInteger(bytes, isUnsigned: true, isBigEndian: true));
}
