// Imports that hide each other or that nothing uses.
using System.Collections.Immutable;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile.Checks;

internal static class Imports
{
    /// <summary>The name by which a module's rules call an import.</summary>
    public static string NameOf(Import import) => import.Alias
        ?? (import.Path.Path is [.., ScalarTerm { Value: StringValue last }] ? last.Text : ((VarTerm)import.Path.Head).Name);

    public static void CheckDuplicates(RegoModule module, ImmutableArray<RegoError>.Builder errors)
    {
        var seen = new Dictionary<string, Import>(StringComparer.Ordinal);
        foreach (var import in module.Imports)
        {
            if (!seen.TryAdd(NameOf(import), import))
                errors.Add(import.Span.Error(ModuleChecks.CompileError, $"import must not shadow {seen[NameOf(import)].Span.Text}"));
        }
    }

    public static void CheckUnused(RegoModule module, ImmutableArray<RegoError>.Builder errors)
    {
        foreach (var import in Unused(module))
            errors.Add(import.Span.Error(ModuleChecks.CompileError, $"{import.Span.Text} unused"));
    }

    /// <summary>The imports whose name occurs in no rule.</summary>
    public static IEnumerable<Import> Unused(RegoModule module)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var rule in module.Rules)
        {
            SyntaxWalk.Visit(rule, node =>
            {
                if (node is VarTerm name)
                    names.Add(name.Name);
            });
        }

        return module.Imports.Where(import => !import.IsLanguage && !names.Contains(NameOf(import)));
    }
}
