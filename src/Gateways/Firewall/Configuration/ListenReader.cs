// `listen`: the address that the gateway answers HTTP on, for whom, and with which certificate. Anything but loopback needs TLS.
using System.Net;
using CabinCrew.Governance.Yaml;

namespace CabinCrew.Gateways.Firewall.Configuration;

/// <param name="callers">Whether callers are answered there: pages in browsers and client certificates are asked for with them only.</param>
internal sealed class ListenReader(YamlMap map, string baseDirectory, bool callers = true)
{
    private const int NamesMax = 64;

    public ListenDefinition? Read()
    {
        var address = map.TakeText("address", required: true, "ADDRESS:PORT, for example 127.0.0.1:8931");
        var hosts = Names("hosts", h => h.Length > 0 && !h.Contains('/', StringComparison.Ordinal) && !h.Any(char.IsWhiteSpace), "names as a Host header says them (example.org, localhost:8931)");
        var origins = callers ? Names("origins", o => Uri.TryCreate(o, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.AbsolutePath == "/" && !o.EndsWith('/'), "origins such as https://example.org") : [];
        var tls = map.TakeMap("tls") is { } t ? Tls(t) : null;
        map.Close();
        if (address is null) return null;
        if (!IPEndPoint.TryParse(address, out var endpoint) || endpoint.Port == 0)
        {
            map.Errors.Add(map.Take("address")!, $"'address': expected ADDRESS:PORT with an IP address, found '{YamlMap.Clip(address)}'");
            return null;
        }
        if (!IPAddress.IsLoopback(endpoint.Address) && tls is null)
            map.Errors.Add(map.Take("address")!, "'address': beyond this machine callers' keys would travel in the clear; give 'tls', or listen on 127.0.0.1 behind a proxy that has it");
        return new(endpoint.Address.ToString(), endpoint.Port, hosts, origins, tls);
    }

    private TlsDefinition? Tls(YamlMap tls)
    {
        var certificate = tls.TakeText("certificate", required: true, "a PEM file");
        var key = tls.TakeText("key", required: true, "a PEM file");
        var ca = callers ? tls.TakeText("client_ca", expected: "a PEM file") : null;
        tls.Close();
        return certificate is null || key is null ? null : new(At(certificate), At(key), ca is null ? null : At(ca));
    }

    private string At(string path) => Path.GetFullPath(path, baseDirectory);

    private IReadOnlyList<string> Names(string key, Func<string, bool> isOne, string expected)
    {
        var names = map.TakeTexts(key, expected: $"a list of {expected}") ?? [];
        if (names.Count > NamesMax) map.Errors.Add(map.Take(key)!, $"'{key}': expected at most {NamesMax}");
        foreach (var odd in names.Where(n => !isOne(n))) map.Errors.Add(map.Take(key)!, $"'{key}': expected {expected}, found '{YamlMap.Clip(odd)}'");
        return names;
    }
}
