// Tools whose danger depends on more than which words and options are there.
using CabinCrew.Governance.Detection.Commands.Shell;

namespace CabinCrew.Governance.Detection.Commands.Judges;

internal static class SpecialTools
{
    private static readonly HashSet<string> Protected = ["main", "master", "trunk", "develop", "production", "prod", "release", "stable"];

    public static void Judge(CommandCall call, Report report)
    {
        switch (call.Name)
        {
            case "git" when call.Operands("-C", "-c", "--git-dir", "--work-tree") is [{ Text: "push" }, ..]:
                Push(call, report);
                break;
            case "git" when call.Operands("-C", "-c") is [{ Text: "checkout" or "restore" }, .., { Text: "." }] && (call.Arguments.Any(a => a.Text == "--") || call.Arguments.Any(a => a.Text == "restore")):
                report.Add("git-reset-hard", ".");
                break;
            case "kill" when call.Operands("-s", "-n").Any(o => o.Text == "-1") || (call.Arguments.Count > 1 && call.Arguments[^1].Text == "-1"):
                report.Add("kill-all", "every process");
                break;
            case "pkill" or "killall" when call.Arguments is [.., { Text: "." or "" or ".*" }]:
                report.Add("kill-all", "every process");
                break;
            case "docker" or "podman" or "nerdctl":
                Container(call, report);
                break;
            case "aws" or "az" or "gcloud" or "gsutil":
                Cloud(call, report);
                break;
            case "sysctl" when call.Arguments.Any(a => a.Text.StartsWith("kernel.randomize_va_space=0", StringComparison.Ordinal)):
                report.Add("stop-protection", "kernel.randomize_va_space");
                break;
            case "usermod" or "useradd" when call.Value("-u", "--uid")?.Text == "0":
                report.Add("change-account", ShellWalk.Joined(call.Arguments));
                break;
        }
    }

    private static void Push(CommandCall call, Report report)
    {
        if (call.Has("--dry-run", "-n")) return;
        var operands = call.Operands("-C", "-c", "--git-dir", "--work-tree", "-o", "--push-option", "--repo").Skip(1).ToList();
        var refs = operands.Skip(1).Select(o => o.Text).ToList();
        var forces = call.Has("-f", "--force");
        if (call.Has("--mirror")) report.Add("git-force-push-protected", "all references");
        if (call.Has("-d", "--delete"))
            foreach (var name in refs) report.Add("git-delete-remote", name);
        foreach (var name in refs)
        {
            if (name.StartsWith(':') && name.Length > 1) report.Add("git-delete-remote", name[1..]);
            var isForced = forces || name.StartsWith('+');
            var target = name[(name.LastIndexOf(':') + 1)..].TrimStart('+');
            if (isForced && !name.StartsWith(':')) report.Add(IsProtected(target) ? "git-force-push-protected" : "git-force-push", target);
        }
        if (!forces || refs.Count > 0) return;
        if (call.Has("--all", "--tags", "--branches")) report.Add("git-force-push-protected", call.Has("--tags") ? "all tags" : "all branches");
        else report.Add("git-force-push", "the current branch");
    }

    private static bool IsProtected(string name)
    {
        if (name.StartsWith("refs/tags/", StringComparison.Ordinal)) return true;
        var branch = name.StartsWith("refs/heads/", StringComparison.Ordinal) ? name["refs/heads/".Length..] : name;
        return Protected.Contains(branch) || branch.StartsWith("release/", StringComparison.Ordinal) || branch is "*" or "HEAD:main" or "HEAD:master";
    }

    // Mounts of the host's own directories, its namespaces, its socket.
    private static void Container(CommandCall call, Report report)
    {
        if (call.Operands() is not [{ Text: "run" or "create" }, ..] && !call.Arguments.Any(a => a.Text is "run" or "create")) return;
        for (var i = 0; i < call.Arguments.Count; i++)
        {
            var text = call.Arguments[i].Text;
            var value = text.IndexOf('=') is > 0 and var at && text[0] == '-' ? text[(at + 1)..] : i + 1 < call.Arguments.Count ? call.Arguments[i + 1].Text : "";
            var option = text.Split('=')[0];
            if (option is "-v" or "--volume" or "--mount" && MountsHost(value)) report.Add("docker-privileged", value);
            else if (option is "--pid" or "--net" or "--network" or "--ipc" or "--userns" && value == "host" && option is not ("--net" or "--network")) report.Add("docker-privileged", $"{option} host");
            else if (option == "--cap-add" && value.ToUpperInvariant() is "ALL" or "SYS_ADMIN" or "SYS_PTRACE" or "SYS_MODULE" or "CAP_SYS_ADMIN") report.Add("docker-privileged", $"--cap-add {value}");
            else if (option == "--security-opt" && value.Contains("unconfined", StringComparison.Ordinal)) report.Add("docker-privileged", $"--security-opt {value}");
        }
    }

    private static bool MountsHost(string value)
    {
        var source = value.Contains("source=", StringComparison.Ordinal) || value.Contains("src=", StringComparison.Ordinal)
            ? value.Split(',').FirstOrDefault(p => p.StartsWith("source=", StringComparison.Ordinal) || p.StartsWith("src=", StringComparison.Ordinal))?.Split('=')[^1] ?? ""
            : value.Split(':')[0];
        return source is "/" or "/etc" or "/root" or "/var/run/docker.sock" or "/run/docker.sock" or "/proc" or "/sys" or "/dev" or "/boot" or "/var/lib/docker";
    }

    private static void Cloud(CommandCall call, Report report)
    {
        foreach (var argument in call.Arguments)
            if (argument.Text is "public-read" or "public-read-write" or "--acl=public-read" or "--acl=public-read-write" or "allUsers" or "--member=allUsers" or "--member=allAuthenticatedUsers" or "allUsers:objectViewer" or "--public-access=blob" or "--public-access=container")
                report.Add("cloud-public", $"{call.Name} {ShellWalk.Joined(call.Arguments)}");
        if (call.Arguments.Any(a => a.Text is "authorize-security-group-ingress" or "firewall-rules" or "nsg") && call.Arguments.Any(a => a.Text.Contains("0.0.0.0/0", StringComparison.Ordinal) || a.Text.Contains("::/0", StringComparison.Ordinal)))
            report.Add("cloud-public", $"{call.Name} {ShellWalk.Joined(call.Arguments)}");
        if (call.Arguments.Any(a => a.Text is "--publicly-accessible")) report.Add("cloud-public", $"{call.Name} {ShellWalk.Joined(call.Arguments)}");
        if (call.Arguments.Any(a => a.Text is "--no-deletion-protection" or "--no-enable-termination-protection")) report.Add("cloud-protection", $"{call.Name} {ShellWalk.Joined(call.Arguments)}");
    }
}
