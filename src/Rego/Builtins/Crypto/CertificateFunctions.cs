// crypto.x509.*: parsing, and chains checked against the root that the caller gives. No store and no network is asked.
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CabinCrew.Rego.Builtins.Encodings;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Crypto;

internal static class CertificateFunctions
{
    private const int ParseCharge = 200;
    private const string Certificates = "array[object[string: any]]";

    public static Builtin[] Table =>
    [
        new("crypto.x509.parse_certificates", $"certs: string -> output: {Certificates}", Parse),
        new("crypto.x509.parse_and_verify_certificates", $"certs: string -> output: array<boolean, {Certificates}>", static (context, args) => Verify(context, args, ObjectValue.Empty)),
        new("crypto.x509.parse_and_verify_certificates_with_options", $"string, object[string: any] -> array<boolean, {Certificates}>", static (context, args) =>
            context.Text(args, 0, out _) && context.Object(args, 1, out var options) ? Verify(context, args, options) : null),
        new("crypto.x509.parse_certificate_request", "csr: string -> output: object[string: any]", ParseRequest),
        new("crypto.x509.parse_keypair", "cert: string, pem: string -> output: object[string: any]", ParseKeyPair),
    ];

    private static Value? Parse(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var text)) return null;
        return Read(context, text, out var problem) is { } found ? ToValues(found) : context.Fail(problem);
    }

    private static ArrayValue ToValues(List<X509Certificate2> certificates)
    {
        try
        {
            return ArrayValue.Own([.. certificates.Select(CertificateValues.ToValue)]);
        }
        finally
        {
            certificates.ForEach(certificate => certificate.Dispose());
        }
    }

    // PEM, base64 of PEM, or base64 of certificates in a row.
    private static List<X509Certificate2>? Read(BuiltinContext context, string text, out string problem)
    {
        problem = "";
        byte[] ders = [];
        if (!text.StartsWith("-----BEGIN", StringComparison.Ordinal))
        {
            if (TextCodes.Base64(text, out problem) is not { } decoded) return null;
            ders = decoded;
            text = decoded.AsSpan().StartsWith("-----BEGIN"u8) ? Encoding.UTF8.GetString(decoded) : "";
        }

        if (text.Length > 0)
        {
            var blocks = PemBlocks.All(text).ToList();
            if (blocks.Find(block => block.Type != "CERTIFICATE") is { Type: not null } other)
            {
                problem = $"PEM block type is '{other.Type}', expected CERTIFICATE";
                return null;
            }

            ders = [.. blocks.SelectMany(block => block.Bytes)];
        }

        try
        {
            return Load(context, ders);
        }
        catch (Exception refused) when (refused is CryptographicException or AsnContentException)
        {
            problem = $"x509: malformed certificate: {refused.Message}";
            return null;
        }
    }

    private static List<X509Certificate2> Load(BuiltinContext context, byte[] ders)
    {
        var found = new List<X509Certificate2>();
        for (ReadOnlyMemory<byte> rest = ders; !rest.IsEmpty;)
        {
            context.Charge(ParseCharge);
            var one = new AsnReader(rest, AsnEncodingRules.BER).PeekEncodedValue();
            found.Add(X509CertificateLoader.LoadCertificate(one.Span));
            rest = rest[one.Length..];
        }

        return found;
    }

    private static Value? Verify(BuiltinContext context, ReadOnlySpan<Value> args, ObjectValue options)
    {
        if (!context.Text(args, 0, out var text)) return null;
        if (CertificateOptions.Read(context, options) is not { } demands) return null;
        var refused = ArrayValue.Of(BooleanValue.False, ArrayValue.Empty);
        if (Read(context, text, out _) is not { } certificates) return refused;
        try
        {
            if (certificates.Count < 2 || !demands.NameFits(certificates[^1])) return refused;
            using var chain = new X509Chain { ChainPolicy = demands.ToPolicy(certificates) };
            if (!chain.Build(certificates[^1])) return refused;
            return ArrayValue.Of(BooleanValue.True, ArrayValue.Own([.. chain.ChainElements.Select(element => CertificateValues.ToValue(element.Certificate))]));
        }
        catch (CryptographicException)
        {
            return refused;
        }
        finally
        {
            certificates.ForEach(certificate => certificate.Dispose());
        }
    }

    private static Value? ParseRequest(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var text)) return null;
        var bytes = Encoding.UTF8.GetBytes(text);
        if (!text.StartsWith("-----BEGIN CERTIFICATE REQUEST-----", StringComparison.Ordinal))
        {
            if (TextCodes.Base64(text, out var problem) is not { } decoded) return context.Fail(problem);
            bytes = decoded;
        }

        if (PemBlocks.First(Encoding.UTF8.GetString(bytes)) is { } block)
        {
            if (block.Type != "CERTIFICATE REQUEST") return context.Fail("invalid PEM-encoded certificate signing request");
            bytes = block.Bytes;
        }

        try
        {
            context.Charge(ParseCharge);
            if (!StartsWithSequence(bytes)) return context.Fail("asn1: structure error: tags don't match: a certificate request is a sequence");
            var request = CertificateRequest.LoadSigningRequest(bytes, HashAlgorithmName.SHA256, CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions | CertificateRequestLoadOptions.SkipSignatureValidation);
            return CertificateValues.ToValue(request, bytes);
        }
        catch (Exception refused) when (refused is CryptographicException or AsnContentException or ArgumentException or NotSupportedException)
        {
            return context.Fail($"x509: malformed certificate request: {refused.Message}");
        }
    }

    private static bool StartsWithSequence(ReadOnlySpan<byte> der) => der.Length > 0 && der[0] == (byte)UniversalTagNumber.Sequence + 0x20;

    private static Value? ParseKeyPair(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var certificateText) || !context.Text(args, 1, out var keyText)) return null;
        if (Read(context, certificateText, out var problem) is not { } certificates) return context.Fail(problem);
        if (!keyText.StartsWith("-----BEGIN", StringComparison.Ordinal))
        {
            if (TextCodes.Base64(keyText, out problem) is not { } decoded) return context.Fail(problem);
            keyText = decoded.AsSpan().StartsWith("-----BEGIN"u8) ? Encoding.UTF8.GetString(decoded) : PemEncoding.WriteString("PRIVATE KEY", decoded);
        }

        try
        {
            if (certificates.Count == 0) return context.Fail("tls: failed to find any PEM data in certificate input");
            if (PrivateKeys.Read(context, keyText) is not { } keys) return null;
            if (keys.Count == 0) return context.Fail("tls: failed to find any PEM data in key input");
            if (!Fits(certificates[0], keys[0])) return context.Fail("tls: private key does not match public key");
            return ObjectValue.Of(
                (new StringValue("Certificate"), ArrayValue.Own([.. certificates.Select(c => new StringValue(Convert.ToBase64String(c.RawData)))])),
                (new StringValue("PrivateKey"), PrivateKeys.ToValue(keys[0])), (new StringValue("Leaf"), CertificateValues.ToValue(certificates[0])),
                (new StringValue("OCSPStaple"), NullValue.Instance), (new StringValue("SignedCertificateTimestamps"), NullValue.Instance),
                (new StringValue("SupportedSignatureAlgorithms"), NullValue.Instance));
        }
        finally
        {
            certificates.ForEach(certificate => certificate.Dispose());
        }
    }

    private static bool Fits(X509Certificate2 certificate, PrivateKeys.PrivateKey key)
    {
        using var rsa = certificate.PublicKey.GetRSAPublicKey();
        using var ec = certificate.PublicKey.GetECDsaPublicKey();
        if (rsa is not null) return key.Rsa is { } pair && rsa.ExportParameters(false).Modulus.AsSpan().SequenceEqual(pair.Modulus);
        return ec is null ? key.Ed25519Seed is not null : key.Ec is { } point && ec.ExportParameters(false).Q.X.AsSpan().SequenceEqual(point.Q.X);
    }
}
