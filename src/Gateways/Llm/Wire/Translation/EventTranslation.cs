// A stream's events in the words of another API, one in, some out, without waiting for those that follow: who releases a stream by the piece may translate it by the piece.
// Invariant: after the first event that cannot be told nothing more comes out.
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Wire.Translation;

public abstract class EventTranslation
{
    private readonly Untold untold = new(ProblemCode.UpstreamInvalid);
    private List<CarriedDocument> emitted = [];
    private bool isEnded;

    /// <summary>What an event is in the other API: nothing, one event, or several.</summary>
    public Outcome<IReadOnlyList<CarriedDocument>> Next(CarriedDocument came)
    {
        if (isEnded) return Taken();
        if (came.Json.Span.SequenceEqual(Carried.DoneMark)) return End();
        Take(came.Type, JsonElement.Parse(came.Json.Span, new JsonDocumentOptions { MaxDepth = 128 }), untold);
        return Taken();
    }

    /// <summary>The stream is over, whether a mark said so or not.</summary>
    public Outcome<IReadOnlyList<CarriedDocument>> End()
    {
        if (isEnded) return Taken();
        isEnded = true;
        TakeEnd(untold);
        return Taken();
    }

    private protected abstract void Take(string type, JsonElement said, Untold untold);

    private protected virtual void TakeEnd(Untold untold)
    {
    }

    private protected void Emit(string type, JsonObject said) => emitted.Add(new(type, JsonBytes.Of(said)));

    private protected void EmitError(ApiFamily family, JsonElement said) => emitted.Add(new(family == ApiFamily.Anthropic ? "error" : "", Translation.Error(family, said, null)));

    /// <summary>What ends a stream of OpenAI's.</summary>
    private protected void Done() => emitted.Add(new("", Carried.DoneMark.ToArray()));

    private Outcome<IReadOnlyList<CarriedDocument>> Taken()
    {
        var taken = emitted;
        emitted = [];
        return untold.Problem is { } problem ? problem : Outcome.Of<IReadOnlyList<CarriedDocument>>(taken);
    }
}
