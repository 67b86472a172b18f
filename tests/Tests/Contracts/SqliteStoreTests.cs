// The embedded store passes the contract of all stores, and keeps what is its own: one private file, checked at open.
using CabinCrew.Ledger;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using Microsoft.Data.Sqlite;
using Xunit;

namespace CabinCrew.Tests.Contracts;

public sealed class SqliteStoreTests : StoreContract
{
    private readonly string directory = Path.Combine(Path.GetTempPath(), "cabincrew-store-" + Guid.NewGuid().ToString("N"));

    private string StateFile => Path.Combine(directory, "state.db");

    protected override async Task<(IStore Store, Redactor Redactor)> OpenAnotherAsync()
    {
        var room = (await Stores.OpenAsync("sqlite:" + directory, Clock, new CountedIds(), Ct)).Value;
        return (room.Store, room.Redactor);
    }

    protected override ValueTask RemoveAsync()
    {
        Directory.Delete(directory, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Its_files_are_for_the_owner_alone()
    {
        await StartAsync(Flight);
        foreach (var path in Directory.EnumerateFiles(directory, "state.db*"))
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(directory));
        Assert.Equal("*\n", await File.ReadAllTextAsync(Path.Combine(directory, ".gitignore"), Ct));
    }

    [Fact]
    [Clause("ORC-05")]
    public async Task A_damaged_entry_halts_its_own_stream_and_no_other()
    {
        var second = WorkflowId.Parse("wf-2");
        await StartAsync(Flight);
        await StartAsync(second);
        Tamper("DROP TRIGGER entries_are_append_only_1; UPDATE entries SET json = replace(json, 'workflow_started', 'workflow_finished') WHERE stream = 1");
        var session = (await Store.JoinAsync("node", Ct)).Value;
        var read = await Store.ReadAsync(Tenant, Flight, Ct);
        Assert.Equal(ProblemCode.StoreCorrupt, read.Problem?.Code);
        Assert.Contains("entry 0 of workflow wf-1", read.Problem!.Message, StringComparison.Ordinal);
        Assert.Equal(ProblemCode.StoreCorrupt, (await Store.ClaimAsync(session, Tenant, Flight, Ct)).Problem?.Code);
        Assert.True((await Store.ClaimAsync(session, Tenant, second, Ct)).Ok);
    }

    [Theory]
    [InlineData("DELETE FROM entries WHERE sequence = 0", "entry 0")]
    [InlineData("DELETE FROM entries WHERE sequence = 1", "entry 1")]
    [InlineData("UPDATE entries SET json = 'x' WHERE sequence = 1", "entry 1")]
    [InlineData("UPDATE entries SET json = replace(json, 'wf-1', 'wf-2') WHERE sequence = 1", "entry 1")]
    [InlineData("UPDATE entries SET json = replace(json, '\"n\":1', '\"n\":12345678901234567890') WHERE sequence = 1", "entry 1")]
    [InlineData("UPDATE streams SET next_sequence = 1", "entry 1")]
    [Clause("ORC-04")]
    [Clause("ORC-05")]
    public async Task Any_damage_is_named(string sql, string where)
    {
        await StartAsync(Flight);
        var (session, claim) = await ClaimedAsync(Store, Flight);
        await Store.CommitAsync(session, claim, new Commit { ExpectedSequence = 1, Entries = [Entry("step_started", """{"n":1}""")] }, Ct);
        Assert.True((await Store.ReadAsync(Tenant, Flight, Ct)).Ok);
        Tamper("DROP TRIGGER entries_are_append_only_1; DROP TRIGGER entries_are_append_only_2; " + sql);
        var read = await Store.ReadAsync(Tenant, Flight, Ct);
        Assert.Equal(ProblemCode.StoreCorrupt, read.Problem?.Code);
        Assert.Contains(where, read.Problem!.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Clause("AUD-05")]
    public async Task Where_the_audit_event_cannot_be_written_nothing_happens()
    {
        await StartAsync(Flight);
        var (session, claim) = await ClaimedAsync(Store, Flight);
        Tamper("CREATE TRIGGER broken BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END");
        Assert.False((await Store.CommitAsync(session, claim, new Commit { ExpectedSequence = 1, Entries = [Entry("x", "{}")], Audit = [Event("e")], Lock = LockMove.Acquire }, Ct)).Ok);
        Assert.False((await StartAsync(WorkflowId.Parse("wf-2"))).Ok);
        Assert.Equal(ProblemCode.AuditUnwritable, (await Store.AppendAuditAsync(Tenant, [Event("e")], Ct)).Problem?.Code);
        Tamper("DROP TRIGGER broken");
        Assert.Single((await Store.ReadAsync(Tenant, Flight, Ct)).Value.Entries);
        Assert.Equal(ProblemCode.NotFound, (await Store.ReadAsync(Tenant, WorkflowId.Parse("wf-2"), Ct)).Problem?.Code);
        Assert.Equal(1, (await Store.CommitAsync(session, claim, new Commit { ExpectedSequence = 1, Audit = [Event("e")], Lock = LockMove.Acquire }, Ct)).Value.LockFence);
        Assert.Equal(2, (await Store.ReadAuditAsync(Tenant, 1, 10, Ct)).Value.Head!.Sequence);
    }

    [Theory]
    [InlineData("DROP TRIGGER audit_is_append_only_2; DELETE FROM audit WHERE sequence = 1")]
    [InlineData("DROP TRIGGER audit_is_append_only_2; DELETE FROM audit WHERE sequence = 1; UPDATE audit_heads SET sequence = 0")]
    [InlineData("UPDATE audit_heads SET chain_hash = 'sha256:' || substr(chain_hash, 9) || '0'")]
    [InlineData("DELETE FROM audit_heads")]
    [Clause("AUD-03")]
    [Clause("AUD-05")]
    public async Task Nothing_is_chained_onto_a_log_that_was_tampered_with(string sql)
    {
        await StartAsync(Flight);
        Tamper(sql);
        var (fresh, _) = await AnotherAsync();
        Assert.Equal(ProblemCode.AuditUnwritable, (await fresh.AppendAuditAsync(Tenant, [Event("e")], Ct)).Problem?.Code);
    }

    [Fact]
    public async Task A_store_that_was_abandoned_opens_again_with_everything_committed()
    {
        await StartAsync(Flight);
        // A copy of the files while they are in use is what a killed process leaves behind.
        var copy = directory + "-copy";
        Directory.CreateDirectory(copy, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        try
        {
            foreach (var path in Directory.EnumerateFiles(directory, "state.db*")) File.Copy(path, Path.Combine(copy, Path.GetFileName(path)));
            Directory.CreateDirectory(Path.Combine(copy, "keys"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            foreach (var path in Directory.EnumerateFiles(Path.Combine(directory, "keys"))) File.Copy(path, Path.Combine(copy, "keys", Path.GetFileName(path)));
            await using var room = (await Stores.OpenAsync(copy, Clock, new CountedIds(), Ct)).Value;
            Assert.Single((await room.Store.ReadAsync(Tenant, Flight, Ct)).Value.Entries);
            Assert.True((await room.Store.AppendAuditAsync(Tenant, [Event("e")], Ct)).Ok);
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    [Fact]
    [Clause("ORC-05")]
    public async Task The_claim_of_a_killed_process_is_free_at_once()
    {
        await StartAsync(Flight);
        _ = await ClaimedAsync(Store, Flight);
        // As if the session's process had been another one that is gone: same host, same boot, a start time that no process has.
        Tamper("UPDATE sessions SET started = started + 1");
        var (other, _) = await AnotherAsync();
        Assert.Null((await other.ReadAsync(Tenant, Flight, Ct)).Value.Header.OwnerNode);
        var session = (await other.JoinAsync("rival", Ct)).Value;
        Assert.Equal(2, (await other.ClaimAsync(session, Tenant, Flight, Ct)).Value.Epoch);
    }

    [Fact]
    [Clause("ORC-05")]
    public async Task A_real_process_counts_as_alive_until_it_is_killed()
    {
        await StartAsync(Flight);
        _ = await ClaimedAsync(Store, Flight);
        using var owner = System.Diagnostics.Process.Start("sleep", "60");
        var started = (await File.ReadAllTextAsync($"/proc/{owner.Id}/stat", Ct)).Split(") ")[1].Split(' ')[19];
        Tamper($"UPDATE sessions SET pid = {owner.Id}, started = {started}");
        var (other, _) = await AnotherAsync();
        var session = (await other.JoinAsync("rival", Ct)).Value;
        Assert.Equal(ProblemCode.WorkflowBusy, (await other.ClaimAsync(session, Tenant, Flight, Ct)).Problem?.Code);
        owner.Kill();
        await owner.WaitForExitAsync(Ct);
        Assert.Equal(1, (await other.ReapAsync(session, new HashSet<WorkflowId>(), Ct)).Value);
        Assert.Equal(2, (await other.ClaimAsync(session, Tenant, Flight, Ct)).Value.Epoch);
    }

    [Fact]
    [Clause("ORC-05")]
    public async Task A_damaged_header_or_inbox_is_reported_and_hides_no_other_stream()
    {
        await StartAsync(Flight);
        await StartAsync(WorkflowId.Parse("wf-2"));
        await Store.SignalAsync(Tenant, WorkflowId.Parse("wf-2"), new Signal("s", "k", Json("{}")), [], Ct);
        Tamper("UPDATE streams SET state = 'FLYING' WHERE workflow = 'wf-1'; UPDATE signals SET data = '{'");
        Assert.Equal(ProblemCode.StoreCorrupt, (await Store.ReadAsync(Tenant, Flight, Ct)).Problem?.Code);
        Assert.Equal(ProblemCode.StoreCorrupt, (await Store.ReadAsync(Tenant, WorkflowId.Parse("wf-2"), Ct)).Problem?.Code);
        Assert.Equal(["wf-2"], (await Store.ListAsync(Tenant, new StreamFilter(), Ct)).Value.Select(h => h.Workflow.ToString()));
    }

    [Fact]
    public async Task A_process_of_another_host_or_container_counts_as_alive_until_its_lease_ends()
    {
        await StartAsync(Flight);
        _ = await ClaimedAsync(Store, Flight);
        Tamper("UPDATE sessions SET started = started + 1, realm = 'another-boot pid:[1]'");
        var (other, _) = await AnotherAsync();
        var session = (await other.JoinAsync("rival", Ct)).Value;
        Assert.Equal(ProblemCode.WorkflowBusy, (await other.ClaimAsync(session, Tenant, Flight, Ct)).Problem?.Code);
        Clock.Advance(TimeSpan.FromSeconds(16));
        session = (await other.JoinAsync("rival", Ct)).Value;
        Assert.True((await other.ClaimAsync(session, Tenant, Flight, Ct)).Ok);
    }

    [Theory]
    [InlineData("this is no database, however long it may be, and never was one at all")]
    [InlineData(null)]
    public async Task A_file_that_is_no_store_of_ours_is_refused(string? text)
    {
        var elsewhere = directory + "-other";
        Directory.CreateDirectory(elsewhere, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        try
        {
            var path = Path.Combine(elsewhere, "state.db");
            if (text is not null) await File.WriteAllTextAsync(path, text, Ct);
            else Tamper("CREATE TABLE somebody_elses(x)", path);
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            var before = await File.ReadAllBytesAsync(path, Ct);
            var opened = await Stores.OpenAsync(elsewhere, Clock, new CountedIds(), Ct);
            Assert.Contains(opened.Problem!.Code, (ProblemCode[])[ProblemCode.StoreCorrupt, ProblemCode.StoreUnavailable]);
            if (text is not null) Assert.Equal(before, await File.ReadAllBytesAsync(path, Ct));
        }
        finally
        {
            Directory.Delete(elsewhere, recursive: true);
        }
    }

    [Fact]
    [Clause("AUD-03")]
    public async Task A_log_of_an_older_version_is_taken_over_whole_and_goes_on()
    {
        var old = directory + "-old";
        try
        {
            await using (var room = (await Stores.OpenAsync(old, Clock, new CountedIds(), Ct)).Value)
                for (var i = 0; i < 3; i++) Assert.True((await room.Store.AppendAuditAsync(Tenant, [Event($"e{i}"), Event(new string('x', 3000))], Ct)).Ok);
            // As version 3 had it.
            Tamper("""
                DROP TRIGGER audit_is_append_only_1; DROP TRIGGER audit_is_append_only_2; ALTER TABLE audit RENAME TO later;
                CREATE TABLE audit (tenant TEXT NOT NULL, sequence INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (tenant, sequence)) STRICT, WITHOUT ROWID;
                INSERT INTO audit SELECT tenant, sequence, json FROM later; DROP TABLE later;
                CREATE TRIGGER audit_is_append_only_1 BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit events are never changed'); END;
                CREATE TRIGGER audit_is_append_only_2 BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit events are never deleted'); END;
                PRAGMA user_version = 3
                """, Path.Combine(old, "state.db"));
            await using var again = (await Stores.OpenAsync(old, Clock, new CountedIds(), Ct)).Value;
            Assert.True((await again.Store.AppendAuditAsync(Tenant, [Event("last")], Ct)).Ok);
            var page = (await again.Store.ReadAuditAsync(Tenant, 1, 100, Ct)).Value;
            Assert.Equal(Enumerable.Range(1, 7).Select(n => (long)n), page.Rows.Select(r => r.Sequence));
            Assert.Equal(7, page.Head!.Sequence);
            Assert.Throws<SqliteException>(() => Tamper("DELETE FROM audit WHERE sequence = 1", Path.Combine(old, "state.db")));
            Assert.Throws<SqliteException>(() => Tamper("UPDATE audit SET json = 'x' WHERE sequence = 1", Path.Combine(old, "state.db")));
        }
        finally
        {
            Directory.Delete(old, recursive: true);
        }
    }

    [Fact]
    public async Task A_store_of_a_newer_version_is_refused()
    {
        Tamper("PRAGMA user_version = 99");
        Assert.Equal(ProblemCode.StoreUnavailable, (await Stores.OpenAsync(directory, Clock, new CountedIds(), Ct)).Problem?.Code);
    }

    [Theory]
    [InlineData("postgres://host/db", ProblemCode.NotYetSupported)]
    [InlineData("mysql:thing", ProblemCode.InvalidArgument)]
    [InlineData("sqlite:", ProblemCode.InvalidArgument)]
    [InlineData("", ProblemCode.InvalidArgument)]
    public async Task The_store_string_is_checked(string store, ProblemCode code) =>
        Assert.Equal(code, (await Stores.OpenAsync(store, Clock, new CountedIds(), Ct)).Problem?.Code);

    [Fact]
    public async Task A_directory_that_anyone_may_write_is_refused_and_a_used_one_is_not_hidden_from_git()
    {
        var used = Directory.CreateDirectory(directory + "-used", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(used, "source.txt"), "x", Ct);
            await (await Stores.OpenAsync(used, Clock, new CountedIds(), Ct)).Value.DisposeAsync();
            Assert.False(File.Exists(Path.Combine(used, ".gitignore")));
            File.SetUnixFileMode(used, (UnixFileMode)0b111_111_111);
            Assert.Equal(ProblemCode.StoreUntrusted, (await Stores.OpenAsync(used, Clock, new CountedIds(), Ct)).Problem?.Code);
        }
        finally
        {
            Directory.Delete(used, recursive: true);
        }
    }

    private void Tamper(string sql, string? path = null)
    {
        using var connection = new SqliteConnection($"Data Source={path ?? StateFile};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
