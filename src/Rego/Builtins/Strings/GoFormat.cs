// Go's fmt.Sprintf over Rego values: whole numbers are ints, other numbers float64, strings are strings and everything
// else is the string of its term. Source: Go's package fmt, including what it prints for verbs that do not fit.
using System.Globalization;
using System.Numerics;
using System.Text;
using CabinCrew.Rego.Builtins.Numbers;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Strings;

internal ref struct GoFormat
{
    /// <summary>Go's own limit on widths and precisions.</summary>
    private const int SizeMax = 1_000_000;

    private readonly string format;
    private readonly ReadOnlySpan<Value> values;
    private readonly StringBuilder text = new();
    private int at;
    private int next;
    private bool reordered;
    private bool goodIndex;
    private bool usedIndex;
    private FormatFlags flags;

    private GoFormat(string format, ReadOnlySpan<Value> values)
    {
        this.format = format;
        this.values = values;
    }

    /// <summary>Null only where the budget is used up by a width nobody means.</summary>
    public static string? Print(BuiltinContext context, string format, ReadOnlySpan<Value> values)
    {
        var printer = new GoFormat(format, values);
        while (printer.at < format.Length)
        {
            var before = printer.text.Length;
            printer.Step();
            context.Charge((printer.text.Length - before) / StringFunctions.CharsPerElement);
        }

        printer.AppendExtra();
        return printer.text.ToString();
    }

    private void Step()
    {
        var percent = format.IndexOf('%', at);
        if (percent < 0) percent = format.Length;
        text.Append(format, at, percent - at);
        at = percent + 1;
        if (percent == format.Length) return;
        flags = default;
        usedIndex = false;
        goodIndex = true;
        ReadFlags();
        ReadWidth();
        ReadPrecision();
        if (!usedIndex) ReadIndex();
        if (at >= format.Length)
        {
            text.Append("%!(NOVERB)");
            return;
        }

        Rune.DecodeFromUtf16(format.AsSpan(at), out var verb, out var length);
        at += length;
        Emit(verb);
    }

    private void Emit(Rune verb)
    {
        if (verb.Value == '%') text.Append('%');
        else if (!goodIndex) text.Append("%!").Append(verb).Append("(BADINDEX)");
        else if (next >= values.Length) text.Append("%!").Append(verb).Append("(MISSING)");
        else FormatVerb.Append(text, verb, flags, values[next++]);
    }

    private void ReadFlags()
    {
        for (; at < format.Length; at++)
        {
            switch (format[at])
            {
                case '#': flags.Sharp = true; break;
                case '0': flags.Zero = true; break;
                case '+': flags.Plus = true; break;
                case '-': flags.Minus = true; break;
                case ' ': flags.Space = true; break;
                default: return;
            }
        }
    }

    private void ReadWidth()
    {
        ReadIndex();
        if (at < format.Length && format[at] == '*')
        {
            at++;
            flags.Width = TakeSize();
            if (flags.Width is null) text.Append("%!(BADWIDTH)");
            if (flags.Width < 0)
            {
                flags.Width = -flags.Width;
                flags.Minus = true;
            }

            usedIndex = false;
        }
        else
        {
            flags.Width = ReadSize();
            if (usedIndex && flags.Width is not null) goodIndex = false;
        }
    }

    private void ReadPrecision()
    {
        if (at >= format.Length || format[at] != '.') return;
        at++;
        if (usedIndex) goodIndex = false;
        ReadIndex();
        if (at < format.Length && format[at] == '*')
        {
            at++;
            flags.Precision = TakeSize();
            if (flags.Precision < 0) flags.Precision = null;
            else if (flags.Precision is null) text.Append("%!(BADPREC)");
            usedIndex = false;
        }
        else
        {
            flags.Precision = ReadSize() ?? 0;
        }
    }

    private int? ReadSize()
    {
        var start = at;
        while (at < format.Length && char.IsAsciiDigit(format[at])) at++;
        return at > start && int.TryParse(format.AsSpan(start, at - start), NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size <= SizeMax ? size : null;
    }

    // "*" takes the next value; anything but a small whole number is a bad one.
    private int? TakeSize()
    {
        if (next >= values.Length) return null;
        return values[next++] is NumberValue number && number.TryInt64(out var size) && Math.Abs(size) <= SizeMax ? (int)size : null;
    }

    // "[n]" chooses the n-th value.
    private void ReadIndex()
    {
        if (at >= format.Length || format[at] != '[') return;
        reordered = true;
        var close = format.IndexOf(']', at);
        if (close < 0)
        {
            goodIndex = false;
            at++;
            return;
        }

        var fits = int.TryParse(format.AsSpan(at + 1, close - at - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index >= 1 && index <= values.Length;
        at = close + 1;
        goodIndex = fits;
        usedIndex = true;
        if (fits) next = index - 1;
    }

    private readonly void AppendExtra()
    {
        if (reordered || next >= values.Length) return;
        text.Append("%!(EXTRA ");
        for (var i = next; i < values.Length; i++)
        {
            if (i > next) text.Append(", ");
            text.Append(FormatVerb.TypeOf(values[i])).Append('=');
            FormatVerb.Append(text, new Rune('v'), default, values[i]);
        }

        text.Append(')');
    }
}
