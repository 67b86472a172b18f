// The classifier that the program brings (models/injection): its manifest, the graph that the manifest names by hash, and texts whose scores must come out. What does not fit is refused, and with it
// every judgement that would have used it.
using System.Text.Json;
using System.Text.Json.Serialization;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection.Injection;

/// <param name="Likely">A score from which on a text is told.</param>
/// <param name="Strong">From which on it is most likely an attack.</param>
/// <param name="Band">So near below a threshold counts as above it: the last digits differ from machine to machine.</param>
internal sealed record InjectionThresholds(double Likely, double Strong, double Band);

internal sealed record InjectionGolden(string Text, double Score);

/// <summary>injection.json. Written by eng/InjectionTrainer.</summary>
/// <param name="Featurizer">The version of the featurizer that it was trained with.</param>
/// <param name="Files">Name to SHA-256.</param>
/// <param name="Data">Name to SHA-256 of what it was trained from.</param>
internal sealed record InjectionManifest(string Kind, int Featurizer, ulong Seed, InjectionThresholds Thresholds, IReadOnlyDictionary<string, string> Files, IReadOnlyDictionary<string, string> Data, IReadOnlyList<InjectionGolden> Golden)
{
    /// <summary>What <see cref="Write"/> makes, member by member. Not by generated code: that is much to be compiled at each start for one small file.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public static InjectionManifest Read(byte[] utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8);
            var root = Only(document.RootElement, "kind", "featurizer", "seed", "thresholds", "files", "data", "golden");
            var thresholds = Only(root.GetProperty("thresholds"), "likely", "strong", "band");
            List<InjectionGolden> golden = [];
            foreach (var one in root.GetProperty("golden").EnumerateArray()) golden.Add(new(Text(Only(one, "text", "score").GetProperty("text")), one.GetProperty("score").GetDouble()));
            return new(
                Text(root.GetProperty("kind")), root.GetProperty("featurizer").GetInt32(), root.GetProperty("seed").GetUInt64(),
                new(thresholds.GetProperty("likely").GetDouble(), thresholds.GetProperty("strong").GetDouble(), thresholds.GetProperty("band").GetDouble()), Texts(root.GetProperty("files")), Texts(root.GetProperty("data")), golden);
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new JsonException(e.Message, e);
        }
    }

    private static JsonElement Only(JsonElement element, params ReadOnlySpan<string> names)
    {
        foreach (var member in element.EnumerateObject())
            if (!names.Contains(member.Name)) throw new JsonException($"it has a member '{member.Name}' too many");
        return element;
    }

    private static string Text(JsonElement element) => element.GetString() ?? throw new JsonException("a text in it is null");

    private static Dictionary<string, string> Texts(JsonElement element)
    {
        Dictionary<string, string> texts = new(StringComparer.Ordinal);
        foreach (var member in element.EnumerateObject()) texts[member.Name] = Text(member.Value);
        return texts;
    }

    public byte[] Write() => [.. JsonSerializer.SerializeToUtf8Bytes(this, InjectionJson.Default.InjectionManifest), (byte)'\n'];
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(InjectionManifest))]
internal sealed partial class InjectionJson : JsonSerializerContext;

internal sealed class InjectionModel
{
    public const string ManifestName = "injection.json", GraphName = "model.onnx", Kind = "prompt_injection";

    private static readonly Lazy<Outcome<InjectionModel>> Lazily = new(() => Resource(ManifestName).Then(manifest => Resource(GraphName).Then(graph => Read(manifest, graph))));

    private InjectionModel(InjectionManifest manifest, LinearModel linear, Digest digest)
    {
        (Manifest, Linear, Digest) = (manifest, linear, digest);
        (Likely, Strong) = (LinearModel.LogitOf(manifest.Thresholds.Likely - manifest.Thresholds.Band), LinearModel.LogitOf(manifest.Thresholds.Strong - manifest.Thresholds.Band));
    }

    /// <summary>The one that is part of the program; read once.</summary>
    public static Outcome<InjectionModel> BuiltIn => Lazily.Value;

    public InjectionManifest Manifest { get; }

    public LinearModel Linear { get; }

    /// <summary>Over the manifest, which has the graph's hash: it stands for the whole model.</summary>
    public Digest Digest { get; }

    /// <summary>Limits, as logarithms of odds; the band is taken off already.</summary>
    public float Likely { get; }

    public float Strong { get; }

    public static Outcome<InjectionModel> Read(byte[] manifest, byte[] graph)
    {
        InjectionManifest read;
        try
        {
            read = InjectionManifest.Read(manifest);
        }
        catch (JsonException e)
        {
            return Invalid($"it cannot be read: {e.Message}");
        }
        if (read.Kind != Kind) return Invalid("it is of another kind");
        if (read.Featurizer != Featurizer.Version) return Invalid($"it was trained with version {read.Featurizer} of the featurizer, and this is version {Featurizer.Version}");
        if (read.Thresholds is not { Band: >= 0, Strong: < 1 } thresholds || thresholds.Likely - thresholds.Band <= 0 || thresholds.Likely > thresholds.Strong) return Invalid("its thresholds are not in order");
        var measured = Digest.Of(graph).Hex;
        if (read.Files.Count != 1 || !read.Files.TryGetValue(GraphName, out var pinned) || pinned != measured) return Invalid($"{GraphName} is not the file that the manifest names: its hash is {measured}");
        if (!LinearGraph.Read(graph).Try(out var linear, out var problem)) return problem;
        var model = new InjectionModel(read, linear, Digest.Of(manifest));
        if (read.Golden.Count == 0) return Invalid("it has no golden text");
        foreach (var golden in read.Golden)
            if (Math.Abs(model.Score(golden.Text) - golden.Score) > 0.00011) return Invalid($"a golden text has another score here: {model.Score(golden.Text)} and not {golden.Score}");
        return model;
    }

    /// <summary>The highest of a text's windows, to four decimals; nothing is unwrapped.</summary>
    public double Score(string text) => ScoreBy(Linear, text);

    public static double ScoreBy(LinearModel linear, string text)
    {
        Span<WindowScan.Mark> ring = stackalloc WindowScan.Mark[WindowScan.RingMin];
        var scan = new WindowScan(linear, ring, float.PositiveInfinity);
        Featurizer.Run(text, ref scan);
        scan.Finish(text.Length);
        return LinearModel.Score(scan.Best);
    }

    private static Problem Invalid(string message) => new(ProblemCode.ModelInvalid, $"the injection classifier cannot be used: {message}") { Where = "models/injection", Remedy = "Build the program anew from an unchanged checkout." };

    private static Outcome<byte[]> Resource(string name)
    {
        using var stream = typeof(InjectionModel).Assembly.GetManifestResourceStream($"models/injection/{name}");
        if (stream is null) return Invalid($"{name} is not part of the program");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
