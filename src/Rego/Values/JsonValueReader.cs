// JSON to values without recursion. Short strings that repeat become one instance per document, and objects with the same keys in the same order
// share one key list, so a list of like objects costs little more than its values. Keys and key lists are kept from one document to the next of a thread:
// documents of one kind come again and again. Only names are kept so, never a text that stands for something.
using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace CabinCrew.Rego.Values;

internal ref struct JsonValueReader
{
    /// <summary>Nesting beyond this is refused, so that no later walk over a value can exhaust the stack.</summary>
    public const int DepthMax = 1_000;

    private const int SharedTextBytesMax = 40;
    private const int ShapesCount = 64, NamesCount = 512;
    private const int ShapeKeysMax = 64;

    [ThreadStatic]
    private static Value?[]? keptNames;
    [ThreadStatic]
    private static Shape?[]? keptShapes;

    private readonly Value?[] texts;
    private readonly int slots;
    private readonly Value?[] names = keptNames ??= new Value?[NamesCount];
    private readonly Shape?[] shapes = keptShapes ??= new Shape?[ShapesCount];
    private Value[] stack = ArrayPool<Value>.Shared.Rent(256);
    private int top;
    private Utf8JsonReader json;

    private JsonValueReader(ReadOnlySpan<byte> utf8)
    {
        json = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = DepthMax });
        slots = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(utf8.Length / 32, 16, 2_048));
        texts = ArrayPool<Value>.Shared.Rent(slots);
    }

    /// <summary>Throws <see cref="JsonException"/> for anything but one JSON document.</summary>
    public static Value Read(ReadOnlySpan<byte> utf8)
    {
        var reader = new JsonValueReader(utf8);
        try
        {
            return reader.ReadDocument();
        }
        finally
        {
            ArrayPool<Value>.Shared.Return(reader.stack, clearArray: true);
            ArrayPool<Value>.Shared.Return(reader.texts!, clearArray: true);
        }
    }

    private Value ReadDocument()
    {
        Span<int> starts = stackalloc int[DepthMax];
        var depth = 0;
        while (json.Read())
        {
            switch (json.TokenType)
            {
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    starts[depth++] = top;
                    break;
                case JsonTokenType.EndObject:
                    Close(starts[--depth], isObject: true);
                    break;
                case JsonTokenType.EndArray:
                    Close(starts[--depth], isObject: false);
                    break;
                default:
                    Push(ReadScalar());
                    break;
            }
        }

        return stack[0];
    }

    private readonly Value ReadScalar() => json.TokenType switch
    {
        JsonTokenType.PropertyName => ReadText(names, NamesCount),
        JsonTokenType.String => ReadText(texts, slots),
        JsonTokenType.Number => ReadNumber(),
        JsonTokenType.True => BooleanValue.True,
        JsonTokenType.False => BooleanValue.False,
        _ => NullValue.Instance,
    };

    private readonly NumberValue ReadNumber()
    {
        var span = json.ValueSpan;
        if (span.Length < 19 && span[0] != (byte)'-' && json.TryGetInt64(out var whole)) return NumberValue.Of(whole);
        return NumberValue.Parse(Encoding.ASCII.GetString(span)) ?? throw new JsonException("a number is too long or its exponent too large");
    }

    private readonly StringValue ReadText(Value?[] shared, int count)
    {
        var span = json.ValueSpan;
        if (json.ValueIsEscaped) return new StringValue(JsonText.Unescape(span));
        if (span.Length == 0) return StringValue.Empty;
        if (span.Length > SharedTextBytesMax) return new StringValue(Encoding.UTF8.GetString(span));
        ref var slot = ref shared[HashOf(span) & (count - 1)];
        if (slot is StringValue known && Matches(known.Text, span)) return known;
        var made = new StringValue(Encoding.UTF8.GetString(span));
        slot = made;
        return made;
    }

    private static bool Matches(string text, ReadOnlySpan<byte> utf8) =>
        text.Length == utf8.Length ? Ascii.Equals(utf8, text) : utf8.Length > text.Length && Encoding.UTF8.GetByteCount(text) == utf8.Length && Encoding.UTF8.GetString(utf8) == text;

    // Only chooses a slot: a collision costs a new string, nothing else.
    private static int HashOf(ReadOnlySpan<byte> span)
    {
        var hash = (ulong)span.Length * 0x9E3779B97F4A7C15;
        while (span.Length >= 8)
        {
            hash = (hash ^ MemoryMarshal.Read<ulong>(span)) * 0xFF51AFD7ED558CCD;
            hash ^= hash >> 32;
            span = span[8..];
        }

        foreach (var b in span) hash = (hash ^ b) * 0x100000001B3;
        return (int)(hash ^ (hash >> 29)) & int.MaxValue;
    }

    private void Push(Value value)
    {
        if (top == stack.Length)
        {
            var larger = ArrayPool<Value>.Shared.Rent(top * 2);
            stack.CopyTo(larger, 0);
            ArrayPool<Value>.Shared.Return(stack, clearArray: true);
            stack = larger;
        }

        stack[top++] = value;
    }

    private void Close(int start, bool isObject)
    {
        var items = stack.AsSpan(start, top - start);
        Value closed = isObject ? MakeObject(items) : ArrayValue.Of(items);
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
            var made = Shape.Of(pairs);
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

    /// <summary>Keys as the document gave them, and where each stands in the sorted list.</summary>
    private sealed class Shape(Value[] given, int[] position, SortedKeys keys)
    {
        public ObjectValue Make(ReadOnlySpan<Value> pairs)
        {
            var values = new Value[position.Length];
            for (var i = 0; i < values.Length; i++) values[position[i]] = pairs[i * 2 + 1];
            return new ObjectValue(keys, values);
        }

        public bool Fits(ReadOnlySpan<Value> pairs)
        {
            if (pairs.Length != given.Length * 2) return false;
            for (var i = 0; i < given.Length; i++)
            {
                if (!ReferenceEquals(given[i], pairs[i * 2])) return false;
            }

            return true;
        }

        /// <summary>Null where a key comes twice.</summary>
        public static Shape? Of(ReadOnlySpan<Value> pairs)
        {
            var given = new Value[pairs.Length / 2];
            for (var i = 0; i < given.Length; i++) given[i] = pairs[i * 2];
            var sorted = (Value[])given.Clone();
            Array.Sort(sorted);
            for (var i = 1; i < sorted.Length; i++)
            {
                if (sorted[i].Equals(sorted[i - 1])) return null;
            }

            var keys = new SortedKeys(sorted);
            var position = new int[given.Length];
            for (var i = 0; i < given.Length; i++) position[i] = keys.Find(given[i]);
            return new Shape(given, position, keys);
        }
    }
}
