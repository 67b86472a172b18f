// A Rego value: immutable, totally ordered, structurally equal, hashed once. Undefined is C#'s null.
// Source: Rego's policy language reference ("Comparison", "Composite Values").
using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace CabinCrew.Rego.Values;

/// <summary>One immutable Rego value. Safe to share between threads.</summary>
public abstract class Value : IComparable<Value>, IEquatable<Value>
{
    private int hash;

    private protected Value(ValueKind kind) => Kind = kind;

    public ValueKind Kind { get; }

    /// <summary>Everything but <c>false</c> satisfies an expression.</summary>
    public bool IsTruthy => !ReferenceEquals(this, BooleanValue.False);

    /// <summary>How many elements a collection has; 0 for the rest.</summary>
    public virtual int Count => 0;

    /// <summary>
    /// How large the value is when written out, in elements (and 64 characters of text each), at most <see cref="int.MaxValue"/>.
    /// Parts that are shared count as often as they stand there, so that a small value which is endless on paper is known for what it is.
    /// </summary>
    public virtual int Weight => 1;

    private protected static int WeightOf(ReadOnlySpan<Value> parts, int own = 1)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        long sum = own;
        foreach (var part in parts) sum += part.Weight;
        return (int)Math.Min(sum, int.MaxValue);
    }

    /// <summary>One step of a reference: the element of an array at an index, the value of an object's key, the member of a set; null where there is none.</summary>
    public virtual Value? Get(Value key) => null;

    /// <summary>Rego's total order: null, booleans, numbers, strings, arrays, objects, sets.</summary>
    public int CompareTo(Value? other)
    {
        if (ReferenceEquals(this, other)) return 0;
        if (other is null) return 1;
        return Kind == other.Kind ? CompareSameKind(other) : Kind < other.Kind ? -1 : 1;
    }

    public bool Equals(Value? other)
    {
        if (ReferenceEquals(this, other)) return true;
        if (other is null || Kind != other.Kind) return false;
        if (hash != 0 && other.hash != 0 && hash != other.hash) return false;
        return EqualsSameKind(other);
    }

    public sealed override bool Equals(object? other) => other is Value value && Equals(value);

    public sealed override int GetHashCode()
    {
        if (hash != 0) return hash;
        var computed = ComputeHash();
        return hash = computed == 0 ? 1 : computed;
    }

    /// <summary>The value as a Rego term: <c>{"a": [1, 2]}</c>, <c>set()</c>.</summary>
    public sealed override string ToString()
    {
        var text = new StringBuilder();
        ValueText.Append(text, this);
        return text.ToString();
    }

    /// <summary>Reads one JSON document. Throws <see cref="JsonException"/> where it is not one.</summary>
    public static Value FromJson(ReadOnlySpan<byte> utf8) => JsonValueReader.Read(utf8);

    public static Value FromJson(string json) => FromJson(Encoding.UTF8.GetBytes(json));

    public static Value From(JsonElement element) => FromJson(JsonMarshal.GetRawUtf8Value(element));

    public static Value From(bool flag) => flag ? BooleanValue.True : BooleanValue.False;

    public static Value From(long number) => NumberValue.Of(number);

    public static Value From(string text) => new StringValue(text);

    /// <summary>Writes JSON: sets as arrays, keys that are not strings as the JSON text of the key.</summary>
    public void WriteJson(Utf8JsonWriter writer) => JsonValueWriter.Write(writer, this);

    /// <summary>Compact JSON.</summary>
    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, JsonValueWriter.Options)) WriteJson(writer);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Only called with another value of the same kind.</summary>
    private protected abstract int CompareSameKind(Value other);

    private protected abstract bool EqualsSameKind(Value other);

    private protected abstract int ComputeHash();
}
