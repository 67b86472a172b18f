// One kind of number that belongs to a person, by its forms, its check digits, and the words beside it. What has no form of its own counts only beside such a word.
using System.Buffers;

namespace CabinCrew.Governance.Detection.Personal;

internal delegate bool NumberCheck(ReadOnlySpan<char> plain);

/// <param name="Id">Small letters, digits and hyphens.</param>
/// <param name="Of">For a person: "an IBAN".</param>
/// <param name="IsValid">Of the letters and digits without separators: ranges and check digits.</param>
internal sealed record PersonalRule(string Id, string Of, NumberCheck IsValid)
{
    /// <summary>Forms that nothing else has: <c>d</c> a digit, <c>L</c> a capital, anything else itself between them.</summary>
    public string[] Forms { get; init; } = [];

    /// <summary>Forms that count beside one of <see cref="Words"/> only.</summary>
    public string[] NearForms { get; init; } = [];

    /// <summary>ASCII and in small letters: they are looked for in bytes as well.</summary>
    public string[] Words { get; init; } = [];

    public DetectorRule Rule { get; } = new(Id, $"this looks like {Of}");

    public bool HasWordBefore(ReadOnlySpan<char> text, int at, int reach) => NearWords.AreIn(text[Math.Max(0, at - reach)..at], known ??= SearchValues.Create(Words, StringComparison.OrdinalIgnoreCase), Words);

    private SearchValues<string>? known;
}
