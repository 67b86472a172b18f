// Where an absolute path really leads on this machine: name by name from the top, each link read and followed by ourselves, never by the kernel. A name that is not there ends the
// looking: below it there can be no link. Bounded in links and names. The kernel is asked first whether the whole way has no link at all, which is nearly always so.
using System.Runtime.InteropServices;
using System.Text;
using CabinCrew.Governance.Policies.Messages;

namespace CabinCrew.Gateways.Mcp.Files;

/// <param name="Names">From the top, with links resolved.</param>
/// <param name="Exists">Something is there.</param>
internal readonly record struct LinkWalk(IReadOnlyList<string> Names, bool Exists, FileFault Fault)
{
    private const int LinksMax = 40;
    private const int NamesMax = 512;
    private const int TargetBytesMax = 4096;
    private const int NoEntry = 2, NotADirectory = 20, InvalidArgument = 22;

    public static LinkWalk Run(IReadOnlyList<string> names)
    {
        if (names.Count <= NamesMax && PlainPath.IsThere(names)) return new(names, true, FileFault.None);
        List<string> done = [];
        var open = new Stack<string>();
        for (var i = names.Count - 1; i >= 0; i--) open.Push(names[i]);
        var prefix = new StringBuilder(128);
        var links = 0;
        while (open.TryPop(out var name))
        {
            if (name is "" or ".") continue;
            if (name == "..")
            {
                // Only a link's own target climbs: what the caller spelled has no such name.
                if (done.Count > 0) Back(done, prefix);
                continue;
            }
            prefix.Append('/').Append(name);
            done.Add(name);
            if (done.Count + open.Count > NamesMax) return Refused;
            switch (ReadLink(prefix.ToString(), out var target))
            {
                case InvalidArgument:
                    continue;
                case 0:
                    if (++links > LinksMax || target is null) return Refused;
                    Back(done, prefix);
                    if (target[0] == '/')
                    {
                        done.Clear();
                        prefix.Clear();
                    }
                    var steps = target.Split('/');
                    for (var i = steps.Length - 1; i >= 0; i--) open.Push(steps[i]);
                    continue;
                case NoEntry:
                    return Missing(done, open);
                default:
                    // A name below a file, one too long, one that may not be looked at: nobody can tell.
                    return Refused;
            }
        }
        return new(done, true, FileFault.None);
    }

    private static LinkWalk Refused => new([], false, FileFault.Unresolved);

    private static LinkWalk Missing(List<string> done, Stack<string> open)
    {
        foreach (var rest in open)
        {
            if (rest is "" or ".") continue;
            // A link that leads by way of what is not there, and back: it leads nowhere yet, and anywhere later.
            if (rest == "..") return Refused;
            done.Add(rest);
        }
        return new(done, false, FileFault.None);
    }

    private static void Back(List<string> done, StringBuilder prefix)
    {
        prefix.Length -= done[^1].Length + 1;
        done.RemoveAt(done.Count - 1);
    }

    /// <summary>0 and the target, or the kernel's error: 22 where it is no link.</summary>
    private static int ReadLink(string path, out string? target)
    {
        target = null;
        Span<byte> name = stackalloc byte[Encoding.UTF8.GetMaxByteCount(Math.Min(path.Length, 1024)) + 1];
        var bytes = path.Length <= 1024 ? name[..(Encoding.UTF8.GetBytes(path, name) + 1)] : [.. Encoding.UTF8.GetBytes(path), 0];
        bytes[^1] = 0;
        Span<byte> buffer = stackalloc byte[TargetBytesMax];
        var read = (int)ReadLink(ref MemoryMarshal.GetReference(bytes), ref MemoryMarshal.GetReference(buffer), (nuint)buffer.Length);
        if (read < 0) return Marshal.GetLastPInvokeError();
        if (read is 0 or TargetBytesMax || !System.Text.Unicode.Utf8.IsValid(buffer[..read])) return 0;
        target = Encoding.UTF8.GetString(buffer[..read]);
        return 0;
    }

    [DllImport("libc", EntryPoint = "readlink", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint ReadLink(ref byte path, ref byte buffer, nuint size);
}
