// One look through one text. Linear: every word is read once, and what stands before it is looked at no further back than a fixed number of characters.
using System.Buffers;

namespace CabinCrew.Governance.Detection.Personal;

/// <param name="reach">How far before a number its word may stand.</param>
/// <param name="max">Of one rule.</param>
internal ref struct PersonalLook(ReadOnlySpan<char> text, List<TextMatch> found, int reach, int max)
{
    private const int LettersBeforeMax = 12;
    private const int PlainCharsMax = 48;

    private static readonly NumberForms Forms = new(PersonalRules.Table);

    private static readonly SearchValues<char> Interesting = SearchValues.Create("0123456789@");

    private static readonly SearchValues<char> Words = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");

    private readonly ReadOnlySpan<char> text = text;
    private Dictionary<DetectorRule, int>? told;

    public void Run()
    {
        for (var at = 0; at < text.Length;)
        {
            var step = text[at..].IndexOfAny(Interesting);
            if (step < 0) return;
            at += step;
            at = text[at] == '@' ? Mail(at) : Word(at);
        }
    }

    // Where to go on.
    private int Mail(int at)
    {
        if (EmailAddresses.Around(text, at) is var (start, length) && length > 0) Add(EmailAddresses.Rule, start, length);
        return at + 1;
    }

    private int Word(int at)
    {
        var rest = text[at..].IndexOfAnyExcept(Words);
        var end = rest < 0 ? text.Length : at + rest;
        var start = Begin(at, end);
        if (start < 0) return end;
        return end - start <= Ibans.CharsMax ? Math.Max(end, Known(start, end)) : end;
    }

    // Where the word of this digit begins, without the letters of an escape before it; -1: too long to be any number.
    private int Begin(int at, int end)
    {
        var start = at;
        while (start > 0 && char.IsAsciiLetter(text[start - 1]))
            if (at - --start > LettersBeforeMax) return -1;
        if (start == 0) return start;
        var escape = text[start - 1] switch { '%' => 2, '\\' when text[start] == 'u' => 5, '\\' when text[start] is 'n' or 'r' or 't' or 'b' or 'f' => 1, _ => 0 };
        return start + escape < end ? start + escape : start;
    }

    // Not within an identifier, a path, a decimal, a version, an address, a part of something hyphenated.
    private bool IsFree(int start)
    {
        if (start == 0) return true;
        var before = text[start - 1];
        if (before is '_' or '$' or '@' or '#' or '~') return false;
        if (char.IsAsciiLetterOrDigit(before) || before is not ('-' or '.' or '/' or '+' or ',' or ':')) return true;
        if (start == 1) return true;
        var further = text[start - 2];
        return before is ',' or ':' ? !char.IsAsciiDigit(further) || before == ',' : !char.IsAsciiLetterOrDigit(further) && further is not ('/' or '.' or '-' or '+');
    }

    private bool Ends(int end)
    {
        if (end >= text.Length) return true;
        var next = text[end];
        if (char.IsAsciiLetterOrDigit(next) || next is '_' or '@' or '$') return false;
        if (next is not ('-' or '.' or '/' or '+' or '=' or ':' or ',')) return true;
        var further = end + 1 < text.Length ? text[end + 1] : ' ';
        return next switch { ',' => true, ':' => !char.IsAsciiDigit(further), '=' => further is not '=', _ => !char.IsAsciiLetterOrDigit(further) && further != next };
    }

    // Where what begins at the word ends; 0: nothing that is known.
    private int Known(int start, int end)
    {
        var isFree = IsFree(start);
        if (isFree && Ibans.At(text, start, end) is > 0 and var iban && Ends(start + iban)) return Add(Ibans.Rule, start, iban);
        if (isFree && start > 0 && text[start - 1] == '+' && PhoneNumbers.International(text, start) is > 0 and var dialled && Ends(start + dialled)) return Add(PhoneNumbers.Rule, start - 1, dialled + 1);
        if (end - start > NumberForms.WordCharsMax) return 0;
        Span<char> plain = stackalloc char[PlainCharsMax];
        foreach (var form in Forms.Beginning(end - start, Digits(start, end)))
        {
            var from = start - form.Lead;
            if (from < 0 || !(form.Lead == 0 ? isFree : IsFree(from) && WordStarts.IsAt(text, from))) continue;
            var length = NumberForms.Match(form.Text, text[from..], plain, out var count);
            if (length == 0 || !(form.Text[^1] == ':' || Ends(from + length)) || !IsApart(form.Text, from, length) || !form.Rule.IsValid(plain[..count])) continue;
            if (!form.IsNear || form.Rule.HasWordBefore(text, from, reach)) return Add(form.Rule.Rule, from, length);
        }
        return isFree && PhoneNumbers.National(text, start, reach) is > 0 and var local && Ends(start + local) ? Add(PhoneNumbers.Rule, start, local) : 0;
    }

    private uint Digits(int start, int end)
    {
        var digits = 0u;
        for (var i = start; i < end; i++)
            if (char.IsAsciiDigit(text[i])) digits |= 1u << (i - start);
        return digits;
    }

    // Groups with blanks between them are not a part of a longer row of numbers.
    private bool IsApart(string form, int start, int length)
    {
        if (!form.Contains(' ')) return true;
        var end = start + length;
        var follows = end + 1 < text.Length && text[end] == ' ' && char.IsAsciiDigit(text[end + 1]);
        return !follows && (start < 2 || text[start - 1] != ' ' || !char.IsAsciiDigit(text[start - 2]));
    }

    private int Add(DetectorRule rule, int start, int length)
    {
        ref var times = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(told ??= [], rule, out _);
        if (times++ < max) found.Add(new(rule, start, length));
        return start + length;
    }
}
