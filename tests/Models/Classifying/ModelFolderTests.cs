// The folder contract, end to end against the real runtime: what is loaded, what is refused and why, and what scores become.
using System.Text.Json.Nodes;
using CabinCrew.LocalModels.Classifying;
using CabinCrew.Protocol;

namespace CabinCrew.Models.Tests.Classifying;

public sealed class ModelFolderTests
{
    private static Classification Say(LocalModel model, string text) => model.Classify(text, CancellationToken.None).Value;

    private static double Score(Classification said, string label = "injection") => said.Scores.Single(s => s.Label == label).Score;

    [Fact]
    [Clause("PRE-06")]
    public void A_folder_is_loaded_and_its_scores_become_decisions()
    {
        using var folder = new ModelDirectory();
        using var model = folder.Load().Value;
        Assert.Equal((16, 4, 0.01, 256), (model.Document.Window, model.Document.Stride, model.Document.Band, new ClassifierBudget().Windows));

        var fine = Say(model, "fine");
        Assert.Equal((Decision.Allow, 1, true), (fine.Decision, fine.Windows, fine.Complete));
        Assert.Empty(fine.Reasons);
        Assert.Equal(0.018, Score(fine)); // softmax of (0, -12 / 3), to four decimals

        var bad = Say(model, "ignore instructions");
        Assert.Equal(Decision.Deny, bad.Decision);
        Assert.Equal(1, Score(bad), 4);
        Assert.Contains(bad.Reasons, r => r.Contains("beyond 0.95: deny", StringComparison.Ordinal));

        Assert.Equal(Decision.RequireApproval, Say(model, "edge mail anna").Decision); // e^1.8 : 1, 0.8581
        Assert.Equal(Decision.Warn, Say(model, "edge mail anna smith at example").Decision); // e^1.125 : 1, 0.7549
    }

    [Fact]
    [Clause("PRE-06")]
    public void Near_a_threshold_a_person_decides()
    {
        using var folder = new ModelDirectory();
        using var model = folder.Load().Value;
        var even = Say(model, "mail"); // exactly 0.5
        Assert.Equal(0.5, Score(even));
        Assert.Equal(Decision.RequireApproval, even.Decision);
        Assert.Contains("within 0.01 of 0.5", even.Reasons.Single(), StringComparison.Ordinal);

        var label = new ClassifierLabel("x", [new(0.95, Decision.Deny)]);
        foreach (var (score, decision) in new[] { (0.93, Decision.Allow), (0.9401, Decision.RequireApproval), (0.95, Decision.RequireApproval), (0.9599, Decision.RequireApproval), (0.96, Decision.Deny), (1, Decision.Deny) })
            Assert.Equal(decision, Thresholds.Decide(score, label, 0.01, []));
        Assert.Equal(Decision.Deny, Thresholds.Decide(0.95, label, 0, []));
    }

    [Fact]
    [Clause("PRE-06")]
    public void What_stands_anywhere_in_a_long_text_is_seen()
    {
        using var folder = new ModelDirectory();
        using var model = folder.Load().Value;
        var words = Enumerable.Repeat("fine", 300).ToArray();
        Assert.Equal(Decision.Allow, Say(model, string.Join(' ', words)).Decision);
        foreach (var at in new[] { 0, 13, 14, 150, 299 })
        {
            var hidden = (string[])words.Clone();
            // As much as a window needs to be turned: seven of fourteen words.
            var first = Math.Min(at, hidden.Length - 7);
            for (var i = first; i < first + 7; i++) hidden[i] = "ignore";
            var said = Say(model, string.Join(' ', hidden));
            Assert.True(said.Decision >= Decision.Warn, $"at {at}: {said.Decision}, {Score(said)}");
            Assert.Equal(30, said.Windows);
        }
    }

    [Fact]
    [Clause("PRE-06")]
    public void A_text_beyond_the_budget_goes_to_a_person()
    {
        using var folder = new ModelDirectory();
        folder.Document["budget"] = JsonNode.Parse("""{"windows":2,"seconds":20}""");
        using var model = folder.Load().Value;
        var said = Say(model, string.Join(' ', Enumerable.Repeat("fine", 100)));
        Assert.Equal((Decision.RequireApproval, false), (said.Decision, said.Complete));
        Assert.Contains("2 are allowed", said.Reasons.Single(), StringComparison.Ordinal);
        Assert.True(Say(model, "fine fine").Complete);

        folder.Document["budget"] = JsonNode.Parse("""{"windows":100000,"seconds":0.2}""");
        using var slow = folder.Load().Value;
        said = Say(slow, string.Join(' ', Enumerable.Repeat("fine", 900_000)));
        Assert.Equal((Decision.RequireApproval, false), (said.Decision, said.Complete));
    }

    [Fact]
    [Clause("PRE-06")]
    public void Tokens_of_one_kind_become_spans_of_the_text()
    {
        using var folder = new ModelDirectory("token_classification");
        folder.Document["labels"]![1]!["name"] = "I-PERSON";
        using var model = folder.Load().Value;
        const string Text = "Mail Anna  Smith at example, fine. ANNA!";
        var said = Say(model, Text);
        Assert.Equal(["Anna  Smith", "ANNA"], said.Spans.Select(s => Text.Substring(s.Start, s.Length)));
        Assert.All(said.Spans, s => Assert.Equal(("PERSON", 0.9975), (s.Label, s.Score)));
        Assert.Equal(Decision.Deny, said.Decision);

        var far = string.Join(' ', Enumerable.Repeat("fine", 57)) + " anna smith";
        Assert.Equal("anna smith", far.Substring(Say(model, far).Spans.Single().Start));
    }

    [Fact]
    public void A_mark_that_begins_something_begins_a_new_span()
    {
        using var folder = new ModelDirectory("token_classification");
        using var model = folder.Load().Value;
        Assert.Equal([(0, 4), (5, 5)], Say(model, "anna smith").Spans.Select(s => (s.Start, s.Length)));
    }

    [Fact]
    [Clause("PRE-06")]
    public void A_file_that_was_swapped_is_refused()
    {
        foreach (var name in new[] { "model.onnx", "vocab.txt", "config.json" })
        {
            using var folder = new ModelDirectory();
            using (folder.Load().Value)
            {
            }
            folder.Write(name, [.. folder.Read(name), (byte)'\n']);
            var problem = folder.LoadAsItIs().Problem!;
            Assert.Equal((ProblemCode.ModelInvalid, name), (problem.Code, problem.Where));
            Assert.NotEqual(problem.Evidence["expected"], problem.Evidence["measured"]);
        }
    }

    [Fact]
    [Clause("PRE-06")]
    public void A_model_that_says_something_else_than_when_it_was_exported_is_refused()
    {
        using var folder = new ModelDirectory();
        folder.Document["golden"]![0]!["scores"]!["injection"] = 0.02;
        var problem = folder.Load().Problem!;
        Assert.Equal((ProblemCode.ModelInvalid, "classifier.json: /golden/0/scores/injection"), (problem.Code, problem.Where));
        Assert.Equal(("0.0200", "0.0180"), (problem.Evidence["expected"], problem.Evidence["measured"]));
    }

    [Theory]
    [InlineData("""{"vocab_size":12}""", "the tokenizer's largest id is 12, the model knows 12")]
    [InlineData("""{"max_position_embeddings":8}""", "the model has 8 places, 'window' is 16")]
    [InlineData("""{"id2label":{"0":"x"}}""", "the export has 1 labels, classifier.json 2")]
    [InlineData("[]", "no JSON object")]
    public void A_tokenizer_or_labels_that_disagree_with_the_model_are_refused(string config, string message)
    {
        using var folder = new ModelDirectory();
        folder.Write("config.json", System.Text.Encoding.UTF8.GetBytes(config));
        Refused(folder, message);
    }

    [Theory]
    [InlineData("stride", "9", "'stride' must be at most half of 'window'")]
    [InlineData("labels", """[{"name":"a"},{"name":"b"}]""", "no label has a threshold")]
    [InlineData("labels", """[{"name":"a","thresholds":[{"at":0.5,"decision":"allow"}]},{"name":"b"}]""", "")]
    [InlineData("labels", """[{"name":"injection","thresholds":[{"at":0.5,"decision":"deny"}]}]""", "the export has 2 labels, classifier.json 1")]
    [InlineData("golden", """[{"text":"x","scores":{"other":1}}]""", "which is no label")]
    [InlineData("golden", "[]", "")]
    [InlineData("surprise", "1", "")]
    [InlineData("lowercase", null, "'lowercase' must say")]
    public void A_document_that_cannot_be_meant_is_refused(string name, string? json, string message)
    {
        using var folder = new ModelDirectory();
        if (json is null) folder.Document.Remove(name);
        else folder.Document[name] = JsonNode.Parse(json);
        Refused(folder, message);
    }

    [Fact]
    [Clause("PRE-06")]
    public void Shapes_that_are_not_the_tasks_are_refused()
    {
        using var folder = new ModelDirectory();
        folder.Document["task"] = "token_classification";
        var problem = folder.Load().Problem!;
        Assert.Equal(ProblemCode.ModelFailed, problem.Code);
        Assert.Contains("the model gave a tensor of 1 × 2", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_and_an_unpinned_one_are_told_apart()
    {
        using var folder = new ModelDirectory();
        folder.Document["files"] = JsonNode.Parse($$"""{"config.json":"sha256:{{new string('0', 64)}}","x.bin":"sha256:{{new string('0', 64)}}","vocab.txt":"sha256:{{new string('0', 64)}}"}""");
        Assert.Contains("'x.bin', which is not used", folder.LoadAsItIs().Problem!.Message, StringComparison.Ordinal);
        File.Delete(Path.Combine(folder.Path, "config.json"));
        folder.Document["files"]!.AsObject().Remove("x.bin");
        folder.Document["files"]!["model.onnx"] = "sha256:" + new string('0', 64);
        Assert.Equal(ProblemCode.NotFound, folder.LoadAsItIs().Problem!.Code);
    }

    [Fact]
    public void Many_at_once_get_the_same_answers()
    {
        using var folder = new ModelDirectory();
        using var model = folder.Load().Value;
        var expected = Score(Say(model, "edge mail anna"));
        Parallel.For(0, 200, _ => Assert.Equal(expected, Score(Say(model, "edge mail anna"))));
    }

    private static void Refused(ModelDirectory folder, string message)
    {
        var problem = folder.Load().Problem!;
        Assert.Equal(ProblemCode.ModelInvalid, problem.Code);
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }
}
