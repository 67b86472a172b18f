// The bundle of the classifier: what does not fit together is refused, and nobody goes on without it.
using System.Text;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Detection.Injection;
using CabinCrew.Protocol;
using CabinCrew.Tests.Tidy;

namespace CabinCrew.Detection.Tests.Injection;

public sealed class ModelTests
{
    private static readonly byte[] Manifest = File.ReadAllBytes(Path.Combine(Repository.Root, "models/injection/injection.json")), Graph = File.ReadAllBytes(Path.Combine(Repository.Root, "models/injection/model.onnx"));

    private static string Refused(byte[] manifest, byte[] graph)
    {
        var problem = InjectionModel.Read(manifest, graph).Problem!;
        Assert.Equal(ProblemCode.ModelInvalid, problem.Code);
        return problem.Message;
    }

    private static byte[] Edited(string from, string to)
    {
        var text = Encoding.UTF8.GetString(Manifest);
        Assert.Contains(from, text, StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes(text.Replace(from, to, StringComparison.Ordinal));
    }

    private static byte[] For(byte[] graph) => Edited(Digest.Of(Graph).Hex, Digest.Of(graph).Hex);

    [Fact]
    public void What_is_shipped_is_what_the_program_holds()
    {
        Assert.Equal(InjectionModel.BuiltIn.Value.Digest, InjectionModel.Read(Manifest, Graph).Value.Digest);
        Assert.Equal(Graph, LinearGraph.Write(InjectionModel.BuiltIn.Value.Linear));
        Assert.InRange(Graph.Length, 1 << 20, (1 << 20) + 2048);
    }

    [Theory]
    [InlineData(0), InlineData(500), InlineData(700_000), InlineData(1_048_700)]
    public void A_swapped_bit_is_refused(int at)
    {
        var changed = Graph.ToArray();
        changed[at] ^= 1;
        Assert.Contains("is not the file that the manifest names", Refused(Manifest, changed), StringComparison.Ordinal);
    }

    [Fact]
    public void A_graph_that_is_another_one_is_refused_whatever_its_hash()
    {
        foreach (var end in (int[])[0, 100, Graph.Length - 1]) Assert.Contains("bytes and not", Refused(For(Graph[..end]), Graph[..end]), StringComparison.Ordinal);
        var renamed = Graph.ToArray();
        renamed[Graph.AsSpan().IndexOf("Sigmoid"u8)] = (byte)'s';
        Assert.Contains("another one", Refused(For(renamed), renamed), StringComparison.Ordinal);
        var infinite = LinearGraph.Write(InjectionModel.BuiltIn.Value.Linear with { Bias = float.NaN });
        Assert.Contains("not finite", Refused(For(infinite), infinite), StringComparison.Ordinal);
        // The right form, other weights: the golden texts tell.
        var other = LinearGraph.Write(InjectionModel.BuiltIn.Value.Linear with { Scale = InjectionModel.BuiltIn.Value.Linear.Scale * 1.01f });
        Assert.Contains("golden", Refused(For(other), other), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"featurizer\": 1", "\"featurizer\": 2", "version 2")]
    [InlineData("prompt_injection", "toxicity", "another kind")]
    [InlineData("\"likely\": 0.5", "\"likely\": 0.005", "not in order")]
    [InlineData("\"likely\": 0.5", "\"likely\": 0.99", "not in order")]
    [InlineData("\"band\": 0.01", "\"band\": -1", "not in order")]
    [InlineData("\"kind\"", "\"sort\"", "cannot be read")]
    [InlineData("\"kind\"", "\"more\": 1, \"kind\"", "cannot be read")]
    [InlineData("\"seed\": 2", "\"seed\": -2", "cannot be read")]
    [InlineData("\"band\": 0.01", "\"band\": null", "cannot be read")]
    [InlineData("\"prompt_injection\"", "null", "cannot be read")]
    [InlineData("\"score\": 0.9988", "\"score\": 0.9988, \"more\": {}", "cannot be read")]
    [InlineData("model.onnx", "other.onnx", "is not the file")]
    public void A_manifest_that_does_not_fit_is_refused(string from, string to, string said) => Assert.Contains(said, Refused(Edited(from, to), Graph), StringComparison.Ordinal);

    [Fact]
    public void Without_its_model_the_detector_is_not_ready_and_has_read_nothing()
    {
        var broken = new InjectionClassifier(() => InjectionModel.Read(Manifest, [1, 2, 3]));
        Assert.Equal(ProblemCode.ModelInvalid, broken.Ready().Problem?.Code);
        List<TextMatch> found = [];
        broken.FindIn("an ordinary text", found);
        Assert.Equal("unread", Assert.Single(found).Rule.Id);
    }

    [Fact]
    public void The_digest_of_detection_names_the_model_that_is_on()
    {
        Assert.Contains(InjectionModel.BuiltIn.Value.Digest.ToString(), new InjectionClassifier().Ready().Value, StringComparison.Ordinal);
        TextDetection With(Decision fromServer) => TextDetection.Of(new Dictionary<string, DetectorSettings> { ["injection-model"] = new(Decision.Allow, fromServer, false) }, new()).Value;
        Assert.NotEqual(With(Decision.Allow).Digest, With(Decision.Warn).Digest);
        Assert.Equal(With(Decision.Warn).Digest, With(Decision.Warn).Digest);
    }

    [Fact]
    public void The_band_goes_up()
    {
        var model = InjectionModel.BuiltIn.Value;
        Assert.Equal(0.49, LinearModel.Score(model.Likely));
        Assert.True(model.Strong > model.Likely);
        Assert.True(model.Strong < LinearModel.LogitOf(model.Manifest.Thresholds.Strong));
    }
}
