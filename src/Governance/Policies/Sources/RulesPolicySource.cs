// Declarative rules in YAML: a verdict for every rule that matches, and the file's default for whatever no rule covers.
// What covers a change: a rule that allows it, or a rule about files that is at least as strict as the default. So a rule can only
// loosen the default by saying `allow`, and a plan cannot talk its way into a milder rule.
using System.Collections.Concurrent;
using System.Text.Json;
using CabinCrew.Governance.Files;
using CabinCrew.Governance.Policies.Rules;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Sources;

internal sealed class RulesPolicySource : IPolicySource
{
    private const int FilesShownMax = 50;
    private const int LinesShownMax = 20;
    private const int PathsInReasonMax = 3;
    private const int KnownMax = 64;

    // The same bytes are the same rules: a server judges thousands of plans by one file, and its patterns are dear to build.
    private static readonly ConcurrentDictionary<(string ShownAs, Digest Digest, bool Tried), RulesFile> Known = [];

    public const string Kind = "rules";

    private readonly RulesFile file;
    private readonly string prefix;

    private RulesPolicySource(string name, string prefix, RulesFile file, Digest digest) => (Name, this.prefix, this.file, Digest) = (name, prefix, file, digest);

    public string Name { get; }

    public PolicyOrigin Origin => PolicyOrigin.Custom;

    public Digest Digest { get; }

    public PolicyText? Text { get; private init; }

    internal RulesFile File => file;

    public static Outcome<IPolicySource> BuiltIn(string name)
    {
        if (name != BuiltInRules.DefaultsName)
            return new Problem(ProblemCode.PolicyInvalid, $"There is no built-in policy '{name}'{NearMatch.Hint(name, [BuiltInRules.DefaultsName])}") { Remedy = $"Write `builtin: {BuiltInRules.DefaultsName}`." };
        return Of($"builtin:{name}", name, BuiltInRules.Bytes(name), $"{name}.yaml", checkExamples: false);
    }

    /// <param name="path">As the workflow file spells it; that spelling, not the place on this machine, names the source.</param>
    public static Outcome<IPolicySource> FromFile(string path, string directory)
    {
        if (string.IsNullOrWhiteSpace(path) || path.Contains('\0', StringComparison.Ordinal)) return new Problem(ProblemCode.PolicyInvalid, "A rules policy names no file.");
        if (!PlainFile.Read(Path.GetFullPath(path, directory), YamlLimits.Default.BytesMax, ProblemCode.PolicyInvalid).Try(out var read, out var problem))
            return problem with { Code = ProblemCode.PolicyInvalid, Remedy = "Write the file, or name another in `policies`." };
        return OfKept(path, read.Bytes);
    }

    /// <param name="path">As the workflow file spelled it when these bytes were read.</param>
    public static Outcome<IPolicySource> OfKept(string path, ReadOnlyMemory<byte> text)
    {
        var bytes = text.ToArray();
        return Of($"{Kind}:{path}", Path.GetFileNameWithoutExtension(path), bytes, path, checkExamples: true)
            .Map<IPolicySource>(source => ((RulesPolicySource)source).Keeping(bytes));
    }

    private RulesPolicySource Keeping(byte[] bytes) => new(Name, prefix, file, Digest) { Text = new((Name, Digest), "", [bytes], () => bytes) };

    internal static Outcome<IPolicySource> Of(string name, string prefix, byte[] bytes, string shownAs, bool checkExamples)
    {
        var digest = Protocol.Digest.Of(bytes);
        if (!Known.TryGetValue((shownAs, digest, checkExamples), out var file))
        {
            if (!YamlNodes.Read(bytes, shownAs, ProblemCode.PolicyInvalid).Try(out var map, out var problem)) return problem;
            if (!RulesFile.Of(map, checkExamples).Try(out file, out problem)) return problem;
            if (Known.Count >= KnownMax) Known.Clear();
            Known[(shownAs, digest, checkExamples)] = file;
        }
        return Outcome.Of<IPolicySource>(new RulesPolicySource(name, prefix, file, digest));
    }

    public ValueTask<IReadOnlyList<PolicyVerdict>> EvaluateAsync(PolicySubject subject, CancellationToken ct)
    {
        List<PolicyVerdict> verdicts = [];
        HashSet<JudgedChange> covered = new(ReferenceEqualityComparer.Instance);
        HashSet<JudgedRef> coveredRefs = [];
        var planAllowed = false;
        foreach (var rule in file.Rules)
        {
            if (rule.Match(subject, ct) is not { } match) continue;
            verdicts.Add(Verdict(match));
            if (rule.Decision == Decision.Allow) planAllowed |= !rule.Files.Any;
            if (rule.Decision == Decision.Allow || (rule.Files.Any && rule.Decision >= file.Default.Decision))
                covered.UnionWith(match.Files.Select(f => f.Change));
            // References in .git are covered by rules about them alone: what allows files says nothing about a branch.
            if (rule.Decision == Decision.Allow || rule.Decision >= file.Default.Decision) coveredRefs.UnionWith(match.Refs);
        }

        var rest = subject.Changes.Where(c => !covered.Contains(c)).Select(c => new FileMatch(c, [], [])).ToList();
        if (rest.Count > 0 || subject.Refs.Any(r => !coveredRefs.Contains(r)) || (subject.Changes.Count == 0 && !planAllowed)) verdicts.Add(Verdict(new(file.Default, rest, [])));
        return new(verdicts);
    }

    private PolicyVerdict Verdict(RuleMatch match)
    {
        var rule = match.Rule;
        return new($"{prefix}/{rule.Id}", rule.Decision, Reason(match), rule.Role, rule.Count, Evidence(match));
    }

    private static string Reason(RuleMatch match)
    {
        if (match.Refs.Count > 0) return $"{match.Rule.Reason}: {string.Join(", ", match.Refs.Take(PathsInReasonMax).Select(r => r.Name))}{(match.Refs.Count > PathsInReasonMax ? $" and {match.Refs.Count - PathsInReasonMax} more" : "")}";
        if (match.Files.Count == 0 || !match.Rule.Files.Any && match.Rule.Id != "default") return match.Rule.Reason;
        var shown = string.Join(", ", match.Files.Take(PathsInReasonMax).Select(f => f.Change.Change.Path));
        var more = match.Files.Count > PathsInReasonMax ? $" and {match.Files.Count - PathsInReasonMax} more" : "";
        return $"{match.Rule.Reason}: {shown}{more}";
    }

    // Line numbers, not the lines: what matched may be the very thing that must not be copied about.
    private JsonElement Evidence(RuleMatch match)
    {
        var bytes = new System.Buffers.ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("rule", $"{file.File}:{match.Rule.Line}");
            json.WriteNumber("files_matched", match.Files.Count);
            json.WriteStartArray("files");
            foreach (var one in match.Files.Take(FilesShownMax))
            {
                json.WriteStartObject();
                json.WriteString("path", one.Change.Change.Path.ToString());
                json.WriteString("change", one.Change.Change.Word);
                Numbers(json, "added_lines", one.AddedLines);
                Numbers(json, "deleted_lines", one.DeletedLines);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            if (match.Refs.Count > 0)
            {
                json.WriteStartArray("git_refs");
                foreach (var one in match.Refs.Take(FilesShownMax)) json.WriteStringValue($"{one.Name} {(one.Before is null ? "created" : one.After is null ? "deleted" : one.Forced ? "forced" : "updated")}");
                json.WriteEndArray();
            }

            if (match.Artifacts.Count > 0)
            {
                json.WriteStartArray("artifacts");
                foreach (var name in match.Artifacts.Take(FilesShownMax)) json.WriteStringValue(name.ToString());
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        using var document = JsonDocument.Parse(bytes.WrittenMemory);
        return document.RootElement.Clone();
    }

    private static void Numbers(Utf8JsonWriter json, string name, IReadOnlyList<int> numbers)
    {
        if (numbers.Count == 0) return;
        json.WriteStartArray(name);
        foreach (var number in numbers.Take(LinesShownMax)) json.WriteNumberValue(number);
        json.WriteEndArray();
    }
}
