// Rules compiled to be run as tests: tests of one name are told apart by a number, and a test with cases in its head says which case it is about to try,
// so that a case that does not hold is known all the same. Source: OPA's test runner.
using CabinCrew.Rego.Builtins;
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile;

internal sealed class TestRules
{
    private const string Prefix = "test_";
    private const string Todo = "todo_" + Prefix;

    private static readonly Callee announcement = new(BuiltinTable.Find("internal.test_case"), null);

    private readonly Dictionary<Rule, string> numbered = [];
    private readonly List<RegoTest> all = [];

    /// <summary>Numbers what comes again, in the order of the modules and of their text. Beside a default all rules are one document, as ever.</summary>
    public TestRules(IReadOnlyList<RegoModule> modules)
    {
        var withDefault = modules.SelectMany(m => m.Rules.Where(r => r.IsDefault).Select(r => (m.PackageName, r.Head.Name))).ToHashSet();
        var counts = new Dictionary<(string, string), int>();
        foreach (var module in modules)
        {
            foreach (var (rule, outline) in module.Rules.Zip(RuleOutline.Of(module)))
            {
                var isTodo = outline.Name.StartsWith(Todo, StringComparison.Ordinal);
                if ((!isTodo && !outline.Name.StartsWith(Prefix, StringComparison.Ordinal)) || outline.IsFunction || outline.IsDefault)
                    continue;
                var key = (module.PackageName, outline.Name);
                var before = counts.GetValueOrDefault(key);
                counts[key] = before + 1;
                if (before == 0)
                    all.Add(new(module.PackageName, outline.Name, outline.Reference, isTodo, outline.IsKeyed || outline.IsSet, outline.Location));
                else if (!isTodo && !withDefault.Contains(key))
                    all.Add(Numbered(module, rule, outline, $"{outline.Name}#{before:00}"));
            }
        }
    }

    private RegoTest Numbered(RegoModule module, Rule rule, RuleOutline outline, string name)
    {
        numbered[rule] = name;
        return new(module.PackageName, name, RuleOutline.ReferenceOf(module, name), false, outline.IsKeyed || outline.IsSet, outline.Location);
    }

    /// <summary>Every test, in the order of the modules and of their text.</summary>
    public IReadOnlyList<RegoTest> All => all;

    /// <summary>The name that a rule's document has.</summary>
    public string NameOf(Rule rule) => numbered.GetValueOrDefault(rule, rule.Head.Name);

    /// <summary>The parts of a case's name, or null where the rule is no test with cases.</summary>
    public static CoreTerm[]? CaseOf(PlacedRule placed, CoreTerm[] tail, CoreTerm? key)
    {
        var head = placed.Rule.Head;
        if (!head.Name.StartsWith(Prefix, StringComparison.Ordinal) || head.IsFunction)
            return null;
        CoreTerm[] parts = [.. head.Reference.Path.Take(placed.GroundLength - 1).Select(part => new CoreConst(((ScalarTerm)part).Value)), .. tail, .. key is null ? [] : (CoreTerm[])[key]];
        return parts.Length == 0 ? null : parts;
    }

    /// <summary>
    /// Has a body announce its case as soon as the case's name is known, and before what is only tried then.
    /// What is behind <paramref name="written"/> works the name out, and is moved with it.
    /// </summary>
    public static void Announce(CoreBody body, int written, CoreTerm[] name, SourceSpan span)
    {
        var made = body.Expressions[written..];
        var needed = new LocalSet();
        foreach (var expression in made)
            LocalWalk.Collect(expression, Skip.None, needed);
        foreach (var part in name)
            LocalWalk.Collect(part, Skip.None, needed);

        var at = 0;
        for (var i = 0; i < written; i++)
        {
            var occurring = new LocalSet();
            LocalWalk.Collect(body.Expressions[i], Skip.Closures, occurring);
            if (!occurring.Overlaps(needed))
                continue;
            at = i + 1;
            needed = needed.Except(occurring);
        }

        body.Expressions.RemoveRange(written, made.Count);
        body.Expressions.InsertRange(at, [.. made, new CoreCall(announcement, [new CoreArray(name)], null, span) { Generated = true }]);
    }
}
