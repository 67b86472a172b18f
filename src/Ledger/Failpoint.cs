// The points at which a process may die: every durable write has one before and one after it. A crash test hooks in and dies there.
// Invariant: outside of tests the hook is null, nothing but code can set it (no variable, no option), and passing a point costs one load and one branch.
using System.Runtime.CompilerServices;

namespace CabinCrew.Ledger;

public static class Failpoint
{
    /// <summary>Set by crash tests alone, before anything runs.</summary>
    internal static Action<string>? Hook { get; set; }

    /// <summary>Asked where a point's name would have to be made up.</summary>
    public static bool IsArmed
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Hook is not null;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Reach(string point) => Hook?.Invoke(point);

    /// <param name="when"><c>lost</c>: the write has not begun; <c>kept</c>: it is done, and nobody has heard of it.</param>
    internal static string Store(string write, string when) => $"store {write} {when}";

    /// <param name="step">A step of applying a change; the point is before it.</param>
    public static string Workspace(string step) => $"workspace {step}";
}

/// <summary>All of them. A point that is reached and does not stand here, or stands here and is never died at, fails the crash matrix.</summary>
internal static class FailpointTable
{
    /// <summary>What one write of the store can be about (see CommitWords): each has a point on either side of its COMMIT.</summary>
    private static readonly string[] Writes =
    [
        "join", "renew", "leave", "reap", "claim", "start", "signal", "audit", "blobs",
        "planning", "told", "bound", "judged", "asked", "answered", "granted", "replanned",
        "lock", "begun", "intent", "marker", "completed", "ended", "rolled back", "doubt", "resolved", "step failed", "failed", "release",
    ];

    /// <summary>Applying a change to the workspace.</summary>
    private static readonly string[] Steps = ["stage", "stage file", "stage flush", "delete", "remove directory", "directory", "rename", "mode", "flush", "unstage", "done"];

    public static readonly string[] All =
    [
        "key lost", "key kept", "database kept", "schema lost", "schema kept", "mark kept",
        .. Writes.SelectMany(w => (string[])[Failpoint.Store(w, "lost"), Failpoint.Store(w, "kept")]),
        "blob lost", "blob rename lost", "blob rename kept", "blobs kept",
        "engine spawn", "engine release lost", "engine release kept", "engine end", "engine ended",
        "redo precheck", "redo apply",
        .. Steps.Select(Failpoint.Workspace),
    ];
}
