// What a token's header says that checking depends on. Source: RFC 7515, section 4.1.
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Crypto;

internal sealed record TokenHeader(string Algorithm, string KeyId, string ContentType, bool IsValid)
{
    /// <summary>Null, with the error set, where a known member has the wrong type.</summary>
    public static TokenHeader? Read(BuiltinContext context, ObjectValue header)
    {
        foreach (var name in new[] { "alg", "kid", "typ", "cty" })
        {
            if (header.Get(name) is null or StringValue) continue;
            context.Fail($"{name}: must be a string");
            return null;
        }

        var critical = header.Get("crit");
        if (critical is not (null or ArrayValue { Count: > 0 }))
        {
            context.Fail(critical is ArrayValue ? "crit: must be a nonempty list" : "crit: must be a list");
            return null;
        }

        // A header that calls a member critical which nobody here understands makes the token invalid.
        var understood = critical is not ArrayValue names || !names.Items.ToArray().Any(name => name is StringValue { Text: not ("alg" or "kid" or "typ" or "cty" or "crit") } && header.Get(name) is not null);
        var algorithm = Text(header, "alg");
        return new TokenHeader(algorithm, Text(header, "kid"), Text(header, "cty"), algorithm.Length > 0 && understood);
    }

    private static string Text(ObjectValue header, string name) => (header.Get(name) as StringValue)?.Text ?? "";
}
