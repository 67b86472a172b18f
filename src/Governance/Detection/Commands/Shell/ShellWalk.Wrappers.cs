// Commands that run another one: they are looked through, and what they run is judged in their place.
namespace CabinCrew.Governance.Detection.Commands.Shell;

internal sealed partial class ShellWalk
{
    /// <param name="WithValues">Options whose value is the next word.</param>
    /// <param name="Operands">Words before the command itself.</param>
    /// <param name="Assigns">name=value before the command.</param>
    /// <param name="IsText">The command is handed to a shell as one text.</param>
    private sealed record Prefix(string[] WithValues, int Operands = 0, bool Assigns = false, bool IsText = false);

    private static readonly Prefix Bare = new([]);

    private static readonly Dictionary<string, Prefix> Prefixes = new()
    {
        ["env"] = new(["-u", "--unset", "-C", "--chdir", "-a", "--argv0"], Assigns: true),
        ["sudo"] = new(["-u", "--user", "-g", "--group", "-h", "--host", "-p", "--prompt", "-C", "--close-from", "-D", "--chdir", "-R", "--chroot", "-r", "--role", "-t", "--type", "-T", "--command-timeout", "-U", "--other-user"], Assigns: true),
        ["doas"] = new(["-u", "-C"]),
        ["pkexec"] = new(["--user"]),
        ["runuser"] = new(["-u", "--user", "-g", "--group", "-G", "-s", "--shell"]),
        ["gosu"] = new([], 1),
        ["su-exec"] = new([], 1),
        ["setpriv"] = new(["--reuid", "--regid", "--groups", "--inh-caps", "--ambient-caps", "--bounding-set"]),
        ["nohup"] = Bare,
        ["setsid"] = Bare,
        ["command"] = Bare,
        ["builtin"] = Bare,
        ["exec"] = new(["-a"]),
        ["time"] = new(["-f", "--format", "-o", "--output"]),
        ["timeout"] = new(["-k", "--kill-after", "-s", "--signal"], 1),
        ["gtimeout"] = new(["-k", "--kill-after", "-s", "--signal"], 1),
        ["nice"] = new(["-n", "--adjustment"]),
        ["ionice"] = new(["-c", "--class", "-n", "--classdata"]),
        ["chrt"] = new(["-T", "-P", "-D"], 1),
        ["taskset"] = new([], 1),
        ["stdbuf"] = new(["-i", "-o", "-e", "--input", "--output", "--error"]),
        ["unbuffer"] = Bare,
        ["chroot"] = new(["--userspec", "--groups"], 1),
        ["unshare"] = new(["-S", "--setuid", "-G", "--setgid", "-R", "--root", "-w", "--wd", "--map-user", "--map-group"]),
        ["nsenter"] = new(["-t", "--target", "-S", "--setuid", "-G", "--setgid"]),
        ["flock"] = new(["-w", "--timeout", "-E", "--conflict-exit-code"], 1),
        ["busybox"] = Bare,
        ["toybox"] = Bare,
        ["strace"] = new(["-e", "-o", "-p", "-s", "-u", "-P", "-E"]),
        ["ltrace"] = new(["-e", "-o", "-p", "-s", "-u"]),
        ["caffeinate"] = new(["-t", "-w"]),
        ["systemd-run"] = new(["-u", "--unit", "-p", "--property", "-E", "--setenv", "--slice", "--on-calendar", "--on-active", "-M", "--machine", "-H", "--host", "--uid", "--gid", "--description", "--working-directory"]),
        ["systemd-inhibit"] = new(["--what", "--who", "--why", "--mode"]),
        ["firejail"] = Bare,
        ["proxychains"] = Bare,
        ["proxychains4"] = Bare,
        ["torsocks"] = Bare,
        ["xvfb-run"] = new(["-n", "-s", "-e", "-f"]),
        ["dbus-run-session"] = Bare,
        ["watch"] = new(["-n", "--interval"], IsText: true),
        ["ssh"] = new(["-p", "-i", "-l", "-o", "-F", "-L", "-R", "-D", "-J", "-b", "-c", "-E", "-e", "-I", "-m", "-O", "-Q", "-S", "-W", "-w"], 1, IsText: true),
        ["sshpass"] = new(["-p", "-f", "-d", "-P"]),
        ["mosh"] = new(["-p"], 1, IsText: true),
        ["entr"] = Bare,
        ["foreach"] = Bare,
        ["aws-vault"] = new(["-d", "--duration"], 2),
        ["doppler"] = new(["-p", "-c"], 1),
        ["dotenv"] = new(["-f", "-e"]),
        ["poetry"] = new([], 1),
        ["pipenv"] = new([], 1),
        ["bundle"] = new([], 1),
        ["npx"] = new(["-p", "--package"]),
        ["uvx"] = Bare,
    };

    private static readonly Prefix ContainerOptions = new(
    [
        "-e", "--env", "-u", "--user", "-w", "--workdir", "--env-file", "-v", "--volume", "-p", "--publish", "--name", "--network", "--net", "--entrypoint", "-m", "--memory", "--cpus", "-l", "--label", "-h", "--hostname",
        "--add-host", "--device", "--cap-add", "--cap-drop", "--security-opt", "--mount", "--tmpfs", "--ulimit", "--pid", "--ipc", "--restart", "--platform", "--log-driver", "--log-opt", "--dns", "--gpus", "--shm-size", "--pull",
        "--userns", "--runtime", "--link", "--volumes-from", "--index", "--detach-keys",
    ], 1);

    private static readonly Prefix XargsOptions = new(["-I", "-n", "-P", "-L", "-d", "-E", "-s", "-a", "--replace", "--max-args", "--max-procs", "--max-lines", "--delimiter", "--arg-file", "--max-chars"]);

    private Flow? Wrapped(CommandCall call)
    {
        switch (call.Name)
        {
            case "command" when call.Has("-v", "-V"):
                return Flow.Unknown;
            case "env" when call.Value("-S", "--split-string") is { } line:
                return RunText(line.Text + " " + Joined(call.Arguments.SkipWhile(a => a.Text != line.Text).Skip(1)), call.Scene, call.Input);
            case "xargs":
                return RunXargs(call);
            case "parallel":
                return RunParallel(call);
            case "find" or "fd" or "fdfind":
                return RunFind(call);
            case "su" or "runuser" when call.Value("-c", "--command", "--session-command") is { } text:
                return RunScript(text, call.Scene.Copy(), call.Input);
            case "su":
                return RunGiven(call);
            case "script" or "flock" or "vagrant" or "gcloud" when call.Value("-c", "--command", "-qc", "-qec") is { } text && call.Name is not "gcloud" || call.Name == "gcloud" && call.Value("--command") is not null:
                return RunScript(call.Value("-c", "--command", "-qc", "-qec")!, call.Scene.Copy(), call.Input);
            case "docker" or "podman" or "nerdctl" or "docker-compose" or "crictl":
                return RunInContainer(call);
            case "kubectl" or "oc" or "lxc" or "incus" or "nomad" or "k3s" or "microk8s" or "minikube":
                return RunInCluster(call);
            case "tmux" or "screen":
                foreach (var operand in call.Operands("-s", "-S", "-t", "-n", "-c", "-dmS", "-X"))
                    if (operand.Text.Contains(' ')) RunText(operand.Text, call.Scene.Copy(), Flow.Unknown);
                return call.Name == "screen" ? RunPrefixed(call, new(["-S", "-dmS", "-t", "-c"])) : null;
            case "git" when call.Operands("-C", "-c") is [{ Text: "submodule" }, { Text: "foreach" }, ..] or [{ Text: "bisect" }, { Text: "run" }, ..]:
                return RunText(Joined(call.Operands("-C", "-c").Skip(2)), call.Scene.Copy(), Flow.Unknown);
            case "poetry" or "pipenv" or "bundle" or "doppler" when call.Arguments is not [{ Text: "run" or "exec" }, ..]:
                return null;
            default:
                return Prefixes.TryGetValue(call.Name, out var prefix) ? RunPrefixed(call, prefix) : null;
        }
    }

    private Flow RunPrefixed(CommandCall call, Prefix prefix)
    {
        var inner = Behind(call.Arguments, prefix);
        if (inner.Count == 0) return call.Name is "sudo" or "ssh" or "chroot" or "nsenter" or "unshare" or "doas" ? RunGiven(call) : Flow.Unknown;
        return prefix.IsText ? RunScript(Together(inner), call.Scene.Copy(), call.Input) : Call(inner, call.Scene, call.Input);
    }

    // What is left behind the wrapper's own options and operands.
    private static List<Field> Behind(IReadOnlyList<Field> arguments, Prefix prefix)
    {
        var (i, operands) = (0, prefix.Operands);
        for (; i < arguments.Count; i++)
        {
            var text = arguments[i].Text;
            if (text == "--")
            {
                if (operands > 0) continue;
                i++;
                break;
            }
            if (text is ['-', _, ..]) i += TakesNext(text, prefix.WithValues) ? 1 : 0;
            else if (!(prefix.Assigns && IsAssignment(text)) && operands-- == 0) break;
        }
        return [.. arguments.Skip(i)];
    }

    // -u root takes the next word, and so does -nu; -uroot and --user=root do not.
    private static bool TakesNext(string option, string[] withValues)
    {
        if (withValues.Contains(option)) return true;
        if (option[1] == '-') return false;
        for (var i = 1; i < option.Length; i++)
            if (Array.Exists(withValues, v => v.Length == 2 && v[1] == option[i])) return i == option.Length - 1;
        return false;
    }

    private static bool IsAssignment(string text)
    {
        var equals = text.IndexOf('=');
        return equals > 0 && (char.IsAsciiLetter(text[0]) || text[0] == '_') && text.AsSpan(0, equals).IndexOfAnyExceptInRange('0', 'z') < 0;
    }

    private Flow RunXargs(CommandCall call)
    {
        var inner = Behind(call.Arguments, XargsOptions);
        if (inner.Count == 0) return call.Input;
        List<Field> items = call.Input.Text is { } text
            ? [.. text.Split([' ', '\t', '\n', '\0'], StringSplitOptions.RemoveEmptyEntries).Take(64).Select(t => Field.Of(t, isQuoted: true) with { Taint = call.Input.Taint, Source = call.Input.Source })]
            : [new("$input", "", IsKnown: false, IsQuoted: true, call.Input.Taint, call.Input.Source)];
        var mark = call.Value("-I", "--replace", "-i")?.Text;
        if (mark is not { Length: > 0 }) return Call([.. inner, .. items], call.Scene, Flow.Unknown);
        var output = new Flow("");
        foreach (var item in items) output = output.Then(Call([.. inner.Select(f => Replaced(f, mark, item))], call.Scene, Flow.Unknown));
        return output;
    }

    private static Field Replaced(Field field, string mark, Field item) => !field.Text.Contains(mark, StringComparison.Ordinal) ? field : field with
    {
        Text = field.Text.Replace(mark, item.Text, StringComparison.Ordinal),
        Bare = field.Bare.Replace(mark, item.Bare, StringComparison.Ordinal),
        IsKnown = field.IsKnown && item.IsKnown,
        Taint = field.Taint | item.Taint,
        Source = field.Source.Length > 0 ? field.Source : item.Source,
    };

    private Flow RunParallel(CommandCall call)
    {
        var template = Joined(Behind([.. call.Arguments.TakeWhile(a => !a.Text.StartsWith(":::", StringComparison.Ordinal))], new(["-j", "--jobs", "-N", "-n", "-S", "--sshlogin", "--delay", "--retries", "--timeout", "--joblog"])));
        var items = call.Arguments.SkipWhile(a => !a.Text.StartsWith(":::", StringComparison.Ordinal)).Skip(1).Select(a => a.Text).ToList();
        if (items.Count == 0) items = call.Input.Text?.Split('\n', StringSplitOptions.RemoveEmptyEntries).ToList() ?? ["$input"];
        foreach (var item in items.Take(16))
        {
            var text = template.Length == 0 ? item : template.Contains("{}", StringComparison.Ordinal) ? template.Replace("{}", item, StringComparison.Ordinal) : $"{template} {item}";
            RunText(text, call.Scene.Copy(), Flow.Unknown);
        }
        return Flow.Unknown;
    }

    private Flow? RunFind(CommandCall call)
    {
        var starts = call.Arguments.TakeWhile(a => a.Text is not ['-', _, ..] and not ("(" or "!")).ToList();
        if (call.Name != "find") starts = [Field.Of(".")];
        if (starts.Count == 0) starts = [Field.Of(".")];
        var isFiltered = call.Name != "find" || call.Arguments.Any(a => a.Text is "-name" or "-iname" or "-path" or "-ipath" or "-wholename" or "-regex" or "-iregex" or "-mtime" or "-mmin" or "-newer" or "-ctime" or "-atime" or "-size" or "-empty" or "-user" or "-xtype" or "-perm" or "-inum");
        if (call.Arguments.Any(a => a.Text == "-delete"))
            foreach (var start in starts) Judges.FileJudge.Finds(start, isFiltered, report, call.Scene);
        for (var i = 0; i < call.Arguments.Count; i++)
        {
            if (call.Arguments[i].Text is not ("-exec" or "-execdir" or "-ok" or "-okdir" or "-x" or "--exec" or "-X" or "--exec-batch")) continue;
            var inner = call.Arguments.Skip(i + 1).TakeWhile(a => a.Text is not (";" or "+")).ToList();
            foreach (var start in starts.Take(8))
            {
                if (isFiltered && inner is [{ Text: "rm" or "shred" or "unlink" or "/bin/rm" }, ..]) Judges.FileJudge.Finds(start, isFiltered, report, call.Scene);
                var found = isFiltered ? start with { Text = start.Text.TrimEnd('/') + "/{found}", Bare = start.Bare.TrimEnd('/') + "/{found}" } : start;
                Call([.. inner.Select(f => Replaced(f, "{}", found))], call.Scene, Flow.Unknown);
            }
        }
        return new(isFiltered ? null : string.Join('\n', starts.Select(s => s.Text)) + "\n");
    }

    private Flow? RunInContainer(CommandCall call)
    {
        var at = call.Arguments.ToList().FindIndex(a => a.Text is "exec" or "run");
        if (at < 0) return null;
        Judges.Judging.Judge(call, report);
        var own = call.Arguments.Skip(at + 1).ToList();
        var inner = Behind(own, ContainerOptions);
        if (call.Value("--entrypoint") is { } entry) inner.Insert(0, entry);
        return inner.Count == 0 ? Flow.Unknown : Call(inner, call.Scene.Copy(), call.Input);
    }

    private Flow? RunInCluster(CommandCall call)
    {
        var arguments = call.Arguments.ToList();
        if (call.Name is "k3s" or "microk8s" or "minikube") return arguments is [{ Text: "kubectl" }, ..] ? Call(arguments, call.Scene, call.Input) : null;
        var at = arguments.FindIndex(a => a.Text is "exec" or "run" or "debug" or "rsh");
        if (at < 0) return null;
        Judges.Judging.Judge(call, report);
        var dashes = arguments.FindIndex(at, a => a.Text == "--");
        var inner = dashes >= 0 ? arguments[(dashes + 1)..] : Behind(arguments[(at + 1)..], new(["-n", "--namespace", "-c", "--container", "--context", "--image"], 1));
        return inner.Count == 0 ? Flow.Unknown : Call(inner, call.Scene.Copy(), call.Input);
    }
}
