// Traps within a module: nothing in it, names under data that nothing provides, input that no schema checks, negations that mean something else.
using System.Collections.Immutable;
using CabinCrew.Rego.Builtins;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile.Checks.Lint;

internal static class LintModule
{
    public static void Run(RegoModule module, IReadOnlyList<RegoModule> modules, LintOptions options, List<RegoFinding> findings)
    {
        if (module.Rules.IsEmpty)
            findings.Add(new("empty-policy", $"package {module.PackageName} has no rules in this file", module.Package.Span.ToLocation()));
        foreach (var import in Imports.Unused(module))
            findings.Add(new("unused-import", $"{import.Span.Text} is not used", import.Span.ToLocation()));
        foreach (var import in module.Imports)
            CheckData(import.Path, modules, options, findings);

        var firstInput = default(Node);
        foreach (var rule in module.Rules)
        {
            CheckHead(rule, findings);
            SyntaxWalk.Visit(rule, node =>
            {
                if (node is RefTerm { Head: VarTerm { Name: "input" }, Path.IsEmpty: false })
                    firstInput ??= node;
                else if (node is RefTerm reference)
                    CheckData(reference, modules, options, findings);
                else if (node is NotExpr { Form: NotForm.Legacy } not)
                    CheckNegation(not, findings);
            });
        }

        if (firstInput is not null && options.Compile.InputSchema is null)
            findings.Add(new("unchecked-input", "references to input are not checked: no schema says what it holds", firstInput.Span.ToLocation()));
    }

    private static void CheckHead(Rule rule, List<RegoFinding> findings)
    {
        if (BuiltinTable.Find(rule.Head.Name) is not null)
            findings.Add(new("shadowed-built-in", $"within this package {rule.Head.Name} is this rule, and no longer the built-in function of that name: give it another name", rule.Head.Span.ToLocation()));
        if (rule.Head is { Kind: RuleKind.SingleValue, IsFunction: false, Reference.Path.IsEmpty: true, Value: RefTerm { Path: var path } value } && path.Any(step => step is VarTerm { IsWildcard: true }))
            findings.Add(new("top-level-iteration", $"{rule.Head.Name} has one value, and {value.Span.Text} may have several, which is a conflict when it is evaluated: collect them, as `{rule.Head.Name} := [x | x := {value.Span.Text}]` or by `contains`", rule.Head.Span.ToLocation()));
    }

    // In the old negation a wildcard inside a call or comparison is looked for outside of it: "not f(xs[_])" holds where any element fails, not where all do.
    private static void CheckNegation(NotExpr not, List<RegoFinding> findings)
    {
        if (not.Body.Expressions[0] is not TermExpr { Term: CallTerm call })
            return;
        var isOpen = false;
        foreach (var argument in call.Arguments)
        {
            SyntaxWalk.Visit(argument, node => isOpen |= node is RefTerm reference && reference.Path.Any(step => step is VarTerm { IsWildcard: true }));
        }

        if (isOpen)
            findings.Add(new("negated-wildcard", "the wildcard is outside of the negation, which holds as soon as one element fails: use `every`, a helper rule or `import future.keywords.not`", not.Span.ToLocation()));
    }

    private static void CheckData(RefTerm reference, IReadOnlyList<RegoModule> modules, LintOptions options, List<RegoFinding> findings)
    {
        if (reference.Head is not VarTerm { Name: "data" } || options.DataRoots is not { } roots)
            return;
        ImmutableArray<string> path = [.. reference.Path.TakeWhile(step => step is ScalarTerm { Value: StringValue }).Select(step => ((StringValue)((ScalarTerm)step).Value).Text)];
        if (path.IsEmpty || roots.Contains(path[0]))
            return;

        var known = modules.Where(module => IsPrefix(module.Package.Path, path) || IsPrefix(path, module.Package.Path)).ToList();
        if (known.Count == 0)
        {
            var asked = string.Join('.', path);
            var near = NearMatch.Of(asked, modules.Select(module => module.PackageName)) ?? NearMatch.Of(string.Join('.', path.SkipLast(1)), modules.Select(module => module.PackageName));
            findings.Add(new("unknown-package", $"nothing provides data.{asked}{(near is null ? "" : $" (did you mean \"data.{near}\"?)")}", reference.Span.ToLocation()));
            return;
        }

        if (known.Exists(module => path.Length <= module.Package.Path.Length))
            return;
        var names = known.SelectMany(module => module.Rules.Where(rule => path.Length > module.Package.Path.Length).Select(rule => (rule.Head.Name, module.Package.Path.Length))).ToList();
        if (!names.Exists(name => path[name.Length] == name.Name))
        {
            var depth = known.Max(module => module.Package.Path.Length);
            var near = NearMatch.Of(path[depth], names.Select(name => name.Name));
            findings.Add(new("unknown-rule", $"package {string.Join('.', path.Take(depth))} has no {path[depth]}{(near is null ? "" : $" (did you mean \"{near}\"?)")}", reference.Span.ToLocation()));
        }
    }

    private static bool IsPrefix(ImmutableArray<string> prefix, ImmutableArray<string> path) => prefix.Length <= path.Length && prefix.AsSpan().SequenceEqual(path.AsSpan(0, prefix.Length));
}
