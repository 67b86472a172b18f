// A string. Ordered by Unicode code point (that is, by UTF-8 bytes as OPA does), not by UTF-16 unit.
namespace CabinCrew.Rego.Values;

public sealed class StringValue : Value
{
    public static readonly StringValue Empty = new("");

    public StringValue(string text) : base(ValueKind.String) => Text = text;

    public string Text { get; }

    public override int Weight => 1 + (Text.Length >> 6);

    /// <summary>Orders two texts by code point.</summary>
    public static int Compare(string left, string right)
    {
        var same = left.AsSpan().CommonPrefixLength(right);
        if (same == left.Length || same == right.Length) return left.Length.CompareTo(right.Length);
        char x = left[same], y = right[same];
        // Surrogates stand for code points above U+FFFF, so they sort after U+E000..U+FFFF.
        if (char.IsSurrogate(x) != char.IsSurrogate(y) && x >= 0xD800 && y >= 0xD800) return char.IsSurrogate(x) ? 1 : -1;
        return x < y ? -1 : 1;
    }

    private protected override int CompareSameKind(Value other) => Compare(Text, ((StringValue)other).Text);

    private protected override bool EqualsSameKind(Value other) => Text == ((StringValue)other).Text;

    private protected override int ComputeHash() => Text.GetHashCode();
}
