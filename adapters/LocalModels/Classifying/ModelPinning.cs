// Writes a classifier.json for a folder: the hashes of its files as they are, and the scores of its golden texts as this machine gets them. Whoever pins a model vouches for it.
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Governance.Files;
using CabinCrew.LocalModels.Onnx;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.LocalModels.Classifying;

/// <param name="Kind">What the model finds.</param>
/// <param name="Finds">The labels that mean it; the others mean nothing.</param>
/// <param name="Golden">Texts whose scores are pinned.</param>
/// <param name="Lowercase">With vocab.txt alone: whether the model knows lower case only. Null: there is a tokenizer.json.</param>
public sealed record NewClassifier(string Kind, IReadOnlyList<string> Finds, IReadOnlyList<string> Golden, bool? Lowercase = null);

public static class ModelPinning
{
    private const int ConfigBytesMax = 4 << 20;
    private const int WindowMax = 512;

    private static readonly JsonSerializerOptions Indented = new(ClassifierJson.Default.Options) { WriteIndented = true, IndentSize = 2, NewLine = "\n" };
    private static readonly ScoreThreshold[] FirstThresholds = [new(0.7, Decision.Warn), new(0.9, Decision.RequireApproval)];

    /// <summary>Pins the files anew in the classifier.json that is there; its golden texts get new scores, all else stays.</summary>
    public static Outcome<LocalModel> Again(string directory, OnnxRuntime runtime)
    {
        if (!PlainFile.Read(Path.Combine(directory, ModelFolder.DocumentName), 1 << 20, ProblemCode.ModelInvalid).Try(out var file, out var problem)) return problem;
        return StrictJson.Parse(file.Bytes).Then(json => json.ValueKind == JsonValueKind.Object ? Write(directory, JsonObject.Create(json)!, runtime) : ModelFolder.Invalid("expected an object", ModelFolder.DocumentName));
    }

    /// <summary>Makes the first classifier.json of a folder, by what its config.json says.</summary>
    public static Outcome<LocalModel> Anew(string directory, NewClassifier wanted, OnnxRuntime runtime)
    {
        if (!Labels(directory).Try(out var export, out var problem)) return problem;
        if (wanted.Finds.FirstOrDefault(f => !export.Labels.Contains(f)) is { } unknown)
            return new Problem(ProblemCode.InvalidArgument, $"the model has no label '{unknown}'{NearMatch.Hint(unknown, export.Labels)}") { Remedy = $"It has {string.Join(", ", export.Labels)}." };
        var finds = wanted.Finds.Count > 0 ? wanted.Finds : [export.Labels[^1]];
        var document = new JsonObject
        {
            ["task"] = export.IsOfTokens ? "token_classification" : "text_classification",
            ["kind"] = wanted.Kind,
            ["activation"] = export.HoldsMany ? "sigmoid" : "softmax",
            ["window"] = export.Places,
            ["stride"] = Math.Min(128, export.Places / 4),
            ["labels"] = new JsonArray([.. export.Labels.Select(name => (JsonNode)Label(name, finds.Contains(name)))]),
            // The scores come when the model has been asked.
            ["golden"] = new JsonArray([.. wanted.Golden.Select(text => (JsonNode)new JsonObject { ["text"] = text, ["scores"] = new JsonObject { [finds[0]] = 0 } })]),
        };
        if (wanted.Lowercase is { } lowercase) document["lowercase"] = lowercase;
        return Write(directory, document, runtime);
    }

    private static JsonObject Label(string name, bool finds)
    {
        var label = new JsonObject { ["name"] = name };
        if (finds) label["thresholds"] = new JsonArray([.. FirstThresholds.Select(t => (JsonNode)new JsonObject { ["at"] = t.At, ["decision"] = t.Decision.Word() })]);
        return label;
    }

    private sealed record Export(IReadOnlyList<string> Labels, bool IsOfTokens, bool HoldsMany, int Places);

    private static Outcome<Export> Labels(string directory)
    {
        if (!PlainFile.Read(Path.Combine(directory, "config.json"), ConfigBytesMax, ProblemCode.ModelInvalid).Then(f => StrictJson.Parse(f.Bytes)).Try(out var config, out var problem)) return problem;
        if (config.ValueKind != JsonValueKind.Object || !config.TryGetProperty("id2label", out var names) || names.ValueKind != JsonValueKind.Object)
            return ModelFolder.Invalid("it does not say what the labels are (id2label); write classifier.json by hand", "config.json");
        List<string> labels = [];
        while (names.TryGetProperty(labels.Count.ToString(System.Globalization.CultureInfo.InvariantCulture), out var name) && name.ValueKind == JsonValueKind.String) labels.Add(name.GetString()!);
        if (labels.Count == 0 || labels.Count != names.GetPropertyCount()) return ModelFolder.Invalid("id2label does not count from 0", "config.json");
        var places = config.TryGetProperty("max_position_embeddings", out var most) && most.ValueKind == JsonValueKind.Number && most.TryGetInt32(out var number) && number >= 8 ? Math.Min(number, WindowMax) : WindowMax;
        return new Export(labels,
            config.TryGetProperty("architectures", out var made) && made.GetRawText().Contains("ForTokenClassification", StringComparison.Ordinal),
            config.TryGetProperty("problem_type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("multi_label_classification"), places);
    }

    // Scores first, then the file, whole or not at all.
    private static Outcome<LocalModel> Write(string directory, JsonObject document, OnnxRuntime runtime)
    {
        if (!ModelFolder.Hashes(directory).Try(out var hashes, out var problem)) return problem;
        document["files"] = new JsonObject(hashes.Select(h => KeyValuePair.Create(h.Key, (JsonNode?)h.Value)));
        if (!ModelFolder.Document(Bytes(document)).Try(out var read, out problem)) return problem;
        if (!ModelFolder.Assemble(directory, read, Digest.Of(Bytes(document)), runtime).Try(out var model, out problem)) return problem;
        using (model)
        {
            foreach (var golden in document["golden"]!.AsArray())
            {
                if (!model.Classify((string)golden!["text"]!, CancellationToken.None).Try(out var said, out problem)) return problem;
                if (!said.Complete) return ModelFolder.Invalid("a golden text is beyond the budget", ModelFolder.DocumentName);
                golden["scores"] = new JsonObject(said.Scores.Select(s => KeyValuePair.Create(s.Label, (JsonNode?)s.Score)));
            }
        }
        var path = Path.Combine(directory, ModelFolder.DocumentName);
        try
        {
            File.WriteAllBytes(path + ".new", Bytes(document));
            File.Move(path + ".new", path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Problem(ProblemCode.IoFailed, e.Message) { Where = path };
        }
        return ModelFolder.Load(directory, runtime);
    }

    private static byte[] Bytes(JsonObject document) => Encoding.UTF8.GetBytes(document.ToJsonString(Indented) + "\n");
}
