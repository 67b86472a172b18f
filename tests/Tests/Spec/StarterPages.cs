// The pages of the starter library, docs/policies/: made of the policies' own annotations, so that they cannot be wrong.
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Rego.Authoring;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;
using CabinCrew.Rego;
using CabinCrew.Tests.Tidy;
using Xunit;

namespace CabinCrew.Tests.Spec;

/// <param name="Settings">What each setting is, as the annotation says it.</param>
/// <param name="Defaults">The settings as the policy has them.</param>
/// <param name="Findings">Decision, id, message.</param>
internal sealed record StarterPage(string Name, string Title, string Description, IReadOnlyList<string> Twins, IReadOnlyDictionary<string, string> Settings, JsonElement Defaults, IReadOnlyList<(string Decision, string Id, string Message)> Findings);

internal static partial class StarterPages
{
    public static readonly IReadOnlyList<StarterPage> All = [.. StarterPolicies.Names.Select(Read)];

    [GeneratedRegex("""^(deny|require_approval|warn) contains .*?(?:"id": "([a-z-]+)", "msg": ((?:[^{}"]|"[^"]*")*?)(?:, "role"|, "count"|, "evidence"|\})|(?:about|needing|at_lines)\("([a-z-]+)", ((?:sprintf\()?"[^"]*"))""", RegexOptions.Multiline)]
    private static partial Regex Finding { get; }

    [GeneratedRegex("""^\t"([a-z-]+)": \{"where": "[a-z]+", "what": "([^"]*)""", RegexOptions.Multiline)]
    private static partial Regex TabledFinding { get; }

    public static string Page(StarterPage page)
    {
        var text = new StringBuilder($"# {page.Title}\n\nWritten by the tests from `policies/{page.Name}.rego`; do not edit.\n\n{page.Description}\n");
        if (page.Findings.Count > 0)
        {
            text.Append("\n## What it says\n\n| decision | id | message |\n| --- | --- | --- |\n");
            foreach (var (decision, id, message) in page.Findings) text.Append($"| {decision} | `{id}` | {message} |\n");
        }
        text.Append($"\n## How to tune it\n\nBelow `cabincrew.settings.{page.Name}` in `data.yaml`; `mode` is a setting too ({(page.Name == "preflight" ? "of the policies that it collects" : "enforce, warn or off")}).\n\n| setting | as it is | what it is |\n| --- | --- | --- |\n");
        foreach (var setting in page.Defaults.EnumerateObject()) text.Append($"| `{setting.Name}` | `{setting.Value.GetRawText().Replace("|", "\\|", StringComparison.Ordinal)}` | {page.Settings[setting.Name]} |\n");
        if (page.Twins.Count > 0) text.Append($"\nDecides like {(page.Twins.Count == 1 ? "the rule" : "the rules")} {string.Join(", ", page.Twins.Select(t => $"`{t}`"))} of `builtin: defaults`, as long as it is not tuned.\n");
        return text.Append(page.Name == StarterPolicies.Collection ? "" : $"\nTake it alone: `cabincrew policy init --only {page.Name}`. Its tests: `policies/{page.Name}_test.rego`.\n").ToString();
    }

    private static StarterPage Read(string name)
    {
        var source = StarterPolicies.Text($"{name}.rego");
        var lines = source.Split('\n').TakeWhile(l => l.StartsWith('#')).ToArray();
        Assert.True(lines is ["# METADATA", ..], $"{name}.rego does not begin with its annotations");
        var map = YamlNodes.Read(string.Join('\n', lines[1..].Select(l => l.Length > 2 ? l[2..] : "")), $"{name}.rego", ProblemCode.PolicyInvalid);
        Assert.True(map.Ok, map.Problem?.Message);
        var custom = map.Value.TakeMap("custom")!;
        var settings = custom.TakeMap("settings");
        return new(
            name, map.Value.TakeText("title")!, map.Value.TakeText("description")!.Trim(), custom.TakeTexts("twins") ?? [],
            settings is null ? new Dictionary<string, string>() : settings.Entries.ToDictionary(e => e.Key.Text, e => settings.TakeText(e.Key.Text)!), DefaultsOf(name, source),
            [
                .. Finding.Matches(source).Select(m => (m.Groups[1].Value, m.Groups[2].Value + m.Groups[4].Value, Plain(m.Groups[3].Value + m.Groups[5].Value))).Distinct(),
                .. TabledFinding.Matches(source).Select(m => (source.IndexOf("\ndoubtful :=", StringComparison.Ordinal) < m.Index ? "require_approval" : "deny", m.Groups[1].Value, m.Groups[2].Value)),
            ]);
    }

    private static JsonElement DefaultsOf(string name, string source)
    {
        var package = name == StarterPolicies.Collection ? RegoPolicyOptions.DefaultPackage : $"cabincrew.policies.{name}";
        var files = PolicyFiles.Of([($"{name}.rego", source), ("findings.rego", StarterPolicies.Text("findings.rego"))]);
        var program = RegoProgram.Compile(files.Modules.Select(f => f.Module!));
        Assert.True(program.Ok, program.Errors.Count > 0 ? program.Errors[0].ToString() : null);
        var value = program.Value.Prepare($"data.{package}.defaults").Value!.Evaluate(null, null).Value;
        Assert.NotNull(value);
        return JsonElement.Parse(value.ToJson());
    }

    // The first text of a message, which may be put together; what is filled in reads as dots.
    private static string Plain(string message) => Regex.Replace(Regex.Match(message, "\"([^\"]*)\"").Groups[1].Value, "%[a-z]", "…").TrimEnd(':', ' ');
}

public sealed class StarterPagesTests
{
    [Fact]
    public void Every_policy_has_its_page()
    {
        foreach (var page in StarterPages.All) Repository.IsUpToDate($"docs/policies/{page.Name}.md", StarterPages.Page(page));
    }

    [Fact]
    public void The_list_of_policies_is_up_to_date()
    {
        var text = new StringBuilder("""
            # The starter library

            Written by the tests from the policies' own annotations; do not edit.

            Policies to begin with, in Rego, with their tests. They are part of the program: `cabincrew policy init` writes them to a directory of yours, and a workflow
            names that directory: `policies: [ { rego: policies } ]`. Take all of them, or some (`--only NAME`). They are tuned by `data.yaml` beside them and need not be
            edited; a slip in there denies everything and says where. A policy in `mode: warn` is a rehearsal: what it would do is a warning.

            Your own policies go beside them: a package below `cabincrew.policies` with `deny`, `require_approval` or `warn` is collected like these, and one with
            `defaults` can be tuned like these.

            | policy | what it is for |
            | --- | --- |

            """);
        foreach (var page in StarterPages.All) text.Append($"| [{page.Title}]({page.Name}.md) | {page.Description.Replace('\n', ' ')} |\n");
        Repository.IsUpToDate("docs/policies/README.md", text.ToString());
    }

    [Fact]
    public void Every_setting_is_described_and_every_description_is_of_a_setting() =>
        Repository.None(
            from page in StarterPages.All
            from name in page.Settings.Keys.Except(page.Defaults.EnumerateObject().Select(d => d.Name)).Concat(page.Defaults.EnumerateObject().Select(d => d.Name).Except(page.Settings.Keys))
            select $"{page.Name}: {name}",
            "Settings and their descriptions differ:");

    [Fact]
    public void Every_policy_tells_what_it_finds() =>
        Repository.None(StarterPages.All.Where(p => p.Findings.Count == 0 || p.Findings.Any(f => f.Message.Length == 0)).Select(p => p.Name), "Policies whose page tells no finding:");
}
