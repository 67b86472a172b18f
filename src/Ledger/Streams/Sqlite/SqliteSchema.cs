// The tables of the embedded store, made and migrated in one transaction. Audit events and WAL entries are append-only, by trigger too.
using CabinCrew.Protocol;

namespace CabinCrew.Ledger.Streams.Sqlite;

internal static class SqliteSchema
{
    /// <summary>"CbCr": marks the file as ours.</summary>
    private const int ApplicationId = 0x43624372;

    /// <summary>One script a version, in order. A script that has been released is never edited.</summary>
    private static readonly string[] Versions =
    [
        """
        CREATE TABLE sessions (
            id TEXT PRIMARY KEY, node TEXT NOT NULL, realm TEXT NOT NULL, pid INTEGER NOT NULL, started INTEGER NOT NULL, lease_until INTEGER NOT NULL) STRICT;
        CREATE TABLE streams (
            id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, workflow TEXT NOT NULL, workspace_key TEXT NOT NULL, workspace_hash TEXT NOT NULL,
            name TEXT NOT NULL, requester TEXT NOT NULL, state TEXT NOT NULL, summary TEXT NOT NULL, finished INTEGER NOT NULL,
            created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, in_doubt INTEGER NOT NULL DEFAULT 0, intent INTEGER NOT NULL DEFAULT 0,
            owner TEXT REFERENCES sessions(id), epoch INTEGER NOT NULL DEFAULT 0, next_sequence INTEGER NOT NULL, signal_count INTEGER NOT NULL DEFAULT 0,
            UNIQUE (tenant, workflow)) STRICT;
        CREATE INDEX streams_by_owner ON streams(owner) WHERE owner IS NOT NULL;
        CREATE TABLE entries (
            stream INTEGER NOT NULL REFERENCES streams(id), sequence INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (stream, sequence)) STRICT, WITHOUT ROWID;
        CREATE TABLE signals (
            stream INTEGER NOT NULL REFERENCES streams(id), ordinal INTEGER NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL,
            taken INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (stream, ordinal), UNIQUE (stream, id)) STRICT, WITHOUT ROWID;
        CREATE TABLE locks (
            tenant TEXT NOT NULL, workspace_hash TEXT NOT NULL, fence INTEGER NOT NULL, holder INTEGER REFERENCES streams(id),
            PRIMARY KEY (tenant, workspace_hash)) STRICT, WITHOUT ROWID;
        CREATE TABLE audit (
            tenant TEXT NOT NULL, sequence INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (tenant, sequence)) STRICT, WITHOUT ROWID;
        CREATE TABLE audit_heads (
            tenant TEXT PRIMARY KEY, sequence INTEGER NOT NULL, chain_hash TEXT NOT NULL, at INTEGER NOT NULL, key_ref TEXT NOT NULL, signature TEXT NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TRIGGER audit_is_append_only_1 BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit events are never changed'); END;
        CREATE TRIGGER audit_is_append_only_2 BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit events are never deleted'); END;
        CREATE TRIGGER entries_are_append_only_1 BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;
        CREATE TRIGGER entries_are_append_only_2 BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END;
        """,
        // The lease by the clock that nobody can set, for all who run since the same boot.
        "ALTER TABLE sessions ADD COLUMN lease_ticks INTEGER NOT NULL DEFAULT 0",
        // Small contents, which a commit names; larger ones are files.
        "CREATE TABLE blobs (tenant TEXT NOT NULL, digest TEXT NOT NULL, content BLOB NOT NULL, PRIMARY KEY (tenant, digest)) STRICT",
        // A table with a number of its own keeps a row of up to 4 KB within its page; without one, an event of more than 1 KB takes a whole page beside its own.
        """
        ALTER TABLE audit RENAME TO audit_1;
        CREATE TABLE audit (
            id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, sequence INTEGER NOT NULL, json TEXT NOT NULL, UNIQUE (tenant, sequence)) STRICT;
        INSERT INTO audit(tenant, sequence, json) SELECT tenant, sequence, json FROM audit_1 ORDER BY tenant, sequence;
        DROP TABLE audit_1;
        CREATE TRIGGER audit_is_append_only_1 BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit events are never changed'); END;
        CREATE TRIGGER audit_is_append_only_2 BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit events are never deleted'); END;
        """,
    ];

    public static Outcome<Done> Prepare(Database db, string path)
    {
        // WAL first: it cannot be switched inside a transaction, and it stays with the file.
        if (db.Pragma("journal_mode=WAL") != "wal") return Refuse(path, "its file system does not support write-ahead logging");
        db.Script("PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA journal_size_limit=67108864");
        // A build of SQLite may ignore a setting without a word, and a durable store without these is none. NORMAL: it flushes around checkpoints, and LogFlusher after commits.
        if (db.Pragma("synchronous") != "1" || db.Pragma("foreign_keys") != "1") return Refuse(path, "this build of SQLite does not take synchronous=NORMAL and foreign_keys=ON");
        db.Script("BEGIN IMMEDIATE");
        try
        {
            var version = int.Parse(db.Pragma("user_version"), System.Globalization.CultureInfo.InvariantCulture);
            var owner = int.Parse(db.Pragma("application_id"), System.Globalization.CultureInfo.InvariantCulture);
            var isEmpty = db.Number("SELECT count(*) FROM sqlite_schema") == 0;
            if (owner != ApplicationId && !(isEmpty && owner == 0)) return Rollback(Refuse(path, "the file belongs to another program"));
            if (version > Versions.Length) return Rollback(Refuse(path, $"it was made by a newer CabinCrew (schema {version}, this one knows {Versions.Length})") with { Remedy = "Use that version or newer." });
            foreach (var script in Versions[version..]) db.Script(script);
            if (version < Versions.Length) db.Script($"PRAGMA user_version={Versions.Length}; PRAGMA application_id={ApplicationId}");
            if (version < Versions.Length) Failpoint.Reach("schema lost");
            db.Script("COMMIT");
            if (version < Versions.Length) Failpoint.Reach("schema kept");
            return Done.Ok;
        }
        catch
        {
            db.Script("ROLLBACK");
            throw;
        }

        Problem Rollback(Problem problem)
        {
            db.Script("ROLLBACK");
            return problem;
        }
    }

    private static Problem Refuse(string path, string why) => new(ProblemCode.StoreUnavailable, $"the store cannot be used: {why}") { Where = path };
}
