// The self-test at load: the golden texts must get the scores that they had when the model was exported. A tokenizer, a runtime or a file that does something else shows here.
using CabinCrew.Protocol;

namespace CabinCrew.LocalModels.Classifying;

internal static class GoldenCheck
{
    public static Problem? Run(LocalModel model)
    {
        for (var i = 0; i < model.Document.Golden.Count; i++)
        {
            var golden = model.Document.Golden[i];
            if (!model.Classify(golden.Text, CancellationToken.None).Try(out var said, out var problem)) return problem with { Where = Place(i) };
            if (!said.Complete) return new Problem(ProblemCode.ModelInvalid, "the golden text is beyond the budget") { Where = Place(i) };
            foreach (var (label, expected) in golden.Scores)
            {
                var measured = said.Scores.First(s => s.Label == label).Score;
                if (!(Math.Abs(measured - expected) <= model.Document.Tolerance + 1e-9))
                    return new Problem(ProblemCode.ModelInvalid, "the model does not give the score that it had when it was exported") { Where = $"{Place(i)}/scores/{label}" }
                        .With("expected", FormattableString.Invariant($"{expected:0.0000}")).With("measured", FormattableString.Invariant($"{measured:0.0000}"));
            }
        }
        return null;
    }

    private static string Place(int index) => $"{ModelFolder.DocumentName}: /golden/{index}";
}
