// One kind of thing that is looked for in text. Each detector is one file here and one line in Detectors.cs. Pure, bounded, and linear in the text: nothing that anybody writes makes
// it slow. What it finds is a fact about the text; what becomes of that is the configuration's and the policies' business.
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection;

/// <param name="Id">Unique in the detector.</param>
/// <param name="Reason">For a person.</param>
public sealed record DetectorRule(string Id, string Reason);

/// <summary>A range of characters that a rule is about.</summary>
internal readonly record struct TextMatch(DetectorRule Rule, int Start, int Length);

/// <summary>Looks at one place. Also asked about text as it stands in JSON, where it may see escapes and strange letters instead of what they mean: it then errs on the side of yes.</summary>
/// <param name="text">Everything that there is to see, around the place as well.</param>
/// <param name="at">Where the anchor's text begins.</param>
internal delegate TextMatch? AnchorLook(ReadOnlySpan<char> text, int at);

/// <summary>An ASCII text that stands in everything that a rule finds; the search for all of them at once is what makes looking cheap.</summary>
internal sealed record Anchor(string Text, AnchorLook Look, bool IgnoreCase = false)
{
    /// <summary>Only where a word begins (<see cref="WordStarts"/>), which costs next to nothing however many there are. Three characters or more, and case matters.</summary>
    public bool AtWord { get; init; }
}

/// <summary>What a detector's look costs, cheapest first: the order in which they look.</summary>
internal enum DetectorCost
{
    /// <summary>Stands on anchors, which are searched for in one pass for all such detectors.</summary>
    Anchored,

    /// <summary>Looks through a text by itself, where something in its bytes speaks for that.</summary>
    OwnPass,

    /// <summary>Computes over every character. Asked last, and not where no answer of it could change what becomes of a message.</summary>
    Model,
}

/// <summary>An anchor, and whose it is. A class, as code for lists of those is in the program already: lists of pairs are compiled at each start.</summary>
internal sealed record OwnedAnchor(ITextDetector Detector, Anchor Anchor);

internal interface ITextDetector
{
    string Name { get; }

    DetectorCost Cost => Anchors.Count > 0 ? DetectorCost.Anchored : DetectorCost.OwnPass;

    IReadOnlyList<DetectorRule> Rules { get; }

    /// <summary>What is right for most: documented in docs/reference/detection.md.</summary>
    DetectorSettings Standard { get; }

    /// <summary>What is right for most where files are looked through, by a person or before a change is taken.</summary>
    DetectorSettings InFiles => Standard;

    IReadOnlyList<Anchor> Anchors { get; }

    /// <summary>Loads what it judges by, if anything, and says which that is: a version, a hash. A problem where it is not what it should be: then nobody may go on without it.</summary>
    Outcome<string> Ready() => "";

    /// <summary>For what no anchor can stand for: whether UTF-8 text might hold something. Never wrong about no.</summary>
    bool Suspects(ReadOnlySpan<byte> utf8) => false;

    /// <summary>Looks through a whole text that <see cref="Suspects"/> (or an escape in it) points to.</summary>
    void FindIn(ReadOnlySpan<char> text, List<TextMatch> found)
    {
    }
}
