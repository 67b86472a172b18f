// The top level of a workflow file, and what only the whole can show: twins, unknown needs, cycles, context from steps that are no predecessors.
using CabinCrew.Governance.Files;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workflows;

internal sealed class WorkflowReader(YamlMap root, string file)
{
    private const int PoliciesMax = 64;
    private static readonly TimeSpan PolicyTimeMax = TimeSpan.FromMinutes(5);
    private readonly string baseDirectory = Path.GetDirectoryName(file)!;

    /// <summary>What is well-formed but beyond this version; told apart, because mending the file does not help.</summary>
    public YamlErrors NotYet { get; } = new(root.Errors.File, ProblemCode.NotYetSupported);

    /// <summary>Null, or not to be used, when there are errors.</summary>
    public WorkflowDefinition? Read()
    {
        // Another version of the format may have any other key: more errors would only mislead.
        if (!IsKnownVersion()) return null;

        var name = root.TakeText("name", required: true, "a name of letters, digits, '.', '_' and '-'", charsMax: 128);
        if (name is not null && !StepId.TryParse(name, out _))
            root.Errors.Add(root.Take("name")!, $"'name': expected letters, digits, '.', '_' and '-', beginning with a letter or digit, found '{Clip(name)}'");
        var workspace = Workspace();
        var onDrift = root.TakeWord("on_drift", DefinitionWords.DriftAnswers) ?? DriftAnswer.Fail;
        var reduced = root.TakeWord("isolation", DefinitionWords.Isolations) ?? false;
        var planExpires = Expiry("plan");
        var approvalExpires = Expiry("approvals");
        var policies = Policies(workspace);
        var policyTime = Quantities.TakeDuration(root, "policy_time_limit", PolicyTimeMax);
        var aggregation = root.TakeWord("aggregation", Aggregation.Methods) ?? AggregationMethod.MostRestrictive;
        var steps = Steps(workspace);
        root.Close();
        if (root.Errors.Any || name is null || workspace is null) return null;

        var definition = new WorkflowDefinition
        {
            Name = name, File = file, Workspace = workspace, Steps = steps, Policies = policies, Aggregation = aggregation, OnDrift = onDrift,
            PlanExpires = planExpires, ReducedIsolation = reduced,
        };
        if (approvalExpires is { } expires) definition = definition with { ApprovalExpires = expires };
        return policyTime is { } limit ? definition with { PolicyTimeLimit = limit } : definition;
    }

    private bool IsKnownVersion()
    {
        var node = root.Take("version", $"{WorkflowFile.Version}", required: true);
        if (node is YamlScalar { Value: (long)WorkflowFile.Version }) return true;
        if (node is not null)
            root.Errors.Add(node, $"'version': expected {WorkflowFile.Version}, found {(node is YamlScalar scalar ? $"'{Clip(scalar.Text)}'" : node.Is)}");
        return node is null;
    }

    private string? Workspace()
    {
        var node = root.Take("workspace");
        var written = node is null ? "." : root.TakeText("workspace", expected: "a directory");
        if (written is null) return null;
        var at = node ?? root;
        if (CanonicalPath.Of(Path.Combine(baseDirectory, written)) is not { } path)
            root.Errors.Add(at, $"'workspace': expected a directory, found nothing at '{Clip(written)}'");
        else if (!Directory.Exists(path))
            root.Errors.Add(at, $"'workspace': expected a directory, found a file at '{Clip(written)}'");
        else if (path == "/")
            root.Errors.Add(at, "'workspace': expected a directory of its own, found the root of the file system");
        else return path;
        return null;
    }

    private TimeSpan? Expiry(string key)
    {
        if (root.TakeMap(key) is not { } map) return null;
        var expires = Quantities.TakeDuration(map, "expires", TimeSpan.FromDays(3650));
        map.Close();
        return expires;
    }

    private List<PolicyRef> Policies(string? workspace)
    {
        List<PolicyRef> policies = [];
        var reader = new PolicyReader(baseDirectory, PolicyDialect.Plans(path => StepSources.InWorkspace(workspace, path) ? StepSources.Outside : null));
        if (root.TakeList("policies") is not { } list) return policies;
        if (list.Items.Count > PoliciesMax) root.Errors.Add(list, $"'policies': expected at most {PoliciesMax}, found {list.Items.Count}");
        foreach (var map in list.Maps("a policy such as `builtin: defaults` or `rules: FILE`"))
        {
            if (reader.Read(map) is not { } policy) continue;
            if (policies.Any(p => p.Kind == policy.Kind && p.Value == policy.Value)) root.Errors.Add(map, $"the policy `{policy.Kind}: {Clip(policy.Value)}` stands here a second time");
            else policies.Add(policy);
        }
        return policies;
    }

    private List<StepDefinition> Steps(string? workspace)
    {
        List<StepReader> read = [];
        if (root.TakeList("steps", required: true) is not { } list) return [];
        if (list.Items.Count is 0 or > WorkflowFile.StepsMax)
            root.Errors.Add(list, $"'steps': expected 1 to {WorkflowFile.StepsMax} steps, found {list.Items.Count}");
        foreach (var map in list.Maps("a step").Take(WorkflowFile.StepsMax))
        {
            var step = new StepReader(map, baseDirectory, workspace);
            step.Read();
            read.Add(step);
        }
        Relations(read);
        return root.Errors.Any ? [] : [.. read.Select(s => s.Definition!)];
    }

    private void Relations(List<StepReader> steps)
    {
        var byId = new Dictionary<StepId, StepReader>();
        var twins = new Dictionary<string, StepReader>(StringComparer.OrdinalIgnoreCase);
        foreach (var step in steps)
        {
            if (step.Id is not { } id) continue;
            if (!twins.TryAdd(id.ToString(), step))
                root.Errors.Add(step.IdNode!, $"the step id '{id}' stands here a second time (first in line {twins[id.ToString()].IdNode!.Line}{(byId.ContainsKey(id) ? "" : $" as '{twins[id.ToString()].Id}'")})");
            else byId.Add(id, step);
        }

        var names = byId.Keys.Select(k => k.ToString()).ToList();
        foreach (var step in steps)
            foreach (var (need, node) in step.Needs)
            {
                if (!byId.ContainsKey(need))
                    root.Errors.Add(node, $"'needs': expected the id of a step of this file, found '{need}'{NearMatch.Hint(need.ToString(), names)}");
            }

        var graph = new StepGraph(byId.ToDictionary(s => s.Key, IReadOnlyList<StepId> (s) => [.. s.Value.Needs.Select(n => n.Id)]));
        if (graph.Cycle() is { } cycle)
            root.Errors.Add(byId[cycle[0]].IdNode!, $"steps wait for each other in a circle: {string.Join(" needs ", cycle)}");
        else
            foreach (var step in byId.Values) Contexts(step, byId, graph, names);
    }

    private void Contexts(StepReader step, Dictionary<StepId, StepReader> byId, StepGraph graph, List<string> names)
    {
        foreach (var (source, node) in step.ContextSteps)
        {
            if (!byId.ContainsKey(source))
                root.Errors.Add(node, $"'step': expected the id of a step of this file, found '{source}'{NearMatch.Hint(source.ToString(), names)}");
            else if (!graph.Precedes(source, step.Id!.Value))
                root.Errors.Add(node, $"'step': expected a step that '{step.Id}' needs, found '{source}'; add it to 'needs'");
        }
    }

    internal static string Clip(string text) => text.Length <= 60 ? text : text[..60] + "…";
}
