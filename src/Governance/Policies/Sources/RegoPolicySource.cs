// Rego as a judge, in process: modules and data from a file, a directory or a bundle (PRE-05, PRE-07). What it is asked and what its answer means: Rego/InputDocument, Rego/RegoDecision.
// Errors in built-ins are always errors: OPA's default, an undefined rule, would lose denials. Any error, limit or unknown answer is a failure, which counts as deny (PRE-04).
using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Governance.Files;
using CabinCrew.Governance.Policies.Bundles;
using CabinCrew.Governance.Policies.Explaining;
using CabinCrew.Governance.Policies.Rego;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Values;

namespace CabinCrew.Governance.Policies.Sources;

internal sealed class RegoPolicySource : IExplainingPolicySource
{
    private const int HeldShownMax = 200;

    // A time limit is the policy set's business; these bound what a policy may use up meanwhile.
    private static readonly EvaluationLimits Limits = new() { Time = PolicySet.TimeLimitMax, StepsMax = 50_000_000, ElementsMax = 2_000_000, DepthMax = 2_000 };

    private readonly CompiledPolicy policy;
    private readonly Redactor redactor;
    private readonly string? standsIn;

    /// <param name="digest">Null: it follows from the content.</param>
    private RegoPolicySource(string name, Digest? content, CompiledPolicy policy, Redactor redactor, string? standsIn = null, Digest? digest = null)
    {
        (Name, this.policy, this.redactor, this.standsIn) = (name, policy, redactor, standsIn);
        Digest = digest ?? Protocol.Digest.Of(CanonicalJson.Write(new JsonObject
        {
            ["version"] = 1, ["content"] = content!.ToString(), ["package"] = policy.Package,
            ["steps_max"] = Limits.StepsMax, ["elements_max"] = Limits.ElementsMax, ["depth_max"] = Limits.DepthMax,
        }));
    }

    public string Name { get; }

    public PolicyOrigin Origin => PolicyOrigin.Opa;

    public Digest Digest { get; }

    public PolicyText? Text { get; private init; }

    /// <summary>A module (<c>*.rego</c>), or a directory as OPA reads one: modules, <c>data.json</c> and <c>data.yaml</c>, perhaps a <c>.manifest</c>.</summary>
    public static Outcome<IPolicySource> Load(PolicyRef reference, PolicySurroundings at)
    {
        var options = reference.Rego ?? RegoPolicyOptions.Default;
        if (string.IsNullOrWhiteSpace(reference.Value) || reference.Value.Contains('\0', StringComparison.Ordinal)) return new Problem(ProblemCode.PolicyInvalid, "A Rego policy names no file.") { Remedy = "Name a .rego file, or a directory of them." };
        var path = Path.GetFullPath(reference.Value, at.BaseDirectory);
        var isDirectory = Directory.Exists(path);
        if (isDirectory && options.Data is not null) return new Problem(ProblemCode.PolicyInvalid, $"'{reference.Value}' is a directory: its own data.json and data.yaml are its data.") { Remedy = "Leave out `data`." };
        var loaded = isDirectory ? PolicyBundle.Load(path, reference.Value, new BundleOptions(IgnoreSignature: true)) : Module(reference.Value, path, options, at.BaseDirectory);
        if (!loaded.Try(out var bundle, out var problem)) return problem with { Remedy = "Mend the policy, or name another under `policies`." };
        var spelled = reference.Value.TrimEnd('/');
        var prefix = isDirectory ? spelled == "." ? "" : spelled + "/" : spelled.LastIndexOf('/') is >= 0 and var slash ? spelled[..(slash + 1)] : "";
        return CompiledPolicy.Of(bundle, options, prefix).Map<IPolicySource>(policy => new RegoPolicySource($"rego:{reference.Value}", Judging(bundle, options), policy, at.Redactor).Keeping(bundle, prefix));
    }

    public static async Task<Outcome<IPolicySource>> LoadBundleAsync(PolicyRef reference, PolicySurroundings at, CancellationToken ct)
    {
        var loaded = await BundlePolicies.LoadAsync(reference, at, ct).ConfigureAwait(false);
        if (!loaded.Try(out var bundle, out var problem)) return problem;
        if (!BundlePolicies.DigestOf(reference, bundle, at.BaseDirectory).Try(out var digest, out problem)) return problem;
        return CompiledPolicy.Of(bundle, reference.Rego ?? RegoPolicyOptions.Default, "").Map<IPolicySource>(policy =>
            new RegoPolicySource($"bundle:{reference.Value}", digest, policy, at.Redactor, bundle.InsteadOf is { } newest ? $"the last good bundle, since the newest cannot be used: {newest.Message}" : null).Keeping(bundle, ""));
    }

    /// <summary>What was kept with a judgement. A bundle's signature was verified then, and its key may be gone by now: the digest of the record is what counts.</summary>
    public static Outcome<IPolicySource> OfKept(PolicyRef reference, KeptPolicy kept, ReadOnlyMemory<byte> archive, Redactor redactor) =>
        PolicyBundle.OfArchive(archive, kept.Name, new BundleOptions(IgnoreSignature: true))
            .Then(bundle => CompiledPolicy.Of(bundle, reference.Rego ?? RegoPolicyOptions.Default, kept.Prefix))
            .Map<IPolicySource>(policy => new RegoPolicySource(kept.Name, null, policy, redactor, digest: kept.Digest));

    private RegoPolicySource Keeping(PolicyBundle bundle, string prefix) => new(Name, null, policy, redactor, standsIn, Digest)
    {
        Text = new((Name, Digest), prefix, [.. bundle.Files.Select(f => f.Bytes)], () => BundleGzip.Pack(BundleTar.Write(bundle.Files))),
    };

    /// <summary>Throws for whatever goes wrong: the evaluator makes a deny of it.</summary>
    public ValueTask<IReadOnlyList<PolicyVerdict>> EvaluateAsync(PolicySubject subject, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var heard = new AnsweringRules(policy);
        var answer = Ask(subject, heard, ct);
        return new(Verdicts(answer, heard));
    }

    public PolicyExplanation Explain(PolicySubject subject, CancellationToken ct)
    {
        var heard = new EveryRule();
        var answer = Ask(subject, heard, ct);
        var verdicts = Verdicts(answer, heard);
        return new(Name, [.. verdicts.Select((v, i) => new ExplainedVerdict(v, i < answer.Items.Count ? [.. heard.Behind(answer.Items[i].Value, policy).Select(h => h.Explain(policy, redactor))] : []))],
            [.. heard.Rules.Where(h => !policy.Answers(h.Rule)).DistinctBy(h => h.Rule.Index).OrderBy(h => h.Rule.Index).Select(h => h.Explain(policy, redactor))], answer.Input);
    }

    private sealed record Answer(Digest Input, Value[] Members, IReadOnlyList<(string Member, Value Value)> Items, IReadOnlyList<RuleInfo> Held);

    private Answer Ask(PolicySubject subject, IRegoObserver observer, CancellationToken ct)
    {
        if (!InputDocument.Write(subject, redactor).Try(out var document, out var problem)) throw new PolicyAnswerException(problem);
        var found = policy.Query.Evaluate(Value.FromJson(document.Span), policy.Data, new EvaluationOptions
        {
            NowNanoseconds = (subject.Now - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick,
            Seed = subject.Seed,
            StrictBuiltinErrors = true,
            Limits = Limits,
            Observer = observer,
        }, ct);
        if (found.Error is { } error)
        {
            ct.ThrowIfCancellationRequested();
            throw new PolicyAnswerException($"{error.OnOneLine}{(error.Code.StartsWith("eval_limit", StringComparison.Ordinal) ? "; look for rules that go over every pair of something" : "")}");
        }
        if (found.Value is not ArrayValue { Count: var count } all || count != RegoDecision.Members.Count) throw new PolicyAnswerException($"the package '{policy.Package}' is undefined");
        Value[] members = [.. all.Items.ToArray().Select(m => ((ArrayValue)m).Count > 0 ? ((ArrayValue)m)[0] : null!)];
        return new(Protocol.Digest.Of(document.Span), members, [.. Items(members)], found.FiredRules);
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
        var bytes = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteStartArray("rules");
            if (at < answer.Items.Count) foreach (var rule in Behind(answer, heard, at)) json.WriteStringValue(Place(rule));
            json.WriteEndArray();
            if (at == 0)
            {
                json.WriteString("input", answer.Input.ToString());
                json.WriteStartArray("held");
                foreach (var rule in answer.Held.Take(HeldShownMax)) json.WriteStringValue($"{Place(rule)} {rule.Path}");
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

    private static string Place(RuleInfo rule) => $"{rule.Location.File}:{rule.Location.Row}";

    /// <summary>Over what judges: a test that changes changes no judgement.</summary>
    private static Digest Judging(PolicyBundle bundle, RegoPolicyOptions options) => Protocol.Digest.Of(CanonicalJson.Write(new JsonObject
    {
        ["files"] = Protocol.Digest.Of(CanonicalJson.Write(new JsonArray([.. bundle.Files.Where(f => !f.Path.EndsWith(CompiledPolicy.TestEnding, StringComparison.Ordinal))
            .Select(f => (JsonNode)new JsonArray(f.Path, Protocol.Digest.Of(f.Bytes.Span).ToString()))]))).ToString(),
        ["rego_version"] = options.Version,
    }));

    private static Outcome<PolicyBundle> Module(string spelled, string path, RegoPolicyOptions options, string baseDirectory)
    {
        if (!path.EndsWith(".rego", StringComparison.Ordinal)) return new Problem(ProblemCode.PolicyInvalid, $"'{spelled}' is neither a directory nor a .rego file.") { Where = spelled };
        var into = new BundleFiles(spelled, BundleLimits.Default);
        if (Add(into, Path.GetFileName(path), path) is { } unread) return unread;
        if (options.Data is { } data)
        {
            var name = Path.GetExtension(data) switch { ".json" => "data.json", ".yaml" or ".yml" => "data.yaml", _ => null };
            if (name is null) return new Problem(ProblemCode.PolicyInvalid, $"the data '{data}' is neither a .json nor a .yaml file") { Where = spelled };
            if (Add(into, name, Path.GetFullPath(data, baseDirectory)) is { } missing) return missing;
        }
        return PolicyBundle.Of(into, BundleOptions.Default);
    }

    private static Problem? Add(BundleFiles into, string name, string path)
    {
        if (!PlainFile.Read(path, into.Limits.FileBytesMax, ProblemCode.PolicyInvalid).Try(out var file, out var problem)) return problem with { Code = ProblemCode.PolicyInvalid };
        if (!into.Admit(name, file.Bytes.Length).Try(out var plain, out problem)) return problem;
        into.Add(plain, file.Bytes);
        return null;
    }
}
