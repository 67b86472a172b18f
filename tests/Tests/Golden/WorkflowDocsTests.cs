// The pages about the workflow file say what the code does: limits, keys, and examples that are good files.
using System.Text.Json;
using System.Text.RegularExpressions;
using CabinCrew.Governance.Yaml;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Schemas;

namespace CabinCrew.Tests.Golden;

public sealed partial class WorkflowDocsTests
{
    private static readonly string Docs = Path.GetFullPath(Path.Combine(WorkflowCorpusTests.Directory(), "../../docs"));

    [GeneratedRegex("^```yaml\n(version: 1\n.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Example { get; }

    [Fact]
    [Clause("ENG-12")]
    public void The_table_of_limits_is_that_of_the_code()
    {
        var rows = File.ReadLines(Path.Combine(Docs, "reference/limits.md")).Where(l => l.StartsWith("| `", StringComparison.Ordinal))
            .Select(l => l.Split('|', StringSplitOptions.TrimEntries)).ToDictionary(c => c[1].Trim('`'), c => (Default: c[2], Least: c[3], Most: c[4], Error: c[6].Trim('`')));
        Assert.Equal(LimitBounds.All.Select(b => b.Key), rows.Keys);
        foreach (var bound in LimitBounds.All)
        {
            var row = rows[bound.Key];
            Assert.Equal((bound.Write(bound.Get(EngineLimits.Default)), bound.Write(bound.Minimum), bound.Write(bound.Maximum)), (row.Default, row.Least, row.Most));
            Assert.Contains(ProblemCodes.Table, e => e.Id == row.Error && e.Clause == "ENG-12");
        }
    }

    [Fact]
    public void The_remedies_name_limits_that_there_are()
    {
        var named = ProblemCodes.Table.SelectMany(e => Regex.Matches(e.Remedy, @"`limits\.([a-z_]+)`").Select(m => m.Groups[1].Value)).Distinct().ToList();
        Assert.NotEmpty(named);
        Assert.Empty(named.Except(LimitBounds.All.Select(b => b.Key)));
    }

    [Fact]
    public void Every_key_of_the_schema_is_explained()
    {
        var page = File.ReadAllText(Path.Combine(Docs, "reference/workflow-file.md"));
        var keys = Keys(JsonDocument.Parse(SchemaCatalog.Text("workflow").Value).RootElement).Distinct().ToList();
        Assert.True(keys.Count > 30);
        Assert.DoesNotContain(keys, k => !Regex.IsMatch(page, $@"[`{{ ]{k}[`:]"));
    }

    [Fact]
    public void The_examples_of_the_documents_are_good_files()
    {
        var examples = Directory.EnumerateFiles(Docs, "*.md", SearchOption.AllDirectories).Select(f => (File: f, Text: File.ReadAllText(f)))
            .SelectMany(d => Example.Matches(d.Text).Select(m => (d.File, Text: m.Groups[1].Value))).Where(e => e.Text.Contains("\nsteps:", StringComparison.Ordinal)).ToList();
        Assert.True(examples.Count >= 5);
        foreach (var (file, text) in examples)
        {
            var json = YamlNodes.Read(text, file, ProblemCode.WorkflowFileInvalid);
            Assert.True(json.Ok, json.Problem?.Message);
            var fits = SchemaCatalog.Validate("workflow", json.Value.ToJson());
            Assert.True(fits.Ok, $"{file}: {fits.Problem}");
        }
    }

    private static IEnumerable<string> Keys(JsonElement schema)
    {
        if (schema.ValueKind == JsonValueKind.Array) return schema.EnumerateArray().SelectMany(Keys);
        if (schema.ValueKind != JsonValueKind.Object) return [];
        var own = schema.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object ? properties.EnumerateObject().Select(p => p.Name) : [];
        return own.Concat(schema.EnumerateObject().SelectMany(p => Keys(p.Value)));
    }
}
