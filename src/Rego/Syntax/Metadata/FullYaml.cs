// YAML beyond the plain kind, by the reader that yaml.unmarshal uses, within a budget of its own.
using CabinCrew.Rego.Values;
using CabinCrew.Rego.Yaml;

namespace CabinCrew.Rego.Syntax.Metadata;

internal static class FullYaml
{
    private const long ElementsMax = 100_000;

    /// <summary>The value, or null and what is wrong in Go's words.</summary>
    public static Value? Read(string text, out string problem)
    {
        var left = ElementsMax;
        try
        {
            return YamlReader.Read(elements => left = left >= elements ? left - elements : throw new BudgetUsedUp(), text, out problem);
        }
        catch (BudgetUsedUp)
        {
            problem = "yaml: document contains excessive aliasing";
            return null;
        }
    }

    private sealed class BudgetUsedUp : Exception;
}
