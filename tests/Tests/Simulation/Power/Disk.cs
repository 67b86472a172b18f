// disk.c, from here: a test that needs it runs itself again in a process of its own into which the library was loaded before everything else.
// There a directory can be recorded, its operations failed, and its flushes made free of charge.
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using CabinCrew.Tests.Spec;
using CabinCrew.Tests.Tidy;

namespace CabinCrew.Tests.Simulation.Power;

internal enum Fault
{
    None,
    /// <summary>Whatever needs room: bytes, names, directories.</summary>
    Room,
    Flush,
    /// <summary>Every change whatever.</summary>
    ReadOnly,
}

internal sealed class Disk : IDisposable
{
    public const int NoSpace = 28, InputOutput = 5, ReadOnlyFileSystem = 30, NotPermitted = 13;

    private const string Library = "CABINCREW_TEST_DISK";
    private static readonly Lazy<Calls> Native = new(() => new(Environment.GetEnvironmentVariable(Library)!));

    private readonly int number;

    private Disk(int number) => this.number = number;

    /// <summary>Runs a body where the library is; the test of the caller's name is started again for that.</summary>
    public static async Task InsideAsync(object test, Func<Task> body, [CallerMemberName] string method = "")
    {
        if (Environment.GetEnvironmentVariable(Library) is not null)
        {
            await body();
            return;
        }
        using var scratch = new TempTree();
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "CabinCrew.Tests"),
            ["-noLogo", "-noColor", "-noAutoReporters", "-explicit", "on", "-parallel", "none", "-method", $"{test.GetType().FullName}.{method}"])
            { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[Library] = start.Environment["LD_PRELOAD"] = Build(scratch.Root);
        using var child = Process.Start(start)!;
        var errors = child.StandardError.ReadToEndAsync();
        var output = await child.StandardOutput.ReadToEndAsync();
        await child.WaitForExitAsync();
        Assert.True(child.ExitCode == 0 && output.Contains("Total: 1, Errors: 0, Failed: 0", StringComparison.Ordinal), $"{method} ended with {child.ExitCode} on the recorded disk:\n{output}{await errors}");
        if (Environment.GetEnvironmentVariable("CABINCREW_TEST_VERBOSE") is not null) Console.WriteLine(output);
    }

    /// <summary>The library in this process, for the programs that it starts.</summary>
    public static string Loaded => Environment.GetEnvironmentVariable(Library) ?? throw new InvalidOperationException("the disk's library is not loaded here");

    /// <summary>Compiles the library.</summary>
    public static string Build(string directory)
    {
        var library = Path.Combine(directory, "disk.so");
        TempTree.Run("/", "gcc", "-O1", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror", "-o", library, Path.Combine(Repository.Root, "tests/Tests/Simulation/Power/disk.c"), "-ldl", "-lpthread");
        return library;
    }

    /// <param name="journal">Where every change below the root is written down; null: nowhere.</param>
    /// <param name="lazy">Flushes cost nothing.</param>
    public static Disk Attach(string root, string? journal, bool lazy = true)
    {
        // What is started from here is not part of it.
        Environment.SetEnvironmentVariable("LD_PRELOAD", null);
        var number = Native.Value.Attach(root, journal, lazy);
        return number >= 0 ? new(number) : throw new IOException($"{root} cannot be attached");
    }

    /// <param name="at">Which operation of the fault's kind fails, from 0.</param>
    /// <param name="isLasting">So do all after it.</param>
    public void Fail(Fault fault, long at, int error, bool isLasting) => Native.Value.Fail(number, (int)fault, at, error, isLasting);

    /// <summary>Operations of the fault's kind since it was set; from a fault that never comes, how many there are.</summary>
    public long Seen => Native.Value.Seen(number);

    public long Failed => Native.Value.Failed(number);

    /// <summary>Writes a word of ours into the journal, where it stands among the operations.</summary>
    public void Mark(string text) => Native.Value.Mark(number, Encoding.UTF8.GetBytes(text));

    public void Dispose() => Native.Value.Detach(number);

    private sealed unsafe class Calls(string library)
    {
        private readonly nint handle = NativeLibrary.Load(library);

        private nint this[string name] => NativeLibrary.GetExport(handle, name);

        public int Attach(string root, string? journal, bool lazy)
        {
            var (path, file) = (Marshal.StringToCoTaskMemUTF8(root), Marshal.StringToCoTaskMemUTF8(journal));
            var number = ((delegate* unmanaged<nint, nint, int, int>)this["disk_attach"])(path, file, lazy ? 1 : 0);
            Marshal.FreeCoTaskMem(path);
            Marshal.FreeCoTaskMem(file);
            return number;
        }

        public void Detach(int disk) => ((delegate* unmanaged<int, void>)this["disk_detach"])(disk);

        public void Fail(int disk, int fault, long at, int error, bool lasting) => ((delegate* unmanaged<int, int, nint, int, int, void>)this["disk_fail"])(disk, fault, (nint)at, error, lasting ? 1 : 0);

        public long Seen(int disk) => ((delegate* unmanaged<int, nint>)this["disk_seen"])(disk);

        public long Failed(int disk) => ((delegate* unmanaged<int, nint>)this["disk_failed"])(disk);

        public void Mark(int disk, byte[] text)
        {
            fixed (byte* p = text) _ = ((delegate* unmanaged<int, byte*, int, long>)this["disk_mark"])(disk, p, text.Length);
        }
    }
}
