// The results of tests as `opa test --format json` prints them, for tools that read those.
using System.Text;
using System.Text.Json.Nodes;
using CabinCrew.Rego.Values;

namespace CabinCrew.Governance.Policies.Rego.Authoring;

public static class OpaTestDocuments
{
    /// <summary>A list of results; with coverage OPA prints that instead.</summary>
    public static JsonNode Of(PolicyTestReport report, bool coverage) =>
        coverage ? TestDocuments.Coverage(report) : new JsonArray([.. report.Results.Select(r => (JsonNode)Of(r))]);

    private static JsonObject Of(PolicyTestResult test)
    {
        var node = new JsonObject
        {
            ["location"] = TestDocuments.Location(test.Location),
            ["package"] = "data." + test.Package,
            ["name"] = test.Name,
            ["duration"] = (long)test.Time.TotalNanoseconds,
        };
        if (test.Outcome == PolicyTestOutcome.Failed) node["fail"] = true;
        if (test.Outcome == PolicyTestOutcome.Todo) node["skip"] = true;
        if (test.Error is { } error) node["error"] = new JsonObject { ["code"] = error.Code, ["message"] = error.Message, ["location"] = TestDocuments.Location(error.Location) };
        if (test.Printed.Count > 0) node["output"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(string.Concat(test.Printed.Select(p => p + "\n"))));
        if (test.Cases.Count > 0) node["sub_results"] = Cases(test.Cases.Select(c => (c.Name.Items.ToArray().Select(part => part is StringValue text ? text.Text : part.ToString()).ToArray(), c.Passed)), 0);
        return node;
    }

    // Names of several parts nest.
    private static JsonObject Cases(IEnumerable<(string[] Name, bool Passed)> cases, int depth)
    {
        var all = new JsonObject();
        foreach (var same in cases.GroupBy(c => c.Name[depth], StringComparer.Ordinal))
        {
            var node = new JsonObject { ["name"] = same.Key };
            if (same.Any(c => !c.Passed)) node["fail"] = true;
            if (same.Where(c => c.Name.Length > depth + 1).ToList() is { Count: > 0 } inner) node["sub_results"] = Cases(inner, depth + 1);
            all[same.Key] = node;
        }
        return all;
    }
}
