// Which test shows which clause of the protocol: docs/generated/conformance.md is written from the [Clause] marks and the flights.
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;

namespace CabinCrew.Tests.Tidy;

public sealed partial class ClausesTests
{
    // Parts of the protocol that come later; their clauses may stand without a test, or with tests of the part that is there, until then.
    private static readonly Dictionary<string, string> Later = new()
    {
        ["APR-06"] = "channels besides the command line",
        ["AUD-06"] = "sinks besides the JSON Lines export",
        ["ORC-07"] = "judgement after execution",
    };

    /// <summary>Clause id to title, as the test kit lists them.</summary>
    internal static readonly IReadOnlyDictionary<string, string> Known =
        Repository.Lines("testkit/clauses.txt").Where(l => l.Length > 0 && l[0] != '#').Select(l => l.Split('\t')).ToDictionary(p => p[0], p => p[1]);

    [GeneratedRegex(@"^# clauses: (.+)$", RegexOptions.Multiline)]
    private static partial Regex FlightClauses { get; }

    [Fact]
    public void Marks_name_clauses_that_exist() =>
        Repository.None(Shown().Where(s => !Known.ContainsKey(s.Clause)).Select(s => $"{s.Test}: {s.Clause}"), "Unknown clauses:");

    [Fact]
    public void Only_tests_carry_marks() =>
        Repository.None(
            from t in typeof(ClauseAttribute).Assembly.GetTypes()
            from m in t.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            where m.GetCustomAttributes<ClauseAttribute>().Any() && !IsTest(m)
            select $"{t.Name}.{m.Name}",
            "A mark on something that is never run:");

    [Fact(Explicit = Repository.StillBuilding)]
    public void The_conformance_report_is_up_to_date() => Repository.IsUpToDate("docs/generated/conformance.md", Report());

    [Fact(Explicit = Repository.StillBuilding)]
    public void Every_clause_of_the_first_flight_is_shown() =>
        Repository.None(Known.Keys.Except(Shown().Select(s => s.Clause)).Where(c => !Later.ContainsKey(c)).Select(c => $"{c} {Known[c]}"), "Clauses that no test shows:");

    [Fact]
    public void Nothing_is_put_off_that_is_already_shown_in_full() =>
        Repository.None(Later.Keys.Where(c => !Known.ContainsKey(c)), "Put off, but not a clause:");

    private static string Report()
    {
        var shown = Shown().ToLookup(s => s.Clause, s => s.Test);
        var report = new StringBuilder("""
            # Conformance

            Written by the tests from their `[Clause]` marks and from the `# clauses:` lines of the flights; do not edit.
            Each clause of the protocol with the tests that show it. Run them all with `./test`.


            """);
        foreach (var family in Known.Keys.GroupBy(k => k.Split('-')[0]))
        {
            report.Append($"## {family.Key}\n\n");
            foreach (var clause in family)
            {
                report.Append($"### {clause} {Known[clause]}\n\n");
                var tests = shown[clause].Distinct().Order(StringComparer.Ordinal).ToArray();
                if (Later.TryGetValue(clause, out var what)) report.Append($"Not yet: {what}.\n{(tests.Length > 0 ? "\n" : "")}");
                else if (tests.Length == 0) report.Append("No test.\n");
                foreach (var t in tests) report.Append($"- {t}\n");
                report.Append('\n');
            }
        }
        return report.ToString().TrimEnd('\n') + "\n";
    }

    // A mark on a class counts for each of its tests.
    /// <summary>The marks of test programs that this one does not load: read from their sources.</summary>
    private static IEnumerable<(string Clause, string Test)> Beside()
    {
        foreach (var file in Repository.Files.Where(f => (f.StartsWith("tests/Gateways/", StringComparison.Ordinal) || f.StartsWith("tests/Server/", StringComparison.Ordinal) || f.StartsWith("tests/Models/", StringComparison.Ordinal)) && f.EndsWith(".cs", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            var open = new List<string>();
            foreach (var line in Repository.Lines(file).Select(l => l.Trim()))
            {
                if (line.StartsWith('[')) open.AddRange(Mark.Matches(line).Select(m => m.Groups[1].Value));
                else if (open.Count > 0 && Method.Match(line) is { Success: true } method)
                {
                    foreach (var clause in open) yield return (clause, $"{file.Split('/')[^2]}/{Path.GetFileNameWithoutExtension(file)}: {method.Groups[1].Value.Replace('_', ' ')}");
                    open.Clear();
                }
            }
        }
    }

    [GeneratedRegex(@"\bClause\(""([A-Z]+-[0-9]+)""\)")]
    private static partial Regex Mark { get; }

    [GeneratedRegex(@"^public (?:static )?(?:async )?(?:Task|void|ValueTask) (\w+)\(")]
    private static partial Regex Method { get; }

    private static IEnumerable<(string Clause, string Test)> Shown()
    {
        var marked =
            from t in typeof(ClauseAttribute).Assembly.GetTypes()
            from m in t.GetMethods()
            where IsTest(m) && m.DeclaringType == t
            from c in m.GetCustomAttributes<ClauseAttribute>().Concat(t.GetCustomAttributes<ClauseAttribute>())
            select (c.Id, $"{t.Namespace!.Split('.')[^1]}/{t.Name}: {m.Name.Replace('_', ' ')}");
        var flown =
            from f in Repository.Files
            where f.StartsWith("tests/E2E/flights/", StringComparison.Ordinal)
            from Match m in FlightClauses.Matches(Repository.Text(f))
            from c in m.Groups[1].Value.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries)
            select (c, $"`{f}`");
        return marked.Concat(flown).Concat(Beside());
    }

    private static bool IsTest(MethodInfo method) => method.GetCustomAttributes().Any(a => a is FactAttribute);
}
