// Commands that reach over the network: what they fetch, what they give away.
using CabinCrew.Governance.Detection.Commands.Shell;

namespace CabinCrew.Governance.Detection.Commands.Judges;

internal static class NetworkJudge
{
    private static readonly HashSet<string> Senders = ["curl", "wget", "nc", "ncat", "netcat", "socat", "telnet", "ftp", "sftp", "tftp", "mail", "mailx", "sendmail", "dig", "nslookup", "host", "ping", "http", "https", "openssl", "websocat", "aws", "gsutil", "rclone", "scp", "rsync", "s3cmd", "gist", "gh"];

    private static readonly HashSet<string> Readers = ["cat", "less", "more", "head", "tail", "tac", "nl", "strings", "base64", "xxd", "od", "hexdump", "grep", "egrep", "sed", "awk", "cut", "sort", "tar", "zip", "cp", "dd", "bat", "rev"];

    private static readonly string[] Fetchers = ["curl", "wget", "fetch", "aria2c"];

    public static bool IsSocket(Field file) => file.Text.StartsWith("/dev/tcp/", StringComparison.Ordinal) || file.Text.StartsWith("/dev/udp/", StringComparison.Ordinal);

    /// <summary>The first operand that looks like an address.</summary>
    public static string Address(CommandCall call) =>
        call.Arguments.FirstOrDefault(a => a.Text.Contains("://", StringComparison.Ordinal))?.Text ?? (call.Operands("-o", "-O", "-H", "-d", "-X", "-A", "-u", "-e") is [{ Text: var first }, ..] ? first : call.Name);

    /// <summary>Remembers files that are downloaded.</summary>
    public static void Keep(CommandCall call)
    {
        if (!Fetchers.Contains(call.Name)) return;
        var address = Address(call);
        var name = call.Name == "curl" ? call.Value("-o", "--output") : call.Value("-O", "--output-document", "-o", "--out");
        var saves = call.Name != "curl" || call.Has("-O", "--remote-name", "-J");
        var last = address.Split('?')[0].TrimEnd('/');
        var path = name is { Text: not ("" or "-" or "/dev/stdout") } ? name.Text : saves && name is null ? last[(last.LastIndexOf('/') + 1)..] : null;
        // A cluster such as -fsSLo takes the file as its next word.
        if (path is null && call.Name == "curl")
            for (var i = 0; i + 1 < call.Arguments.Count; i++)
                if (call.Arguments[i].Text is ['-', not '-', .., 'o']) path = call.Arguments[i + 1].Text;
        if (path is not null) call.Scene.Write(path, Flow.Unknown.With(Taint.Downloaded, address), appends: false);
    }

    public static void Judge(CommandCall call, Report report)
    {
        if (Senders.Contains(call.Name)) Sends(call, report);
        if (Readers.Contains(call.Name) && !(call.Name is "cp" && call.Operands() is not [{ }, .., { }]))
            foreach (var operand in call.Name is "cp" ? call.Operands().SkipLast(1) : call.Operands())
                if (Paths.IsCredential(operand.Text.StartsWith("if=", StringComparison.Ordinal) ? operand.Text[3..] : operand.Text)) report.Add("read-credentials", operand.Text);
        if (call.Name is "nc" or "ncat" or "netcat" or "socat") GivesShell(call, report);
        if (call.Name is "pip" or "pip3" or "pipx" or "uv" or "npm" or "yarn" or "pnpm" or "gem" or "cargo" or "brew" or "apt" or "apt-get" or "dnf" or "yum" or "rpm" or "easy_install") Installs(call, report);
        if (call.Name is "kubectl" && call.Has("-f", "--filename") && call.Value("-f", "--filename") is { Text: var manifest } && manifest.StartsWith("http://", StringComparison.Ordinal) && call.Operands() is [{ Text: "apply" or "create" }, ..]) report.Add("package-from-url", manifest);
    }

    private static void Sends(CommandCall call, Report report)
    {
        if (call.Name is "openssl" && call.Operands() is not [{ Text: "s_client" }, ..]) return;
        var takesInput = call.Name is not ("curl" or "wget" or "http" or "https" or "aws" or "gh") || call.Arguments.Any(a => a.Text is "@-" or "-" || a.Text.EndsWith("@-", StringComparison.Ordinal));
        if (takesInput && call.Input.Taint.HasFlag(Taint.Credential)) report.Add("send-credentials", call.Input.Source);
        // ssh-like tools are given keys to log in with; a copy that leaves nothing for another machine sends nothing.
        var copies = call.Name is "scp" or "rsync" or "aws" or "gsutil" or "rclone" or "s3cmd";
        var isRemote = !copies || call.Operands("-i", "-e", "-P", "-F", "-o") is [.., { Text: var to }] && to.Contains(':');
        var previous = "";
        foreach (var argument in call.Arguments)
        {
            var text = argument.Text;
            var isKey = (copies && previous == "-F") || previous is "-i" or "--cert" or "--key" or "-E" or "--cacert" or "--netrc-file" or "-o" or "--output" or "-O" or "-c" or "--cookie-jar" or "--config" or "-K";
            previous = text;
            if (argument.Taint.HasFlag(Taint.Credential)) report.Add("send-credentials", argument.Source);
            else if (!isKey && isRemote && text.Length > 0 && text[0] != '-' && Paths.IsCredential(text[(text.IndexOf('@') + 1)..])) report.Add("send-credentials", text[(text.IndexOf('@') + 1)..]);
            else if (text.StartsWith('-') && text.IndexOfAny(['@', '=']) is > 0 and var at && Paths.IsCredential(text[(at + 1)..].TrimStart('@'))) report.Add("send-credentials", text[(at + 1)..]);
        }
    }

    private static void GivesShell(CommandCall call, Report report)
    {
        var runs = call.Name == "socat"
            ? call.Arguments.Any(a => a.Text.StartsWith("exec:", StringComparison.OrdinalIgnoreCase) || a.Text.StartsWith("system:", StringComparison.OrdinalIgnoreCase))
            : call.Has("-e", "-c", "--exec", "--sh-exec", "--lua-exec");
        if (runs) report.Add("reverse-shell", $"{call.Name} {ShellWalk.Joined(call.Arguments)}");
    }

    private static void Installs(CommandCall call, Report report)
    {
        if (!call.Operands().Any(o => o.Text is "install" or "add" or "i" or "-i" or "tool") && call.Name is not "rpm") return;
        foreach (var argument in call.Arguments)
        {
            var text = argument.Text;
            if (text.StartsWith("git+", StringComparison.Ordinal) || text.StartsWith("http://", StringComparison.Ordinal) || (text.StartsWith("https://", StringComparison.Ordinal) && !IsIndex(call, argument))) report.Add("package-from-url", text);
        }
    }

    private static bool IsIndex(CommandCall call, Field argument) => call.Value("--index-url", "-i", "--extra-index-url", "--registry", "--find-links", "-f", "--index", "--source") is { } index && index.Text == argument.Text;
}
