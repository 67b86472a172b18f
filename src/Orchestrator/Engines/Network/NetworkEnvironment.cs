// How programs in a sandbox find the proxy and trust its certificates: the variables that they already know (ENG-02; docs/reference/network.md).
namespace CabinCrew.Orchestrator.Engines.Network;

internal static class NetworkEnvironment
{
    /// <summary>Inside the sandbox: the certificate of the run's own authority, and no other. Everything that is reached over TLS bears it.</summary>
    public const string CertificateFile = "/cabincrew/network-ca.pem";

    public static IReadOnlyList<(string Name, string Value)> Variables { get; } =
    [
        .. ((string[])["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "npm_config_proxy", "npm_config_https_proxy"]).Select(n => (n, $"http://127.0.0.1:{NetworkProxy.Port}")),
        .. ((string[])["SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO", "CARGO_HTTP_CAINFO", "AWS_CA_BUNDLE", "DENO_CERT"]).Select(n => (n, CertificateFile)),
        ("NODE_USE_ENV_PROXY", "1"),
    ];
}
