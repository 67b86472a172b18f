// What a chain must fulfil: the moment, a host name, key usages. Source: Go's x509.VerifyOptions.
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Crypto;

internal sealed record CertificateOptions(DateTime Time, string DnsName, List<string> Usages)
{
    private const string ServerAuth = "1.3.6.1.5.5.7.3.1";

    /// <summary>Null, with the error set, for an option that is unknown or of the wrong type.</summary>
    public static CertificateOptions? Read(BuiltinContext context, ObjectValue given)
    {
        var options = new CertificateOptions(At(context.NowNanoseconds), "", []);
        for (var i = 0; i < given.Count; i++)
        {
            if (given.Keys[i] is not StringValue { Text: var name }) continue;
            var problem = "";
            switch (name, given.Values[i])
            {
                case ("DNSName", StringValue text):
                    options = options with { DnsName = text.Text.Trim('"') };
                    break;
                case ("DNSName", _):
                    problem = "'DNSName' should be a string";
                    break;
                case ("CurrentTime", NumberValue number):
                    if (number.TryInt64(out var nanoseconds)) options = options with { Time = At(nanoseconds) };
                    else problem = "'CurrentTime' should be a valid int64 number";
                    break;
                case ("CurrentTime", _):
                    problem = "'CurrentTime' should be a number";
                    break;
                case ("MaxConstraintComparisons", NumberValue { IsInteger: true }):
                    break;
                case ("MaxConstraintComparisons", var other):
                    problem = $"'MaxConstraintComparisons' should be a {(other is NumberValue ? "valid " : "")}number";
                    break;
                case ("KeyUsages", ArrayValue or SetValue):
                    problem = AddUsages(options.Usages, given.Values[i]);
                    break;
                case ("KeyUsages", _):
                    problem = "'KeyUsages' should be an Array or Set";
                    break;
                default:
                    problem = "invalid key option";
                    break;
            }

            if (problem.Length == 0) continue;
            context.Fail(problem);
            return null;
        }

        return options;
    }

    public bool NameFits(X509Certificate2 leaf) => DnsName.Length == 0 || leaf.MatchesHostname(DnsName, allowWildcards: true, allowCommonName: false);

    /// <summary>The first certificate is the root, the last the leaf, the rest lie between.</summary>
    public X509ChainPolicy ToPolicy(List<X509Certificate2> certificates)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            VerificationTime = Time,
            VerificationTimeIgnored = false,
        };
        policy.CustomTrustStore.Add(certificates[0]);
        foreach (var certificate in certificates.Skip(1).SkipLast(1)) policy.ExtraStore.Add(certificate);
        foreach (var usage in Usages.Count == 0 ? [ServerAuth] : Usages)
        {
            if (usage.Length > 0) policy.ApplicationPolicy.Add(new Oid(usage));
        }

        return policy;
    }

    private static DateTime At(long nanoseconds) => DateTime.UnixEpoch.AddTicks(nanoseconds / 100);

    private static string AddUsages(List<string> usages, Value given)
    {
        var wrong = new List<string>();
        foreach (var item in given is ArrayValue array ? array.Items : ((SetValue)given).Items)
        {
            var name = (item as StringValue)?.Text.Trim('"') ?? "";
            if (Usage(name) is { } oid) usages.Add(oid);
            else if (item is StringValue) wrong.Add(name);
        }

        return wrong.Count == 0 ? "" : $"invalid entries for 'KeyUsages' found: [{string.Join(' ', wrong)}]";
    }

    // Empty means any.
    private static string? Usage(string name) => name switch
    {
        "KeyUsageAny" => "",
        "KeyUsageServerAuth" => ServerAuth,
        "KeyUsageClientAuth" => "1.3.6.1.5.5.7.3.2",
        "KeyUsageCodeSigning" => "1.3.6.1.5.5.7.3.3",
        "KeyUsageEmailProtection" => "1.3.6.1.5.5.7.3.4",
        "KeyUsageIPSECEndSystem" => "1.3.6.1.5.5.7.3.5",
        "KeyUsageIPSECTunnel" => "1.3.6.1.5.5.7.3.6",
        "KeyUsageIPSECUser" => "1.3.6.1.5.5.7.3.7",
        "KeyUsageTimeStamping" => "1.3.6.1.5.5.7.3.8",
        "KeyUsageOCSPSigning" => "1.3.6.1.5.5.7.3.9",
        "KeyUsageMicrosoftServerGatedCrypto" => "1.3.6.1.4.1.311.10.3.3",
        "KeyUsageNetscapeServerGatedCrypto" => "2.16.840.1.113730.4.1",
        "KeyUsageMicrosoftCommercialCodeSigning" => "1.3.6.1.4.1.311.2.1.22",
        "KeyUsageMicrosoftKernelCodeSigning" => "1.3.6.1.4.1.311.61.1.1",
        _ => null,
    };
}
