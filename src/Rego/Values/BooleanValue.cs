// The two booleans; there are never more than these instances, so identity decides.
namespace CabinCrew.Rego.Values;

public sealed class BooleanValue : Value
{
    public static readonly BooleanValue False = new(false);
    public static readonly BooleanValue True = new(true);

    private BooleanValue(bool flag) : base(ValueKind.Boolean) => Flag = flag;

    public bool Flag { get; }

    private protected override int CompareSameKind(Value other) => Flag.CompareTo(((BooleanValue)other).Flag);

    private protected override bool EqualsSameKind(Value other) => Flag == ((BooleanValue)other).Flag;

    private protected override int ComputeHash() => Flag ? 0x7472 : 0x6661;
}
