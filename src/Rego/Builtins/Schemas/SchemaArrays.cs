// The keywords about arrays.
using System.Globalization;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Schemas;

internal readonly struct SchemaArrays(BuiltinContext context, SchemaValidator validator)
{
    public void Check(ArrayValue items, ObjectValue schema, string field)
    {
        var tuple = schema.Get("items") as ArrayValue;
        var each = tuple is null ? schema.Get("items") : schema.Get("additionalItems");
        for (var i = 0; i < items.Count; i++)
        {
            var inner = string.Create(CultureInfo.InvariantCulture, $"{field}.{i}");
            if (tuple is not null && i < tuple.Count)
            {
                validator.Check(items[i], tuple[i], inner);
            }
            else if (tuple is not null && each is BooleanValue { Flag: false })
            {
                validator.Add(field, "array_no_additional_items", "No additional items allowed on array");
                break;
            }
            else if (each is not null)
            {
                validator.Check(items[i], each, inner);
            }
        }

        if (schema.Get("minItems") is NumberValue least && NumberValue.Of(items.Count).CompareTo(least) < 0) validator.Add(field, "array_min_items", $"Array must have at least {least.Text} items");
        if (schema.Get("maxItems") is NumberValue most && NumberValue.Of(items.Count).CompareTo(most) > 0) validator.Add(field, "array_max_items", $"Array must have at most {most.Text} items");
        if (schema.Get("uniqueItems") is BooleanValue { Flag: true }) CheckUnique(items, field);
        if (schema.Get("contains") is { } wanted && !AnyFits(items, wanted)) validator.Add(field, "contains", "At least one of the items must match");
    }

    private bool AnyFits(ArrayValue items, Value wanted)
    {
        foreach (var item in items.Items)
        {
            if (validator.Fits(item, wanted)) return true;
        }

        return false;
    }

    private void CheckUnique(ArrayValue items, string field)
    {
        context.Charge(items.Count);
        var seen = new Dictionary<Value, int>();
        for (var i = 0; i < items.Count; i++)
        {
            if (!seen.TryAdd(items[i], i)) validator.Add(field, "unique", string.Create(CultureInfo.InvariantCulture, $"array items[{seen[items[i]]},{i}] must be unique"));
        }
    }
}
