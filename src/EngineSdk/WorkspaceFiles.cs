// Reads and writes a tree of files without following a link at any component. Within an engine's own sandbox nobody races with it.
using System.Runtime.InteropServices;
using System.Text;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.EngineSdk;

/// <summary>Files of a tree by their paths inside it.</summary>
public static class WorkspaceFiles
{
    private enum Entry { Nothing, File, Directory, Link, Other }

    /// <summary>A file or link; null where there is neither, also where the way leads through a link.</summary>
    /// <exception cref="IOException">A socket, fifo or device stands there, or it cannot be read.</exception>
    public static FileContent? Read(string root, WorkspacePath path)
    {
        if (!ParentsAreDirectories(root, path)) return null;
        var full = Path.Join(root, path.ToString());
        switch (Stat(full, out var mode))
        {
            case Entry.Link: return new(FileKind.Link, Encoding.UTF8.GetBytes(new FileInfo(full).LinkTarget!));
            case Entry.File: return new((mode & 0b001_000_000) != 0 ? FileKind.Executable : FileKind.Regular, File.ReadAllBytes(full));
            case Entry.Other: throw new IOException($"'{path}' is neither a file, a directory nor a link");
            default: return null;
        }
    }

    /// <summary>Every file and link below the root, in order; the root's entries named in <paramref name="without"/> are left out.</summary>
    /// <exception cref="IOException">Something that no plan can hold: a socket, a fifo, a device, a name that is not UTF-8.</exception>
    public static IReadOnlyList<WorkspacePath> List(string root, params IReadOnlyCollection<string> without)
    {
        var found = new List<WorkspacePath>();
        var open = new Stack<string>();
        open.Push("");
        while (open.TryPop(out var directory))
            foreach (var full in Directory.EnumerateFileSystemEntries(Path.Join(root, directory)))
            {
                var name = Path.GetFileName(full);
                if (directory.Length == 0 && without.Contains(name)) continue;
                var relative = directory.Length == 0 ? name : $"{directory}/{name}";
                if (name.Contains('\uFFFD') || !WorkspacePath.TryParse(relative, out var path)) throw new IOException($"'{relative}' is a name that no plan can hold");
                switch (Stat(full, out _))
                {
                    case Entry.Directory: open.Push(relative); break;
                    case Entry.File or Entry.Link: found.Add(path); break;
                    default: throw new IOException($"'{relative}' is neither a file, a directory nor a link");
                }
            }
        found.Sort();
        return found;
    }

    /// <summary>Makes the changes: deletions first, then directories and files. Directories that deletions left empty go.</summary>
    public static Outcome<Done> Apply(string root, IReadOnlyList<FileWrite> writes)
    {
        foreach (var write in writes)
            if (Read(root, write.Change.Path)?.State != write.Change.Before) return Refuse(write, "is not in the state that the plan began with");
        try
        {
            foreach (var write in writes.Where(w => w.Change.Before is not null && (w.Change.After is null || w.Change.Before.Kind != w.Change.After.Kind))) Delete(root, write.Change.Path);
            foreach (var write in writes.Where(w => w.Change.After is not null)) Put(root, write);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Problem(ProblemCode.IoFailed, $"the workspace could not be changed: {e.Message}");
        }
        return Done.Ok;
    }

    private static void Delete(string root, WorkspacePath path)
    {
        File.Delete(Path.Join(root, path.ToString()));
        for (var directory = Path.GetDirectoryName(path.ToString()); !string.IsNullOrEmpty(directory); directory = Path.GetDirectoryName(directory))
        {
            var full = Path.Join(root, directory);
            if (Directory.EnumerateFileSystemEntries(full).Any()) return;
            Directory.Delete(full);
        }
    }

    internal static void Put(string root, FileWrite write)
    {
        var (path, after) = (write.Change.Path, write.Change.After!);
        var full = Path.Join(root, path.ToString());
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        if (!ParentsAreDirectories(root, path)) throw new IOException($"'{path}' lies behind a link");
        if (after.Kind == FileKind.Link)
        {
            if (Stat(full, out _) == Entry.Link) File.Delete(full);
            File.CreateSymbolicLink(full, Encoding.UTF8.GetString(write.Content!.Value.Span));
            return;
        }
        File.WriteAllBytes(full, write.Content!.Value.Span);
        var mode = File.GetUnixFileMode(full) & ~(UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        if (after.Kind == FileKind.Executable) mode |= UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        File.SetUnixFileMode(full, mode);
    }

    private static bool ParentsAreDirectories(string root, WorkspacePath path)
    {
        var text = path.ToString();
        for (var slash = text.IndexOf('/'); slash > 0; slash = text.IndexOf('/', slash + 1))
            if (Stat(Path.Join(root, text[..slash]), out _) != Entry.Directory) return false;
        return true;
    }

    // statx, since its layout is the same on every architecture; .NET itself cannot tell a fifo from a file.
    private static Entry Stat(string path, out int mode)
    {
        const int atWorkingDirectory = -100, noFollow = 0x100, wantMode = 3;
        var buffer = new byte[256];
        mode = 0;
        if (Statx(atWorkingDirectory, path, noFollow, wantMode, buffer) != 0)
        {
            // ENOENT 2, ENOTDIR 20: nothing is there. Anything else is not to be taken for nothing.
            var error = Marshal.GetLastPInvokeError();
            return error is 2 or 20 ? Entry.Nothing : throw new IOException($"'{path}' cannot be looked at (errno {error})");
        }
        mode = BitConverter.ToUInt16(buffer, 28);
        return (mode & 0xF000) switch { 0x8000 => Entry.File, 0x4000 => Entry.Directory, 0xA000 => Entry.Link, _ => Entry.Other };
    }

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static extern int Statx(int directory, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, byte[] buffer);

    private static Problem Refuse(FileWrite write, string why) => new Problem(ProblemCode.EngineFailed, $"'{write.Change.Path}' {why}").With("path", write.Change.Path.ToString());
}
