// The shipped classifier's file computed by the ONNX runtime and by the product itself: the same scores.
using CabinCrew.Governance.Detection.Injection;

namespace CabinCrew.Models.Tests.Injection;

public sealed class ParityTests
{
    private static readonly string[] Words = ["ignore", "all", "previous", "instructions", "the", "user", "file", "return", "public", "system", "prompt", "{", "}", "==", "0x1F", "été", "你好", "model", "you", "must", "not", "tell", "\n", "secret", "🇩🇪", "data"];

    [Fact, Clause("PRE-06")]
    public void The_runtime_and_the_product_give_the_same_scores()
    {
        var model = InjectionModel.BuiltIn.Value;
        using var session = Runtime.Loaded.Open(LinearGraph.Write(model.Linear)).Value;
        Assert.Equal([LinearGraph.Input], session.Graph.Inputs.Select(i => i.Name));
        var random = new Random(20261201);
        var (compared, high) = (0, 0);
        for (var i = 0; i < 2000; i++)
        {
            var text = i < model.Manifest.Golden.Count ? model.Manifest.Golden[i].Text : string.Join(' ', Enumerable.Range(0, random.Next(1, 80)).Select(_ => Words[random.Next(Words.Length)]));
            var sink = new Collector([]);
            Featurizer.Run(text, ref sink);
            var features = sink.Features.ToArray();
            if (features.Length == 0) continue;
            var score = session.Run([(LinearGraph.Input, features)], LinearGraph.Output, CancellationToken.None).Value;
            var own = 1 / (1 + Math.Exp(-model.Linear.Logit(features.Sum(f => model.Linear.Weights[f]), features.Length)));
            Assert.Equal([1], score.Shape);
            Assert.Equal(own, score.Values[0], 0.00005);
            compared++;
            if (own > 0.5) high++;
        }
        // Both answers are among them.
        Assert.True(compared > 1900);
        Assert.InRange(high, 50, compared - 50);
    }

    private readonly struct Collector(List<long> features) : IFeatureSink
    {
        public List<long> Features { get; } = features;

        public void Feature(int bucket) => Features.Add(bucket);

        public void Word(int start, int end)
        {
        }
    }
}
