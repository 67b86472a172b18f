// Rego as a judge, in process, of any document: asks one compiled policy, and reads its answer (Rego/RegoDecision) with the rules behind it as evidence.
// Errors in built-ins are always errors: OPA's default, an undefined rule, would lose denials. Any error, limit or unknown answer is a failure, which counts as deny (PRE-04).
using System.Buffers;
using System.Text.Json;
using CabinCrew.Governance.Policies.Explaining;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Values;

namespace CabinCrew.Governance.Policies.Rego;

/// <summary>A policy's clock and randomness.</summary>
internal readonly record struct RegoMoment(DateTimeOffset Now, ulong Seed);

/// <param name="standsIn">What to say where this policy judges in another's place.</param>
internal sealed class RegoJudge(CompiledPolicy policy, Redactor redactor, EvaluationLimits limits, string? standsIn)
{
    private const int HeldShownMax = 200;

    /// <summary>Throws for whatever goes wrong: the evaluator makes a deny of it.</summary>
    public IReadOnlyList<PolicyVerdict> Judge(ReadOnlyMemory<byte> document, RegoMoment moment, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var heard = new AnsweringRules(policy);
        return Verdicts(Answered(Ask(document, moment, heard, ct), () => Protocol.Digest.Of(document.Span)), heard);
    }

    /// <summary>The same for what is judged thousands of times a second: where no rule objects there is nothing to tell, and null is the answer.</summary>
    /// <param name="document">What the policy reads of it, and perhaps no more.</param>
    /// <param name="input">The digest of all of it.</param>
    public IReadOnlyList<PolicyVerdict>? Objections(ReadOnlyMemory<byte> document, Func<Protocol.Digest> input, RegoMoment moment, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var heard = new AnsweringRules(policy);
        var asked = Ask(document, moment, heard, ct);
        return standsIn is null && IsSilent(asked.Members) ? null : Verdicts(Answered(asked, input), heard);
    }

    public PolicyExplanation Explain(string name, ReadOnlyMemory<byte> document, RegoMoment moment, CancellationToken ct)
    {
        var heard = new EveryRule();
        var answer = Answered(Ask(document, moment, heard, ct), () => Protocol.Digest.Of(document.Span));
        var verdicts = Verdicts(answer, heard);
        return new(name, [.. verdicts.Select((v, i) => new ExplainedVerdict(v, i < answer.Items.Count ? [.. heard.Behind(answer.Items[i].Value, policy).Select(h => h.Explain(policy, redactor))] : []))],
            [.. heard.Rules.Where(h => !policy.Answers(h.Rule)).DistinctBy(h => h.Rule.Index).OrderBy(h => h.Rule.Index).Select(h => h.Explain(policy, redactor))], answer.Input.Value);
    }

    // Sets that are there and empty; a decision is always something said.
    private static bool IsSilent(Value?[] members)
    {
        var said = false;
        for (var i = 0; i < members.Length; i++)
        {
            if (members[i] is not { } value) continue;
            if (RegoDecision.Members[i] == RegoDecision.Word || value is not SetValue { Count: 0 }) return false;
            said = true;
        }
        return said;
    }

    private sealed record Answer(Lazy<Protocol.Digest> Input, Value[] Members, IReadOnlyList<(string Member, Value Value)> Items, IReadOnlyList<RuleInfo> Held);

    private static Answer Answered((Value[] Members, IReadOnlyList<RuleInfo> Held) asked, Func<Protocol.Digest> input) => new(new(input), asked.Members, [.. Items(asked.Members)], asked.Held);

    private (Value[] Members, IReadOnlyList<RuleInfo> Held) Ask(ReadOnlyMemory<byte> document, RegoMoment moment, IRegoObserver observer, CancellationToken ct)
    {
        var found = policy.Query.Evaluate(Value.FromJson(document.Span), policy.Data, new EvaluationOptions
        {
            NowNanoseconds = (moment.Now - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick,
            Seed = moment.Seed,
            StrictBuiltinErrors = true,
            Limits = limits,
            Observer = observer,
        }, ct);
        if (found.Error is { } error)
        {
            ct.ThrowIfCancellationRequested();
            throw new PolicyAnswerException($"{error.OnOneLine}{(error.Code.StartsWith("eval_limit", StringComparison.Ordinal) ? "; look for rules that go over every pair of something" : "")}");
        }
        if (found.Value is not ArrayValue { Count: var count } all || count != RegoDecision.Members.Count) throw new PolicyAnswerException($"the package '{policy.Package}' is undefined");
        var members = new Value[count];
        for (var i = 0; i < count; i++) members[i] = (ArrayValue)all[i] is { Count: > 0 } member ? member[0] : null!;
        return (members, found.FiredRules);
    }

    // In the order in which RegoDecision makes verdicts of them.
    private static IEnumerable<(string, Value)> Items(Value?[] members)
    {
        for (var i = 0; i < members.Length; i++)
        {
            var member = RegoDecision.Members[i];
            if (members[i] is not { } value) continue;
            if (member == RegoDecision.Word) yield return (member, value);
            else if (value is SetValue set) foreach (var item in set.Items.ToArray()) yield return (member, item);
            else if (value is ArrayValue list) foreach (var item in list.Items.ToArray()) yield return (member, item);
        }
    }

    private IReadOnlyList<PolicyVerdict> Verdicts(Answer answer, HeardRules heard)
    {
        if (!RegoDecision.Read(Document(answer.Members), policy.Package).Try(out var verdicts, out var problem)) throw new PolicyAnswerException(problem);
        return [.. verdicts.Select((v, i) => v with { Evidence = Evidence(answer, heard, i, v.Evidence) })];
    }

    private static JsonElement Document(Value?[] members)
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            for (var i = 0; i < members.Length; i++)
            {
                if (members[i] is not { } value) continue;
                json.WritePropertyName(RegoDecision.Members[i]);
                value.WriteJson(json);
            }
            json.WriteEndObject();
        }
        return JsonElement.Parse(bytes.WrittenSpan);
    }

    // File and line, not values: what matched may be the very thing that must not be copied about. The first verdict tells for all which input was judged and which rules held.
    private JsonElement Evidence(Answer answer, HeardRules heard, int at, JsonElement? own)
    {
        var bytes = new ArrayBufferWriter<byte>(at == 0 ? 512 + 96 * Math.Min(answer.Held.Count, HeldShownMax) : 256);
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteStartArray("rules");
            if (at < answer.Items.Count) foreach (var rule in Behind(answer, heard, at)) json.WriteStringValue(policy.PlaceOf(rule));
            json.WriteEndArray();
            if (at == 0)
            {
                json.WriteString("input", answer.Input.Value.ToString());
                json.WriteStartArray("held");
                foreach (var rule in answer.Held.Take(HeldShownMax)) json.WriteStringValue(policy.PlaceAndPathOf(rule));
                json.WriteEndArray();
                if (answer.Held.Count > HeldShownMax) json.WriteNumber("held_count", answer.Held.Count);
                if (standsIn is not null) json.WriteString("stands_in", standsIn);
            }
            if (own is { } given)
            {
                json.WritePropertyName("evidence");
                given.WriteTo(json);
            }
            json.WriteEndObject();
        }
        return JsonElement.Parse(bytes.WrittenSpan);
    }

    // A message that no rule is known to have given (a document made of several) is every rule's of that name.
    private IEnumerable<RuleInfo> Behind(Answer answer, HeardRules heard, int at)
    {
        var (member, value) = answer.Items[at];
        var behind = heard.Behind(value, policy).Select(h => h.Rule).Distinct().ToList();
        return behind.Count > 0 ? behind : answer.Held.Where(r => policy.Answers(r, member));
    }
}
