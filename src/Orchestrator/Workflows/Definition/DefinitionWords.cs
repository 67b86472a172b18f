// The closed sets of words of the workflow file, each beside what it means.
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workflows;

internal static class DefinitionWords
{
    public static readonly IReadOnlyList<(string Word, Determinism Value)> Determinisms =
        [("trust", Determinism.Trust), ("verify", Determinism.Verify)];

    public static readonly IReadOnlyList<(string Word, DriftAnswer Value)> DriftAnswers =
        [("fail", DriftAnswer.Fail), ("replan", DriftAnswer.Replan)];

    /// <summary>Whether the reduced isolation will do.</summary>
    public static readonly IReadOnlyList<(string Word, bool Value)> Isolations = [("full", false), ("reduced", true)];

    public static string Word(Determinism value) => Determinisms.First(d => d.Value == value).Word;

    public static string Word(DriftAnswer value) => DriftAnswers.First(d => d.Value == value).Word;
}
