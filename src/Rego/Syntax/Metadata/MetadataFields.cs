// Which fields a metadata block may have and what they look like; brings authors and related resources into one form, as OPA does.
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Syntax.Metadata;

internal static class MetadataFields
{
    /// <summary>The fields that rules may ask for, empty ones left out; null and what is wrong where one has the wrong shape. Unknown fields do not count.</summary>
    public static ObjectValue? Check(ObjectValue block, out string problem)
    {
        problem = "";
        var result = new ObjectValue.Builder();
        foreach (var name in (string[])["scope", "title", "description"])
        {
            if (block.Get(name) is not (null or NullValue) and var text)
            {
                if (text is ArrayValue or ObjectValue)
                    return Wrong($"cannot unmarshal {name} into string", out problem);
                if (TextOf(text) is { Length: > 0 } words)
                    result.Set(name, new StringValue(words));
            }
        }

        if (block.Get("entrypoint") is not (null or NullValue or BooleanValue))
            return Wrong("cannot unmarshal entrypoint into bool", out problem);
        if (block.Get("entrypoint") is BooleanValue { Flag: true })
            result.Set("entrypoint", BooleanValue.True);

        foreach (var (name, read) in lists)
        {
            if (block.Get(name) is null or NullValue)
                continue;
            if (block.Get(name) is not ArrayValue items)
                return Wrong($"cannot unmarshal {name} into list", out problem);
            var list = new ArrayValue.Builder();
            foreach (var item in items.Items)
            {
                if (read(item, out problem) is not { } entry)
                    return null;
                list.Add(entry);
            }

            if (list.Count > 0)
                result.Set(name, list.Build());
        }

        if (block.Get("custom") is not (null or NullValue or ObjectValue))
            return Wrong("cannot unmarshal custom into map", out problem);
        if (block.Get("custom") is ObjectValue { Count: > 0 } custom)
            result.Set("custom", custom);
        return result.Build();
    }

    private delegate Value? ReadItem(Value item, out string problem);

    private static readonly (string Name, ReadItem Read)[] lists =
    [
        ("organizations", Organization),
        ("authors", Author),
        ("related_resources", Resource),
        ("schemas", Schema),
    ];

    private static ObjectValue? Wrong(string what, out string problem)
    {
        problem = "yaml: unmarshal errors: " + what;
        return null;
    }

    private static string TextOf(Value value) => value is StringValue text ? text.Text : value.ToString();

    private static StringValue Organization(Value item, out string problem)
    {
        problem = "";
        return new StringValue(TextOf(item));
    }

    private static string Field(ObjectValue item, string name) => item.Get(name) is StringValue text ? text.Text.Trim() : "";

    // "Jane Doe <jane@example.com>", or an object with name and email.
    private static ObjectValue? Author(Value item, out string problem)
    {
        problem = "";
        var (name, email) = ("", "");
        switch (item)
        {
            case StringValue text:
                var words = text.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
                if (words.Length == 0)
                    problem = $"invalid author definition {text.Text}: author is an empty string";
                else if (words[^1] is ['<', .. var inner, '>'])
                    (name, email) = (string.Join(' ', words[..^1]), inner);
                else
                    name = string.Join(' ', words);
                break;
            case ObjectValue fields:
                (name, email) = (Field(fields, "name"), Field(fields, "email"));
                if (name.Length + email.Length == 0)
                    problem = $"invalid author definition {item}: 'name' and/or 'email' values required in object";
                break;
            default:
                problem = $"invalid author definition {item}: invalid value type, must be string or map";
                break;
        }

        return problem.Length > 0 ? null : Pair("name", name, "email", email);
    }

    private static ObjectValue? Resource(Value item, out string problem)
    {
        var (reference, description) = item switch
        {
            StringValue text => (text.Text, ""),
            ObjectValue fields => (Field(fields, "ref"), Field(fields, "description")),
            _ => ("", ""),
        };
        problem = reference.Length > 0 ? "" : item switch
        {
            StringValue => $"invalid related-resource definition {item}: ref URL may not be empty string",
            ObjectValue => $"invalid related-resource definition {item}: 'ref' value required in object",
            _ => $"invalid related-resource definition {item}: invalid value type, must be string or map",
        };
        return problem.Length > 0 ? null : Pair("ref", reference, "description", description);
    }

    // One pair: the document's path, and the name of a schema or a schema itself.
    private static ObjectValue? Schema(Value item, out string problem)
    {
        problem = "";
        if (item is not ObjectValue { Count: 1 } pair || PathOf(pair.Keys[0]) is not { } path)
        {
            problem = "invalid document reference";
            return null;
        }

        switch (pair.Values[0])
        {
            case ObjectValue definition:
                return ObjectValue.Of((new StringValue("path"), path), (new StringValue("definition"), definition));
            case StringValue name when PathOf(name) is { } schema && schema[0].Equals(new StringValue("schema")):
                return ObjectValue.Of((new StringValue("path"), path), (new StringValue("schema"), schema));
            default:
                problem = "invalid schema reference";
                return null;
        }
    }

    private static ArrayValue? PathOf(Value value)
    {
        if (value is not StringValue text || RegoQuery.Parse(text.Text) is not { Ok: true, Value.Body.Expressions: [TermExpr { Term: var term }] })
            return null;
        return term switch
        {
            VarTerm name => ArrayValue.Of(new StringValue(name.Name)),
            RefTerm { Head: VarTerm head } reference when reference.Path.All(step => step is ScalarTerm) =>
                ArrayValue.Of([new StringValue(head.Name), .. reference.Path.Select(step => ((ScalarTerm)step).Value)]),
            _ => null,
        };
    }

    private static ObjectValue Pair(string first, string one, string second, string two)
    {
        var result = new ObjectValue.Builder();
        if (one.Length > 0)
            result.Set(first, new StringValue(one));
        if (two.Length > 0)
            result.Set(second, new StringValue(two));
        return result.Build();
    }
}
