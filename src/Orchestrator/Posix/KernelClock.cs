// Whether the kernel's clock is held by a time source: the one question about time that no program can answer by itself.
using System.Runtime.InteropServices;

namespace CabinCrew.Orchestrator.Posix;

internal static partial class KernelClock
{
    /// <summary>Null where the kernel does not say (a container's filter).</summary>
    public static unsafe bool? IsHeld()
    {
        // struct timex is 208 bytes and begins with what to set: nothing.
        var nothing = stackalloc byte[256];
        const int unheld = 5;
        return adjtimex(nothing) is var state and >= 0 ? state != unheld : null;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int adjtimex(byte* timex);
}
