// Database clients: the statements that they are given, as arguments or piped in.
using CabinCrew.Governance.Detection.Commands.Shell;
using CabinCrew.Governance.Detection.Commands.Sql;

namespace CabinCrew.Governance.Detection.Commands.Judges;

internal static class DatabaseClients
{
    private static readonly HashSet<string> Sql =
        ["psql", "mysql", "mariadb", "sqlite3", "sqlite", "clickhouse-client", "clickhouse", "cockroach", "cqlsh", "sqlcmd", "snowsql", "bq", "duckdb", "usql", "pgcli", "mycli", "litecli", "trino", "presto", "hive", "beeline", "spark-sql", "impala-shell", "sqlplus", "vsql", "influx", "mssql-cli"];

    private static readonly string[] MongoDeletes = ["dropDatabase(", ".drop(", ".deleteMany({})", ".remove({})", ".dropCollection("];

    public static void Judge(CommandCall call, Report report)
    {
        if (Sql.Contains(call.Name))
        {
            foreach (var argument in call.Arguments) SqlJudge.Judge(Statement(argument.Text), report, ownLines: false);
            if (call.Input.Text is { } text) SqlJudge.Judge(text, report, ownLines: false);
            if (call.Value("-f", "--file") is { IsKnown: true } file && call.Scene.FileAt(file.Text)?.Text is { } content) SqlJudge.Judge(content, report, ownLines: false);
        }
        else if (call.Name is "mongo" or "mongosh")
        {
            foreach (var text in call.Arguments.Select(a => a.Text).Append(call.Input.Text ?? ""))
                foreach (var delete in MongoDeletes)
                    if (text.Contains(delete, StringComparison.Ordinal)) report.Add("database-delete", text);
        }
        else if (call.Name is "redis-cli" or "valkey-cli" && call.Input.Text?.Split('\n').FirstOrDefault(l => l.Trim().StartsWith("FLUSH", StringComparison.OrdinalIgnoreCase)) is { } flush)
        {
            report.Add("database-delete", flush);
        }
    }

    // -cDROP..., --command=DROP...
    private static string Statement(string argument)
    {
        if (argument is not ['-', _, ..]) return argument;
        if (argument[1] == '-') return argument.IndexOf('=') is > 0 and var at ? argument[(at + 1)..] : "";
        return argument[2..];
    }
}
