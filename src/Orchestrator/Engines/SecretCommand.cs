// Runs the command that yields a secret: outside any sandbox, as the user who called us, bounded in time and output (ENG-03).
// What it prints is never logged; what it says on standard error is dropped, because it may hold the secret too.
using System.ComponentModel;
using System.Diagnostics;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines;

internal static class SecretCommand
{
    public const int OutputBytesMax = 64 * 1024;
    public static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(10);

    public static async Task<Outcome<byte[]>> RunAsync(IReadOnlyList<string> command, TimeSpan timeLimit, CancellationToken ct)
    {
        var start = new ProcessStartInfo(command[0])
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var argument in command.Skip(1)) start.ArgumentList.Add(argument);

        using var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            return Refuse($"the command '{command[0]}' could not be started: {e.Message}");
        }

        using var clock = CancellationTokenSource.CreateLinkedTokenSource(ct);
        clock.CancelAfter(timeLimit);
        try
        {
            process.StandardInput.Close();
            var dropped = DropAsync(process.StandardError.BaseStream, clock.Token);
            var output = await ReadAsync(process.StandardOutput.BaseStream, clock.Token);
            if (output is null) return Refuse($"the command '{command[0]}' printed more than {OutputBytesMax} bytes");
            await process.WaitForExitAsync(clock.Token);
            await dropped;
            return process.ExitCode == 0 ? output : Refuse($"the command '{command[0]}' ended with exit code {process.ExitCode}");
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return Refuse($"the command '{command[0]}' took longer than {timeLimit.TotalSeconds:0.#} s");
        }
        finally
        {
            End(process);
        }
    }

    private static Problem Refuse(string why) => new(ProblemCode.SecretUnavailable, why);

    /// <summary>Null when there is more than the limit.</summary>
    private static async Task<byte[]?> ReadAsync(Stream stream, CancellationToken ct)
    {
        var buffer = new byte[OutputBytesMax + 1];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct);
        return length > OutputBytesMax ? null : buffer[..length];
    }

    private static async Task DropAsync(Stream stream, CancellationToken ct)
    {
        var buffer = new byte[4096];
        while (await stream.ReadAsync(buffer, ct) > 0)
        {
        }
    }

    private static void End(Process process)
    {
        try
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It ended by itself in the meantime, or a child of it did.
        }
    }
}
