// A host and a port, in the one spelling that is compared: lower case, no trailing dot, no number in disguise. Everything that names a destination
// (a request line, a Host header, a workflow file) is read here, so that no two readers can understand one text differently.
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace CabinCrew.Orchestrator.Engines.Network;

/// <param name="Host">A DNS name in lower case, or an address as the framework writes it (IPv6 without brackets).</param>
/// <param name="Address">The address, where the host is one.</param>
public sealed record Authority(string Host, int Port, IPAddress? Address)
{
    private const int NameCharsMax = 253, LabelCharsMax = 63;

    /// <param name="defaultPort">0: a port must be written.</param>
    /// <returns>Null for everything that is not exactly one host and one port.</returns>
    public static Authority? Parse(string text, int defaultPort)
    {
        var (host, port) = (text, (string?)null);
        if (text.StartsWith('['))
        {
            if (text.IndexOf(']', StringComparison.Ordinal) is not (> 0 and var end)) return null;
            host = text[1..end];
            if (end + 1 < text.Length && text[end + 1] != ':') return null;
            if (end + 1 < text.Length) port = text[(end + 2)..];
            if (host.Contains('%') || !IPAddress.TryParse(host, out var v6) || v6.AddressFamily != AddressFamily.InterNetworkV6) return null;
            return PortOf(port, defaultPort) is { } p6 ? new(v6.ToString(), p6, v6) : null;
        }
        if (text.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon) (host, port) = (text[..colon], text[(colon + 1)..]);
        if (PortOf(port, defaultPort) is not { } number) return null;
        host = host.ToLowerInvariant();
        // 127.1, 0x7f.1 and 2130706433 are addresses to a resolver: only the plain four numbers are one here, and nothing that ends in a number is a name.
        if (IsNumber(host[(host.LastIndexOf('.') + 1)..]))
            return IPAddress.TryParse(host, out var v4) && v4.AddressFamily == AddressFamily.InterNetwork && v4.ToString() == host ? new(host, number, v4) : null;
        return IsName(host) ? new(host, number, null) : null;
    }

    public static bool IsName(string host) =>
        host.Length is > 0 and <= NameCharsMax && host.Split('.').All(label => label.Length is > 0 and <= LabelCharsMax && label[0] != '-' && label.All(IsNameChar));

    /// <summary>As a Host header and a URL write it; the scheme's own port is left out.</summary>
    public string Text(string scheme) => Port == (scheme == "https" ? 443 : 80) ? Bracketed : ToString();

    private string Bracketed => Address?.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{Host}]" : Host;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Bracketed}:{Port}");

    private static bool IsNameChar(char c) => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-' or '_';

    private static bool IsNumber(string label) => label.Length > 0 && (label.All(char.IsAsciiDigit) || label.StartsWith("0x", StringComparison.Ordinal));

    private static int? PortOf(string? text, int defaultPort) => text is null
        ? defaultPort > 0 ? defaultPort : null
        : text.Length is > 0 and <= 5 && text.All(char.IsAsciiDigit) && int.Parse(text, CultureInfo.InvariantCulture) is > 0 and <= 65535 and var port ? port : null;
}
