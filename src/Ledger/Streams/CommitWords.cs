// What a commit is about, in one word of FailpointTable. Read off what it carries, so that nobody has to say it; asked by crash tests only.
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Ledger.Streams;

internal static class CommitWords
{
    public static string Of(Commit commit) => commit switch
    {
        { MarkInDoubt: true } => "doubt",
        { Intent: IntentMove.Set } => "intent",
        _ when Has(commit, WalEntryTypes.TakeOffResolved) => "resolved",
        _ when Has(commit, WalEntryTypes.WorkflowFailed) => "failed",
        _ when Has(commit, WalEntryTypes.WorkflowCompleted) => "ended",
        _ when Has(commit, WalEntryTypes.TakeOffCommit) => "marker",
        _ when Has(commit, WalEntryTypes.StepCompleted) => "completed",
        _ when Has(commit, WalEntryTypes.ApprovalRequested) => "asked",
        _ when Has(commit, WalEntryTypes.Judged) => "judged",
        _ when Has(commit, WalEntryTypes.ApprovalReceived) => "answered",
        _ when Has(commit, WalEntryTypes.TokenCreated) => "bound",
        { Lock: LockMove.Acquire } => "lock",
        _ when commit.Entries.LastOrDefault(e => e.EntryType == WalEntryTypes.StepStarted) is { } started =>
            started.Data.GetProperty("extensions").GetProperty("mode").GetString() == EngineMode.TakeOff.Word() ? "begun" : "planning",
        { Entries: [.., { EntryType: WalEntryTypes.StateChanged } last] } => Move(last, commit.Lock),
        { ReleaseClaim: true } => "release",
        _ => "told",
    };

    private static string Move(EntryDraft last, LockMove lockMove) => last.Data.GetProperty("to").GetString() switch
    {
        "FAILED" => "step failed",
        "PLAN_RUNNING" => "replanned",
        "READY_FOR_TAKEOFF" => lockMove == LockMove.Release ? "rolled back" : "granted",
        var to => $"move to {to}",
    };

    private static bool Has(Commit commit, string type) => commit.Entries.Any(e => e.EntryType == type);
}
