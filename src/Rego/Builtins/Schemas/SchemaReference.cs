// "$ref" within one document: a JSON pointer behind "#", or the $id of a definition. Other documents are never fetched.
using CabinCrew.Rego.Builtins.Encodings;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Schemas;

internal static class SchemaReference
{
    public static Value? Resolve(Value root, string reference)
    {
        if (reference is "#" or "") return root;
        var id = (root as ObjectValue)?.Get("$id") is StringValue own ? own.Text.TrimEnd('#') : null;
        if (id is { Length: > 0 } && reference.StartsWith(id + "#", StringComparison.Ordinal)) reference = reference[id.Length..];
        if (!reference.StartsWith("#/", StringComparison.Ordinal)) return Named(root, reference);
        Value? at = root;
        foreach (var part in reference[2..].Split('/'))
        {
            var step = UrlFunctions.Unescape(part, plusIsSpace: false, out _)?.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (step is null) return null;
            at = at switch
            {
                ObjectValue map => map.Get(step),
                ArrayValue array when NumberValue.Parse(step) is { } index => array.Get(index),
                _ => null,
            };
        }

        return at;
    }

    private static Value? Named(Value root, string reference)
    {
        foreach (var home in new[] { "definitions", "$defs" })
        {
            if ((root as ObjectValue)?.Get(home) is not ObjectValue definitions) continue;
            foreach (var definition in definitions.Values)
            {
                if (definition is ObjectValue map && (map.Get("$id") ?? map.Get("id")) is StringValue id && id.Text == reference) return definition;
            }
        }

        return null;
    }
}
