// A prompt on its way to a model, or an answer on its way back, and what has become of it.
using CabinCrew.Gateways.Firewall.Limits;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Calls;

/// <param name="Id">Of the exchange: a prompt and its answers share it.</param>
/// <param name="Provider">As the configuration calls it.</param>
/// <param name="Model">As the provider calls it.</param>
/// <param name="Route">Why it goes there, or came from there.</param>
/// <param name="Answers">Of the prompt's bytes, where this is an answer.</param>
public sealed record LlmMessage(string Id, MessageCaller Caller, string Provider, LlmApi Api, string Model, string Route, Carried Carried, Exchange Said, Digest? Answers)
{
    public bool IsPrompt => Answers is null;

    /// <summary>The model as the configuration has it: a name or a pattern.</summary>
    public required string Listed { get; init; }

    /// <summary>What it may cost at most, in millionths of a dollar.</summary>
    public long Reserves { get; init; }

    /// <summary>What the answer cost, in millionths of a dollar. Null: nobody knows a price, or the provider did not count.</summary>
    public long? Cost { get; init; }

    /// <summary>The request as its caller sent it, where another was made of it. Null: this is it, but for its model's name.</summary>
    public Prompt? CallerSent { get; init; }

    /// <summary>What the answer is held against. Null: nothing.</summary>
    public AnswerCheck? Check { get; init; }

    /// <summary>Remembers what is cut out of the prompt, and puts it back into the answer. Null: it stays out.</summary>
    public PlaceholderScope? Kept { get; init; }

    /// <summary>What of it has gone out already, where it is a stream of which a part was let go.</summary>
    public Sent Sent { get; init; } = new();
}

/// <param name="Bytes">What goes on: of a stream, the events that have not gone yet.</param>
/// <param name="Place">A prompt's place among its caller's open requests. Given back when its exchange is over.</param>
public sealed record LlmPassage(ReadOnlyMemory<byte> Bytes, Decision Decision, IReadOnlyList<string> Warnings, CallPlace? Place)
{
    /// <summary>The message without what was cut out of it, and with nothing put back.</summary>
    public required Carried Without { get; init; }

    /// <summary>Of a stream nothing goes for now.</summary>
    public static readonly LlmPassage Nothing = new(default, Decision.Allow, [], null) { Without = Carried.Stream() };
}
