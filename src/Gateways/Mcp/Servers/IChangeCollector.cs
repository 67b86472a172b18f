// Seam to whoever collects an agent's changes instead of making them: a server on a copy-on-write view, and what becomes of the view (INT-03).
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Servers;

/// <summary>One session's changes. Disposing lets go of what was not proposed; it stays, and is found by the next session.</summary>
public interface IChangeCollector : IAsyncDisposable
{
    /// <summary>Starts the server on the view as it stands: with the changes that were not proposed yet, or, after a proposal, anew from the workspace.</summary>
    Task<Outcome<IServerProcess>> StartAsync(CancellationToken ct);

    /// <summary>Proposes all changes of the view as one plan. Called when no process works in it any more. A problem leaves the view as it is.</summary>
    /// <param name="message">For the person who reviews it.</param>
    /// <param name="overNewer">Also over files that somebody changed in the workspace meanwhile.</param>
    Task<Outcome<Proposal>> ProposeAsync(string message, bool overNewer, CancellationToken ct);
}

/// <param name="Workflow">Null: there was nothing to propose.</param>
/// <param name="Words">For the agent: the judgement, and what happens next.</param>
public sealed record Proposal(string? Workflow, string Words);
