// Replaces parts of a message's bytes and leaves every other byte as it was (MCP-06). Edits come in any order; two that overlap are a refusal, not a guess.
using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Firewall;

internal sealed class MessageEdits(ReadOnlyMemory<byte> whole)
{
    private readonly record struct Edit(int Offset, int Length, ReadOnlyMemory<byte> Instead);

    private readonly List<Edit> edits = [];

    public bool Any => edits.Count > 0;

    public void Replace(int offset, int length, ReadOnlyMemory<byte> instead) => edits.Add(new(offset, length, instead));

    /// <summary>Whether these bytes are replaced already, as part of more.</summary>
    public bool Covers(int offset, int length) => edits.Exists(e => e.Offset <= offset && offset + length <= e.Offset + e.Length);

    /// <summary>Where a part begins within the whole, or -1 where it is not a slice of it.</summary>
    public static int OffsetOf(ReadOnlyMemory<byte> whole, ReadOnlyMemory<byte> part)
    {
        if (whole.IsEmpty || part.IsEmpty) return -1;
        var offset = Unsafe.ByteOffset(ref MemoryMarshal.GetReference(whole.Span), ref MemoryMarshal.GetReference(part.Span));
        return offset >= 0 && offset <= whole.Length - part.Length ? (int)offset : -1;
    }

    /// <summary>The edited message; it is read once more as JSON before anybody gets it.</summary>
    public Outcome<ReadOnlyMemory<byte>> Apply()
    {
        edits.Sort(static (a, b) => a.Offset.CompareTo(b.Offset));
        var to = new ArrayBufferWriter<byte>(whole.Length + 256);
        var at = 0;
        foreach (var edit in edits)
        {
            if (edit.Offset < at || edit.Length < 0 || edit.Offset > whole.Length - edit.Length) return Problem.Bug("two edits of one message overlap, or lie outside of it");
            to.Write(whole.Span[at..edit.Offset]);
            to.Write(edit.Instead.Span);
            at = edit.Offset + edit.Length;
        }
        to.Write(whole.Span[at..]);
        return IsJson(to.WrittenSpan) ? to.WrittenMemory : Problem.Bug("an edited message is no JSON any more");
    }

    private static bool IsJson(ReadOnlySpan<byte> text)
    {
        try
        {
            var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = 256 });
            while (reader.Read())
            {
            }
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
