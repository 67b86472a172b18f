// What a thread gives up before it spawns an engine: capabilities, new privileges, paths, system calls. For itself and its children only, and for good;
// so the thread is made for this one spawn and ends after it. A process of many threads can be confined no other way without a program in between.
// Invariant: between the first call and the spawn nothing is allocated, compiled or loaded; hence the rehearsal.
using System.Runtime.InteropServices;
using CabinCrew.Orchestrator.Engines.Processes;
using CabinCrew.Protocol;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Orchestrator.Engines.Reduced;

internal sealed unsafe class Confinement(SafeFileHandle ruleset, byte[] filter)
{
    private const int KeepNoNewPrivileges = 38, DropFromBounding = 24, Ambient = 47, ClearAmbient = 4, CapabilitiesMax = 63;
    private const uint CapabilityVersion = 0x20080522;
    // A notified call is interrupted only by a signal that kills; a listener for the calls that touch modes, owners and times.
    private const uint NewListener = 1 << 3, WaitKillable = 1 << 5;

    private static int rehearsed;

    private int listener = -1;

    /// <summary>Which of the steps the kernel refused.</summary>
    public string? Refused { get; private set; }

    /// <summary>Of the engine's calls that wait for an answer. Once, after a spawn that went well.</summary>
    public SafeFileHandle? TakeListener() => SpawnNative.Opened(Interlocked.Exchange(ref listener, -1));

    /// <summary>Spawns from a thread of its own.</summary>
    /// <param name="before">On the same thread, while it is still free.</param>
    public Outcome<ChildProcess> Spawn(SpawnRequest request, Action before)
    {
        var spawned = default(Outcome<ChildProcess>);
        Exception? bug = null;
        var thread = new Thread(() =>
        {
            try
            {
                if (Interlocked.Exchange(ref rehearsed, 1) == 0)
                    Processes.Spawn.Start(request with { Program = "/nowhere", Confine = () => Apply(rehearse: true) });
                before();
                spawned = Processes.Spawn.Start(request with { Confine = () => Apply(rehearse: false) });
            }
            catch (Exception e)
            {
                bug = e;
            }
        }) { IsBackground = true, Name = "engine spawn" };
        thread.Start();
        thread.Join();
        if (bug is not null) throw bug;
        return Refused is null ? spawned : new Problem(ProblemCode.SandboxUnavailable, $"The reduced isolation could not be set up: {Refused}: {spawned.Problem?.Message}");
    }

    private int Apply(bool rehearse)
    {
        var (rules, count) = ((int)ruleset.DangerousGetHandle(), (ushort)(filter.Length / 8));
        // Version and thread (this one), then three words twice.
        var header = stackalloc uint[2] { CapabilityVersion, 0 };
        var none = stackalloc uint[6];
        fixed (byte* instructions = filter)
        {
            var program = new ConfinementNative.FilterProgram { Length = count, Instructions = instructions };
            if (rehearse) (rules, header[0], program.Length) = (-1, 0, 0);
            // Only a root has any to give; to others the answer is no, and nothing is lost.
            for (var capability = rehearse ? CapabilitiesMax : 0; capability <= CapabilitiesMax; capability++) ConfinementNative.ProcessControl(rehearse ? 0 : DropFromBounding, capability, 0, 0, 0);
            ConfinementNative.ProcessControl(rehearse ? 0 : Ambient, ClearAmbient, 0, 0, 0);
            if (ConfinementNative.ProcessControl(rehearse ? 0 : KeepNoNewPrivileges, 1, 0, 0, 0) != 0 && !rehearse) return Failed("no new privileges");
            if (ConfinementNative.SetCapabilities(header, none) != 0 && !rehearse) return Failed("capabilities");
            if (ConfinementNative.RestrictSelf(rules) != 0 && !rehearse) return Failed("Landlock");
            var descriptor = ConfinementNative.SetFilter(NewListener | WaitKillable, &program);
            if (descriptor < 0) return rehearse ? 0 : Failed("system call filter");
            listener = descriptor;
        }
        return 0;
    }

    private int Failed(string step)
    {
        var error = Marshal.GetLastPInvokeError();
        Refused = step;
        return error;
    }
}
