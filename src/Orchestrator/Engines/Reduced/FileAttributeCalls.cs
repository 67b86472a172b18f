// Answers an engine's calls that change a file's mode, owner or times, which Landlock does not know: carried out for it where the file lies in a directory that it
// may write, refused everywhere else (ENG-06). What is changed is what was looked at: one descriptor is opened, its real place is judged, and it alone is used.
using System.Runtime.InteropServices;
using System.Text;
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Orchestrator.Engines.Sandbox;
using CabinCrew.Orchestrator.Posix;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Orchestrator.Engines.Reduced;

internal sealed unsafe class FileAttributeCalls : IDisposable
{
    private const int PathMax = 4096, WorkingDirectory = -100;
    private const int NotPermitted = 1, Interrupted = 4, BadAddress = 14, InvalidArgument = 22, NameTooLong = 36, NoSuchCall = 38;
    private const ulong NoFollow = 0x100, EmptyPath = 0x1000;
    private const int PathOnly = 0x200000;
    // Set-user-id and set-group-id are nobody's business here.
    private const uint ModeMask = 0x3FF;

    private readonly SafeFileHandle listener;
    private readonly IReadOnlyList<string> writable;
    private readonly Thread thread;
    private volatile bool ended;

    /// <param name="listener">Taken over.</param>
    /// <param name="writable">Directories in which the engine may change what it likes.</param>
    public FileAttributeCalls(SafeFileHandle listener, IReadOnlyList<string> writable)
    {
        this.listener = listener;
        this.writable = [.. writable.Select(Real).OfType<string>()];
        thread = new(Serve) { IsBackground = true, Name = "engine attributes" };
        thread.Start();
    }

    private int Descriptor => (int)listener.DangerousGetHandle();

    private void Serve()
    {
        var entry = new SpawnNative.PollEntry { Descriptor = Descriptor, Events = SpawnNative.PollIn };
        while (!ended)
        {
            if (SpawnNative.Poll(&entry, 1, 200) <= 0) continue;
            // Neither readable nor alone: the last process behind the filter is gone.
            if ((entry.Happened & SpawnNative.PollIn) == 0) return;
            ConfinementNative.Notification call = default;
            if (ConfinementNative.Control(Descriptor, ConfinementNative.ReceiveNotification, &call) != 0) continue;
            var answer = new ConfinementNative.Answer { Id = call.Id, Error = -Answered(call) };
            ConfinementNative.Control(Descriptor, ConfinementNative.SendAnswer, &answer);
        }
    }

    // Whatever an engine asks must not end the orchestrator.
    private int Answered(in ConfinementNative.Notification call)
    {
        try
        {
            return Perform(call);
        }
        catch (Exception e) when (e is IOException or ArgumentException or InvalidOperationException)
        {
            return NotPermitted;
        }
    }

    private readonly record struct Request(int At, ulong Path, bool Follow, uint? Mode = null, (uint User, uint Group)? Owner = null, ulong? Times = null);

    /// <returns>0, or the error that the engine gets.</returns>
    private int Perform(in ConfinementNative.Notification call)
    {
        if (Read(call) is not { } request) return NoSuchCall;
        if (TargetOf(call, request, out var path) is not 0 and var unreadable) return unreadable;
        using var target = SpawnNative.Opened(SpawnNative.Open(path, PathOnly | SpawnNative.CloseOnExec | (request.Follow ? 0 : FileCalls.NoFollow)));
        if (target is null) return Marshal.GetLastPInvokeError();
        var times = stackalloc long[4];
        if (request.Times is > 0 and var at && !ReadMemory(call.Pid, at, new Span<byte>(times, 32), whole: true)) return BadAddress;
        // From here on all that was read through the caller's number is known to have been the caller's.
        var id = call.Id;
        if (ConfinementNative.Control(Descriptor, ConfinementNative.IsNotificationValid, &id) != 0) return Interrupted;
        var number = (int)target.DangerousGetHandle();
        if (Real($"/proc/self/fd/{number}", link: true) is not { } real || !writable.Any(w => real == w || real.StartsWith(w + "/", StringComparison.Ordinal))) return NotPermitted;

        if (request.Mode is { } mode) return Error(ConfinementNative.SetMode(number, mode & ModeMask));
        if (request.Owner is { } owner)
        {
            // To whom it belongs already; and there is nobody else that an engine could give it to.
            var status = FileCalls.Status(target);
            return owner.User is uint.MaxValue || owner.User == status.Uid ? owner.Group is uint.MaxValue || owner.Group == status.Gid ? 0 : NotPermitted : NotPermitted;
        }
        byte nothing = 0;
        return Error(ConfinementNative.SetTimes(number, &nothing, request.Times > 0 ? times : null, (int)EmptyPath));
    }

    private static int Error(int result) => result == 0 ? 0 : Marshal.GetLastPInvokeError();

    private static Request? Read(in ConfinementNative.Notification call)
    {
        var (a, b, c, d, e) = (call.Arguments[0], call.Arguments[1], call.Arguments[2], call.Arguments[3], call.Arguments[4]);
        return SystemCalls.NameOfSupervised(call.Number) switch
        {
            "chmod" => new(WorkingDirectory, a, true, Mode: (uint)b),
            "fchmod" => new((int)a, 0, true, Mode: (uint)b),
            "fchmodat" => new((int)a, b, true, Mode: (uint)c),
            "fchmodat2" => new((int)a, b, (d & NoFollow) == 0, Mode: (uint)c),
            "chown" => new(WorkingDirectory, a, true, Owner: ((uint)b, (uint)c)),
            "lchown" => new(WorkingDirectory, a, false, Owner: ((uint)b, (uint)c)),
            "fchown" => new((int)a, 0, true, Owner: ((uint)b, (uint)c)),
            "fchownat" => new((int)a, b, (e & NoFollow) == 0, Owner: ((uint)c, (uint)d)),
            "utimensat" => new((int)a, b, (d & NoFollow) == 0, Times: c),
            _ => null,
        };
    }

    /// <summary>Where the kernel would have looked, as we can name it: through the caller's own working directory or descriptor.</summary>
    private static int TargetOf(in ConfinementNative.Notification call, Request request, out string path)
    {
        path = "";
        var text = "";
        if (request.Path != 0)
        {
            var buffer = new byte[PathMax];
            if (!ReadMemory(call.Pid, request.Path, buffer, whole: false)) return BadAddress;
            var length = buffer.AsSpan().IndexOf((byte)0);
            if (length < 0) return NameTooLong;
            try
            {
                text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(buffer, 0, length);
            }
            catch (ArgumentException)
            {
                return InvalidArgument; // a name that the view could not keep either
            }
        }
        foreach (var own in (string[])["/proc/self/", "/proc/thread-self/"])
            if (text.StartsWith(own, StringComparison.Ordinal)) text = $"/proc/{call.Pid}/{text[own.Length..]}";
        var at = request.At == WorkingDirectory ? $"/proc/{call.Pid}/cwd" : $"/proc/{call.Pid}/fd/{request.At}";
        path = text.Length == 0 ? at : text[0] == '/' ? text : $"{at}/{text}";
        return 0;
    }

    /// <summary>False where it cannot be read, or not as far as is needed.</summary>
    private static bool ReadMemory(uint pid, ulong address, Span<byte> into, bool whole)
    {
        using var memory = SpawnNative.Opened(SpawnNative.Open($"/proc/{pid}/mem", SpawnNative.CloseOnExec));
        if (memory is null) return false;
        // Page by page: a text may end just before memory that is not there.
        var read = 0;
        while (read < into.Length)
        {
            var size = Math.Min(into.Length - read, 4096 - (int)((address + (ulong)read) % 4096));
            fixed (byte* buffer = into[read..])
                if (ConfinementNative.ReadAt((int)memory.DangerousGetHandle(), buffer, (nuint)size, (long)address + read) != size) break;
            read += size;
            if (!whole && into[..read].Contains((byte)0)) return true;
        }
        return whole ? read == into.Length : read > 0;
    }

    /// <summary>A path without links; with <paramref name="link"/>, what a descriptor's own link says.</summary>
    private static string? Real(string path) => Real(path, link: false);

    private static string? Real(string path, bool link)
    {
        using var at = link ? null : SpawnNative.Opened(SpawnNative.Open(path, PathOnly | SpawnNative.CloseOnExec));
        if (!link && at is null) return null;
        var buffer = stackalloc byte[PathMax];
        var length = SpawnNative.ReadLink(link ? path : $"/proc/self/fd/{(int)at!.DangerousGetHandle()}", buffer, PathMax);
        return length is <= 0 or >= PathMax ? null : Encoding.UTF8.GetString(buffer, (int)length);
    }

    public void Dispose()
    {
        ended = true;
        thread.Join();
        listener.Dispose();
    }
}
