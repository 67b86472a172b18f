// The answers of several servers to one request of the client, until all are there.
using CabinCrew.Gateways.Mcp.Sessions.Several;
using CabinCrew.Gateways.Mcp.Wire;

namespace CabinCrew.Gateways.Mcp.Sessions;

/// <param name="Result">The JSON text of the result as it may go on; empty: there is none.</param>
/// <param name="Error">What the client would have been told had this been the only server. Empty: there is a result.</param>
internal readonly record struct Gathered(OpenRequest Leg, ReadOnlyMemory<byte> Result, ReadOnlyMemory<byte> Error);

/// <param name="whole">The client's request.</param>
internal sealed class Gathering(SessionParts session, OpenRequest whole, int count)
{
    private readonly Lock gate = new();
    private readonly Gathered?[] answers = new Gathered?[count];
    private readonly OpenRequest?[] legs = new OpenRequest?[count];

    public OpenRequest Whole => whole;

    /// <summary>Of a stream of notifications that is listened to; null: it is another request.</summary>
    public Acknowledgements? Acknowledgements { get; } = whole.Frame.Method is McpMethods.Listen ? new(session, whole, count) : null;

    public IReadOnlyList<OpenRequest?> Legs => legs;

    public void Begin(int place, OpenRequest leg) => legs[place] = leg;

    public OpenRequest? LegOf(Link link) => legs.FirstOrDefault(l => l?.Link == link);

    public ValueTask WithAsync(OpenRequest leg, ReadOnlyMemory<byte> result) => TakeAsync(new(leg, result, default));

    public ValueTask WithoutAsync(OpenRequest leg, ReadOnlyMemory<byte> error) => TakeAsync(new(leg, default, error));

    private async ValueTask TakeAsync(Gathered answer)
    {
        if (Acknowledgements is not null) await Acknowledgements.SettledAsync(answer.Leg.Link!);
        List<Gathered> all;
        lock (gate)
        {
            answers[Array.IndexOf(legs, answer.Leg)] ??= answer;
            if (answers.Any(a => a is null)) return;
            all = [.. answers.Select(a => a!.Value)];
        }
        if (!whole.TryClose(out _)) return;
        session.FromClient.Remove(whole, answerMayCome: false);
        await session.SendToClientAsync(Merged(all), whole.AskerId);
    }

    // The request is closed: nobody else answers it, whatever the servers have sent.
    private ReadOnlyMemory<byte> Merged(List<Gathered> all)
    {
        try
        {
            return session.Routes.Merge(whole, all);
        }
        catch (Exception e)
        {
            return Replies.Error(whole.AskerId, SessionParts.Bug(e));
        }
    }
}
