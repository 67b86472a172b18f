// A token that tells what it is by its own form: an anchor that nothing else has, a length, an alphabet, sometimes a checksum. The formats are the services' own; a rule that would find
// ordinary text is worse than none, so what has no such form (a plain password, a hex string) is found by the name that it is assigned to (KeyedServices, AssignmentDetector).
using System.Text.RegularExpressions;

namespace CabinCrew.Governance.Detection.Secrets;

/// <param name="Anchors">ASCII, three characters or more; one of them begins every token, or stands in it where <see cref="Before"/> says what may precede it.</param>
/// <param name="Pattern">Of the whole token, without look-around or back-references, and without very large counts, which would make its automaton large: <see cref="CharsMax"/> ends a token.</param>
internal sealed record SecretRule(string Id, string Of, string[] Anchors, string Pattern)
{
    public int CharsMax { get; init; } = 512;

    /// <summary>No token of the rule is shorter; what is cut off by a blank or a quote before that needs no second look.</summary>
    public int CharsMin { get; init; } = 16;

    /// <summary>Whether the token is one by its checksum or its own structure. Null: it has none.</summary>
    public Func<ReadOnlySpan<char>, bool>? Check { get; init; }

    /// <summary>The characters of a token before its anchor. Null: it begins with it.</summary>
    public string? Before { get; init; }

    /// <summary>The format itself has runs of one letter.</summary>
    public bool IsRepetitive { get; init; }

    public DetectorRule Rule { get; } = new(Id, $"this looks like {Of}");

    // Built on the first look: most texts never come to most rules.
    public Regex Regex => field ??= new("^(?:" + Pattern + ")", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
}

internal static class SecretRules
{
    /// <summary>Every token that has a form of its own. A new one is a line in one of these families.</summary>
    public static readonly SecretRule[] Table =
    [
        .. CloudTokens.Rules,
        .. CodeTokens.Rules,
        .. ModelTokens.Rules,
        .. MoneyTokens.Rules,
        .. MessageTokens.Rules,
        .. WorkTokens.Rules,
    ];
}
