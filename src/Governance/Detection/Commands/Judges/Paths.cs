// What a path stands for, told from its name alone: the root, a home, a part of the system, the workspace, a repository, a device, a log, a credential.
using System.IO.Enumeration;
using CabinCrew.Governance.Detection.Commands.Shell;

namespace CabinCrew.Governance.Detection.Commands.Judges;

internal enum PathKind
{
    Ordinary,
    Root,
    Home,
    System,

    /// <summary>Below a directory of the system.</summary>
    SystemPart,
    Workspace,
    Repository,
    Device,
    Log,

    /// <summary>Lies below something that is not set: it may be any of the others.</summary>
    Unset,
}

internal static class Paths
{
    // Whole directories that a system or its data cannot do without.
    private static readonly HashSet<string> SystemDirectories =
    [
        "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib32", "/lib64", "/media", "/mnt", "/opt", "/proc", "/root", "/run", "/sbin", "/srv", "/sys", "/usr", "/var",
        "/usr/bin", "/usr/lib", "/usr/lib64", "/usr/local", "/usr/local/bin", "/usr/local/lib", "/usr/sbin", "/usr/share", "/usr/include", "/var/lib", "/var/spool", "/var/www", "/var/backups",
        "/var/lib/docker", "/var/lib/containerd", "/var/lib/kubelet", "/var/lib/etcd", "/var/lib/mysql", "/var/lib/postgresql", "/var/lib/mongodb", "/var/lib/redis", "/var/lib/rpm", "/var/lib/dpkg",
        "/Users", "/System", "/Library", "/Applications", "/Volumes", "/private",
    ];

    // Below these nothing is anybody's to delete.
    private static readonly string[] SystemTrees = ["/bin/", "/boot/", "/etc/", "/lib/", "/lib64/", "/sbin/", "/sys/", "/proc/", "/usr/bin/", "/usr/sbin/", "/usr/lib/", "/dev/", "/System/"];

    // Data directories that are lost with any part of them.
    private static readonly string[] DataTrees = ["/var/lib/docker/", "/var/lib/etcd/", "/var/lib/mysql/", "/var/lib/postgresql/", "/var/lib/mongodb/", "/var/backups/", "/boot/"];

    private static readonly string[] Devices = ["/dev/sd", "/dev/hd", "/dev/vd", "/dev/xvd", "/dev/nvme", "/dev/mmcblk", "/dev/disk", "/dev/mapper/", "/dev/dm-", "/dev/md", "/dev/rdisk", "/dev/mem", "/dev/kmem", "/dev/port"];

    private static readonly string[] CredentialEnds =
    [
        "/id_rsa", "/id_ed25519", "/id_ecdsa", "/id_dsa", "/.aws/credentials", "/.kube/config", "/.docker/config.json", "/.netrc", "/.git-credentials", "/.npmrc", "/.pypirc", "/.pgpass", "/.vault-token",
        "/.config/gcloud/application_default_credentials.json", "/.azure/accessTokens.json", "/etc/shadow", "/etc/gshadow", "/etc/master.passwd", "/proc/self/environ", "/.bash_history", "/.zsh_history",
        "/.terraform.d/credentials.tfrc.json", "/etc/kubernetes/admin.conf", "/var/run/secrets/kubernetes.io/serviceaccount/token", "/login.keychain-db", "/.ssh", "/.aws", "/.gnupg", "/terraform.tfstate", "/.env",
    ];

    private static readonly string[] CredentialTrees = ["/.ssh/", "/.aws/", "/.gnupg/", "/.config/gcloud/", "/.azure/", "/etc/ssl/private/", "/Keychains/", "/secrets/kubernetes.io/"];

    public static PathKind KindOf(Field field, Scene scene)
    {
        var kind = KindOf(field.Text, field.IsQuoted, scene.Directory);
        if (kind != PathKind.Ordinary || field.IsKnown) return kind;
        // What stands before or behind something that may be empty.
        if (field.Bare.Length == 0 || field.Bare[0] != '/') return PathKind.Ordinary;
        return KindOf(field.Bare, field.IsQuoted, scene.Directory) is PathKind.Ordinary ? PathKind.Ordinary : PathKind.Unset;
    }

    private static PathKind KindOf(string text, bool isQuoted, string? directory)
    {
        if (text.Length == 0) return PathKind.Ordinary;
        var isHomeMark = text[0] == '~' && !isQuoted;
        if (isHomeMark && text.IndexOf('/') < 0) return PathKind.Home;
        if (text[0] == '~' && isQuoted) return PathKind.Ordinary;
        var path = Normal(text, isHomeMark ? "." : directory ?? ".", isQuoted);
        if (path == "/") return PathKind.Root;
        if (path == "~" || IsHome(path)) return PathKind.Home;
        if (path == "." || path == ".." || path.StartsWith("../", StringComparison.Ordinal) && path.Replace("../", "", StringComparison.Ordinal) is "..")
            return directory is null && text[0] != '/' ? PathKind.Unset : PathKind.Workspace;
        var last = path[(path.LastIndexOf('/') + 1)..];
        if (last == ".git") return PathKind.Repository;
        if (Array.Exists(Devices, d => path.StartsWith(d, StringComparison.Ordinal))) return PathKind.Device;
        if (path == "/var/log" || path.StartsWith("/var/log/", StringComparison.Ordinal)) return PathKind.Log;
        if (SystemDirectories.Contains(path)) return PathKind.System;
        if (path is "/dev/null" or "/dev/stdout" or "/dev/stderr" or "/dev/stdin" or "/dev/tty" || path.StartsWith("/dev/fd/", StringComparison.Ordinal) || path.StartsWith("/dev/shm/", StringComparison.Ordinal)) return PathKind.Ordinary;
        if (Array.Exists(SystemTrees, t => path.StartsWith(t, StringComparison.Ordinal)) || Array.Exists(DataTrees, t => path.StartsWith(t, StringComparison.Ordinal))) return PathKind.SystemPart;
        return path.StartsWith('/') && !isQuoted && path.AsSpan().IndexOfAny("*?[") >= 0 && MatchesSystem(path) ? PathKind.System : PathKind.Ordinary;
    }

    private static bool IsHome(string path) =>
        (path.StartsWith("/home/", StringComparison.Ordinal) || path.StartsWith("/Users/", StringComparison.Ordinal)) && path.AsSpan(1).Count('/') == 1
        || path == "/root" || path.StartsWith('~') && path.IndexOf('/') < 0;

    // Doubled slashes, dots and a star for the contents taken away; from the directory where that is known.
    private static string Normal(string text, string directory, bool isQuoted)
    {
        if (text[0] is not ('/' or '~') && directory != ".") text = $"{directory}/{text}";
        List<string> parts = [];
        var isAbsolute = text[0] == '/';
        foreach (var part in text.Split('/'))
        {
            if (part is "" or ".") continue;
            if (part == ".." && (parts.Count > 0 ? parts[^1] != ".." : isAbsolute)) { if (parts.Count > 0) parts.RemoveAt(parts.Count - 1); }
            else parts.Add(part);
        }
        while (!isQuoted && parts.Count > 0 && parts[^1] is "*" or ".*" or "**" or ".[!.]*" or "?*" or "*.*" or ".??*")
            parts.RemoveAt(parts.Count - 1);
        return isAbsolute ? "/" + string.Join('/', parts) : parts.Count == 0 ? "." : string.Join('/', parts);
    }

    // A pattern that hits one of the system's directories, wherever its stars stand: /[e]tc, /us?/*.
    private static bool MatchesSystem(string path)
    {
        if (path.Length > 64) return false;
        var pattern = new System.Text.StringBuilder();
        for (var i = 0; i < path.Length; i++)
        {
            var close = path[i] == '[' ? path.IndexOf(']', i) : -1;
            pattern.Append(close > 0 ? '?' : path[i]);
            if (close > 0) i = close;
        }
        return SystemDirectories.Any(d => d.AsSpan().Count('/') == path.AsSpan().Count('/') && FileSystemName.MatchesSimpleExpression(pattern.ToString(), d, ignoreCase: false));
    }

    // Who may log in, who may act as root, what is loaded into every process.
    private static readonly string[] AuthorityFiles = ["/etc/passwd", "/etc/shadow", "/etc/group", "/etc/sudoers", "/usr/local/etc/sudoers", "/etc/ld.so.preload", "/etc/ssh/sshd_config", "/etc/hosts.allow", "/etc/doas.conf", "/etc/fstab", "/etc/master.passwd"];

    private static readonly string[] ScheduleTrees = ["/etc/cron", "/var/spool/cron", "/etc/systemd/system/", "/lib/systemd/system/", "/usr/lib/systemd/system/", "/etc/init.d/", "/etc/rc.local", "/Library/LaunchDaemons/"];

    public static bool IsAuthority(string path) =>
        AuthorityFiles.Contains(path) || path.StartsWith("/etc/sudoers.d/", StringComparison.Ordinal) || path.StartsWith("/etc/pam.d/", StringComparison.Ordinal) || path.EndsWith("/.ssh/authorized_keys", StringComparison.Ordinal);

    public static bool IsSchedule(string path) => Array.Exists(ScheduleTrees, t => path.StartsWith(t, StringComparison.Ordinal));

    public static bool IsHistory(string path) => path.EndsWith("_history", StringComparison.Ordinal) || path is "$HISTFILE";

    public static bool IsCredential(string path)
    {
        if (path.EndsWith(".pub", StringComparison.Ordinal) || path.EndsWith("/known_hosts", StringComparison.Ordinal) || path.EndsWith("/authorized_keys", StringComparison.Ordinal)) return false;
        var full = path.StartsWith('@') ? path[1..] : path;
        if (full.Length == 0) return false;
        if (full[0] != '/' && full[0] != '~') full = "/" + full;
        return Array.Exists(CredentialEnds, e => full.EndsWith(e, StringComparison.Ordinal)) || Array.Exists(CredentialTrees, t => full.Contains(t, StringComparison.Ordinal));
    }
}
