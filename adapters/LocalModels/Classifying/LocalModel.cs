// A model that was loaded and passed its self-test. It looks at whole texts, window by window, or says that it did not; the same text always gets the same answer.
using System.Diagnostics;
using CabinCrew.Governance.Detection;
using CabinCrew.LocalModels.Onnx;
using CabinCrew.LocalModels.Tokens;
using CabinCrew.Protocol;

namespace CabinCrew.LocalModels.Classifying;

public sealed class LocalModel : ITextModel, IDisposable
{
    private readonly Tokenizer tokenizer;
    private readonly OnnxSession session;
    private readonly ModelPorts ports;
    private readonly ClassifierBudget budget;

    internal LocalModel(ClassifierDocument document, Digest digest, Tokenizer tokenizer, OnnxSession session, ModelPorts ports)
    {
        (Document, Digest, this.tokenizer, this.session, this.ports) = (document, digest, tokenizer, session, ports);
        budget = document.Budget ?? new ClassifierBudget();
    }

    public ClassifierDocument Document { get; }

    /// <summary>Over classifier.json, which pins every file.</summary>
    public Digest Digest { get; }

    public string Kind => Document.Kind;

    public string Runtime => $"onnxruntime {OnnxLibrary.Version}";

    Outcome<ModelAnswer> ITextModel.Classify(string text, CancellationToken ct) => Classify(text, ct).Map(said =>
        new ModelAnswer(said.Decision, said.Reasons, said.Scores.ToDictionary(s => s.Label, s => s.Score, StringComparer.Ordinal), said.Complete));

    /// <summary>A problem is no answer, which is never a yes. A text beyond the budget has an answer: a person decides.</summary>
    public Outcome<Classification> Classify(string text, CancellationToken ct)
    {
        if (!tokenizer.Encode(text).Try(out var tokens, out var problem)) return problem.Code == ProblemCode.ModelOverBudget ? OverBudget(problem.Message, 0) : problem;
        var room = Document.Window - tokenizer.Prefix.Count - tokenizer.Suffix.Count;
        if (room <= Document.Stride) return new Problem(ProblemCode.ModelInvalid, "no token of a text has room in the window") { Where = ModelFolder.DocumentName };
        var count = TokenWindow.CountOver(tokens.Count, room, Document.Stride);
        if (count > budget.Windows) return OverBudget($"the text takes {count} windows, {budget.Windows} are allowed", 0);

        var (began, most) = (Stopwatch.GetTimestamp(), TimeSpan.FromSeconds(budget.Seconds));
        using var clock = CancellationTokenSource.CreateLinkedTokenSource(ct);
        clock.CancelAfter(most);
        var scores = Document.Task == ModelTask.Text ? (IWindowScores)new TextScores(Document) : new TokenScores(Document, tokens);
        var looked = 0;
        foreach (var window in TokenWindow.Over(tokens.Count, room, Document.Stride))
        {
            // Looked at here as well: where every thread is busy, the timer is late.
            if (Stopwatch.GetElapsedTime(began) > most) return TooSlow(looked);
            if (!Look(tokens, window, clock.Token).Try(out var output, out problem))
            {
                ct.ThrowIfCancellationRequested();
                return problem.Code == ProblemCode.ModelOverBudget ? TooSlow(looked) : problem;
            }
            if (scores.Add(window, tokenizer.Prefix.Count, output) is { } wrong) return wrong;
            looked++;
        }
        var (labels, spans) = scores.Result();
        var reasons = new List<string>();
        var decision = labels.Select((l, i) => Thresholds.Decide(l.Score, Document.Labels[i], Document.Band, reasons)).Aggregate(Decision.Allow, Decisions.Strictest);
        return new Classification(labels, spans, decision, reasons, looked, Complete: true);
    }

    private Outcome<Classification> TooSlow(int windows) => OverBudget(FormattableString.Invariant($"the model was not ready within {budget.Seconds} s"), windows);

    private static Outcome<Classification> OverBudget(string reason, int windows) =>
        new Classification([], [], Decision.RequireApproval, [$"not looked at as a whole: {reason}"], windows, Complete: false);

    private Outcome<Tensor> Look(IReadOnlyList<Token> tokens, TokenWindow window, CancellationToken ct)
    {
        if (ct.IsCancellationRequested) return new Problem(ProblemCode.ModelOverBudget, "the model was not ready in time");
        var ids = new List<long>(window.Count + 8);
        ids.AddRange(tokenizer.Prefix.Select(i => (long)i));
        for (var i = window.First; i < window.First + window.Count; i++) ids.Add(tokens[i].Id);
        ids.AddRange(tokenizer.Suffix.Select(i => (long)i));
        // A model that frames nothing has nothing to say about an empty text; one unknown row would crash some of them.
        if (ids.Count == 0) ids.Add(0);
        long[] row = [.. ids];
        var ones = new long[row.Length];
        Array.Fill(ones, 1);
        return session.Run([.. ports.Inputs.Select(name => (name, name switch { ModelPorts.Ids => row, ModelPorts.Mask => ones, _ => new long[row.Length] }))], ports.Output, ct);
    }

    public void Dispose() => session.Dispose();
}
