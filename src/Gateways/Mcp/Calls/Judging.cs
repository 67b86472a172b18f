// What policies make of one message, with all that travels in it: the part of the gate that only judges, for whoever carries messages and for whoever asks what would become of one.
// Invariant: nobody is milder than what the configuration makes of a finding.
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Calls;

internal static class Judging
{
    /// <param name="subject">With its findings, and what it does to files.</param>
    /// <param name="besides">What else it is: a call's answer that comes by way of a task. Null: nothing.</param>
    public static ValueTask<Outcome<Judgement>> OfAsync(IMessageJudge judge, MessageSubject subject, Frame frame, MessageSubject? besides, CancellationToken ct)
    {
        if (!frame.Inputs.IsEmpty || besides is not null) return WithAllAsync(judge, subject, frame, besides, ct);
        var whole = judge.JudgeAsync(subject, ct);
        return whole.IsCompletedSuccessfully ? new(whole.Result) : WaitAsync(whole);
    }

    public static Decision Decide(Judgement judgement, IReadOnlyList<MessageFinding> findings)
    {
        var decision = judgement.Decision;
        for (var i = 0; i < findings.Count; i++) decision = Decisions.Strictest(decision, findings[i].Decision);
        return decision;
    }

    private static async ValueTask<Outcome<Judgement>> WaitAsync(ValueTask<Judgement> whole) => await whole.ConfigureAwait(false);

    // What travels within a message is judged as if it had come by itself, and the strictest word holds for the whole.
    private static async ValueTask<Outcome<Judgement>> WithAllAsync(IMessageJudge judge, MessageSubject subject, Frame frame, MessageSubject? besides, CancellationToken ct)
    {
        var whole = await judge.JudgeAsync(subject, ct).ConfigureAwait(false);
        if (besides is not null) whole = Aggregation.Both(whole, await judge.JudgeAsync(besides, ct).ConfigureAwait(false));
        if (frame.Inputs.IsEmpty) return whole;
        if (!Inputs.Of(subject, frame.Inputs).Try(out var inputs, out var unread)) return unread;
        foreach (var input in inputs) whole = Aggregation.Both(whole, await judge.JudgeAsync(input, ct).ConfigureAwait(false));
        return whole;
    }
}
