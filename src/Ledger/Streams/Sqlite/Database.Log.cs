// The write-ahead log of a writing connection: how long it has grown, bringing it into the database, and leaving it alone.
// SQLite's own checkpoint swallows its errors, a failed flush among them; ours does not, so that no later commit is believed wrongly.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace CabinCrew.Ledger.Streams.Sqlite;

internal sealed partial class Database
{
    private LogLength? log;

    /// <summary>From here on nobody but us brings the log into the database.</summary>
    public void WatchLog() => log ??= new LogLength(connection.Handle!);

    /// <summary>Frames in the log as of the last commit of this connection.</summary>
    public int LogFrames => log?.Frames ?? 0;

    /// <summary>Log flushed, pages written into the database, database flushed: as far as no reader stands in the way.</summary>
    public void Checkpoint() => Pragma("wal_checkpoint(PASSIVE)");

    /// <summary>Closing leaves the log where it is: the next opening checks every frame of it before it is believed.</summary>
    public void LeaveLog()
    {
        const int noCheckpointOnClose = 1006;
        raw.sqlite3_db_config(connection.Handle!, noCheckpointOnClose, 1, out _);
    }

    /// <summary>SQLite's hook after a commit, kept down to one number. Setting it takes the place of the automatic checkpoint.</summary>
    private sealed unsafe partial class LogLength : IDisposable
    {
        private readonly int* frames = (int*)NativeMemory.AllocZeroed(sizeof(int));

        public LogLength(sqlite3 handle) => Hook(handle.DangerousGetHandle(), &Committed, frames);

        public int Frames => *frames;

        /// <summary>After the connection is closed, which is the last to call the hook.</summary>
        public void Dispose() => NativeMemory.Free(frames);

        [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
        private static int Committed(void* frames, nint db, byte* name, int count)
        {
            *(int*)frames = count;
            return 0;
        }

        [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_wal_hook")]
        private static partial nint Hook(nint db, delegate* unmanaged[Cdecl]<void*, nint, byte*, int, int> hook, void* argument);
    }
}
