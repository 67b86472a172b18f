// Functions that nothing calls.
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile.Checks.Lint;

internal static class LintCalls
{
    public static void Run(IReadOnlyList<RegoModule> modules, List<RegoFinding> findings)
    {
        // Any mention of the last name counts as use: what it refers to depends on imports and scopes, and a wrong finding is worse than none.
        var mentioned = new HashSet<string>(StringComparer.Ordinal);
        foreach (var module in modules)
        {
            foreach (var rule in module.Rules)
                Mention(rule, mentioned);
            foreach (var import in module.Imports)
                mentioned.Add(Imports.NameOf(import));
        }

        foreach (var rule in modules.SelectMany(module => module.Rules).Where(rule => rule.Head.IsFunction).DistinctBy(rule => rule.Head.Reference.Span.Text))
        {
            var name = rule.Head.Reference.Path is [.., ScalarTerm { Value: StringValue last }] ? last.Text : rule.Head.Name;
            if (!mentioned.Contains(name))
                findings.Add(new("unused-function", $"nothing calls {rule.Head.Reference.Span.Text}", rule.Head.Span.ToLocation()));
        }
    }

    private static void Mention(Rule rule, HashSet<string> names)
    {
        for (var at = rule; at is not null; at = at.Else)
        {
            SyntaxWalk.Visit(at.Body, node => Add(node, names));
            foreach (var term in (ReadOnlySpan<Term?>)[at.Head.Value, at.Head.Key, .. at.Head.Reference.Path])
            {
                if (term is not null)
                    SyntaxWalk.Visit(term, node => Add(node, names));
            }
        }
    }

    private static void Add(Node node, HashSet<string> names)
    {
        if (node is VarTerm name)
            names.Add(name.Name);
        else if (node is RefTerm { Path: [.., ScalarTerm { Value: StringValue last }] })
            names.Add(last.Text);
    }
}
