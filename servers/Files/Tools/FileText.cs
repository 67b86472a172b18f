// What a file holds: text where its bytes are UTF-8 without a NUL, else bytes.
using System.Text;
using CabinCrew.Protocol;

namespace CabinCrew.Servers.Files.Tools;

internal sealed record FileText(ReadOnlyMemory<byte> Bytes, bool IsText)
{
    public static FileText Of(byte[] bytes) => new(bytes, bytes.AsSpan().IndexOf((byte)0) < 0 && System.Text.Unicode.Utf8.IsValid(bytes));

    public string Text => Encoding.UTF8.GetString(Bytes.Span);

    public Digest Digest => Digest.Of(Bytes.Span);

    /// <summary>Lines, counting one that has no line end.</summary>
    public int Lines => Bytes.Span.Count((byte)'\n') + (Bytes.Span is [] or [.., (byte)'\n'] ? 0 : 1);
}
