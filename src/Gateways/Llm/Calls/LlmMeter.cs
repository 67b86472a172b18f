// What an LLM gateway counts and times. Labels are names of the configuration and words of this program, so that no caller makes a series of its own.
using System.Diagnostics.Metrics;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Calls;

public sealed class LlmMeter : IDisposable
{
    public const string Name = "CabinCrew.Llm";

    private static readonly InstrumentAdvice<double> Seconds = new() { HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600] };

    private readonly Counter<long> messages, refused, redacted, tokens;
    private readonly Counter<double> usd;
    private readonly Histogram<double> judgement, provider;
    private readonly UpDownCounter<long> open;

    public LlmMeter()
    {
        messages = Meter.CreateCounter<long>("cabincrew.llm.messages", null, "Prompts and answers that were judged, by what became of them.");
        refused = Meter.CreateCounter<long>("cabincrew.llm.refused", null, "Prompts and answers that did not go on, by the problem.");
        redacted = Meter.CreateCounter<long>("cabincrew.llm.redacted", null, "Prompts and answers out of which something was cut.");
        tokens = Meter.CreateCounter<long>("cabincrew.llm.tokens", null, "What providers counted.");
        usd = Meter.CreateCounter<double>("cabincrew.llm.usd", null, "Dollars, where a price is known.");
        judgement = Meter.CreateHistogram("cabincrew.llm.judgement_seconds", null, "Detectors and policies for one prompt or answer.", advice: Seconds);
        provider = Meter.CreateHistogram("cabincrew.llm.provider_seconds", null, "A provider's whole answer.", advice: Seconds);
        open = Meter.CreateUpDownCounter<long>("cabincrew.llm.in_flight", null, "Exchanges that are under way.");
    }

    public Meter Meter { get; } = new(Name);

    /// <summary>For those who listen already: which providers answer at the moment.</summary>
    public void Watch(IReadOnlyList<string> providers, Func<string, bool> rests)
    {
        // A series that was never counted is missing otherwise.
        open.Add(0);
        Meter.CreateObservableGauge("cabincrew.llm.provider_up", () => providers.Select(p => new Measurement<int>(rests(p) ? 0 : 1, KeyValuePair.Create("provider", (object?)p))), null, "1: it answers. 0: it failed several times a moment ago, and is asked last.");
    }

    /// <summary>An exchange is under way until this is disposed.</summary>
    public Underway Begin()
    {
        open.Add(1);
        return new(this);
    }

    public void Judged(bool isPrompt, TimeSpan took) => judgement.Record(took.TotalSeconds, Direction(isPrompt));

    public void Asked(string name, bool answered, TimeSpan took) => provider.Record(took.TotalSeconds, new("provider", name), new("outcome", answered ? "answered" : "failed"));

    /// <summary>A message came through the gate, or did not.</summary>
    public void Passed(LlmMessage message, Outcome<LlmPassage> became)
    {
        KeyValuePair<string, object?> model = new("model", message.Listed), by = new("provider", message.Provider);
        var direction = Direction(message.IsPrompt);
        messages.Add(1, model, by, direction, new("decision", (became.Ok ? became.Value.Decision : Decision.Deny).Word()));
        if (became.Problem is { } problem) refused.Add(1, model, by, direction, new("problem", problem.Code.Id()));
        else if (!ReferenceEquals(became.Value.Without, message.Carried)) redacted.Add(1, model, by, direction);
        if (message.IsPrompt) return;
        tokens.Add(message.Said.InputTokens ?? 0, model, by, new("kind", "input"));
        tokens.Add(message.Said.OutputTokens ?? 0, model, by, new("kind", "output"));
        if (message.Cost is { } cost) usd.Add(cost / 1e6, model, by);
    }

    public void Dispose() => Meter.Dispose();

    private static KeyValuePair<string, object?> Direction(bool isPrompt) => new("direction", isPrompt ? "prompt" : "answer");

    public readonly struct Underway(LlmMeter meter) : IDisposable
    {
        public void Dispose() => meter.open.Add(-1);
    }
}
