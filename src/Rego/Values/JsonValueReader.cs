// JSON to values without recursion. Short strings that repeat become one instance per document, and objects with the same keys in the same order
// share one key list, so a list of like objects costs little more than its values. Keys, and key lists by thread, are kept from one document to the next:
// documents of one kind come again and again. Only names are kept so, never a text that stands for something.
using System.Buffers;
using System.Numerics;
using System.Text;
using System.Text.Json;

namespace CabinCrew.Rego.Values;

internal ref struct JsonValueReader
{
    /// <summary>Nesting beyond this is refused, so that no later walk over a value can exhaust the stack.</summary>
    public const int DepthMax = 1_000;

    private const int SharedTextBytesMax = 40;
    private const int ShapesCount = 64, NamesCount = 1_024;
    private const int ShapeKeysMax = 64;

    // All threads share it: whatever they put there stands for the same name.
    private static readonly Value?[] names = new Value?[NamesCount];
    [ThreadStatic]
    private static ObjectShape?[]? keptShapes;

    private readonly ReadOnlySpan<byte> utf8;
    private readonly Span<Value?> texts;
    private readonly ObjectShape?[] shapes = keptShapes ??= new ObjectShape?[ShapesCount];
    private readonly Value?[] rentedTexts;
    private Value[] rented = ArrayPool<Value>.Shared.Rent(256);
    private Span<Value> stack;
    private int top;

    private JsonValueReader(ReadOnlySpan<byte> utf8)
    {
        this.utf8 = utf8;
        stack = rented;
        var slots = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(utf8.Length / 32, 16, 2_048));
        rentedTexts = ArrayPool<Value?>.Shared.Rent(slots);
        texts = rentedTexts.AsSpan(0, slots);
    }

    /// <summary>Throws <see cref="JsonException"/> for anything but one JSON document.</summary>
    public static Value Read(ReadOnlySpan<byte> utf8)
    {
        var reader = new JsonValueReader(utf8);
        try
        {
            return reader.ReadDocument() ?? throw Fault(utf8);
        }
        finally
        {
            ArrayPool<Value>.Shared.Return(reader.rented, clearArray: true);
            ArrayPool<Value?>.Shared.Return(reader.rentedTexts, clearArray: true);
        }
    }

    /// <summary>The very value that documents have for a member of this name, as long as it is kept: whoever asks by it need not compare texts.</summary>
    public static StringValue NameLike(StringValue name)
    {
        var length = Encoding.UTF8.GetByteCount(name.Text);
        if (length is 0 or > SharedTextBytesMax) return name;
        // As it stands in a document, with something behind its quote.
        Span<byte> written = stackalloc byte[SharedTextBytesMax + 1 + sizeof(ulong)];
        written.Clear();
        Encoding.UTF8.GetBytes(name.Text, written);
        written[length] = (byte)'"';
        if (JsonScan.EndOfText(written, 0, out var isEscaped, out var hash) != length || isEscaped) return name;
        var kept = Shared(written[..length], (int)(hash & (NamesCount - 1)), names);
        return kept.Text == name.Text ? kept : name;
    }

    // What is wrong with it, and where, in the framework's words.
    private static JsonException Fault(ReadOnlySpan<byte> utf8)
    {
        var json = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = DepthMax });
        try
        {
            while (json.Read())
            {
            }
        }
        catch (JsonException fault)
        {
            return fault;
        }

        return new JsonException("this is not one JSON document");
    }

    /// <summary>Null where it is none.</summary>
    private Value? ReadDocument()
    {
        // Where the items of each open collection begin; negative (its complement) for an object.
        Span<int> open = stackalloc int[DepthMax];
        var (depth, at) = (0, JsonScan.SkipSpace(utf8, 0));
        while (true)
        {
            // A value stands here.
            if (at >= utf8.Length) return null;
            if (utf8[at] is (byte)'{' or (byte)'[')
            {
                if (depth == DepthMax) return null;
                var isObject = utf8[at] == (byte)'{';
                open[depth++] = isObject ? ~top : top;
                at = JsonScan.SkipSpace(utf8, at + 1);
                if (at >= utf8.Length) return null;
                if (utf8[at] != (isObject ? (byte)'}' : (byte)']'))
                {
                    if (isObject && (at = ReadName(at)) == JsonScan.NotJson) return null;
                    continue;
                }
            }
            else
            {
                at = ReadScalar(at);
                if (at == JsonScan.NotJson) return null;
                at = JsonScan.SkipSpace(utf8, at);
            }

            // Behind a value, or at the end of an empty collection.
            while (depth > 0)
            {
                if (at >= utf8.Length) return null;
                var start = open[depth - 1];
                if (utf8[at] == (start < 0 ? (byte)'}' : (byte)']')) Close(open[--depth]);
                else if (utf8[at] == (byte)',') break;
                else return null;
                at = JsonScan.SkipSpace(utf8, at + 1);
            }

            if (depth == 0) return at == utf8.Length ? stack[0] : null;
            at = JsonScan.SkipSpace(utf8, at + 1);
            if (open[depth - 1] < 0 && (at = ReadName(at)) == JsonScan.NotJson) return null;
        }
    }

    // A name and its colon; then comes a value.
    private int ReadName(int at)
    {
        if (at >= utf8.Length || utf8[at] != (byte)'"') return JsonScan.NotJson;
        at = ReadText(at + 1, names);
        if (at == JsonScan.NotJson) return at;
        at = JsonScan.SkipSpace(utf8, at);
        return at < utf8.Length && utf8[at] == (byte)':' ? JsonScan.SkipSpace(utf8, at + 1) : JsonScan.NotJson;
    }

    private int ReadScalar(int at) => utf8[at] switch
    {
        (byte)'"' => ReadText(at + 1, texts),
        (byte)'t' => ReadWord(at, "true"u8, BooleanValue.True),
        (byte)'f' => ReadWord(at, "false"u8, BooleanValue.False),
        (byte)'n' => ReadWord(at, "null"u8, NullValue.Instance),
        (byte)'-' => ReadNumber(at),
        var first => JsonScan.IsDigit(first) ? ReadNumber(at) : JsonScan.NotJson,
    };

    private int ReadWord(int at, ReadOnlySpan<byte> word, Value value)
    {
        if (!utf8[at..].StartsWith(word)) return JsonScan.NotJson;
        Push(value);
        return at + word.Length;
    }

    private int ReadNumber(int at)
    {
        var end = JsonScan.EndOfNumber(utf8, at);
        if (end == JsonScan.NotJson) return end;
        var digits = utf8[at..end];
        Push(TryShort(digits, out var whole) ? NumberValue.Of(whole)
            : NumberValue.Parse(Encoding.ASCII.GetString(digits)) ?? throw new JsonException("a number is too long or its exponent too large"));
        return end;
    }

    // Whole, not negative, and sure to fit.
    private static bool TryShort(ReadOnlySpan<byte> digits, out long whole)
    {
        whole = 0;
        if (digits.Length > 18) return false;
        foreach (var digit in digits)
        {
            if (!JsonScan.IsDigit(digit)) return false;
            whole = (whole * 10) + (digit - '0');
        }

        return true;
    }

    /// <summary>Pushes the text from here on, and answers what stands behind its closing quote.</summary>
    private int ReadText(int at, Span<Value?> shared)
    {
        var end = JsonScan.EndOfText(utf8, at, out var isEscaped, out var hash);
        if (end == JsonScan.NotJson) return end;
        var text = utf8[at..end];
        if (isEscaped) Push(new StringValue(JsonText.Unescape(text)));
        else if (text.Length == 0) Push(StringValue.Empty);
        else if (text.Length > SharedTextBytesMax) Push(new StringValue(Encoding.UTF8.GetString(text)));
        else Push(Shared(text, (int)(hash & (uint)(shared.Length - 1)), shared));
        return end + 1;
    }

    // Each text has two slots, so that two that come in turn do not drive each other out.
    private static StringValue Shared(ReadOnlySpan<byte> text, int at, Span<Value?> shared)
    {
        ref var slot = ref shared[at];
        if (slot is StringValue known && Matches(known.Text, text)) return known;
        ref var other = ref shared[at ^ 1];
        if (other is StringValue second && Matches(second.Text, text)) return second;
        if (slot is not null) other = slot;
        var made = new StringValue(Encoding.UTF8.GetString(text));
        slot = made;
        return made;
    }

    private static bool Matches(string text, ReadOnlySpan<byte> utf8) =>
        text.Length == utf8.Length ? Ascii.Equals(utf8, text) : utf8.Length > text.Length && Encoding.UTF8.GetByteCount(text) == utf8.Length && Encoding.UTF8.GetString(utf8) == text;

    private void Push(Value value)
    {
        if (top == stack.Length)
        {
            var larger = ArrayPool<Value>.Shared.Rent(top * 2);
            stack.CopyTo(larger);
            ArrayPool<Value>.Shared.Return(rented, clearArray: true);
            stack = rented = larger;
        }

        stack[top++] = value;
    }

    private void Close(int opened)
    {
        var start = opened < 0 ? ~opened : opened;
        var items = stack[start..top];
        Value closed = opened < 0 ? MakeObject(items) : ArrayValue.Of(items);
        top = start;
        Push(closed);
    }

    private readonly ObjectValue MakeObject(ReadOnlySpan<Value> pairs)
    {
        if (pairs.IsEmpty) return ObjectValue.Empty;
        var count = pairs.Length / 2;
        ref var shape = ref shapes[(count * 5 + pairs[0].GetHashCode() + pairs[^2].GetHashCode()) & (ShapesCount - 1)];
        if (shape is null || !shape.Fits(pairs))
        {
            var made = ObjectShape.Of(pairs);
            if (made is null) return MakeWithDuplicates(pairs);
            // A long list of keys is data, not a kind of object: it is not kept.
            if (count > ShapeKeysMax) return made.Make(pairs);
            shape = made;
        }

        return shape.Make(pairs);
    }

    // As everywhere in JSON's world the last one wins.
    private static ObjectValue MakeWithDuplicates(ReadOnlySpan<Value> pairs)
    {
        var builder = new ObjectValue.Builder(pairs.Length / 2);
        for (var i = 0; i < pairs.Length; i += 2) builder.Set(pairs[i], pairs[i + 1]);
        return builder.Build();
    }
}
