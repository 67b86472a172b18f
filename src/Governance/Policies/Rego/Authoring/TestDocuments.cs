// The results of policy tests for machines: our JSON, coverage in OPA's form, and JUnit XML as build servers read it. Pure.
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml;
using CabinCrew.Rego;
using CabinCrew.Rego.Evaluate;

namespace CabinCrew.Governance.Policies.Rego.Authoring;

public static class TestDocuments
{
    public static string Word(this PolicyTestOutcome outcome) => outcome switch
    {
        PolicyTestOutcome.Passed => "pass",
        PolicyTestOutcome.Failed => "fail",
        PolicyTestOutcome.Error => "error",
        _ => "todo",
    };

    public static JsonObject Location(RegoLocation at) => new() { ["file"] = at.File, ["row"] = at.Row, ["col"] = at.Column };

    /// <summary>The lines below an error's message; null where there are none.</summary>
    public static JsonArray? Details(RegoError error) => error.Details.Length == 0 ? null : [.. error.Details.Split('\n').Select(line => (JsonNode)line)];

    public static JsonObject Json(PolicyTestReport report)
    {
        var document = new JsonObject
        {
            ["ok"] = report.Passed,
            ["passed"] = report.Count(PolicyTestOutcome.Passed),
            ["failed"] = report.Count(PolicyTestOutcome.Failed),
            ["errors"] = report.Count(PolicyTestOutcome.Error),
            ["todo"] = report.Count(PolicyTestOutcome.Todo),
            ["tests"] = new JsonArray([.. report.Results.Select(r => (JsonNode)Json(r))]),
        };
        if (report.Coverage.Count > 0) document["coverage"] = Coverage(report);
        return document;
    }

    /// <summary>As <c>opa test --coverage</c> prints it.</summary>
    public static JsonObject Coverage(PolicyTestReport report) => new()
    {
        ["files"] = new JsonObject(report.Coverage.Select(f => KeyValuePair.Create(f.File, (JsonNode?)new JsonObject
        {
            ["covered"] = Ranges(f.CoveredRows),
            ["not_covered"] = Ranges(f.UncoveredRows),
            ["covered_lines"] = f.CoveredRows.Count,
            ["not_covered_lines"] = f.UncoveredRows.Count,
            ["coverage"] = Percent(f.Percent),
        }))),
        ["covered_lines"] = report.Coverage.Sum(f => f.CoveredRows.Count),
        ["not_covered_lines"] = report.Coverage.Sum(f => f.UncoveredRows.Count),
        ["coverage"] = Percent(report.CoveragePercent),
    };

    /// <summary>Consecutive rows as first and last.</summary>
    public static IEnumerable<(int First, int Last)> Runs(IReadOnlyList<int> rows)
    {
        for (var i = 0; i < rows.Count;)
        {
            var first = i;
            while (i + 1 < rows.Count && rows[i + 1] == rows[i] + 1) i++;
            yield return (rows[first], rows[i++]);
        }
    }

    /// <summary>One suite a package.</summary>
    public static string JUnit(PolicyTestReport report)
    {
        var text = new StringBuilder();
        using (var xml = XmlWriter.Create(text, new() { Indent = true, OmitXmlDeclaration = true, NewLineChars = "\n", CheckCharacters = true }))
        {
            xml.WriteStartElement("testsuites");
            List<PolicyTestResult> tests = [.. report.Results.SelectMany(OneByOne)];
            Counts(xml, tests);
            foreach (var suite in tests.GroupBy(r => r.Package, StringComparer.Ordinal))
            {
                xml.WriteStartElement("testsuite");
                xml.WriteAttributeString("name", Xml(suite.Key));
                Counts(xml, [.. suite]);
                foreach (var test in suite) Case(xml, test);
                xml.WriteEndElement();
            }
            xml.WriteEndElement();
        }
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + text + "\n";
    }

    /// <summary>What there is to say about a test that did not pass, a line each.</summary>
    public static IEnumerable<string> Details(PolicyTestResult test)
    {
        if (test.Error is { } error) yield return error.ToString();
        foreach (var missed in test.Missed) yield return Text(missed);
        foreach (var one in test.Cases.Where(c => !c.Passed))
        {
            yield return $"FAIL  {one.Text}";
            foreach (var missed in one.Missed) yield return $"      {Text(missed)}";
        }
        foreach (var rule in test.Fired.Where(f => f.Location.File != test.Location.File)) yield return $"{rule.Location}: held: {rule.Path}";
    }

    private static string Text(TestTrace missed) => $"{missed.Location}: does not hold: {missed.Text}";

    private static JsonArray Json(IReadOnlyList<TestTrace> missed) => [.. missed.Select(m => (JsonNode)new JsonObject { ["location"] = Location(m.Location), ["text"] = m.Text })];

    private static JsonObject Json(PolicyTestCase one)
    {
        var node = new JsonObject { ["name"] = one.Text, ["result"] = (one.Passed ? PolicyTestOutcome.Passed : PolicyTestOutcome.Failed).Word() };
        if (one.Missed.Count > 0) node["does_not_hold"] = Json(one.Missed);
        return node;
    }

    private static JsonObject Json(PolicyTestResult test)
    {
        var node = new JsonObject { ["package"] = test.Package, ["name"] = test.Name, ["result"] = test.Outcome.Word(), ["location"] = Location(test.Location), ["milliseconds"] = Math.Round(test.Time.TotalMilliseconds, 3) };
        if (test.Error is { } error) node["error"] = new JsonObject { ["code"] = error.Code, ["message"] = error.Message, ["details"] = Details(error), ["location"] = Location(error.Location) };
        if (test.Printed.Count > 0) node["printed"] = new JsonArray([.. test.Printed.Select(p => (JsonNode)p)]);
        if (test.Missed.Count > 0) node["does_not_hold"] = Json(test.Missed);
        if (test.Cases.Count > 0) node["cases"] = new JsonArray([.. test.Cases.Select(c => (JsonNode)Json(c))]);
        if (test.Fired.Count > 0) node["rules_held"] = new JsonArray([.. test.Fired.Select(f => (JsonNode)new JsonObject { ["rule"] = f.Path, ["location"] = Location(f.Location) })]);
        return node;
    }

    // Each case is a test of its own to those who read the document; the time is told once.
    private static IEnumerable<PolicyTestResult> OneByOne(PolicyTestResult test) => test.Cases.Count == 0 ? [test] : test.Cases.Select((c, i) => test with
    {
        Name = $"{test.Name}/{c.Text}",
        Outcome = c.Passed ? PolicyTestOutcome.Passed : PolicyTestOutcome.Failed,
        Missed = c.Missed,
        Cases = [],
        Time = i == 0 ? test.Time : TimeSpan.Zero,
        Printed = i == 0 ? test.Printed : [],
    });

    private static void Counts(XmlWriter xml, List<PolicyTestResult> tests)
    {
        xml.WriteAttributeString("tests", Number(tests.Count));
        xml.WriteAttributeString("failures", Number(tests.Count(t => t.Outcome == PolicyTestOutcome.Failed)));
        xml.WriteAttributeString("errors", Number(tests.Count(t => t.Outcome == PolicyTestOutcome.Error)));
        xml.WriteAttributeString("skipped", Number(tests.Count(t => t.Outcome == PolicyTestOutcome.Todo)));
        xml.WriteAttributeString("time", Seconds(tests.Aggregate(TimeSpan.Zero, (sum, t) => sum + t.Time)));
    }

    private static void Case(XmlWriter xml, PolicyTestResult test)
    {
        xml.WriteStartElement("testcase");
        xml.WriteAttributeString("classname", Xml(test.Package));
        xml.WriteAttributeString("name", Xml(test.Name));
        xml.WriteAttributeString("file", Xml(test.Location.File));
        xml.WriteAttributeString("line", Number(test.Location.Row));
        xml.WriteAttributeString("time", Seconds(test.Time));
        if (test.Outcome == PolicyTestOutcome.Todo) xml.WriteElementString("skipped", "");
        if (test.Outcome is PolicyTestOutcome.Failed or PolicyTestOutcome.Error)
        {
            xml.WriteStartElement(test.Outcome == PolicyTestOutcome.Failed ? "failure" : "error");
            xml.WriteAttributeString("message", Xml(test.Error?.Message ?? "the test is not true"));
            xml.WriteString(Xml(string.Join('\n', Details(test))));
            xml.WriteEndElement();
        }
        if (test.Printed.Count > 0) xml.WriteElementString("system-out", Xml(string.Join('\n', test.Printed)));
        xml.WriteEndElement();
    }

    private static JsonArray Ranges(IReadOnlyList<int> rows) =>
        [.. Runs(rows).Select(r => (JsonNode)new JsonObject { ["start"] = new JsonObject { ["row"] = r.First }, ["end"] = new JsonObject { ["row"] = r.Last } })];

    // What XML cannot say is shown as a replacement character.
    private static string Xml(string text) => string.Concat(text.EnumerateRunes().Select(r => r.Value is '\t' or '\n' or '\r' || (r.Value >= 0x20 && r.Value is not (0xFFFE or 0xFFFF)) ? r.ToString() : "\uFFFD"));

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.000000", CultureInfo.InvariantCulture);

    private static double Percent(double percent) => Math.Round(percent, 2);
}
