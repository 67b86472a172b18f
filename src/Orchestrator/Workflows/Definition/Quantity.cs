// Takes a limit out of a mapping, with errors that show the shape.
using CabinCrew.Governance.Yaml;

namespace CabinCrew.Orchestrator.Workflows;

internal static class Quantity
{
    public static long? Take(YamlMap map, LimitBound bound)
    {
        if (map.Take(bound.Key) is not { } node) return null;
        var shape = bound.Unit switch
        {
            LimitUnit.Duration => Quantities.DurationShape,
            LimitUnit.Size => Quantities.SizeShape,
            LimitUnit.Count => "a whole number",
        };
        long? value = (bound.Unit, node) switch
        {
            (LimitUnit.Duration, YamlScalar { Type: YamlType.Text } text) => (long?)Quantities.Duration(text.Text)?.TotalSeconds,
            (LimitUnit.Size, YamlScalar { Type: YamlType.Text } text) => Quantities.Size(text.Text),
            (LimitUnit.Count, YamlScalar { Value: long number }) => number,
            _ => null,
        };
        if (value is null) map.Errors.Add(node, $"'{bound.Key}': expected {shape}, found {Quantities.Found(node)}");
        else if (value < bound.Minimum || value > bound.Maximum)
            map.Errors.Add(node, $"'{bound.Key}': expected {bound.Write(bound.Minimum)} to {bound.Write(bound.Maximum)}, found {Quantities.Found(node)}");
        else return value;
        return null;
    }
}
