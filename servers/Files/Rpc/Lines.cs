// Cuts a stream into lines, within a bound: a longer line is read to its end and thrown away, so that the next one is found.
namespace CabinCrew.Servers.Files.Rpc;

internal sealed class Lines(Stream input, int bytesMax)
{
    private byte[] buffer = new byte[64 << 10];
    private int start, end;

    /// <summary>The last line was beyond the bound; what <see cref="NextAsync"/> gave is no line.</summary>
    public bool WasTooLong { get; private set; }

    /// <summary>Without its line end; null after the last. What stands after the last line end is no line.</summary>
    public async Task<byte[]?> NextAsync()
    {
        WasTooLong = false;
        var searched = start;
        while (true)
        {
            var at = Array.IndexOf(buffer, (byte)'\n', searched, end - searched);
            if (at >= 0)
            {
                var line = buffer[start..(at > start && buffer[at - 1] == '\r' ? at - 1 : at)];
                WasTooLong |= at - start > bytesMax;
                start = at + 1;
                return WasTooLong ? [0] : line;
            }
            if (end - start > bytesMax) WasTooLong = true;
            if (WasTooLong) start = end;
            Room();
            searched = end;
            var n = await input.ReadAsync(buffer.AsMemory(end)).ConfigureAwait(false);
            if (n == 0) return null;
            end += n;
        }
    }

    private void Room()
    {
        if (start > 0)
        {
            Buffer.BlockCopy(buffer, start, buffer, 0, end - start);
            (start, end) = (0, end - start);
        }
        if (end == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
        else if (end == 0 && buffer.Length > 1 << 20) buffer = new byte[64 << 10];
    }
}
