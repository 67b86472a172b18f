// The small model of the test kit (testkit/models/words), an export without a classifier.json: what the real program is tried with.
using CabinCrew.Models.Tests.Classifying;

namespace CabinCrew.Models.Tests.Policies;

public sealed class KitModelTests
{
    [Fact]
    public void The_model_of_the_test_kit_is_the_one_that_its_maker_writes()
    {
        using var made = new ModelDirectory();
        made.Write("config.json", """{"model_type":"bert","vocab_size":13,"max_position_embeddings":64,"id2label":{"0":"SAFE","1":"INJECTION"}}"""u8.ToArray());
        var kit = Path.Combine(Runtime.Root(), "testkit", "models", "words");
        foreach (var name in new[] { "model.onnx", "config.json", "vocab.txt" })
        {
            if (Environment.GetEnvironmentVariable("CABINCREW_WRITE_DOCS") is "1")
            {
                Directory.CreateDirectory(kit);
                File.WriteAllBytes(Path.Combine(kit, name), made.Read(name));
            }
            Assert.True(made.Read(name).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(kit, name))), $"testkit/models/words/{name} is stale: run the test with CABINCREW_WRITE_DOCS=1 and commit what it writes");
        }
    }
}
