// The runtime is the pinned one or none, and a model that asks for something outside of itself never reaches it.
using CabinCrew.LocalModels.Onnx;
using CabinCrew.Protocol;
using static CabinCrew.Models.Tests.Onnx.OnnxWriter;

namespace CabinCrew.Models.Tests.Onnx;

public sealed class OnnxTests
{
    private static readonly byte[] Small = TokenModel([[1, 2], [3, 4], [5, 6]], [0.5f, -0.5f]);

    [Fact]
    [Clause("PRE-06")]
    public void A_model_computes_what_its_weights_say()
    {
        using var session = Runtime.Loaded.Open(Small).Value;
        var output = session.Run([("input_ids", [2, 0, 1])], "logits", CancellationToken.None).Value;
        Assert.Equal([1, 3, 2], output.Shape);
        Assert.Equal([5.5f, 5.5f, 1.5f, 1.5f, 3.5f, 3.5f], output.Values);
    }

    [Fact]
    public void An_id_beyond_the_vocabulary_is_a_failure_and_no_answer()
    {
        using var session = Runtime.Loaded.Open(Small).Value;
        Assert.Equal(ProblemCode.ModelFailed, session.Run([("input_ids", [7])], "logits", CancellationToken.None).Problem?.Code);
        Assert.Equal(ProblemCode.ModelFailed, session.Run([("input_ids", [1])], "nothing", CancellationToken.None).Problem?.Code);
        Assert.True(session.Run([("input_ids", [1])], "logits", CancellationToken.None).Ok);
    }

    [Fact]
    [Clause("PRE-06")]
    public void A_number_that_is_not_finite_is_a_failure()
    {
        using var session = Runtime.Loaded.Open(TokenModel([[float.NaN, 1], [float.PositiveInfinity, 1], [1, 1]], [0, 0])).Value;
        foreach (var id in new long[] { 0, 1 }) Assert.Equal(ProblemCode.ModelFailed, session.Run([("input_ids", [id])], "logits", CancellationToken.None).Problem?.Code);
        Assert.True(session.Run([("input_ids", [2])], "logits", CancellationToken.None).Ok);
    }

    [Fact]
    public void A_library_that_is_not_the_pinned_one_is_not_loaded()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "not a library");
            var problem = OnnxLibrary.Load(path).Problem!;
            Assert.Equal(ProblemCode.ModelRuntimeMissing, problem.Code);
            Assert.Contains("not the pinned build", problem.Message, StringComparison.Ordinal);
            Assert.Equal(64, problem.Evidence["measured"].Length);
        }
        finally
        {
            File.Delete(path);
        }
        Assert.Equal(ProblemCode.ModelRuntimeMissing, OnnxLibrary.Find(Path.GetTempPath(), null).Problem?.Code);
        Assert.Equal(ProblemCode.ModelRuntimeMissing, OnnxLibrary.Find(AppContext.BaseDirectory, "/nowhere/lib.so").Problem?.Code);
        Assert.Equal(Runtime.Library, OnnxLibrary.Find(Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(Runtime.Library))!, "app"), null).Value);
    }

    public static TheoryData<string, byte[]> Reaching() => new()
    {
        { "a tensor lies in another file", WithWeight(Floats("w", [1], 1).Number(14, 1)) },
        { "a tensor lies in another file", WithWeight(new Proto().Number(1, 1).Number(2, Single32).Text(8, "w").Message(13, new Proto().Text(1, "location").Text(2, "/etc/passwd"))) },
        { "a tensor lies in another file", WithNode(Node("Constant", [], ["c"], "", new Proto().Text(1, "value").Message(5, Floats("x", [1], 1).Number(14, 1)).Number(20, 4))) },
        { "custom domain 'evil.ops'", WithNode(Node("Run", ["input_ids"], ["y"], "evil.ops")) },
        { "custom domain 'evil.ops'", WithNode(Node("If", ["c"], ["y"], "", new Proto().Text(1, "then_branch").Message(6, new Proto().Message(1, Node("Run", [], ["y"], "evil.ops"))).Number(20, 5))) },
        { "reaches outside", WithNode(Node("EPContext", [], ["y"], "com.microsoft")) },
        { "functions of its own", [.. Small, .. new Proto().Message(25, new Proto().Text(1, "f")).Bytes] },
        { "training information", [.. Small, .. new Proto().Message(20, new Proto()).Bytes] },
        { "two graphs", [.. Small, .. new Proto().Message(7, new Proto()).Bytes] },
        { "nested deeper", WithNode(Nested(40)) },
        { "no graph", new Proto().Number(1, 8).Bytes },
        { "in the middle of a field", Small[..^5] },
    };

    [Theory]
    [MemberData(nameof(Reaching))]
    [Clause("PRE-06")]
    public void A_model_that_asks_for_more_than_itself_is_refused_before_the_runtime_sees_it(string message, byte[] model)
    {
        var problem = ModelGraph.Read(model).Problem!;
        Assert.Equal(ProblemCode.ModelInvalid, problem.Code);
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
        Assert.Equal($"{problem}", $"{Runtime.Loaded.Open(model).Problem}");
    }

    [Fact]
    public void Damaged_models_are_refused_or_run_and_never_throw()
    {
        var random = new Random(5);
        for (var i = 0; i < 3000; i++)
        {
            var damaged = (byte[])Small.Clone();
            for (var n = 0; n < 2; n++) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            if (!ModelGraph.Read(damaged).Try(out _, out var problem)) Assert.Equal(ProblemCode.ModelInvalid, problem.Code);
        }
    }

    private static byte[] WithWeight(Proto weight) => Model([Node("Identity", ["input_ids"], ["logits"])], [weight], [Port("input_ids", Whole64, 1, 1)], [Port("logits", Whole64, 1, 1)]);

    private static byte[] WithNode(Proto node) => Model([node], [], [Port("input_ids", Whole64, 1, 1)], [Port("logits", Whole64, 1, 1)]);

    private static Proto Nested(int depth) => depth == 0
        ? Node("Identity", ["a"], ["b"])
        : Node("If", ["c"], ["y"], "", new Proto().Text(1, "then_branch").Message(6, new Proto().Message(1, Nested(depth - 1))).Number(20, 5));
}
