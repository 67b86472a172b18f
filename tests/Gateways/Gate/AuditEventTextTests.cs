// The fast writer of events writes the very bytes that the serializer and the canonical form give, redacted (AUD-03, AUD-04).
using System.Text.Json;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;
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

    private static MessageRecord Message(int number)
    {
        var at = new DateTimeOffset(2026, 1, 31, 12, 0, 0, number, TimeSpan.Zero);
        var subject = new MessageSubject { Gateway = "mcp", Tenant = TenantId.Local, Caller = new("kim \"the\" cat", true, ["dev"], "jwt"), Session = "s-1", Server = "files", Direction = MessageDirection.ToServer, Kind = MessageKind.Request, Method = "tools/call", Now = at };
        var bare = new MessageRecord { EventId = "evt-1", At = at, Subject = subject, Bytes = 4711, Frame = Digest.Of("f"u8), Policy = Digest.Of("p"u8), Decision = Decision.Allow };
        MessageFinding found = new("secrets", "aws", "/arguments/caf\u00e9\n", Decision.Deny, "a \u2028 key\u0001");
        return number switch
        {
            0 => bare,
            1 => bare with
            {
                Subject = subject with { Name = "write \U0001F600", Caller = subject.Caller with { Issuer = "https://id" }, ProtocolVersion = "2025-11-25", Pin = PinState.Accepted, Kind = MessageKind.Listing, Direction = MessageDirection.ToCaller },
                Id = "\"a\\u0041\""u8.ToArray(), Client = "client\t1", Approval = "apr-1", Excerpt = "begins \\ so", Instead = Digest.Of("i"u8), Hidden = [.. Enumerable.Range(0, 30).Select(i => $"t{i}")],
                Took = TimeSpan.FromSeconds(1.5), Refused = new(ProblemCode.PolicyDenied, "no\r\n"), Decision = Decision.Deny,
                Judgement = new(Decision.Deny, AggregationMethod.AnyDeny, [new() { Source = PolicyOrigin.Opa, PolicyId = "p", Decision = Decision.Deny, Reason = "r", Evidence = JsonElement.Parse("""{"b":1,"a":[2]}"""), EvaluatedAt = at }], [], ["p: r"], []),
                Scan = new([.. Enumerable.Repeat(found, 25)], [new(1, 2, default)], ["secrets", "mapped"]),
            },
            // What a detector found is in no event, and then the whole of it is written another way.
            _ => bare with { Client = "hunter2hunter2", Scan = new([found], [], ["secrets"]) { Secrets = ["hunter2hunter2"] } },
        };
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_message_is_written_as_its_event_would_be(int number)
    {
        var redactor = new Redactor();
        // A number's digits and a text's part, in either way.
        redactor.Learn("NUMBER", "4711");
        redactor.Learn("SERVER", "files");
        IAuditWords record = Message(number);
        var slow = AuditDraft.Of(redactor.Redact(JsonSerializer.SerializeToElement(record.ToEvent() with { WorkflowState = "INIT" }, ProtocolJson.Default.AuditEvent)));
        var text = new AuditEventText(new(16), redactor);
        record.Write(text);
        record.Write(text);
        var expected = slow.Seal("local", 7, AuditChain.Genesis, null);
        Assert.Contains("\"bytes\":\"[redacted:NUMBER]\"", expected.Line);
        Assert.DoesNotContain("hunter2", expected.Line);
        // Several stand behind one another in the same memory.
        Assert.All(text.Drafts(), draft => Assert.Equal(expected, draft.Seal("local", 7, AuditChain.Genesis, null)));
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
