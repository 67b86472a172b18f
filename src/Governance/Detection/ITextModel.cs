// A classifier of text that somebody brought (PRE-06), behind a seam: what runs models is no part of this floor.
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection;

public interface ITextModel
{
    /// <summary>What it finds, for example <c>prompt_injection</c>.</summary>
    string Kind { get; }

    /// <summary>Over the file that pins every other one of the model: weights, tokenizer, thresholds.</summary>
    Digest Digest { get; }

    /// <summary>What runs it, with its version.</summary>
    string Runtime { get; }

    /// <summary>The same text always gets the same answer. A problem is no answer, which is never a yes.</summary>
    Outcome<ModelAnswer> Classify(string text, CancellationToken ct);
}

/// <param name="Reasons">Which score reached which threshold, for a person; nothing of the text.</param>
/// <param name="Scores">By label, with four decimals.</param>
/// <param name="Complete">False: the text was beyond the model's budget, and the decision is require_approval at least.</param>
public sealed record ModelAnswer(Decision Decision, IReadOnlyList<string> Reasons, IReadOnlyDictionary<string, double> Scores, bool Complete);

/// <summary>Loads the model of a folder, or says why it is none. A model that is loaded already is the same object.</summary>
public delegate Outcome<ITextModel> TextModelLoader(string directory);
