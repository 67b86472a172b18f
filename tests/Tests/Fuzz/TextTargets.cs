// Doors for files that people write and for words on a command line: YAML, workflow, rules and identities files, quantities, names, arguments, secrets.
using System.Globalization;
using System.Numerics;
using System.Text;
using CabinCrew.Cli;
using CabinCrew.Cli.Rendering;
using CabinCrew.Governance.Access;
using CabinCrew.Governance.Policies.Sources;
using CabinCrew.Governance.Yaml;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Tests.Hangar;
using CabinCrew.Tests.Spec;
using CabinCrew.Tests.Tidy;
using static CabinCrew.Tests.Fuzz.FuzzTarget;
using Quantities = CabinCrew.Governance.Yaml.Quantities;

namespace CabinCrew.Tests.Fuzz;

internal static class TextTargets
{
    private static readonly string[] Yaml = ["- ", ": ", "{", "}", "[", "]", "&a ", "*a", "!!str ", "<<: ", "|\n", ">-\n", "? ", "%YAML 1.1\n", "---\n", "...\n", "#", "\t", "'", "\"", "~", "0x1F", "0o17", "1_000", ".inf", "yes", "2026-01-31", "\u0085", "\u2028"];

    public static IEnumerable<FuzzTarget> All =>
    [
        new("yaml", [.. JsonTargets.Texts("a: 1\nb: [x, 'y', \"z\\n\"]\nc:\n  - d: |\n      text\n    e: ~\n", "{a: 1.5, 'b c': true}\n", "a: >-\n  folded\n  text\n\nb: 0x1f\n")], YamlText, Yaml) { Short = 8000 },
        new("workflow", [.. Files("testkit/workflows/good"), .. Files("testkit/workflows/bad"), .. Files("examples/workflows")], Workflow,
            [.. Yaml, "engine: patch", "needs: [a]", "limits:", "wall_clock: 5m", "secrets:", "context:", "policies:", "builtin: defaults", "approvals:", "network: take-off", "outside:", "version: 1", "on_drift: replan", "9999999999d"]) { Short = 3000 },
        new("rules", [Encoding.UTF8.GetBytes(Repository.Text("src/Governance/Policies/defaults.yaml")[..6000]), .. JsonTargets.Texts(
            "version: 1\ndefault: require_approval\nrules:\n- {id: a, when: {paths: ['**/*.cs', '!x/**'], change: [create], added_lines: {pattern: 'DE(B|X)+UG', min: 1}}, decision: deny, reason: r}\n",
            "version: 1\ndefault: { decision: warn }\nrules:\n- id: b\n  when: { git_refs: { names: [refs/heads/*], move: delete }, deleted_share_min: 0.5, effects: some }\n  decision: require_approval\n  role: security\n  count: 2\n  reason: r\n  examples:\n    match: []\n")], Rules,
            [.. Yaml, "paths:", "added_lines:", "pattern: '(a{1,1000}){1,1000}'", "((a*)*)*$", "[^\\w\\s]{500}", "\\p{L}", "(?i)x", "{a,b}", "**", "case: ignore", "kind: link", "files_changed_min: 1", "examples:"]) { Short = 2500, Memory = (96 << 20, 600), Time = (900, 20) },
        new("identities", [.. JsonTargets.Texts(FlightHouse.Crew, "version: 1\nself_approval: true\ndefault_role: lead\nidentities:\n  - { name: a, kind: human, roles: [lead, x], os_user: rita }\n  - { name: b, kind: human, roles: x, os_user: 1000 }\ndelegations:\n  - { from: a, to: b, roles: [lead], until: 2030-01-01T00:00:00Z }\n")], Identities,
            [.. Yaml, "kind: automation", "kind: human", "os_user: 0", "token_sha256:", "delegations:", "until:", "roles: []"]) { Short = 3000 },
        new("quantity", [.. JsonTargets.Texts("90s", "24h", "512MiB", "1GiB", "999999999d")], Quantity, "s", "m", "h", "d", "KiB", "MiB", "B") { Short = 8000 },
        new("name", [.. JsonTargets.Texts("src/a.cs", "refs/heads/main", "wf-20260131-7h3k9q2m", "sha256:" + new string('a', 64), "change", "aux.txt")], Name, "..", "/", ".lock", "@{", "con", "body.data", "COM1", "\u0130", "\uFF0F") { Short = 12_000 },
        new("arguments", [.. JsonTargets.Texts("run\n--wait\n30m\n--json", "approve\nap-1\n--reason\nfine", "show\nwf-1\n--diff", "audit\nexport\n-o\nx", "--store=sqlite:x\nstatus\n-n\n3", "[suggest:3]\nrun")], Arguments,
            "\n", "--", "-", "--json", "--as", "--help", "[suggest:1]", "[diagram]", "reject", "settle", "--because", "=", "\"", "@", "-n\n1") { Short = 2500 },
        new("redactor", [.. JsonTargets.Texts("s3cret-value\nthe s3cret-value is s3cret-value", "aaaa\naaaaaaaaaaaaaa", "line one\\nline two\nbGluZSBvbmU=", "p\"w/+\u00e9\u00e9\n{\"p\\\"w\":1}")], Redaction, "redacted", "[redacted:x]", "%20", "\\u0022") { Short = 4000, Memory = (8 << 20, 4000), Time = (400, 60) },
        new("screen", [.. JsonTargets.Texts("plain", "\u001b[31mred\u202e", "a\tb\nc")], Screen, "\u009b", "\u200b", "\U000e0041", "\r", "\u00ad") { Short = 8000 },
    ];

    private static IEnumerable<byte[]> Files(string below, string pattern = "*.yaml") =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, below), pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal).Take(30).Select(File.ReadAllBytes);

    private static string YamlText(byte[] input)
    {
        if (!YamlNodes.Read(input, "f.yaml", ProblemCode.WorkflowFileInvalid).Try(out var map, out var problem)) return Refused(problem);
        var json = map.ToJson();
        var canonical = CanonicalJson.Write(json);
        var strict = StrictJson.Parse(canonical, new(BytesMax: 64 << 20, DepthMax: 64, ValuesMax: 1_000_000));
        Holds(strict.Ok, $"what YAML gave is not good JSON: {strict.Problem}");
        // JSON is YAML: read as that it must mean the same.
        var again = YamlNodes.Read(canonical, "f.json", ProblemCode.WorkflowFileInvalid, new(BytesMax: 64 << 20));
        if (again.Problem is { } refused) return $"as JSON: {Refused(refused)}";
        Holds(CanonicalJson.Write(again.Value.ToJson()).AsSpan().SequenceEqual(canonical), "as JSON it means something else");
        return $"a mapping of {Math.Min(map.Entries.Count, 4)}";
    }

    private static readonly Lazy<TempTree> Home = new(() =>
    {
        var tree = new TempTree();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => tree.Dispose();
        return tree.File("workspace/x", "").File("engines/e", "#!/bin/sh\n", executable: true);
    });

    private static string Workflow(byte[] input)
    {
        File.WriteAllBytes(Home.Value["cabincrew.yaml"], input);
        if (!WorkflowFile.Load(Home.Value["cabincrew.yaml"]).Try(out var definition, out var problem)) return Refused(problem);
        var snapshot = DefinitionSnapshot.Write(definition);
        var again = DefinitionSnapshot.Read(snapshot);
        Holds(again.Ok, $"what is stored of it cannot be read: {again.Problem}");
        Holds(CanonicalJson.Write(DefinitionSnapshot.Write(again.Value)).AsSpan().SequenceEqual(CanonicalJson.Write(snapshot)), "stored and read again it is another");
        Holds(definition.Steps.Count > 0 && definition.Steps.All(s => s.Needs.All(n => definition.Steps.Any(o => o.Id == n))), "a step that needs nobody");
        return $"{definition.Steps.Count} steps {definition.OnDrift} {definition.Aggregation}";
    }

    private static readonly Governance.Policies.PolicySubject Subject = Subjects.Of(Subjects.Create("src/a.cs", "DEBUG", "password = 'x'"), Subjects.Update("x/y.md", new string('a', 300)), Subjects.Delete("z"));

    private static string Rules(byte[] input)
    {
        if (!RulesPolicySource.Of("rules:t.yaml", "t", input, "t.yaml", checkExamples: true).Try(out var source, out var problem)) return Refused(problem);
        var first = source.EvaluateAsync(Subject, default).AsTask().GetAwaiter().GetResult();
        var second = RulesPolicySource.Of("rules:t.yaml", "t", input, "t.yaml", checkExamples: true).Value.EvaluateAsync(Subject, default).AsTask().GetAwaiter().GetResult();
        Holds(first.Count > 0, "no verdict at all");
        Holds(first.Select(v => (v.PolicyId, v.Decision, v.Reason)).SequenceEqual(second.Select(v => (v.PolicyId, v.Decision, v.Reason))), "the same rules judge in two ways");
        return string.Join(' ', first.Select(v => v.Decision).Distinct());
    }

    private static string Identities(byte[] input)
    {
        if (!YamlNodes.Read(input, "identities.yaml", ProblemCode.IdentitiesInvalid).Then(IdentitiesFile.Of).Try(out var book, out var problem)) return Refused(problem);
        var now = new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
        var known = 0;
        foreach (var who in (string[])["agent", "ann", "a", "b", "rita", "root"])
        {
            if (!book.Authenticate(new("nobody", 4242, null, $"{who}-has-this-token")).Try(out var caller, out _) && !book.Authenticate(new(who, 1000, null, null)).Try(out caller, out _)) continue;
            known++;
            Holds(caller.Human == book.IsHuman(caller.Name), $"two persons with one name: {caller.Name}");
            Holds(book.RolesOf(caller.Name, now).Where(h => h.DelegatedFrom is null).Select(h => h.Role).SequenceEqual(caller.Roles), $"roles from nowhere: {caller.Name}");
            foreach (var held in book.RolesOf(caller.Name, now))
                Holds(held.DelegatedFrom is null || caller.Human && book.IsHuman(held.DelegatedFrom) && book.RolesOf(held.DelegatedFrom).Contains(held.Role), $"a role that nobody could hand on: {held}");
        }
        return $"{known} known";
    }

    private static string Quantity(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        var (duration, size) = (Quantities.Duration(text), Quantities.Size(text));
        if (duration is { } d) Holds(Quantities.Duration(Quantities.Write(d)) == d && d == TimeSpan.FromSeconds((long)Value(text, ("s", 1), ("m", 60), ("h", 3600), ("d", 86_400))), "a duration of another length");
        if (size is { } s) Holds(Quantities.Size(Quantities.WriteSize(s)) == s && s == Value(text, ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)), "a size of another length");
        return $"{duration is not null} {size is not null}";
    }

    private static BigInteger Value(string text, params (string Unit, long Scale)[] units)
    {
        var (unit, scale) = units.First(u => text.EndsWith(u.Unit, StringComparison.Ordinal));
        return BigInteger.Parse(text[..^unit.Length], NumberStyles.None, CultureInfo.InvariantCulture) * scale;
    }

    private static string Name(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        var words = new StringBuilder();
        if (WorkspacePath.TryParse(text, out var path))
        {
            Holds(path.ToString() == text && !Path.IsPathRooted(text) && Path.GetFullPath(text, "/workspace").StartsWith("/workspace/", StringComparison.Ordinal), "a path that leads out");
            words.Append("path ");
        }
        if (ArtifactName.TryParse(text, out var name))
        {
            Holds(name.ToString() == text && text.IndexOfAny(['/', '\\', '\0', '\n', ' ', ':']) < 0 && text is not ("." or ".."), "a name that is none");
            words.Append("artifact ");
        }
        if (StepId.TryParse(text, out _) != WorkflowId.TryParse(text, out _)) throw new BrokenPropertyException("two sorts of names");
        if (Digest.TryParse(text, out var digest)) words.Append("digest ").Append(Holding(digest.ToString() == text));
        if (Orchestrator.Artifacts.GitNames.IsFullRef(text)) words.Append("ref ");
        words.Append(NearMatch.Of(text, ["status", "show", "settle"]) ?? "");
        return words.ToString();

        static string Holding(bool same) => same ? "" : throw new BrokenPropertyException("a digest in two spellings");
    }

    private static readonly Lazy<System.CommandLine.Command> Commands = new(Root.Build);

    private static string Arguments(byte[] input)
    {
        var args = Encoding.UTF8.GetString(input).Split('\n');
        var parse = Root.Parse(args, Commands.Value);
        if (HelpPage.AskedFor(parse)) return $"help {HelpPage.PathOf(parse.CommandResult.Command)}";
        if (parse.Errors.Count == 0) return $"good {HelpPage.PathOf(parse.CommandResult.Command)}";
        var problem = UsageErrors.Of(parse);
        Holds(problem.Code == ProblemCode.InvalidArgument, $"{problem.Code}");
        return $"{parse.CommandResult.Command.Name} {Refused(problem)}";
    }

    private static string Redaction(byte[] input)
    {
        var line = Array.IndexOf(input, (byte)'\n');
        var secret = Encoding.UTF8.GetString(input, 0, Math.Clamp(line, 0, 2000)).Replace("\\n", "\n", StringComparison.Ordinal);
        if (secret.Trim().Length < Redactor.SecretCharsMin || "[redacted:x]".Contains(secret.Trim(), StringComparison.Ordinal)) return "too short, or our own mark";
        var redactor = new Redactor();
        redactor.Learn("x", secret);
        var text = Encoding.UTF8.GetString(input, line + 1, input.Length - line - 1);
        var clean = redactor.Redact(text);
        var forms = SecretForms.Of(secret);
        // What our own mark says can hold a form of a very odd secret; nothing else may.
        var left = clean.Split("[redacted:x]");
        Holds(!forms.Any(f => left.Any(l => l.Contains(f, StringComparison.Ordinal))), "a form of the secret is still there");
        Holds((clean == text) == !forms.Any(f => text.Contains(f, StringComparison.Ordinal)), "changed without need, or not though there was");
        if (clean != text) Holds(redactor.FindIn(Encoding.UTF8.GetBytes(text)) is not null, "not found in bytes what is there in text");
        if (StrictJson.Parse(Encoding.UTF8.GetBytes(text)).Try(out var json, out _))
        {
            var written = redactor.Redact(json);
            Holds(StrictJson.Check(Encoding.UTF8.GetBytes(written.GetRawText()), new(BytesMax: 64 << 20)).Ok, "redacted JSON is none");
        }
        return clean == text ? "clean" : "redacted";
    }

    private static string Screen(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        foreach (var safe in (string[])[SafeText.Line(text), SafeText.Line(input), SafeText.Block(text).Replace("\n", "", StringComparison.Ordinal).Replace("\t", "", StringComparison.Ordinal)])
            Holds(safe.EnumerateRunes().All(r => r.Value is 0x200c or 0x200d || Rune.GetUnicodeCategory(r) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)), "something unseen gets to the screen");
        return text == SafeText.Line(text) ? "plain" : $"escaped {SafeText.Line(text).Length > 3 * text.Length} {SafeText.Block(text) == text}";
    }
}
