// A folder that somebody exported a model to, and our classifier.json in it: read once, every file by its hash, checked against each other, and tried on the golden texts. Only a model that
// passes all of it exists (docs/reference/models.md).
using System.Security.Cryptography;
using System.Text.Json;
using CabinCrew.Governance.Files;
using CabinCrew.LocalModels.Onnx;
using CabinCrew.LocalModels.Tokens;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Schemas;

namespace CabinCrew.LocalModels.Classifying;

public static class ModelFolder
{
    public const string DocumentName = "classifier.json";
    private const string Model = "model.onnx", Config = "config.json", TokenizerJson = "tokenizer.json", Vocabulary = "vocab.txt";
    private const int DocumentBytesMax = 1 << 20;
    private const int ConfigBytesMax = 4 << 20;

    /// <summary>One is refused before the runtime sees it; see <see cref="ModelGraph"/>.</summary>
    private const int ModelBytesMax = ModelGraph.BytesMax;

    public static Outcome<LocalModel> Load(string directory, OnnxRuntime runtime)
    {
        if (!Document(directory).Try(out var read, out var problem)) return problem;
        if (!Assemble(directory, read.Document, read.Digest, runtime).Try(out var model, out problem)) return problem;
        if (GoldenCheck.Run(model) is not { } wrong) return model;
        model.Dispose();
        return wrong;
    }

    /// <summary>The same without the golden texts: for whoever writes down what their scores are.</summary>
    internal static Outcome<LocalModel> Assemble(string directory, ClassifierDocument document, Digest digest, OnnxRuntime runtime)
    {
        if (Fault(document) is { } fault) return Invalid(fault, DocumentName);

        if (!Pinned(directory, Config, ConfigBytesMax, document).Try(out var config, out var problem)) return problem;
        if (!Tokens(directory, document).Try(out var tokenizer, out problem)) return problem;
        if (ConfigFault(config, document, tokenizer) is { } disagreement) return Invalid(disagreement, Config);
        if (!Pinned(directory, Model, ModelBytesMax, document).Try(out var graph, out problem)) return problem;

        if (!runtime.Open(graph).Try(out var session, out problem)) return problem;
        var ports = ModelPorts.Of(session.Graph, document);
        if (!ports.Try(out var known, out problem))
        {
            session.Dispose();
            return problem;
        }
        return new LocalModel(document, digest, tokenizer, session, known);
    }

    /// <summary>What stands for the model of a folder, without loading it.</summary>
    public static Outcome<Digest> DigestOf(string directory) => Document(directory).Map(read => read.Digest);

    /// <summary>The document, and the digest that stands for the whole model: it has the hash of every other file.</summary>
    private static Outcome<(ClassifierDocument Document, Digest Digest)> Document(string directory)
    {
        if (!PlainFile.Read(Path.Combine(directory, DocumentName), DocumentBytesMax, ProblemCode.ModelInvalid).Try(out var file, out var problem)) return problem;
        return Document(file.Bytes).Map(document => (document, Digest.Of(file.Bytes)));
    }

    internal static Outcome<ClassifierDocument> Document(ReadOnlyMemory<byte> bytes) =>
        SchemaCatalog.Read("classifier", bytes, ClassifierJson.Default.ClassifierDocument).Try(out var document, out var problem) ? document : Invalid(problem.Message, $"{DocumentName}: {problem.Where}");

    /// <summary>The files that are pinned, those that are there, with their hashes.</summary>
    internal static Outcome<IReadOnlyDictionary<string, string>> Hashes(string directory)
    {
        var hashes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        // With tokenizer.json, vocab.txt says nothing that is used.
        foreach (var name in new[] { Config, Model, File.Exists(Path.Combine(directory, TokenizerJson)) ? TokenizerJson : Vocabulary })
        {
            if (!PlainFile.Read(Path.Combine(directory, name), ModelBytesMax, ProblemCode.ModelInvalid).Try(out var file, out var problem)) return problem;
            hashes[name] = HashOf(file.Bytes);
        }
        return hashes;
    }

    private static string HashOf(byte[] bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static Outcome<byte[]> Pinned(string directory, string name, int bytesMax, ClassifierDocument document)
    {
        if (!document.Files.TryGetValue(name, out var expected)) return Invalid($"'files' does not pin {name}", DocumentName);
        if (!PlainFile.Read(Path.Combine(directory, name), bytesMax, ProblemCode.ModelInvalid).Try(out var file, out var problem)) return problem;
        var measured = HashOf(file.Bytes);
        return measured == expected ? file.Bytes : Invalid("the file is not the one that classifier.json pins", name).With("expected", expected).With("measured", measured);
    }

    private static Outcome<Tokenizer> Tokens(string directory, ClassifierDocument document)
    {
        if (document.Files.ContainsKey(TokenizerJson)) return Pinned(directory, TokenizerJson, TokenizerFile.BytesMax, document).Then(b => TokenizerFile.Read(b));
        if (document.Lowercase is not { } lowercase) return Invalid($"with {Vocabulary} alone, 'lowercase' must say which text the model knows", DocumentName);
        return Pinned(directory, Vocabulary, TokenizerFile.BytesMax, document).Then(b => TokenizerFile.ReadVocabulary(b, lowercase));
    }

    // What the schema cannot say.
    private static string? Fault(ClassifierDocument document)
    {
        var labels = document.Labels.Select(l => l.Name).ToHashSet(StringComparer.Ordinal);
        if (labels.Count < document.Labels.Count) return "a label stands there twice";
        if (document.Labels.All(l => l.Thresholds is not { Count: > 0 })) return "no label has a threshold: the model would decide nothing";
        if (document.Stride * 2 > document.Window) return "'stride' must be at most half of 'window'";
        if (document.Files.Keys.FirstOrDefault(f => f is not (Model or Config or TokenizerJson or Vocabulary)) is { } strange) return $"'files' names '{strange}', which is not used";
        if (document.Golden.SelectMany(g => g.Scores.Keys).FirstOrDefault(l => !labels.Contains(l)) is { } unknown) return $"a golden text has a score for '{unknown}', which is no label";
        return document.Golden.All(g => g.Scores.Count > 0) ? null : "a golden text has no score";
    }

    // Where the export says how many labels, places and words there are, all of it must agree.
    private static string? ConfigFault(byte[] bytes, ClassifierDocument document, Tokenizer tokenizer)
    {
        if (!StrictJson.Parse(bytes).Try(out var config, out var malformed) || config.ValueKind != JsonValueKind.Object) return $"it is no JSON object that can be taken{(malformed is null ? "" : ": " + malformed.Message)}";
        if (config.TryGetProperty("id2label", out var labels) && labels.ValueKind == JsonValueKind.Object && labels.GetPropertyCount() != document.Labels.Count)
            return $"the export has {labels.GetPropertyCount()} labels, classifier.json {document.Labels.Count}";
        if (Whole("max_position_embeddings") is { } places && places < document.Window) return $"the model has {places} places, 'window' is {document.Window}";
        if (Whole("vocab_size") is { } words && words <= tokenizer.LargestId) return $"the tokenizer's largest id is {tokenizer.LargestId}, the model knows {words}";
        return null;

        long? Whole(string name) => config.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var whole) ? whole : null;
    }

    internal static Problem Invalid(string message, string where) => new(ProblemCode.ModelInvalid, message) { Where = where };
}
