// Fetches a mapped secret from its source, just before the engine that may see it runs (ENG-03). The value is never in a message.
using System.Text;
using CabinCrew.Governance.Files;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workflows;

public static class SecretReader
{
    public const int BytesMax = SecretCommand.OutputBytesMax;

    /// <summary>The value without one trailing line break. Refused: missing, empty, shorter than the redactor can tell from ordinary text
    /// (<see cref="Redactor.SecretCharsMin"/>), too long, not UTF-8, or with a NUL.</summary>
    public static Task<Outcome<string>> ReadAsync(SecretSource source, CancellationToken ct) => ReadAsync(source, SecretCommand.TimeLimit, ct);

    internal static async Task<Outcome<string>> ReadAsync(SecretSource source, TimeSpan timeLimit, CancellationToken ct)
    {
        var bytes = source.Kind switch
        {
            "env" => FromEnvironment(source.Value),
            "file" => FromFile(source.Value),
            "command" => await SecretCommand.RunAsync(source.Command, timeLimit, ct),
            _ => throw new InvalidOperationException($"no such kind of secret source: {source.Kind}"),
        };
        return bytes.Try(out var raw, out var problem) ? Check(raw, Describe(source)) : problem;
    }

    private static string Describe(SecretSource source) => source.Kind switch
    {
        "env" => $"environment variable {source.Value}",
        "file" => $"file {source.Value}",
        _ => $"output of the command '{source.Command[0]}'",
    };

    private static Outcome<byte[]> FromEnvironment(string name) =>
        Environment.GetEnvironmentVariable(name) is { } value
            ? Encoding.UTF8.GetBytes(value)
            : Refuse($"the environment variable {name} is not set");

    private static Outcome<byte[]> FromFile(string path) =>
        PlainFile.Read(path, BytesMax, ProblemCode.SecretUnavailable).Try(out var file, out var problem)
            ? file.Bytes
            : problem with { Code = ProblemCode.SecretUnavailable };

    private static Outcome<string> Check(byte[] raw, string what)
    {
        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(raw);
        }
        catch (DecoderFallbackException)
        {
            return Refuse($"the {what} is not UTF-8 text");
        }
        if (text.EndsWith('\n')) text = text[..^(text.EndsWith("\r\n", StringComparison.Ordinal) ? 2 : 1)];
        if (text.Length == 0) return Refuse($"the {what} is empty");
        if (text.Contains('\0')) return Refuse($"the {what} holds a NUL character");
        if (text.Trim().Length < Redactor.SecretCharsMin)
            return Refuse($"the {what} is shorter than {Redactor.SecretCharsMin} characters, too short to be kept out of logs and artifacts");
        return raw.Length > BytesMax ? Refuse($"the {what} is longer than {BytesMax} bytes") : text;
    }

    private static Problem Refuse(string why) => new(ProblemCode.SecretUnavailable, why);
}
