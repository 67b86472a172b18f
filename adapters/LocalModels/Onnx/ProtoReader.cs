// Reads protocol buffers as far as a look at a model needs: field by field, within its span, never copying. What does not fit is one exception, which never leaves ModelGraph.
using System.Buffers.Binary;
using System.Text;

namespace CabinCrew.LocalModels.Onnx;

internal sealed class ProtoException(string message) : Exception(message);

internal ref struct ProtoReader(ReadOnlySpan<byte> bytes)
{
    private const int NameBytesMax = 4096;

    private ReadOnlySpan<byte> rest = bytes;

    public int Field { get; private set; }

    /// <summary>Of a number; 0 where the field is something else.</summary>
    public ulong Value { get; private set; }

    /// <summary>Of a message, a text or bytes; empty where the field is something else.</summary>
    public ReadOnlySpan<byte> Content { get; private set; }

    public bool Read()
    {
        if (rest.IsEmpty) return false;
        var tag = Varint();
        Field = tag >> 3 is > 0 and <= 536_870_911 and var number ? (int)number : throw new ProtoException("a field has no number");
        Value = 0;
        Content = default;
        switch (tag & 7)
        {
            case 0: Value = Varint(); break;
            case 1: Value = BinaryPrimitives.ReadUInt64LittleEndian(Take(8)); break;
            case 2: Content = Take(Varint()); break;
            case 5: Value = BinaryPrimitives.ReadUInt32LittleEndian(Take(4)); break;
            default: throw new ProtoException("a field is of a kind that is not known");
        }
        return true;
    }

    public readonly string Text => Content.Length <= NameBytesMax ? Encoding.UTF8.GetString(Content) : throw new ProtoException("a name is too long");

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)rest.Length) throw new ProtoException("it ends in the middle of a field");
        var taken = rest[..(int)length];
        rest = rest[(int)length..];
        return taken;
    }

    private ulong Varint()
    {
        var value = 0UL;
        for (var i = 0; i < 10; i++)
        {
            var b = Take(1)[0];
            value |= (ulong)(b & 0x7F) << (7 * i);
            if (b < 0x80) return value;
        }
        throw new ProtoException("a number is too long");
    }
}
