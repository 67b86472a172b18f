// A model as a policy: `onnx: FOLDER`, with the digest that it must have where the configuration pins it (PRE-06). What plans and messages have in common.
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Governance.Detection;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Governance.Policies.Sources;

internal static class TextModels
{
    public const string Kind = "onnx";

    public static Outcome<ITextModel> Load(PolicyRef reference, PolicySurroundings at)
    {
        var where = $"{Kind}: {reference.Value}";
        if (at.Models is not { } load)
            return new Problem(ProblemCode.NotYetSupported, "models cannot be run here, so nothing would be allowed") { Where = where };
        if (!load(Path.GetFullPath(reference.Value, at.BaseDirectory)).Try(out var model, out var problem)) return problem.At(where);
        if (reference.Model?.Digest is { } pinned && model.Digest != pinned)
            return new Problem(ProblemCode.ModelInvalid, "the model is another than the one that is pinned") { Where = where, Remedy = "Look at what changed; then name the new digest (`cabincrew model check` prints it)." }
                .With("expected", pinned.ToString()).With("measured", model.Digest.ToString());
        return Outcome.Of(model);
    }

    /// <summary>Of a policy set's digest: the model, and what runs it.</summary>
    public static Digest DigestOf(ITextModel model, int version) => Digest.Of(CanonicalJson.Write(new JsonObject
    {
        ["version"] = version, ["model"] = model.Digest.ToString(), ["runtime"] = model.Runtime,
    }));

    /// <summary>What a person sees of an answer, and what is kept of it. Throws where there is none: the evaluator makes a deny of it.</summary>
    /// <param name="place">Which text: of a plan a file or an artifact, of a message a JSON pointer.</param>
    public static PolicyVerdict? Judge(ITextModel model, string place, string text, CancellationToken ct)
    {
        if (string.IsNullOrWhiteSpace(text)) return null;
        if (!model.Classify(text, ct).Try(out var answer, out var problem)) throw new PolicyAnswerException(problem with { Message = $"{place}: {problem.Message}" });
        return answer.Decision == Decision.Allow ? null : new(IdOf(model), answer.Decision, $"{place}: {string.Join("; ", answer.Reasons)}", Evidence: Evidence(model, place, answer));
    }

    /// <param name="unread">What is no text.</param>
    public static PolicyVerdict Nothing(ITextModel model, int texts, int unread = 0) =>
        new(IdOf(model), Decision.Allow, $"nothing found in {texts} text{(texts == 1 ? "" : "s")}{(unread == 0 ? "" : $"; not looked into, since it is no text: {unread}")}", Evidence: Evidence(model, null, null));

    private static string IdOf(ITextModel model) => $"{Kind}/{model.Kind}";

    private static JsonElement Evidence(ITextModel model, string? place, ModelAnswer? answer)
    {
        var evidence = new JsonObject { ["model"] = model.Digest.ToString(), ["runtime"] = model.Runtime };
        if (place is not null) evidence["place"] = place;
        if (answer is not null)
        {
            evidence["scores"] = new JsonObject(answer.Scores.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value)));
            evidence["complete"] = answer.Complete;
        }
        return JsonElement.Parse(CanonicalJson.Write(evidence));
    }
}
