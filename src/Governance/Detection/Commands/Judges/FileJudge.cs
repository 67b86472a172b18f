// Commands on files: what they delete, overwrite or open to others.
using CabinCrew.Governance.Detection.Commands.Shell;

namespace CabinCrew.Governance.Detection.Commands.Judges;

internal static class FileJudge
{
    // Changing these as a whole breaks a system; /opt, /srv and their like belong to whoever set them up.
    private static readonly HashSet<string> Core = ["/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/proc", "/root", "/sbin", "/sys", "/usr", "/usr/bin", "/usr/lib", "/usr/sbin", "/var", "/var/lib", "/System", "/Library", "/Users"];

    public static void Judge(CommandCall call, Report report)
    {
        switch (call.Name)
        {
            case "rm" or "unlink" or "srm" or "shred" or "trash" or "rimraf" or "del-cli":
                Removes(call, report);
                break;
            case "mv" when call.Operands() is [.. var moved, { Text: "/dev/null" }]:
                foreach (var target in moved) Deletes(target, report, call.Scene);
                break;
            case "mv" or "cp" or "install" or "ln" or "rsync" when call.Operands() is [{ } from, .., { } to]:
                Overwrites(to, appends: false, call.Name == "ln" && from.Text != "/dev/null" ? Flow.Unknown : Contents.OfFile(from, call.Scene), report, call.Scene);
                break;
            case "dd":
                foreach (var argument in call.Arguments)
                    if (argument.Text.StartsWith("of=", StringComparison.Ordinal)) Overwrites(argument with { Text = argument.Text[3..] }, appends: false, Flow.Unknown, report, call.Scene);
                break;
            case "tee" or "sponge":
                foreach (var target in call.Operands()) Overwrites(target, call.Has("-a", "--append"), call.Input, report, call.Scene);
                break;
            case "truncate" or "fallocate":
                foreach (var target in call.Operands("-s", "--size", "-r", "-l", "-o")) Overwrites(target, appends: false, Flow.Unknown, report, call.Scene);
                break;
            case "sed" or "perl" when call.Has("-i", "--in-place") || call.Arguments.Any(a => a.Text.StartsWith("-i", StringComparison.Ordinal)):
                foreach (var target in call.Operands("-e", "-f").Skip(1)) Overwrites(target, appends: true, Flow.Unknown, report, call.Scene);
                break;
            case "wipefs" or "blkdiscard" or "badblocks" or "sgdisk" or "sfdisk" or "fdisk" or "parted" or "mkswap" or "hdparm" or "nvme" or "diskutil":
            case var name when name.StartsWith("mkfs", StringComparison.Ordinal) || name is "mke2fs" or "newfs":
                Formats(call, report);
                break;
            case "chmod" or "chown" or "chgrp" or "setfacl" or "chattr":
                Permits(call, report);
                break;
        }
    }

    private static void Removes(CommandCall call, Report report)
    {
        var recursive = call.Name is not ("unlink" or "shred") && call.Has("-r", "-R", "--recursive", "-d") || call.Name is "rimraf" or "trash" or "srm";
        foreach (var target in call.Operands("-n", "-s", "--iterations", "--size"))
        {
            if (recursive || (!target.IsQuoted && target.Text.AsSpan().IndexOfAny("*?[") >= 0)) Deletes(target, report, call.Scene);
            else DeletesFile(target, report, call.Scene);
        }
    }

    /// <summary>A whole tree.</summary>
    public static void Deletes(Field target, Report report, Scene scene)
    {
        var rule = Paths.KindOf(target, scene) switch
        {
            PathKind.Root => "delete-root",
            PathKind.Home => "delete-home",
            PathKind.System => "delete-system",
            PathKind.SystemPart => "delete-system-part",
            PathKind.Workspace => "delete-workspace",
            PathKind.Repository => "delete-repository",
            PathKind.Device => "overwrite-device",
            PathKind.Log => "erase-logs",
            PathKind.Unset => "delete-unset",
            _ => Paths.IsHistory(target.Text) ? "erase-history" : null,
        };
        if (rule is not null) report.Add(rule, Where(target, scene));
    }

    /// <summary>One file.</summary>
    private static void DeletesFile(Field target, Report report, Scene scene)
    {
        if (Paths.IsHistory(target.Text)) report.Add("erase-history", target.Text);
        else if (Paths.IsAuthority(target.Text)) report.Add("delete-system-part", target.Text);
        else if (Paths.KindOf(target, scene) is PathKind.Log) report.Add("erase-logs", target.Text);
        else if (Paths.KindOf(target, scene) is PathKind.Device) report.Add("overwrite-device", target.Text);
    }

    /// <summary>What <c>find</c> deletes below one place.</summary>
    public static void Finds(Field start, bool isFiltered, Report report, Scene scene)
    {
        if (!isFiltered) Deletes(start, report, scene);
        else if (Paths.KindOf(start, scene) is PathKind.Root or PathKind.Home or PathKind.System or PathKind.SystemPart) report.Add("delete-found", start.Text);
        else if (Paths.KindOf(start, scene) is PathKind.Log) report.Add("erase-logs", start.Text);
    }

    public static void Overwrites(Field target, bool appends, Flow content, Report report, Scene scene)
    {
        var path = target.Text;
        var kind = Paths.KindOf(target, scene);
        if (kind is PathKind.Device) report.Add("overwrite-device", path);
        else if (Paths.IsAuthority(path)) report.Add("overwrite-system-file", path);
        else if (Paths.IsSchedule(path)) report.Add("change-schedule", path);
        else if (Paths.IsHistory(path) && !appends) report.Add("erase-history", path);
        else if (kind is PathKind.Log && !appends && content.Text is null or "") report.Add("erase-logs", path);
        else if (path.Contains(".git/hooks/", StringComparison.Ordinal)) report.Add("write-git-hook", path);
    }

    private static void Formats(CommandCall call, Report report)
    {
        if (call.Name is "fdisk" or "parted" or "sgdisk" or "sfdisk" && call.Has("-l", "-p", "--list", "--print", "-d", "--dump")) return;
        if (call.Name == "hdparm" && !call.Arguments.Any(a => a.Text.StartsWith("--security-erase", StringComparison.Ordinal) || a.Text.StartsWith("--trim", StringComparison.Ordinal))) return;
        if (call.Name == "badblocks" && !call.Has("-w")) return;
        if (call.Name == "nvme" && call.Operands() is not [{ Text: "format" or "sanitize" }, ..]) return;
        if (call.Name == "diskutil" && call.Operands() is not [{ Text: "eraseDisk" or "eraseVolume" or "zeroDisk" or "secureErase" or "partitionDisk" }, ..]) return;
        var targets = call.Operands("-t", "-L", "-l", "-b", "-o", "-n", "-U");
        foreach (var target in targets)
            if (target.Text.StartsWith("/dev/", StringComparison.Ordinal) || call.Name == "diskutil" || !target.IsKnown) report.Add("overwrite-device", target.Text);
    }

    private static void Permits(CommandCall call, Report report)
    {
        var operands = call.Operands("--reference", "-m", "-M", "-x");
        var recursive = call.Has("-R", "--recursive");
        var mode = operands.Count > 0 ? operands[0].Text : "";
        // Modes that take away look like options: chmod -R -x /
        var takesAway = call.Name == "chmod" && call.Arguments.Any(a => a.Text is ['-', 'r' or 'w' or 'x', ..]);
        foreach (var target in call.Name == "setfacl" || takesAway ? operands : operands.Skip(1))
        {
            var path = target.Text.Length > 1 ? target.Text.TrimEnd('*').TrimEnd('/') : target.Text;
            if (recursive && (Paths.KindOf(target, call.Scene) is PathKind.Root || Core.Contains(path.Length == 0 ? "/" : path))) report.Add("permissions-of-system", Where(target, call.Scene));
            else if (call.Name == "chmod" && OpensToAll(mode)) report.Add("make-writable", Where(target, call.Scene));
            else if (call.Name == "chmod" && SetsOwner(mode)) report.Add("make-setuid", Where(target, call.Scene));
            else if (call.Name is "chown" or "chmod" && Paths.IsAuthority(target.Text)) report.Add("overwrite-system-file", target.Text);
            else if (call.Name == "chattr" && Paths.KindOf(target, call.Scene) is PathKind.Log) report.Add("erase-logs", target.Text);
        }
    }

    private static bool OpensToAll(string mode) => IsOctal(mode)
        ? (mode[^1] - '0' & 2) != 0 && !(mode.Length == 4 && mode[0] is '1' or '3' or '5' or '7')
        : mode.Split(',').Any(m => m.IndexOfAny(['+', '=']) is >= 0 and var at && m.AsSpan(at).Contains('w') && (m.AsSpan(0, at).Contains('o') || m.AsSpan(0, at).Contains('a')));

    private static bool SetsOwner(string mode) => IsOctal(mode)
        ? mode.Length == 4 && (mode[0] - '0' & 4) != 0
        : mode.Split(',').Any(m => m.IndexOfAny(['+', '=']) is >= 0 and var at && m.AsSpan(at).Contains('s') && !m.AsSpan(0, at).SequenceEqual("g"));

    private static bool IsOctal(string mode) => mode.Length is 3 or 4 && mode.All(c => c is >= '0' and <= '7');

    private static string Where(Field target, Scene scene) =>
        target.Text.Length > 0 && target.Text[0] is not ('/' or '~' or '$') && scene.Directory is { } directory && directory != "." ? $"{directory}/{target.Text}" : target.Text;
}
