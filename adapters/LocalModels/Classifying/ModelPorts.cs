// Which of a model's inputs and outputs are used. The inputs are those of text models; another one, or numbers of another kind, means that this is not such a model.
using CabinCrew.LocalModels.Onnx;
using CabinCrew.Protocol;

namespace CabinCrew.LocalModels.Classifying;

internal sealed record ModelPorts(IReadOnlyList<string> Inputs, string Output)
{
    public const string Ids = "input_ids", Mask = "attention_mask", Types = "token_type_ids";
    private const int Float = 1, Int64 = 7;
    private const string Logits = "logits";

    public static Outcome<ModelPorts> Of(ModelGraph graph, ClassifierDocument document)
    {
        foreach (var input in graph.Inputs)
        {
            if (input.Name is not (Ids or Mask or Types)) return Invalid($"it has an input '{input.Name}'; {Ids}, {Mask} and {Types} are known");
            if (input.ElementType != Int64 || input.Shape.Count != 2) return Invalid($"the input '{input.Name}' does not take rows of 64-bit ids");
        }
        if (graph.Inputs.All(i => i.Name != Ids)) return Invalid($"it has no input '{Ids}'");
        var output = graph.Outputs.FirstOrDefault(o => o.Name == Logits) ?? (graph.Outputs.Count == 1 ? graph.Outputs[0] : null);
        if (output is null) return Invalid($"it has no output '{Logits}'");
        if (output.ElementType != Float) return Invalid($"the output '{output.Name}' is not of 32-bit floats");
        var last = output.Shape.Count > 0 ? output.Shape[^1] : -1;
        if (last >= 0 && last != document.Labels.Count) return Invalid($"it has {last} outputs, classifier.json {document.Labels.Count} labels");
        return new ModelPorts([.. graph.Inputs.Select(i => i.Name)], output.Name);
    }

    private static Problem Invalid(string message) => ModelFolder.Invalid($"this is no model of the kind that classifier.json says: {message}", "model.onnx");
}
