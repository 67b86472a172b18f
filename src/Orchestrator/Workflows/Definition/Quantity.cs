// Takes durations and sizes out of a mapping, with errors that show the shape.
using CabinCrew.Governance.Yaml;

namespace CabinCrew.Orchestrator.Workflows;

internal static class Quantity
{
    public static TimeSpan? TakeDuration(YamlMap map, string key, TimeSpan maximum)
    {
        if (map.Take(key) is not { } node) return null;
        if (node is YamlScalar { Type: YamlType.Text } scalar && Quantities.Duration(scalar.Text) is { } duration)
        {
            if (duration <= maximum) return duration;
            map.Errors.Add(node, $"'{key}': expected at most {Quantities.Write(maximum)}, found {scalar.Text}");
            return null;
        }
        map.Errors.Add(node, $"'{key}': expected {Quantities.DurationShape}, found {Found(node)}");
        return null;
    }

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
        if (value is null) map.Errors.Add(node, $"'{bound.Key}': expected {shape}, found {Found(node)}");
        else if (value < bound.Minimum || value > bound.Maximum)
            map.Errors.Add(node, $"'{bound.Key}': expected {bound.Write(bound.Minimum)} to {bound.Write(bound.Maximum)}, found {Found(node)}");
        else return value;
        return null;
    }

    private static string Found(YamlNode node) => node is YamlScalar { Type: not YamlType.Nothing } scalar ? $"'{WorkflowReader.Clip(scalar.Text)}'" : node.Is;
}
