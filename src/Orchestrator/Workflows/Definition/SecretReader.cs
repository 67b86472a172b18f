// Fetches a mapped secret from its source, just before the engine that may see it runs (ENG-03). The value is never in a message.
using System.Text;
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
            "file" => await FromFileAsync(source.Value, timeLimit, ct),
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

    private static async Task<Outcome<byte[]>> FromFileAsync(string path, TimeSpan timeLimit, CancellationToken ct)
    {
        if (Directory.Exists(path)) return Refuse($"{path} is a directory");
        try
        {
            // Opening a fifo nobody writes to blocks for ever, hence the clock around the whole of it.
            return await Task.Run(() => Read(path), ct).WaitAsync(timeLimit, ct);
        }
        catch (TimeoutException)
        {
            return Refuse($"the file {path} gave nothing within {timeLimit.TotalSeconds:0.#} s");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Refuse($"the file {path} could not be read: {(e is FileNotFoundException or DirectoryNotFoundException ? "it does not exist" : e.Message)}");
        }
    }

    private static Outcome<byte[]> Read(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        var buffer = new byte[BytesMax + 1];
        var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return length > BytesMax ? Refuse($"the file {path} holds more than {BytesMax} bytes") : buffer[..length];
    }

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
        if (text.Length < Redactor.SecretCharsMin)
            return Refuse($"the {what} is shorter than {Redactor.SecretCharsMin} characters, too short to be kept out of logs and artifacts");
        return text.Length > BytesMax ? Refuse($"the {what} is longer than {BytesMax} characters") : text;
    }

    private static Problem Refuse(string why) => new(ProblemCode.SecretUnavailable, why);
}
