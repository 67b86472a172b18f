// One SQLite connection with its prepared statements. Not thread-safe: the writer owns one, each read borrows one.
using CabinCrew.Protocol;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CabinCrew.Ledger.Streams.Sqlite;

internal sealed partial class Database : IDisposable
{
    /// <summary>How long one process waits for another one's transaction.</summary>
    private const int BusyMilliseconds = 15_000;

    private readonly SqliteConnection connection;
    private readonly Dictionary<string, SqliteCommand> prepared = new(StringComparer.Ordinal);
    private readonly Dictionary<string, sqlite3_stmt> inserts = new(StringComparer.Ordinal);

    private Database(SqliteConnection connection) => this.connection = connection;

    public static Database Open(string path, bool readOnly)
    {
        var text = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = readOnly ? SqliteOpenMode.ReadOnly : SqliteOpenMode.ReadWrite,
            Pooling = false,
            DefaultTimeout = 1,
        };
        var connection = new SqliteConnection(text.ToString());
        try
        {
            connection.Open();
            var database = new Database(connection);
            database.Script($"PRAGMA busy_timeout={BusyMilliseconds}");
            return database;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Runs statements that need no parameters and come once.</summary>
    public void Script(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public string Pragma(string name)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"PRAGMA {name}";
        return Convert.ToString(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture) ?? "";
    }

    /// <summary>Parameters are <c>$1</c>, <c>$2</c>, ... The number of changed rows.</summary>
    public int Execute(string sql, params ReadOnlySpan<object?> values) => Prepare(sql, values).ExecuteNonQuery();

    /// <summary>One row of a name, a number and a text that is UTF-8 already: straight to the library, since a gateway writes thousands of these a second.</summary>
    /// <param name="sql">With <c>?1</c>, <c>?2</c> and <c>?3</c>.</param>
    public void InsertText(string sql, string name, long number, ReadOnlySpan<byte> utf8)
    {
        if (!inserts.TryGetValue(sql, out var insert))
        {
            Check(raw.sqlite3_prepare_v2(connection.Handle!, sql, out insert));
            inserts.Add(sql, insert);
        }
        Check(raw.sqlite3_bind_text(insert, 1, name));
        Check(raw.sqlite3_bind_int64(insert, 2, number));
        Check(raw.sqlite3_bind_text(insert, 3, utf8));
        var done = raw.sqlite3_step(insert);
        // Says once more what step said.
        raw.sqlite3_reset(insert);
        if (done != raw.SQLITE_DONE) Check(done);
    }

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK) SqliteException.ThrowExceptionForRC(code, connection.Handle!);
    }

    public List<T> Query<T>(string sql, Func<SqliteDataReader, T> map, params ReadOnlySpan<object?> values)
    {
        using var reader = Prepare(sql, values).ExecuteReader();
        var rows = new List<T>();
        while (reader.Read()) rows.Add(Map(reader, map));
        return rows;
    }

    public T? First<T>(string sql, Func<SqliteDataReader, T> map, params ReadOnlySpan<object?> values) where T : class
    {
        using var reader = Prepare(sql, values).ExecuteReader();
        return reader.Read() ? Map(reader, map) : null;
    }

    // A row that does not have the shape of its table was damaged on disk: the page is whole for SQLite, what stands in it is not.
    private static T Map<T>(SqliteDataReader row, Func<SqliteDataReader, T> map)
    {
        try
        {
            return map(row);
        }
        catch (Exception e) when (e is InvalidCastException or InvalidOperationException or FormatException or OverflowException or ArgumentException)
        {
            throw new SqliteException($"a row is not of its table's shape: {e.Message}", 11, 11);
        }
    }

    public long? Number(string sql, params ReadOnlySpan<object?> values) => Prepare(sql, values).ExecuteScalar() is long n ? n : null;

    public void Dispose()
    {
        foreach (var command in prepared.Values) command.Dispose();
        foreach (var insert in inserts.Values) insert.Dispose();
        connection.Dispose();
        log?.Dispose();
    }

    /// <summary>The disk did not confirm a flush. The kernel may have dropped what it could not write and say nothing the next time,
    /// so that from here on no answer of this connection means that anything is durable.</summary>
    public static bool IsUnconfirmed(SqliteException e)
    {
        const int fileFlush = 10 | (4 << 8), directoryFlush = 10 | (5 << 8);
        return e.SqliteExtendedErrorCode is fileFlush or directoryFlush;
    }

    /// <summary>What a failure of SQLite means to the caller.</summary>
    public static Problem Explain(SqliteException e, string path)
    {
        const int corrupt = 11, notADatabase = 26, busy = 5, locked = 6, full = 13, readOnly = 8, disk = 10, cannotOpen = 14;
        return e.SqliteErrorCode switch
        {
            _ when IsUnconfirmed(e) => Unconfirmed(e.Message, path),
            disk => new(ProblemCode.StoreUnavailable, $"the disk of the store reported an error: {e.Message}") { Where = path, Remedy = "Look at the disk and the kernel's messages about it, then go on with `cabincrew resume`." },
            readOnly => Unwritable(path),
            cannotOpen => new(ProblemCode.StoreUnavailable, $"the store's file cannot be opened for writing: {e.Message}") { Where = path, Remedy = "Check that this user may read and write it, that its directory is writable, and that the disk has space." },
            corrupt or notADatabase => new(ProblemCode.StoreCorrupt, $"the store's file is damaged: {e.Message}") { Where = path, Remedy = "Nothing more was written. Keep the store's directory as evidence and restore all of it from a backup; what can be read may still be exported with `cabincrew audit export`." },
            busy or locked => new(ProblemCode.StoreUnavailable, $"another process has held the store for more than {BusyMilliseconds / 1000} s") { Where = path, Remedy = "Find the other process, or try again." },
            full => new(ProblemCode.StoreUnavailable, "the disk of the store is full; nothing was written") { Where = path, Remedy = "Free space and try again." },
            _ => new(ProblemCode.StoreUnavailable, $"the store could not be read or written: {e.Message}") { Where = path },
        };
    }

    /// <summary>Asked for to write and got to read: SQLite opens it so without a word.</summary>
    public bool IsReadOnly => raw.sqlite3_db_readonly(connection.Handle!, "main") != 0;

    public static Problem Unwritable(string path) =>
        new(ProblemCode.StoreUnavailable, "the store can be read but not written; nothing was done") { Where = path, Remedy = "Make it writable for this user (its mode, its owner, its mount), or use another one with --store." };

    public static Problem Unconfirmed(string why, string path) =>
        new(ProblemCode.StoreUnavailable, $"the disk did not confirm what was written ({why}); the last write may or may not last, and this process writes no more")
            { Where = path, Remedy = "Look at the disk and the kernel's messages about it. Then go on with `cabincrew resume`: what is on disk is read anew." };

    private SqliteCommand Prepare(string sql, ReadOnlySpan<object?> values)
    {
        if (!prepared.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 1; i <= values.Length; i++) command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
            prepared.Add(sql, command);
        }
        for (var i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i] switch { null => DBNull.Value, bool b => b ? 1L : 0L, var v => v };
        return command;
    }
}
