// The modules of a program, resolved and ordered: what plans are made from. The order of the stages decides which errors are told: each stage needs the one before.
using CabinCrew.Rego.Compile.Checks;
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile;

internal sealed class ProgramSource
{
    private readonly IReadOnlyList<RegoModule> modules;

    private readonly CompileOptions options;

    private ProgramSource(IReadOnlyList<RegoModule> modules, CompileOptions options)
    {
        this.modules = modules;
        this.options = options;
        Tests = options.Tests ? new(modules) : null;
    }

    /// <summary>Null where the program is not compiled to be tested.</summary>
    public TestRules? Tests { get; }

    /// <summary>What the checks learned of the types; null before the first plan.</summary>
    public ProgramChecks? Checks { get; private set; }

    public static ProgramSource Make(IReadOnlyList<RegoModule> modules, CompileOptions options, List<RegoError> errors)
    {
        errors.AddRange(ModuleChecks.Run(modules, options.Strict));
        return new(modules, options);
    }

    public Plan Plan(bool instrumented, CompileBudget budget, List<RegoError> errors)
    {
        var root = Tree();
        var rules = new Dictionary<PlacedRule, CoreRule>(ReferenceEqualityComparer.Instance);
        var annotations = new AnnotationSet(modules, errors);
        var calls = new CallLog(options.ExtraBuiltins, budget) { Annotations = annotations, AnnouncesCases = Tests is not null };
        var names = new Dictionary<RegoModule, ModuleNames>();
        var packages = modules.ToLookup(m => m.PackageName, StringComparer.Ordinal);
        foreach (var module in modules) names[module] = NamesOf(module, packages, root);
        foreach (var placed in AllRules(root, [])) rules[placed] = Lowering.LowerRule(placed, placed.Rule, names[placed.Module], errors, calls);
        if (errors.Count == 0) errors.AddRange(calls.Errors());
        if (errors.Count == 0)
        {
            foreach (var rule in rules.Values)
            {
                for (var one = rule; one is not null; one = one.Else) errors.AddRange(Safety.Check(one, budget));
            }
        }

        if (errors.Count == 0 && Checks is null) Checks = ProgramChecks.Run(root, rules, annotations, calls.IsDeprecatedFound, options, budget, errors);
        return errors.Count == 0 ? Planner.Make(root, rules, instrumented, errors) : new(root, [], 0, instrumented);
    }

    private RuleNode Tree()
    {
        var root = new RuleNode("data", null);
        foreach (var module in modules)
        {
            var package = root;
            foreach (var key in module.Package.Path) package = package.AddChild(key);
            foreach (var rule in module.Rules) Place(module, package, rule);
        }

        AbsorbDynamic(root);
        return root;
    }

    private void Place(RegoModule module, RuleNode package, Rule rule)
    {
        var node = package.AddChild(Tests?.NameOf(rule) ?? rule.Head.Name);
        var ground = 1;
        foreach (var part in rule.Head.Reference.Path)
        {
            if (part is not ScalarTerm { Value: StringValue key }) break;
            node = node.AddChild(key.Text);
            ground++;
        }

        node.Rules.Add(new(module, rule, Array.ConvertAll(node.PathValues, static v => ((StringValue)v).Text), ground));
    }

    private static void AbsorbDynamic(RuleNode node)
    {
        if (node.Rules.Exists(r => r.GroundLength <= r.Rule.Head.Reference.Path.Length)) node.Absorb();
        foreach (var child in node.Children) AbsorbDynamic(child);
    }

    private static List<PlacedRule> AllRules(RuleNode node, List<PlacedRule> into)
    {
        into.AddRange(node.Rules);
        foreach (var child in node.Children) AllRules(child, into);
        return into;
    }

    private static ModuleNames NamesOf(RegoModule module, ILookup<string, RegoModule> packages, RuleNode root)
    {
        var globals = new Dictionary<string, CoreRef>(StringComparer.Ordinal);
        foreach (var part in packages[module.PackageName])
        {
            foreach (var rule in part.Rules)
            {
                if (!globals.ContainsKey(rule.Head.Name)) globals[rule.Head.Name] = ModuleNames.Reference(RefRoot.Data, [.. module.Package.Path, rule.Head.Name]);
            }
        }

        foreach (var import in module.Imports)
        {
            if (import.IsLanguage) continue;
            var kind = ((VarTerm)import.Path.Head).Name == "input" ? RefRoot.Input : RefRoot.Data;
            globals[Imports.NameOf(import)] = ModuleNames.Reference(kind, [.. import.Path.Path.Select(p => ((StringValue)((ScalarTerm)p).Value).Text)]);
        }

        return new(root, globals);
    }
}
