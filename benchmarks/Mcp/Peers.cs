// The two ends of the comparison, as small as they can be: a server that answers at once, and a forwarder that does nothing but copy. This very program, started as
// `CabinCrew.Benchmarks peer echo FILE` and `... peer copy FILE`. Blocking reads and writes of the pipes themselves, nothing in between.
using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Benchmarks.Mcp;

internal static class Peers
{
    private const int PipeBytes = 64 << 10;

    public static string Program => Environment.ProcessPath!;

    public static string[] Echo(string answer) => ["peer", "echo", answer];

    public static string[] Copy(string answer) => ["peer", "copy", answer];

    public static int Run(string kind, string answer)
    {
        using var input = new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0);
        using var output = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        if (kind == "echo") new EchoServer(output, File.ReadAllBytes(answer)).Serve(input);
        else Forward(input, output, answer);
        return 0;
    }

    // The bare copy: between the same client and the same server, each byte is read once and written once, by a thread for each direction.
    private static void Forward(Stream input, Stream output, string answer)
    {
        using var server = Process.Start(new ProcessStartInfo(Program, Echo(answer)) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        var back = new Thread(() => Pump(server.StandardOutput.BaseStream, output));
        back.Start();
        Pump(input, server.StandardInput.BaseStream);
        server.StandardInput.Close();
        back.Join();
    }

    private static void Pump(Stream from, Stream to)
    {
        var buffer = new byte[PipeBytes];
        while (from.Read(buffer) is > 0 and var read) to.Write(buffer, 0, read);
    }
}

/// <summary>Knows four methods by their names, and whose request is whose by its number.</summary>
internal sealed class EchoServer(Stream output, byte[] large)
{
    private byte[] answers = new byte[1 << 16];
    private int count;

    public void Serve(Stream input)
    {
        var lines = new byte[1 << 20];
        var held = 0;
        while (input.Read(lines, held, lines.Length - held) is > 0 and var read)
        {
            held += read;
            var at = 0;
            while (lines.AsSpan(at, held - at).IndexOf((byte)'\n') is >= 0 and var length)
            {
                Answer(lines.AsSpan(at, length));
                at += length + 1;
            }
            lines.AsSpan(at, held - at).CopyTo(lines);
            held -= at;
            if (count > 0) output.Write(answers, 0, count);
            count = 0;
        }
    }

    private void Answer(ReadOnlySpan<byte> line)
    {
        var id = line.IndexOf("\"id\":"u8);
        if (id < 0) return;
        var number = line[(id + 5)..];
        Put("{\"jsonrpc\":\"2.0\",\"id\":"u8);
        Put(number[..number.IndexOfAny(",}"u8)]);
        Put(",\"result\":"u8);
        if (line.IndexOf("\"tools/call\""u8) < 0) Put(line.IndexOf("\"tools/list\""u8) < 0 ? Hello : Tools);
        else if (line.IndexOf("\"read_file\""u8) < 0) Put(Written);
        else Put(large);
        Put("}\n"u8);
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        if (answers.Length - count < bytes.Length) Array.Resize(ref answers, Math.Max(answers.Length * 2, count + bytes.Length));
        bytes.CopyTo(answers.AsSpan(count));
        count += bytes.Length;
    }

    private static ReadOnlySpan<byte> Hello => """{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"echo","version":"1"}}"""u8;

    private static ReadOnlySpan<byte> Written => """{"content":[{"type":"text","text":"3 lines were written to src/Gateways/Session.cs"}]}"""u8;

    private static ReadOnlySpan<byte> Tools => """
        {"tools":[{"name":"write_file","description":"Writes a file","inputSchema":{"type":"object","properties":{"path":{"type":"string"},"content":{"type":"string"}}}},{"name":"read_file","description":"Reads a file","inputSchema":{"type":"object","properties":{"path":{"type":"string"}}}}]}
        """u8;
}
