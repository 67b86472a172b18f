// What of the host's file system every engine sees, read once per process: programs and libraries, never /etc as a whole, never /home, /root, /var or /run.
namespace CabinCrew.Orchestrator.Engines.Sandbox;

/// <param name="Links">Root entries that are links on the host, and where they point, for example bin to usr/bin.</param>
/// <param name="ReadOnly">Directories and files bound read-only at the same place.</param>
/// <param name="Network">The same, for runs with the network.</param>
internal sealed record HostLayout(IReadOnlyList<(string Name, string Target)> Links, IReadOnlyList<string> ReadOnly, IReadOnlyList<string> Network)
{
    private static readonly Lazy<HostLayout> Current = new(Read);

    public static HostLayout OfThisMachine => Current.Value;

    private static HostLayout Read()
    {
        var links = new List<(string, string)>();
        var readOnly = new List<string> { "/usr" };
        foreach (var name in (string[])["bin", "sbin", "lib", "lib32", "lib64", "libx32"])
        {
            var entry = new DirectoryInfo("/" + name);
            if (entry.LinkTarget is { } target) links.Add((name, target.TrimStart('/')));
            else if (entry.Exists) readOnly.Add("/" + name);
        }
        // Where the loader, certificates and programs' alternatives are; /nix/store and /gnu/store are /usr on their systems.
        readOnly.AddRange(((string[])
        [
            "/etc/ld.so.cache", "/etc/ld-musl-x86_64.path", "/etc/alternatives", "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/pki/tls/certs",
            "/etc/pki/ca-trust/extracted", "/etc/ca-certificates/extracted", "/etc/crypto-policies/back-ends", "/etc/dotnet", "/nix/store", "/gnu/store",
        ]).Where(p => File.Exists(p) || Directory.Exists(p)));
        return new(links, readOnly, [.. ((string[])["/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf"]).Where(File.Exists)]);
    }
}
