// The client of the measurement: opens a session and calls, one after the other or many at once, on one thread that blocks on the pipe.
using System.Buffers.Text;
using System.Diagnostics;

namespace CabinCrew.Benchmarks.Mcp;

/// <param name="Microseconds">Of each call, from its being written to its whole answer.</param>
internal sealed record Called(double[] Microseconds)
{
    public double P50 => Pairs.Median(Microseconds);

    public double P99 => Pairs.Quantile(Microseconds, 0.99);
}

internal sealed class Agent(Party party)
{
    private const string Hello = """{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"benchmark","version":"1"}}}""";
    private const string Opened = """{"jsonrpc":"2.0","method":"notifications/initialized"}""";

    private readonly byte[] lines = new byte[2 << 20];
    private byte[] requests = new byte[1 << 12];
    private int from, to, count, next = 1;

    /// <summary>What stands behind the id: a call with a little text in it, of a tool that a policy knows.</summary>
    public static ReadOnlySpan<byte> WriteCall =>
        ""","method":"tools/call","params":{"name":"write_file","arguments":{"path":"src/Gateways/Session.cs","content":"first line of a file\nsecond line of a file\nthird line of a file\n"}}}"""u8;

    /// <summary>A small call with a large answer.</summary>
    public static ReadOnlySpan<byte> ReadCall => ""","method":"tools/call","params":{"name":"read_file","arguments":{"path":"src/Gateways/Session.cs"}}}"""u8;

    /// <summary>Opens the session, and asks for the tools: what is called afterwards was seen before.</summary>
    public void Open()
    {
        Say(Hello);
        Say(Opened);
        Call(""","method":"tools/list"}"""u8, 1, 1);
    }

    /// <param name="atOnce">How many are open at any time.</param>
    public Called Call(ReadOnlySpan<byte> call, int calls, int atOnce)
    {
        var began = new long[calls];
        var took = new double[calls];
        var first = next;
        var asked = 0;
        for (; asked < Math.Min(atOnce, calls); asked++) Ask(call, began, asked);
        Send();
        for (var answered = 0; answered < calls;)
        {
            var line = Line();
            var number = NumberOf(line) - first;
            took[number] = Stopwatch.GetElapsedTime(began[number]).TotalMicroseconds;
            if (!line.StartsWith("{\"jsonrpc\""u8) || line.IndexOf("\"result\""u8) < 0) throw new InvalidOperationException($"a call was not answered as it should: {System.Text.Encoding.UTF8.GetString(line[..Math.Min(line.Length, 1000)])}");
            answered++;
            if (asked < calls) Ask(call, began, asked++);
            // Together with the others whose answers are here already.
            if (lines.AsSpan(from, to - from).IndexOf((byte)'\n') < 0) Send();
        }
        next += calls;
        return new(took);
    }

    private void Say(string message)
    {
        party.Input.Write(System.Text.Encoding.UTF8.GetBytes(message + "\n"));
        party.Input.Flush();
        if (message == Hello) Line();
    }

    private void Ask(ReadOnlySpan<byte> call, long[] began, int number)
    {
        if (requests.Length - count < call.Length + 64) Array.Resize(ref requests, requests.Length * 2);
        Put("{\"jsonrpc\":\"2.0\",\"id\":"u8);
        Utf8Formatter.TryFormat(next + number, requests.AsSpan(count), out var digits);
        count += digits;
        Put(call);
        Put("\n"u8);
        began[number] = Stopwatch.GetTimestamp();
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(requests.AsSpan(count));
        count += bytes.Length;
    }

    private void Send()
    {
        if (count > 0) party.Input.Write(requests, 0, count);
        count = 0;
    }

    private ReadOnlySpan<byte> Line()
    {
        var searched = from;
        while (true)
        {
            if (lines.AsSpan(searched, to - searched).IndexOf((byte)'\n') is >= 0 and var feed)
            {
                var line = lines.AsSpan(from, searched + feed - from);
                from = searched + feed + 1;
                return line;
            }
            if (from > 0)
            {
                lines.AsSpan(from, to - from).CopyTo(lines);
                (from, to) = (0, to - from);
            }
            searched = to;
            var read = party.Output.Read(lines, to, lines.Length - to);
            if (read == 0) throw new InvalidOperationException($"the other end is gone: {party.Farewell()}");
            to += read;
        }
    }

    private static int NumberOf(ReadOnlySpan<byte> line)
    {
        var id = line.IndexOf("\"id\":"u8);
        return id >= 0 && Utf8Parser.TryParse(line[(id + 5)..], out int number, out _) ? number : throw new InvalidOperationException($"an answer without a number: {System.Text.Encoding.UTF8.GetString(line)}");
    }
}
