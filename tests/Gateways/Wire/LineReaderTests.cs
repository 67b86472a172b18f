// The framing of stdio: the same lines whatever pieces the bytes come in, bounded memory whatever comes (MCP-07).
using System.Text;
using CabinCrew.Gateways.Mcp.Wire;

namespace CabinCrew.Gateways.Tests.Wire;

public sealed class LineReaderTests
{
    /// <summary>Gives its bytes in the pieces that it is told to.</summary>
    private sealed class Pieces(IEnumerable<byte[]> pieces) : Stream
    {
        private readonly Queue<ReadOnlyMemory<byte>> left = new(pieces.Select(p => (ReadOnlyMemory<byte>)p));

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken ct = default)
        {
            await Task.Yield();
            if (!left.TryPeek(out var piece)) return 0;
            var some = piece[..Math.Min(piece.Length, buffer.Length)];
            some.CopyTo(buffer);
            left.Dequeue();
            if (some.Length < piece.Length)
            {
                var rest = left.ToArray();
                left.Clear();
                left.Enqueue(piece[some.Length..]);
                foreach (var r in rest) left.Enqueue(r);
            }
            return some.Length;
        }

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        public override void Flush() { }
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    private static async Task<List<string>> LinesAsync(int bytesMax, params byte[][] pieces)
    {
        var reader = new LineReader(new Pieces(pieces.Where(p => p.Length > 0)), bytesMax);
        var lines = new List<string>();
        while (await reader.ReadAsync(default) is { Kind: not LineKind.End } line)
            lines.Add((line.Kind is LineKind.TooLong ? "!" : "") + Encoding.UTF8.GetString(line.Bytes.Span));
        return lines;
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    [Theory]
    [InlineData("a\nb\n", "a|b")]
    [InlineData("a\r\nb\r\n", "a|b")]
    [InlineData("a\nb", "a|b")]
    [InlineData("\n\r\n\na\n\n", "a")]
    [InlineData("", "")]
    [InlineData("\r\n", "")]
    [InlineData("a\rb\n", "a\rb")]
    [InlineData("1234567890\n12345678901\n1234567890\r\nx", "1234567890|!1234567890|1234567890|x")]
    [InlineData("123456789012345678901234567890\nok\n", "!1234567890|ok")]
    [InlineData("1234567890\r", "1234567890")]
    [InlineData("12345678901\r\nok", "!1234567890|ok")]
    [InlineData("123456789012345", "!1234567890")]
    public async Task Lines_are_the_same_wherever_the_bytes_are_split(string text, string expected)
    {
        const int bytesMax = 10;
        var bytes = Bytes(text);
        for (var first = 0; first <= bytes.Length; first++)
            for (var second = first; second <= bytes.Length; second++)
            {
                var lines = await LinesAsync(bytesMax, bytes[..first], bytes[first..second], bytes[second..]);
                // What is kept of a line that is too long depends on the pieces; that it is told once does not.
                Assert.Equal(expected, string.Join('|', lines.Select(l => l.StartsWith('!') ? l[..11] : l)));
            }
        Assert.Equal(expected, string.Join('|', (await LinesAsync(bytesMax, [.. bytes.Select(b => new[] { b })])).Select(l => l.StartsWith('!') ? l[..11] : l)));
    }

    /// <summary>A gigabyte without a line feed, then one line.</summary>
    private sealed class Endless(long bytes) : Stream
    {
        private long left = bytes;
        private bool told;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken ct = default)
        {
            if (left > 0)
            {
                var some = (int)Math.Min(left, buffer.Length);
                buffer.Span[..some].Fill((byte)'x');
                left -= some;
                return new(some);
            }
            if (told) return new(0);
            told = true;
            "\nafter\n"u8.CopyTo(buffer.Span);
            return new(7);
        }

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        public override void Flush() { }
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    [Fact]
    public async Task A_line_of_a_gigabyte_is_told_once_and_kept_nowhere()
    {
        var reader = new LineReader(new Endless(1L << 30), 1 << 20);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var line = await reader.ReadAsync(default);
        Assert.Equal((LineKind.TooLong, 4096), (line.Kind, line.Bytes.Length));
        Assert.Equal("after", Encoding.UTF8.GetString((await reader.ReadAsync(default)).Bytes.Span));
        Assert.Equal(LineKind.End, (await reader.ReadAsync(default)).Kind);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20);
    }

    [Fact]
    public async Task Lines_keep_their_bytes_when_later_ones_are_read()
    {
        var reader = new LineReader(new Pieces([Bytes("first\nsecond\n"), Bytes(new string('x', 100_000) + "\n")]), 1 << 20);
        var first = await reader.ReadAsync(default);
        await reader.ReadAsync(default);
        Assert.Equal(100_000, (await reader.ReadAsync(default)).Bytes.Length);
        Assert.Equal("first", Encoding.UTF8.GetString(first.Bytes.Span));
    }
}
