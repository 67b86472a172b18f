// The forms of all rules, by the shape of their first word with a digit (how long, and which of its characters are digits): most words of a text have the shape of none, and that is told at once.
using System.Collections.Frozen;

namespace CabinCrew.Governance.Detection.Personal;

/// <param name="Lead">What stands in it before the word of its first digit.</param>
/// <param name="IsNear">Counts beside a word of its rule only.</param>
internal readonly record struct NumberForm(PersonalRule Rule, string Text, int Lead, bool IsNear);

internal sealed class NumberForms
{
    /// <summary>No form's word is longer.</summary>
    public const int WordCharsMax = 20;

    private readonly FrozenDictionary<uint, NumberForm[]> byShape;

    public NumberForms(IEnumerable<PersonalRule> rules) => byShape = rules
        .SelectMany(r => r.Forms.Select(f => new NumberForm(r, f, LeadOf(f), IsNear: false)).Concat(r.NearForms.Select(f => new NumberForm(r, f, LeadOf(f), IsNear: true))))
        .GroupBy(f => ShapeOf(f.Text[f.Lead..]))
        // What has a form of its own before what needs a word; the longer before the shorter.
        .ToFrozenDictionary(g => g.Key, g => g.OrderBy(f => f.IsNear).ThenByDescending(f => f.Text.Length).ToArray());

    public ReadOnlySpan<NumberForm> Beginning(int length, uint digits) => length <= WordCharsMax && byShape.TryGetValue(Key(length, digits), out var forms) ? forms : [];

    /// <summary>How many characters of the text the form takes, its letters and digits written to <paramref name="plain"/>; 0: it does not stand here.</summary>
    public static int Match(string form, ReadOnlySpan<char> text, Span<char> plain, out int count)
    {
        count = 0;
        if (text.Length < form.Length) return 0;
        for (var i = 0; i < form.Length; i++)
        {
            var c = text[i];
            if (form[i] == 'd' ? !char.IsAsciiDigit(c) : form[i] == 'L' ? !char.IsAsciiLetterUpper(c) : form[i] != c) return 0;
            if (char.IsAsciiLetterOrDigit(c)) plain[count++] = c;
        }
        return form.Length;
    }

    private static int LeadOf(string form)
    {
        var start = form.IndexOf('d');
        while (start > 0 && char.IsAsciiLetter(form[start - 1])) start--;
        return start;
    }

    private static uint ShapeOf(string form)
    {
        var (length, digits) = (0, 0u);
        for (; length < form.Length && char.IsAsciiLetterOrDigit(form[length]); length++)
            if (form[length] == 'd') digits |= 1u << length;
        return Key(length, digits);
    }

    private static uint Key(int length, uint digits) => digits << 5 | (uint)length;
}
