// What can be said of modules before any name is resolved. Each check is one file and adds errors in OPA's words.
using System.Collections.Immutable;
using CabinCrew.Rego.Syntax;

namespace CabinCrew.Rego.Compile.Checks;

internal static class ModuleChecks
{
    public const string CompileError = "rego_compile_error";
    public const string TypeError = "rego_type_error";

    /// <summary>Errors of the modules' heads, imports and names, by module and place; conflicts between rules last. <paramref name="strict"/> asks v1's (and <c>--strict</c>'s) extra rules of v0 modules too.</summary>
    public static ImmutableArray<RegoError> Run(IReadOnlyList<RegoModule> modules, bool strict = false)
    {
        var errors = ImmutableArray.CreateBuilder<RegoError>();
        foreach (var module in modules)
        {
            if (strict || module.IsStrict)
            {
                Imports.CheckDuplicates(module, errors);
                Shadowing.Check(module, errors);
            }

            if (strict)
                Imports.CheckUnused(module, errors);
        }

        if (errors.Count == 0)
            Conflicts.Check(modules, errors);
        return errors.DrainToImmutable();
    }
}
