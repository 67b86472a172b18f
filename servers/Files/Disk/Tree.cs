// One directory tree, and every way into it. Invariant: nothing outside is read or written: a path is checked as text, and resolved by the kernel beneath the
// root (openat2), so that no link and no rename in the meantime leads out. Failures of the kernel are exceptions that the caller turns into words.
using System.IO.Enumeration;
using CabinCrew.Protocol;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Servers.Files.Disk;

internal sealed record Entry(string Name, Status Status);

internal sealed class Tree : IDisposable
{
    /// <summary>A file that is read or replaced as a whole.</summary>
    public const long WholeBytesMax = 64L << 20;
    public const int EntriesMax = 200_000;

    private const UnixFileMode NewFile = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly SafeFileHandle root;

    private Tree(string path, SafeFileHandle root) => (Path, this.root) = (path, root);

    public string Path { get; }

    public static Tree Open(string path) => new(path.Length > 1 ? path.TrimEnd('/') : path, Native.OpenRoot(path));

    /// <summary>A path as callers write it (relative to the root, or absolute beneath it), relative; the empty text is the root.</summary>
    public Outcome<string> Relative(string given)
    {
        var text = given;
        if (text == Path || text == Path + "/") return "";
        if (text.StartsWith(Path == "/" ? "/" : Path + "/", StringComparison.Ordinal)) text = text[(Path == "/" ? 1 : Path.Length + 1)..];
        else if (text.StartsWith('/')) return Refuse(given, $"lies outside of {Path}, which is all that there is here", "Give a path beneath it, or one relative to it.");
        if (text.StartsWith("./", StringComparison.Ordinal)) text = text[2..];
        text = text.TrimEnd('/');
        if (text is "" or ".") return "";
        return WorkspacePath.TryParse(text, out _) ? text : Refuse(given, "is not a plain path: it has '..', an empty or '.' part, a control character, or more than 4096 bytes", "Write the path from the root down, such as src/main.c.");
    }

    private static Problem Refuse(string given, string why, string remedy) => new(ProblemCode.FilePathRefused, $"'{(given.Length <= 200 ? given : given[..200])}' {why}.") { Remedy = remedy };

    /// <summary>Where an entry is: its directory, open, and its name there. The root itself has none.</summary>
    public Place Find(string relative)
    {
        var slash = relative.LastIndexOf('/');
        return new(OpenDirectory(slash < 0 ? "" : relative[..slash]), relative[(slash + 1)..], relative);
    }

    public SafeFileHandle OpenDirectory(string relative) => Native.Open(root, relative, Native.ReadOnly | Native.DirectoryOnly);

    /// <summary>A regular file, through links that stay beneath the root.</summary>
    public Outcome<SafeFileHandle> OpenFile(string relative)
    {
        var file = Native.Open(root, relative, Native.ReadOnly | Native.NonBlock);
        var status = Native.StatusOf(file);
        if (status.Kind == EntryKind.File) return file;
        file.Dispose();
        return new Problem(ProblemCode.InvalidArgument, $"'{relative}' is a {status.Word}, no regular file.") { Remedy = status.Kind == EntryKind.Directory ? "List it with list_directory." : null };
    }

    public Outcome<byte[]> ReadWhole(string relative)
    {
        if (!OpenFile(relative).Try(out var file, out var problem)) return problem;
        using (file) return ReadWhole(file, relative);
    }

    public static Outcome<byte[]> ReadWhole(SafeFileHandle file, string relative)
    {
        var length = Native.StatusOf(file).Size;
        if (length > WholeBytesMax) return TooLarge(relative, length);
        using var content = new MemoryStream((int)length);
        var chunk = new byte[81920];
        // A file may grow while it is read, and some (those of the kernel) do not know their length.
        for (int n; (n = RandomAccess.Read(file, chunk, content.Length)) > 0;)
        {
            content.Write(chunk, 0, n);
            if (content.Length > WholeBytesMax) return TooLarge(relative, content.Length);
        }
        return content.ToArray();
    }

    private static Problem TooLarge(string relative, long bytes) =>
        new(ProblemCode.LimitFiles, $"'{relative}' has {bytes} bytes; at most {WholeBytesMax} are read as a whole.") { Remedy = "Read a part of it: start_byte and byte_count with encoding base64." };

    /// <summary>In the order of their names. An entry that goes away meanwhile, or whose name is no text, is left out.</summary>
    public static IReadOnlyList<Entry> Entries(SafeFileHandle directory, int countMax)
    {
        var names = new FileSystemEnumerable<string>($"/proc/self/fd/{directory.DangerousGetHandle()}", static (ref FileSystemEntry e) => e.FileName.ToString(), new() { AttributesToSkip = 0, ReturnSpecialDirectories = false });
        var entries = new List<Entry>();
        foreach (var name in names)
        {
            if (entries.Count == countMax) throw new IOException($"more than {countMax} entries in one directory");
            if (Native.TryStatus(directory, name) is { } status) entries.Add(new(name, status));
        }
        entries.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        GC.KeepAlive(directory);
        return entries;
    }

    /// <summary>Makes every directory on the way that is not there; how many were made.</summary>
    public int MakeDirectories(string relative)
    {
        var (made, at) = (0, "");
        foreach (var part in relative.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            using var parent = OpenDirectory(at);
            at = at.Length == 0 ? part : $"{at}/{part}";
            if (Native.TryStatus(parent, part) is not null) continue;
            try
            {
                Native.MakeDirectory(parent, part);
                made++;
            }
            catch (KernelException e) when (e.Error == Native.EEXIST)
            {
                // Somebody else made it.
            }
        }
        return made;
    }

    /// <summary>Writes a file beside the one that it is to become, on the disk and with the right mode; <see cref="Staged.Commit"/> gives it the name.</summary>
    public static Staged Stage(Place place, ReadOnlySpan<byte> content, Status? before, bool? executable = null)
    {
        var name = $".cabincrew-{Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(8))}.tmp";
        using var file = Native.Open(place.Directory, name, Native.WriteOnly | Native.Create | Native.Exclusive | Native.NoFollow, (int)(UnixFileMode.UserRead | UnixFileMode.UserWrite), links: false);
        var staged = new Staged(place, name, before);
        try
        {
            RandomAccess.Write(file, content, fileOffset: 0);
            var mode = before is { Kind: EntryKind.File } old ? old.Mode & ~(UnixFileMode.SetUser | UnixFileMode.SetGroup) : NewFile;
            File.SetUnixFileMode(file, executable switch { true => mode | AnyExecute, false => mode & ~AnyExecute, null => mode });
            Native.Flush(file);
            return staged;
        }
        catch
        {
            staged.Dispose();
            throw;
        }
    }

    public void Dispose() => root.Dispose();
}

/// <summary>An entry's directory, held open, and its name.</summary>
internal sealed record Place(SafeFileHandle Directory, string Name, string Relative) : IDisposable
{
    public Status? Status => Native.TryStatus(Directory, Name);

    public void Dispose() => Directory.Dispose();
}

/// <summary>A whole new file that waits beside the old one. Disposed of without a commit, nothing has happened.</summary>
internal sealed class Staged(Place place, string name, Status? before) : IDisposable
{
    private bool done;

    /// <summary>Takes the old one's place in one step; false where that is not what it was any more.</summary>
    /// <param name="asNew">The old one is gone: nothing may be there.</param>
    public bool Commit(bool asNew = false)
    {
        if (place.Status != (asNew ? null : before)) return false;
        try
        {
            if (before is null || asNew) Native.RenameToNew(place.Directory, name, place.Directory, place.Name);
            else Native.Rename(place.Directory, name, place.Directory, place.Name);
        }
        catch (KernelException e) when (e.Error == Native.EEXIST)
        {
            return false;
        }
        done = true;
        return true;
    }

    public void Dispose()
    {
        if (done) return;
        done = true;
        try
        {
            Native.Remove(place.Directory, name, isDirectory: false);
        }
        catch (KernelException)
        {
            // It has gone already, or the disk refuses: its name says what it is.
        }
    }
}
