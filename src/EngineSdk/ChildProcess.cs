// Runs a program inside the engine's own sandbox: exact environment, bounded output. Never a shell unless the caller names one.
using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using CabinCrew.Protocol;

namespace CabinCrew.EngineSdk;

/// <param name="OutputCut">Standard output was longer than its limit.</param>
/// <param name="ErrorCut">Standard error was longer than its limit; the end is kept.</param>
public sealed record ChildResult(int ExitCode, byte[] Output, byte[] Error, bool OutputCut, bool ErrorCut)
{
    /// <summary>The end of standard error as text, for messages.</summary>
    public string ErrorTail(int charsMax = 2000)
    {
        var text = Encoding.UTF8.GetString(Error).TrimEnd();
        return text.Length <= charsMax ? text : "… " + text[^charsMax..];
    }
}

public static class ChildProcess
{
    /// <summary>The variables that an engine's own children get: the documented, fixed ones, and none of the protocol's.</summary>
    public static SortedDictionary<string, string> FixedEnvironment(string temp)
    {
        var environment = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["HOME"] = temp, ["TMPDIR"] = temp };
        foreach (var (name, otherwise) in new[] { ("PATH", "/usr/bin:/bin"), ("LANG", "C.UTF-8"), ("LC_ALL", "C.UTF-8"), ("TZ", "UTC"), ("SOURCE_DATE_EPOCH", "0") })
            environment[name] = Environment.GetEnvironmentVariable(name) ?? otherwise;
        return environment;
    }

    public static async Task<Outcome<ChildResult>> RunAsync(
        IReadOnlyList<string> command, string workingDirectory, IReadOnlyDictionary<string, string> environment, ReadOnlyMemory<byte> input = default,
        int outputMax = 64 << 20, int errorMax = 256 << 10, CancellationToken ct = default)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment.Clear();
        foreach (var (name, value) in environment) start.Environment[name] = value;
        try
        {
            using var process = Process.Start(start)!;
            var output = ReadAsync(process.StandardOutput.BaseStream, outputMax, keepEnd: false, ct);
            var error = ReadAsync(process.StandardError.BaseStream, errorMax, keepEnd: true, ct);
            try
            {
                await process.StandardInput.BaseStream.WriteAsync(input, ct);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // The program ended or closed its input without reading it: its exit code tells.
            }
            var ((out1, outCut), (err1, errCut)) = (await output, await error);
            await process.WaitForExitAsync(ct);
            return new ChildResult(process.ExitCode, out1, err1, outCut, errCut);
        }
        catch (Win32Exception e)
        {
            return new Problem(ProblemCode.EngineFailed, $"'{command[0]}' could not be started: {e.Message}");
        }
    }

    private static async Task<(byte[], bool)> ReadAsync(Stream stream, int max, bool keepEnd, CancellationToken ct)
    {
        using var kept = new MemoryStream();
        var chunk = new byte[64 << 10];
        var cut = false;
        for (int n; (n = await stream.ReadAsync(chunk, ct)) > 0;)
        {
            if (!keepEnd && n > max - kept.Length) cut = true;
            kept.Write(chunk, 0, keepEnd ? n : (int)Math.Min(n, max - kept.Length));
            if (!keepEnd || kept.Length <= 2L * max) continue;
            var end = kept.GetBuffer().AsSpan((int)kept.Length - max, max).ToArray();
            kept.SetLength(0);
            kept.Write(end);
            cut = true;
        }
        var bytes = kept.ToArray();
        return keepEnd && bytes.Length > max ? (bytes[^max..], true) : (bytes, cut);
    }
}
