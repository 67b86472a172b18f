// Writes JSON straight in canonical form (RFC 8785), redacted as it goes, for those who write thousands of events a second: members in the order of their names, whoever writes sees to that.
// Invariant: whatever came from outside of the program passes the redactor; words of the program's own (types, states, decisions, times) cannot hold a secret.
using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Ledger.Streams;

public sealed class AuditWriter
{
    private const int DigitsMax = 20;

    private readonly ArrayBufferWriter<byte> to;
    private readonly Redactor redactor;
    private bool isFirst = true;

    internal AuditWriter(ArrayBufferWriter<byte> to, Redactor redactor) => (this.to, this.redactor) = (to, redactor);

    /// <summary>An object by itself, as its members are written, and nothing redacted yet.</summary>
    public static JsonElement Element(Action<AuditWriter> members)
    {
        var to = new ArrayBufferWriter<byte>(512);
        var writer = new AuditWriter(to, new());
        to.Write("{"u8);
        members(writer);
        writer.Close();
        return JsonElement.Parse(to.WrittenSpan);
    }

    /// <summary>Where the next member is to begin anew, with no comma before it.</summary>
    internal int EndPiece()
    {
        isFirst = true;
        return to.WrittenCount;
    }

    internal void Name(ReadOnlySpan<byte> name)
    {
        var space = to.GetSpan(name.Length + 4);
        var at = 0;
        if (!isFirst) space[at++] = (byte)',';
        isFirst = false;
        space[at++] = (byte)'"';
        name.CopyTo(space[at..]);
        at += name.Length;
        space[at++] = (byte)'"';
        space[at++] = (byte)':';
        to.Advance(at);
    }

    /// <summary>Begins an object; <see cref="Close"/> ends it.</summary>
    public void Open(ReadOnlySpan<byte> name)
    {
        Name(name);
        to.Write("{"u8);
        isFirst = true;
    }

    public void Close()
    {
        to.Write("}"u8);
        isFirst = false;
    }

    /// <summary>Begins a list, of objects (<see cref="Item"/>) or of texts; <see cref="CloseList"/> ends it.</summary>
    public void OpenList(ReadOnlySpan<byte> name)
    {
        Name(name);
        to.Write("["u8);
        isFirst = true;
    }

    /// <summary>Begins an object of a list.</summary>
    public void Item()
    {
        if (!isFirst) to.Write(","u8);
        to.Write("{"u8);
        isFirst = true;
    }

    /// <summary>A text of a list.</summary>
    public void Item(string text)
    {
        if (!isFirst) to.Write(","u8);
        isFirst = false;
        CanonicalJson.Append(to, redactor.Redact(text));
    }

    public void CloseList()
    {
        to.Write("]"u8);
        isFirst = false;
    }

    /// <summary>A word of the program's own.</summary>
    internal void Word(ReadOnlySpan<byte> name, string? word)
    {
        if (word is null) return;
        Name(name);
        CanonicalJson.Append(to, word);
    }

    /// <summary>Null: no such member.</summary>
    public void Text(ReadOnlySpan<byte> name, string? text)
    {
        if (text is not null) Word(name, redactor.Redact(text));
    }

    /// <summary>Up to 2^53-1, which JSON's readers read alike.</summary>
    public void Number(ReadOnlySpan<byte> name, long number)
    {
        if (Math.Abs(number) > StrictJson.NumberMax) throw new ArgumentException("an integer beyond 2^53-1 has no exact canonical form", nameof(number));
        // The digits may be a secret.
        if (!redactor.KnowsNothing && number.ToString(System.Globalization.CultureInfo.InvariantCulture) is var digits && redactor.Redact(digits) is var told && told != digits)
        {
            Word(name, told);
            return;
        }
        Name(name);
        Utf8Formatter.TryFormat(number, to.GetSpan(DigitsMax), out var length);
        to.Advance(length);
    }

    /// <summary>Of the program's own: 0 to 9.</summary>
    internal void Digit(ReadOnlySpan<byte> name, int digit)
    {
        Name(name);
        to.Write([(byte)('0' + digit)]);
    }

    internal void Texts(ReadOnlySpan<byte> name, IReadOnlyList<string>? texts)
    {
        if (texts is null) return;
        OpenList(name);
        for (var i = 0; i < texts.Count; i++) Item(texts[i]);
        CloseList();
    }

    internal void Element(ReadOnlySpan<byte> name, JsonElement? element)
    {
        if (element is not { } value) return;
        Name(name);
        CanonicalJson.Write(to, redactor.Redact(value));
    }

    internal void Part<T>(ReadOnlySpan<byte> name, T? part, JsonTypeInfo<T> type) where T : class
    {
        if (part is not null) Element(name, JsonSerializer.SerializeToElement(part, type));
    }

    // As yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz: the fraction without the zeros at its end, and without its point where there is none.
    internal void Time(ReadOnlySpan<byte> name, DateTimeOffset at)
    {
        Name(name);
        const int seconds = 19, fraction = 7, offset = 6;
        var space = to.GetSpan(seconds + 1 + fraction + offset + 2);
        space[0] = (byte)'"';
        Utf8Formatter.TryFormat(at, space[1..], out var length, 'O');
        var kept = space.Slice(1, seconds + 1 + fraction).TrimEnd((byte)'0');
        if (kept[^1] == '.') kept = kept[..^1];
        space.Slice(1 + length - offset, offset).CopyTo(space[(1 + kept.Length)..]);
        space[1 + kept.Length + offset] = (byte)'"';
        to.Advance(kept.Length + offset + 2);
    }
}
