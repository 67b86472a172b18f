// The keywords about objects.
using CabinCrew.Rego.Builtins.Patterns;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Schemas;

internal readonly struct SchemaObjects(BuiltinContext context, SchemaValidator validator)
{
    public void Check(ObjectValue members, ObjectValue schema, string field)
    {
        if (schema.Get("required") is ArrayValue required)
        {
            foreach (var name in required.Items)
            {
                if (!members.ContainsKey(name)) validator.Add(field, "required", $"{((StringValue)name).Text} is required");
            }
        }

        if (schema.Get("minProperties") is NumberValue least && NumberValue.Of(members.Count).CompareTo(least) < 0) validator.Add(field, "array_min_properties", $"Must have at least {least.Text} properties");
        if (schema.Get("maxProperties") is NumberValue most && NumberValue.Of(members.Count).CompareTo(most) > 0) validator.Add(field, "array_max_properties", $"Must have at most {most.Text} properties");
        if (schema.Get("dependencies") is ObjectValue dependencies) CheckDependencies(members, dependencies, field);
        for (var i = 0; i < members.Count; i++) CheckMember(((StringValue)members.Keys[i]).Text, members.Values[i], schema, field);
    }

    private void CheckDependencies(ObjectValue members, ObjectValue dependencies, string field)
    {
        for (var i = 0; i < dependencies.Count; i++)
        {
            if (!members.ContainsKey(dependencies.Keys[i])) continue;
            if (dependencies.Values[i] is not ArrayValue names)
            {
                validator.Check(members, dependencies.Values[i], field);
                continue;
            }

            foreach (var name in names.Items)
            {
                if (!members.ContainsKey(name)) validator.Add(field, "missing_dependency", $"Has a dependency on {(name as StringValue)?.Text}");
            }
        }
    }

    private void CheckMember(string name, Value value, ObjectValue schema, string field)
    {
        var inner = $"{field}.{name}";
        if (schema.Get("propertyNames") is { } names && !validator.Fits(new StringValue(name), names)) validator.Add(field, "invalid_property_name", $"Property name of \"{name}\" does not match");
        var known = false;
        if ((schema.Get("properties") as ObjectValue)?.Get(name) is { } own)
        {
            known = true;
            validator.Check(value, own, inner);
        }

        if (schema.Get("patternProperties") is ObjectValue patterns)
        {
            for (var i = 0; i < patterns.Count; i++)
            {
                context.Charge(1);
                if (!context.Patterns.Get("regex", ((StringValue)patterns.Keys[i]).Text, Pattern.Compile).IsMatch(name)) continue;
                known = true;
                validator.Check(value, patterns.Values[i], inner);
            }
        }

        if (known || schema.Get("additionalProperties") is not { } additional) return;
        if (additional.Equals(BooleanValue.False)) validator.Add(field, "additional_property_not_allowed", $"Additional property {name} is not allowed");
        else validator.Check(value, additional, inner);
    }
}
