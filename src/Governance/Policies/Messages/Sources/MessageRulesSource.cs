// Declarative rules about messages: a verdict for every rule that matches, and the file's default for a call that no rule covers.
// What covers a call: a rule that allows it, one at least as strict as the default, or one that looks at nothing but who calls what. So nobody talks a call into a milder rule by
// adding an argument, a line or a path that one looks for. Answers have a default of their own: what answers an allowed call is allowed unless a rule about answers says otherwise.
using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json;
using CabinCrew.Governance.Files;
using CabinCrew.Governance.Policies.Messages.Rules;
using CabinCrew.Governance.Policies.Rules;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Messages.Sources;

internal sealed class MessageRulesSource : IMessagePolicySource
{
    private const int PathsShownMax = 50;
    private const int LinesShownMax = 20;
    private const int PathsInReasonMax = 3;
    private const int KnownMax = 64;

    // The same bytes are the same rules, and their patterns are dear to build.
    private static readonly ConcurrentDictionary<(string ShownAs, Digest Digest, bool Tried), MessageRulesFile> Known = [];

    private readonly MessageRulesFile file;
    private readonly Dictionary<MessageRule, PolicyVerdict> plain = new(ReferenceEqualityComparer.Instance);
    private readonly IReadOnlyList<PolicyVerdict> keepsGoing;

    private MessageRulesSource(string name, string prefix, MessageRulesFile file, Digest digest)
    {
        (Name, this.file, Digest) = (name, file, digest);
        foreach (var rule in (IEnumerable<MessageRule>)[.. file.Rules, file.Default, file.Answers])
            plain[rule] = new($"{prefix}/{rule.Id}", rule.Decision, rule.Reason, rule.Role, rule.Count, Evidence(rule, null));
        keepsGoing = [new($"{prefix}/session", Decision.Allow, "it only keeps the session going")];
    }

    public string Name { get; }

    public PolicyOrigin Origin => PolicyOrigin.Custom;

    public Digest Digest { get; }

    public bool Waits => false;

    internal MessageRulesFile File => file;

    public static Outcome<IMessagePolicySource> BuiltIn(string name)
    {
        if (!BuiltInRules.OfMessages.Contains(name))
            return new Problem(ProblemCode.PolicyInvalid, $"There is no built-in policy '{name}' for messages{NearMatch.Hint(name, BuiltInRules.OfMessages)}") { Remedy = $"There are {string.Join(", ", BuiltInRules.OfMessages)}." };
        return Of($"builtin:{name}", name, BuiltInRules.Bytes(name), $"{name}.yaml", checkExamples: false);
    }

    /// <param name="path">As the configuration spells it; that spelling, not the place on this machine, names the source.</param>
    public static Outcome<IMessagePolicySource> FromFile(string path, string directory)
    {
        if (string.IsNullOrWhiteSpace(path) || path.Contains('\0', StringComparison.Ordinal)) return new Problem(ProblemCode.PolicyInvalid, "A rules policy names no file.");
        if (!PlainFile.Read(Path.GetFullPath(path, directory), YamlLimits.Default.BytesMax, ProblemCode.PolicyInvalid).Try(out var read, out var problem))
            return problem with { Code = ProblemCode.PolicyInvalid, Remedy = "Write the file, or name another in `policies`." };
        return Of($"rules:{path}", Path.GetFileNameWithoutExtension(path), read.Bytes, path, checkExamples: true);
    }

    internal static Outcome<IMessagePolicySource> Of(string name, string prefix, byte[] bytes, string shownAs, bool checkExamples)
    {
        var digest = Protocol.Digest.Of(bytes);
        if (!Known.TryGetValue((shownAs, digest, checkExamples), out var file))
        {
            if (!YamlNodes.Read(bytes, shownAs, ProblemCode.PolicyInvalid).Try(out var map, out var problem)) return problem;
            if (!MessageRulesFile.Of(map, checkExamples).Try(out file, out problem)) return problem;
            if (Known.Count >= KnownMax) Known.Clear();
            Known[(shownAs, digest, checkExamples)] = file;
        }
        return Outcome.Of<IMessagePolicySource>(new MessageRulesSource(name, prefix, file, digest));
    }

    public ValueTask<IReadOnlyList<PolicyVerdict>> EvaluateAsync(MessageSubject subject, CancellationToken ct)
    {
        List<PolicyVerdict>? verdicts = null;
        var view = new CallView(subject);
        var covered = false;
        foreach (var rule in file.Rules)
        {
            if (rule.Match(subject, view, ct) is not { } match) continue;
            (verdicts ??= new(2)).Add(match.Files is null || rule.Decision == Decision.Allow ? plain[rule] : Verdict(rule, match.Files));
            covered |= rule.Decision == Decision.Allow || rule.Decision >= file.Default.Decision || rule.IsOfAddressOnly;
        }
        if (subject.Kind == MessageKind.Response)
        {
            if (verdicts is null) return new([plain[file.Answers]]);
        }
        else if (!covered)
        {
            if (SessionMethods.Contains(subject.Method)) return new(verdicts ?? keepsGoing);
            (verdicts ??= new(1)).Add(plain[file.Default]);
        }
        return new(verdicts!);
    }

    private PolicyVerdict Verdict(MessageRule rule, CallFileMatch files)
    {
        var shown = string.Join(", ", files.Targets.Take(PathsInReasonMax).Select(Shown));
        var more = files.Targets.Count > PathsInReasonMax ? $" and {files.Targets.Count - PathsInReasonMax} more" : "";
        return plain[rule] with { Reason = files.Targets.Count == 0 ? rule.Reason : $"{rule.Reason}: {shown}{more}", Evidence = Evidence(rule, files) };
    }

    private static string Shown(FileTarget target) => target.Path is { } path ? path.Length == 0 ? "." : path : TextCut.Clip(string.Concat(target.Given.Select(c => char.IsControl(c) ? '\uFFFD' : c)), 200);

    // Line numbers, not the lines: what matched may be the very thing that must not be copied about.
    private JsonElement Evidence(MessageRule rule, CallFileMatch? files)
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("rule", $"{file.File}:{rule.Line}");
            if (files is not null)
            {
                json.WriteStartArray("paths");
                foreach (var target in files.Targets.Take(PathsShownMax))
                {
                    json.WriteStartObject();
                    json.WriteString("path", Shown(target));
                    if (target.Fault != FileFault.None) json.WriteString("fault", target.Fault.Word());
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                if (files.AddedLines.Count > 0)
                {
                    json.WriteStartArray("added_lines");
                    foreach (var number in files.AddedLines.Take(LinesShownMax)) json.WriteNumberValue(number);
                    json.WriteEndArray();
                }
            }
            json.WriteEndObject();
        }
        return JsonElement.Parse(bytes.WrittenSpan);
    }
}
