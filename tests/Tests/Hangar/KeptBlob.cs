// A blob where the store keeps it, in a file or in the database, to be altered, taken away and put back behind the store's back.
using CabinCrew.Protocol;
using Microsoft.Data.Sqlite;

namespace CabinCrew.Tests.Hangar;

/// <param name="store">The store's directory.</param>
internal sealed class KeptBlob(string store, Digest digest)
{
    private readonly string? file = Directory.Exists(Path.Combine(store, "blobs"))
        ? Directory.EnumerateFiles(Path.Combine(store, "blobs"), digest.Hex[2..], SearchOption.AllDirectories).SingleOrDefault()
        : null;

    public void Alter(ReadOnlySpan<byte> content)
    {
        if (file is null)
        {
            Change("INSERT INTO blobs(tenant, digest, content) VALUES ('local', $1, $2) ON CONFLICT (tenant, digest) DO UPDATE SET content = excluded.content", content.ToArray());
            return;
        }
        if (File.Exists(file)) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllBytes(file, content);
    }

    public void TakeAway()
    {
        if (file is null) Change("DELETE FROM blobs WHERE digest = $1", null);
        else File.Delete(file);
    }

    public static IReadOnlySet<Digest> All(string store)
    {
        using var connection = Open(store);
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT digest FROM blobs";
        using var rows = command.ExecuteReader();
        var all = new HashSet<Digest>();
        while (rows.Read()) all.Add(Digest.Parse(rows.GetString(0)));
        var files = Path.Combine(store, "blobs");
        if (Directory.Exists(files))
            all.UnionWith(Directory.EnumerateFiles(files, "*", SearchOption.AllDirectories).Select(f => Digest.Parse($"{Digest.Prefix}{Path.GetFileName(Path.GetDirectoryName(f))}{Path.GetFileName(f)}")));
        return all;
    }

    private void Change(string sql, byte[]? content)
    {
        using var connection = Open(store);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Parameters.AddWithValue("$1", digest.ToString());
        if (content is not null) command.Parameters.AddWithValue("$2", content);
        Assert.Equal(1, command.ExecuteNonQuery());
    }

    private static SqliteConnection Open(string store)
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(store, "state.db")};Pooling=False");
        connection.Open();
        return connection;
    }
}
