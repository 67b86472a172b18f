// The frames of an evaluation: one behind the other in one array, which may be replaced while something is evaluated, so nobody keeps it in a variable.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Evaluate;

internal sealed partial class Evaluation
{
    private const int SlotsMin = 128;
    private const int SlotsKeptMax = 4_096;

    // A struct, for an array of references looks at the type of whatever is stored in it.
    private struct Slot
    {
        public Value? Value;
    }

    [ThreadStatic]
    private static Slot[]? spare;

    private Slot[] slots = TakeSpare();

    /// <summary>Where the current frame starts.</summary>
    public int Base { get; set; }

    /// <summary>Everything from here on is free.</summary>
    public int Top { get; private set; }

    public Value? this[int slot]
    {
        get => slots[Base + slot].Value;
        set => slots[Base + slot].Value = value;
    }

    /// <summary>Takes slots at the top and answers where they begin; <see cref="Release"/> gives them back.</summary>
    public int Reserve(int count)
    {
        var at = Top;
        Top += count;
        if (Top > slots.Length) Grow();
        return at;
    }

    /// <summary>Puts an argument into a slot that was reserved.</summary>
    public void Pass(int at, Value argument) => slots[at].Value = argument;

    public Value Argument(int at) => slots[at].Value!;

    /// <summary>The arguments in slots that were reserved for them, until more slots are taken.</summary>
    public ReadOnlySpan<Value> Arguments(int at, int count)
    {
        if (count == 0) return [];
        // A slot is a reference and nothing else. The last one is looked up, so that the span lies within the array.
        ref var last = ref slots[at + count - 1];
        ref var first = ref Unsafe.Subtract(ref last, count - 1);
        return MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<Slot, Value>(ref first), count);
    }

    public void Release(int at) => Top = at;

    /// <summary>Gives the frames back, once nothing is evaluated any more.</summary>
    public void End()
    {
        System.Array.Clear(slots);
        if (slots.Length <= SlotsKeptMax) spare = slots;
        slots = null!;
    }

    // The old ones are left to those who may still look at them.
    private void Grow() => System.Array.Resize(ref slots, Math.Max(Top, slots.Length * 2));

    private static Slot[] TakeSpare()
    {
        var taken = spare ?? new Slot[SlotsMin];
        spare = null;
        return taken;
    }
}
