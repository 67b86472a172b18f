// classifier.json as records (schema: schemas/classifier.json). What the schema cannot say is checked in ModelFolder.
using System.Text.Json.Serialization;
using CabinCrew.Protocol;

namespace CabinCrew.LocalModels.Classifying;

[JsonConverter(typeof(JsonStringEnumConverter<ModelTask>))]
public enum ModelTask
{
    [JsonStringEnumMemberName("text_classification")] Text,
    [JsonStringEnumMemberName("token_classification")] Tokens,
}

[JsonConverter(typeof(JsonStringEnumConverter<Activation>))]
public enum Activation
{
    /// <summary>One label holds: the scores add up to 1.</summary>
    [JsonStringEnumMemberName("softmax")] Softmax,

    /// <summary>Each label holds or does not.</summary>
    [JsonStringEnumMemberName("sigmoid")] Sigmoid,
}

/// <param name="At">A score of at least this much.</param>
public sealed record ScoreThreshold(double At, Decision Decision);

/// <param name="Name">In the order of the model's outputs. With token classification, <c>B-</c> and <c>I-</c> before it are the same thing.</param>
/// <param name="Thresholds">None: the label leads to nothing.</param>
public sealed record ClassifierLabel(string Name, IReadOnlyList<ScoreThreshold>? Thresholds = null);

/// <param name="Windows">More, and the text counts as not looked at.</param>
public sealed record ClassifierBudget(int Windows = 256, double Seconds = 30);

/// <param name="Scores">By label; with token classification the largest score over the text's tokens.</param>
public sealed record GoldenText(string Text, IReadOnlyDictionary<string, double> Scores);

public sealed record ClassifierDocument
{
    // What has a default is settable: the generated reader writes zero over the default of an init property.
    public required ModelTask Task { get; init; }

    /// <summary>What it finds, for example <c>prompt_injection</c>.</summary>
    public required string Kind { get; init; }

    public required Activation Activation { get; init; }
    public required IReadOnlyList<ClassifierLabel> Labels { get; init; }

    /// <summary>Tokens that the model takes at once, the special ones among them.</summary>
    public int Window { get; set; } = 512;

    /// <summary>How many tokens the next window begins with again.</summary>
    public int Stride { get; set; } = 128;

    /// <summary>So near to a threshold, a person decides: the last digits differ from machine to machine.</summary>
    public double Band { get; set; } = 0.01;

    /// <summary>How far a golden score may be off.</summary>
    public double Tolerance { get; set; } = 0.001;

    public ClassifierBudget? Budget { get; init; }

    /// <summary>With vocab.txt: whether the model knows lower case only.</summary>
    public bool? Lowercase { get; init; }

    /// <summary>Name to SHA-256 of every other file that is used.</summary>
    public required IReadOnlyDictionary<string, string> Files { get; init; }

    public required IReadOnlyList<GoldenText> Golden { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ClassifierDocument))]
internal sealed partial class ClassifierJson : JsonSerializerContext;
