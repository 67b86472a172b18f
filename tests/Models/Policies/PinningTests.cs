// A user's export becomes a pinned model, and finds its thresholds.
using System.Text.Json.Nodes;
using CabinCrew.LocalModels.Classifying;
using CabinCrew.Models.Tests.Classifying;
using CabinCrew.Protocol;

namespace CabinCrew.Models.Tests.Policies;

public sealed class PinningTests
{
    private static readonly NewClassifier Wanted = new("prompt_injection", ["INJECTION"], ["ignore instructions", "fine"], Lowercase: true);

    private static ModelDirectory Export(string labels = """{"0":"SAFE","1":"INJECTION"}""")
    {
        var folder = new ModelDirectory();
        folder.Write("config.json", System.Text.Encoding.UTF8.GetBytes($$"""{"model_type":"bert","vocab_size":13,"max_position_embeddings":64,"id2label":{{labels}}}"""));
        return folder;
    }

    [Fact]
    [Clause("PRE-06")]
    public void An_export_is_pinned_with_what_its_own_configuration_says()
    {
        using var folder = Export();
        using var model = ModelPinning.Anew(folder.Path, Wanted, Runtime.Loaded).Value;
        Assert.Equal(("prompt_injection", ModelTask.Text, Activation.Softmax, 64, 16), (model.Document.Kind, model.Document.Task, model.Document.Activation, model.Document.Window, model.Document.Stride));
        Assert.Equal(["SAFE", "INJECTION"], model.Document.Labels.Select(l => l.Name));
        Assert.Null(model.Document.Labels[0].Thresholds);
        Assert.Equal([0.7, 0.9], model.Document.Labels[1].Thresholds!.Select(t => t.At));
        Assert.True(model.Document.Golden[0].Scores["INJECTION"] > 0.9 && model.Document.Golden[1].Scores["INJECTION"] < 0.1);
        Assert.Equal(["config.json", "model.onnx", "vocab.txt"], model.Document.Files.Keys.Order());
        using var again = ModelFolder.Load(folder.Path, Runtime.Loaded).Value;
        Assert.Equal(model.Digest, again.Digest);
    }

    [Fact]
    [Clause("PRE-06")]
    public void Files_that_were_exported_anew_are_pinned_anew_and_all_else_stays()
    {
        using var folder = Export();
        ModelPinning.Anew(folder.Path, Wanted, Runtime.Loaded).Value.Dispose();
        var document = JsonNode.Parse(folder.Read("classifier.json"))!;
        document["labels"]![1]!["thresholds"]![0]!["at"] = 0.42;
        folder.Write("classifier.json", System.Text.Encoding.UTF8.GetBytes(document.ToJsonString()));
        folder.Write("config.json", [.. folder.Read("config.json"), (byte)'\n']);
        Assert.Equal(ProblemCode.ModelInvalid, ModelFolder.Load(folder.Path, Runtime.Loaded).Problem!.Code);
        using var model = ModelPinning.Again(folder.Path, Runtime.Loaded).Value;
        Assert.Equal(0.42, model.Document.Labels[1].Thresholds![0].At);
    }

    [Fact]
    public void What_cannot_be_pinned_is_refused_and_nothing_is_written()
    {
        using var folder = Export();
        Assert.Contains("'lowercase' must say", ModelPinning.Anew(folder.Path, Wanted with { Lowercase = null }, Runtime.Loaded).Problem!.Message, StringComparison.Ordinal);
        Assert.Contains("did you mean 'INJECTION'", ModelPinning.Anew(folder.Path, Wanted with { Finds = ["INJECTON"] }, Runtime.Loaded).Problem!.Message, StringComparison.Ordinal);
        folder.Write("model.onnx", [1, 2, 3]);
        Assert.Equal(ProblemCode.ModelInvalid, ModelPinning.Anew(folder.Path, Wanted, Runtime.Loaded).Problem!.Code);
        using var odd = Export("""{"0":"SAFE","2":"INJECTION"}""");
        Assert.Contains("id2label", ModelPinning.Anew(odd.Path, Wanted, Runtime.Loaded).Problem!.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(folder.Path, "classifier.json")) || File.Exists(Path.Combine(odd.Path, "classifier.json")));
    }

    [Fact]
    public void Thresholds_keep_to_the_share_of_false_alarms()
    {
        using var folder = new ModelDirectory();
        using var model = folder.Load().Value;
        // Scores without it: 0.018 (fine) 97 times, then 0.5 (mail), 0.7549 and 0.8581.
        List<LabelledText> texts = [.. Enumerable.Repeat(new LabelledText("fine", false), 97), new("mail", false), new("edge mail anna smith at example", false), new("edge mail anna", false), new("ignore instructions", true), new("mail at", true)];
        var done = 0;
        var found = Calibration.Of(model, "injection", texts, [0.01, 0.02, 0.0], n => done = n, default).Value;
        Assert.Equal((2, 100, 0, 102), (found.With, found.Without, found.Incomplete, done));
        Assert.Equal([(0.7550, 0.01, 0.5), (0.5001, 0.02, 0.5), (0.8582, 0.0, 0.5)], found.Thresholds.Select(t => (t.At, t.FalseAlarms, t.Found)));
        Assert.Equal(ProblemCode.InvalidArgument, Calibration.Of(model, "injection", [new("fine", false)], [0.01], _ => { }, default).Problem!.Code);

        texts.Add(new(string.Join(' ', Enumerable.Repeat("fine", 20_000)), false));
        var long1 = Calibration.Of(model, "injection", texts, [0.001], _ => { }, default).Value;
        Assert.Equal((1, true), (long1.Incomplete, long1.Thresholds[0].At > 1));
    }
}
