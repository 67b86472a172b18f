// A streamed answer on its way while it comes (LLM-02): after each event, what may go by then is judged together with all that came, and goes.
// Invariant: no byte goes but of events that were judged and that nothing to come can change.
using CabinCrew.Gateways.Llm.Calls;
using CabinCrew.Gateways.Llm.Configuration;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Endpoint;

/// <param name="form">The answer, without anything that came of it.</param>
internal sealed class StreamedAnswer(StreamDefinition settings, LlmGate gate, CallerLine line, LlmMessage form)
{
    private const string ResponseId = "response.created/response/id";

    private readonly StreamHold hold = new(settings);

    /// <summary>Something of it has gone out.</summary>
    public bool HasBegun => form.Sent.Events > 0;

    /// <summary>What became of it is on record.</summary>
    public bool IsTold { get; set; }

    /// <summary>The connection broke while a part was sent.</summary>
    public IOException? Broken { get; private set; }

    /// <summary>Null: it may go on.</summary>
    public async ValueTask<Problem?> MoreAsync(ProviderAnswer came, CancellationToken ct)
    {
        if (hold.Add(came.Carried).Problem is { } odd) return odd;
        if (!hold.IsDue(form.Sent.Events)) return null;
        var said = ExchangeReader.Answer(form.Said.Model, came.Carried);
        // Also a call in a form that nobody here knows by its place.
        if (said.ToolCalls.Count > 0)
        {
            hold.Freeze();
            hold.Judged();
            return null;
        }
        if (!(await gate.PassPartAsync(form with { Carried = came.Carried, Said = said with { Partial = true } }, hold, line, ct).ConfigureAwait(false)).Try(out var passage, out var problem))
        {
            IsTold = true;
            return problem;
        }
        if (passage.Bytes.IsEmpty) return null;
        try
        {
            await line.ReleaseAsync(came.Status, came.Headers, came.Carried.Pieces.FirstOrDefault(p => p.Place == ResponseId)?.Text, passage, ct).ConfigureAwait(false);
            return null;
        }
        catch (IOException e)
        {
            // The caller's, and not the provider's.
            Broken = e;
            return Gone;
        }
    }

    /// <summary>It ended before its end: put on record, where something of it had gone. The problem, or that this could not be written.</summary>
    public async ValueTask<Problem> CutOffAsync(Problem why) => HasBegun && !IsTold ? await gate.CutOffAsync(form, line, why).ConfigureAwait(false) : why;

    public static Problem Gone => new(ProblemCode.Cancelled, "the caller has gone");
}
