// How a refusal reaches the engine: a status, and a text that a person who reads the engine's log understands.
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines.Network;

internal static class Refusals
{
    private const int LingerBytes = 1 << 20;
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(1);

    public static int StatusOf(Problem problem) => problem.Code.Entry().Http;

    public static async Task WriteAsync(Stream stream, Problem problem, CancellationToken ct)
    {
        var text = Encoding.UTF8.GetBytes($"cabincrew: {problem.Code.Id()}: {problem.Message}.\n");
        var head = string.Create(CultureInfo.InvariantCulture,
            $"HTTP/1.1 {StatusOf(problem)} Refused by CabinCrew\r\nContent-Type: text/plain; charset=utf-8\r\nX-CabinCrew-Problem: {problem.Code.Id()}\r\nContent-Length: {text.Length}\r\nConnection: close\r\n\r\n");
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head), ct).ConfigureAwait(false);
        await stream.WriteAsync(text, ct).ConfigureAwait(false);
        await stream.FlushAsync(ct).ConfigureAwait(false);
    }

    /// <summary>Reads on for a moment: a connection that is closed upon unread bytes is reset, and the answer lost with it.</summary>
    public static async Task LingerAsync(Stream client, CancellationToken ct)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(ct);
        time.CancelAfter(Linger);
        try
        {
            if (client is NetworkStream { Socket: var socket }) socket.Shutdown(SocketShutdown.Send);
            var rest = new byte[16 << 10];
            for (var read = 0; read < LingerBytes;)
            {
                var n = await client.ReadAsync(rest, time.Token).ConfigureAwait(false);
                if (n == 0) return;
                read += n;
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // It has what it will get.
        }
    }
}
