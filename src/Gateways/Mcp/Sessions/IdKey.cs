// An id, for looking up: equal when two ids could be taken for one another. 1, "1" and "\u0031" are alike here, so that no two of them are ever open at once.
using System.Text.Json;

namespace CabinCrew.Gateways.Mcp.Sessions;

internal readonly struct IdKey : IEquatable<IdKey>
{
    private readonly ReadOnlyMemory<byte> meaning;

    /// <param name="text">The JSON text of an id that FrameReader has passed.</param>
    public IdKey(ReadOnlyMemory<byte> text)
    {
        IsString = text.Length >= 2 && text.Span[0] is (byte)'"';
        meaning = !IsString ? text : text.Span.Contains((byte)'\\') ? Unescaped(text.Span) : text[1..^1];
    }

    public bool IsString { get; }

    public bool Equals(IdKey other) => meaning.Span.SequenceEqual(other.meaning.Span);

    public override bool Equals(object? other) => other is IdKey key && Equals(key);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(meaning.Span);
        return hash.ToHashCode();
    }

    private static byte[] Unescaped(ReadOnlySpan<byte> text)
    {
        var reader = new Utf8JsonReader(text);
        reader.Read();
        var into = new byte[text.Length];
        return into[..reader.CopyString(into)];
    }
}
