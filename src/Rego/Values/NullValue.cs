// The value null: there is one instance.
namespace CabinCrew.Rego.Values;

public sealed class NullValue : Value
{
    public static readonly NullValue Instance = new();

    private NullValue() : base(ValueKind.Null)
    {
    }

    private protected override int CompareSameKind(Value other) => 0;

    private protected override bool EqualsSameKind(Value other) => true;

    private protected override int ComputeHash() => 0x6e75;
}
