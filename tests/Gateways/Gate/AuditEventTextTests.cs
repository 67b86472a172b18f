// The fast writer of events writes the very bytes that the serializer and the canonical form give, redacted (AUD-03, AUD-04).
using System.Text.Json;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests;

namespace CabinCrew.Gateways.Tests.Gate;

[Clause("AUD-03"), Clause("AUD-04")]
public sealed class AuditEventTextTests
{
    public static TheoryData<int> Samples => [.. Enumerable.Range(0, 6)];

    private static AuditEvent Sample(int number)
    {
        var element = JsonElement.Parse("""{"b":[1,2.5,"x\u00e9\n"],"a":{"z":null,"y":true}}""");
        var bare = new AuditEvent { EventId = "evt-1", Timestamp = new(2026, 1, 31, 12, 0, 0, number, TimeSpan.FromHours(number)), EventType = "message_judged" };
        return number switch
        {
            0 => bare,
            1 => bare with { Message = "text \"quoted\" \u2028 \U0001F600 \u0001", Severity = Severity.Critical, WorkflowState = "FAILED", Workflow = new("wf-1", "s", "plan") },
            2 => bare with { Gateway = element, Extensions = new() { Actor = "kim", Problem = "policy_denied", Data = element, Sequence = 5, Tenant = "other" } },
            3 => bare with { Engine = new("e", "r", "ok", null), Artifacts = [new("a", "plan", "p", "h", 12)], IntegrityCheck = new() { ArtifactsMatch = true, Differences = ["d"] }, Signature = "x", ChainHash = "y", SignatureKeyRef = "z" },
            4 => bare with
            {
                Policy = new()
                {
                    Decision = Decision.Warn, AggregationMethod = AggregationMethod.AllAllow, WorkflowState = "INIT", Violations = [], Warnings = ["w\t"],
                    PolicyEvaluations = [new() { Source = PolicyOrigin.McpGateway, PolicyId = "p/q", Decision = Decision.Deny, Reason = "r", Evidence = element, EvaluatedAt = bare.Timestamp }, new() { Source = PolicyOrigin.Opa, PolicyId = "p", Decision = Decision.Allow, EvaluatedAt = bare.Timestamp.AddTicks(1) }],
                },
            },
            _ => bare with { Approval = new() { ApprovalId = "a", RequiredRole = "r", Approved = true, Approver = "kim", PlanTokenHash = Digest.Of("t"u8), Timestamp = bare.Timestamp, Reason = "why" } },
        };
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Both_ways_seal_the_same_line(int number)
    {
        var audit = Sample(number);
        var slow = AuditDraft.Of(JsonSerializer.SerializeToElement(audit with { WorkflowState = audit.WorkflowState ?? "INIT" }, ProtocolJson.Default.AuditEvent));
        var fast = AuditEventText.Draft(audit, new Redactor());
        Assert.Equal(slow.Seal("local", 7, AuditChain.Genesis, null), fast.Seal("local", 7, AuditChain.Genesis, null));
    }

    [Fact]
    public void A_known_secret_is_in_none_of_it()
    {
        var redactor = new Redactor();
        redactor.Learn("TOKEN", "hunter2hunter2");
        const string said = "it is hunter2hunter2";
        var audit = Sample(4) with
        {
            EventId = said, Message = said, Gateway = JsonElement.Parse($$"""{"tool":"{{said}}"}"""), Workflow = new(said), Engine = new(said),
            Extensions = new() { Actor = said, Data = JsonElement.Parse($$"""{"{{said}}":["{{said}}"]}""") },
            Policy = new() { Decision = Decision.Warn, WorkflowState = "INIT", Warnings = [said], Violations = [said], PolicyEvaluations = [new() { Source = PolicyOrigin.Opa, PolicyId = said, Decision = Decision.Warn, Reason = said, EvaluatedAt = default }] },
        };
        var line = AuditEventText.Draft(audit, redactor).Seal("local", 1, AuditChain.Genesis, null).Line;
        Assert.DoesNotContain("hunter2", line);
        Assert.Equal(12, line.Split("[redacted:TOKEN]").Length - 1);
    }
}
