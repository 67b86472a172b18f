// A model folder in the making: a small vocabulary, weights that say what each word means, and a classifier.json that pins it all.
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CabinCrew.LocalModels.Classifying;
using CabinCrew.Models.Tests.Onnx;
using CabinCrew.Protocol;

namespace CabinCrew.Models.Tests.Classifying;

internal sealed class ModelDirectory : IDisposable
{
    public static readonly string[] Words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "fine", "ignore", "instructions", "mail", "anna", "smith", "at", "example", "edge"];

    public ModelDirectory(string task = "text_classification")
    {
        Path = Directory.CreateTempSubdirectory("cabincrew-model-").FullName;
        Write("vocab.txt", Encoding.UTF8.GetBytes(string.Join('\n', Words) + "\n"));
        Write("config.json", """{"model_type":"bert","vocab_size":13,"max_position_embeddings":512,"id2label":{"0":"a","1":"b"}}"""u8.ToArray());
        Write("model.onnx", task == "text_classification" ? TextWeights() : TokenWeights());
        Document = JsonNode.Parse($$"""
            {"task":"{{task}}","kind":"prompt_injection","activation":"softmax","window":16,"stride":4,"lowercase":true,
             "labels":[{"name":"{{(task == "text_classification" ? "benign" : "O")}}"},
                       {"name":"{{(task == "text_classification" ? "injection" : "B-PERSON")}}","thresholds":[{"at":0.5,"decision":"warn"},{"at":0.8,"decision":"require_approval"},{"at":0.95,"decision":"deny"}]}],
             "files":{},"golden":[{"text":"fine","scores":{ {{(task == "text_classification" ? "\"injection\":0.018" : "\"O\":0.9975")}} } }] }
            """)!.AsObject();
    }

    public string Path { get; }

    public JsonObject Document { get; }

    // Each word adds its weight; the mean of them is what the softmax of two labels sees.
    private static byte[] TextWeights() => OnnxWriter.TextModel([.. Words.Select(w => new[] { 0f, w switch { "ignore" => 40f, "instructions" => 20f, "edge" => 9f, "fine" => -12f, _ => 0f } })], [0, 0]);

    private static byte[] TokenWeights() => OnnxWriter.TokenModel([.. Words.Select(w => new[] { 3f, w is "anna" or "smith" ? 9f : -3f })], [0, 0]);

    public void Write(string name, byte[] bytes) => File.WriteAllBytes(System.IO.Path.Combine(Path, name), bytes);

    public byte[] Read(string name) => File.ReadAllBytes(System.IO.Path.Combine(Path, name));

    /// <summary>Pins the files as they are now, and loads.</summary>
    public Outcome<LocalModel> Load()
    {
        var files = new JsonObject();
        foreach (var name in new[] { "config.json", "model.onnx", "vocab.txt" }) files[name] = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Read(name)));
        Document["files"] = files;
        return LoadAsItIs();
    }

    public Outcome<LocalModel> LoadAsItIs()
    {
        Write("classifier.json", Encoding.UTF8.GetBytes(Document.ToJsonString()));
        return ModelFolder.Load(Path, Runtime.Loaded);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
