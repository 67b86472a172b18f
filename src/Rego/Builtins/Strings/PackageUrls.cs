// purl.is_valid and purl.parse: package URLs, after the purl specification.
using CabinCrew.Rego.Builtins.Encodings;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Strings;

internal static class PackageUrls
{
    public static Builtin[] Table =>
    [
        new("purl.is_valid", "string -> boolean", static (_, args) => Value.From(args[0] is StringValue text && Parse(text.Text, out var _) is not null)),
        new("purl.parse", "string -> object[string: any]", static (context, args) => !context.Text(args, 0, out var text)
            ? null
            : Parse(text, out var problem) ?? context.Fail($"invalid PURL {GoText.Quote(text)}: {problem}")),
    ];

    private static Value? Parse(string text, out string problem)
    {
        problem = "purl scheme is not \"pkg\"";
        if (!text.StartsWith("pkg:", StringComparison.OrdinalIgnoreCase)) return null;
        var rest = text[4..].TrimStart('/');
        var map = new ObjectValue.Builder();
        Cut(ref rest, '#', out var subpath);
        Cut(ref rest, '?', out var qualifiers);
        var parts = rest.TrimEnd('/').Split('/');
        problem = "purl is missing type or name";
        if (parts.Length < 2) return null;
        var type = parts[0].ToLowerInvariant();
        problem = $"invalid type {GoText.Quote(type)}";
        if (type.Length == 0 || !char.IsAsciiLetter(type[0]) || type.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '+'))) return null;
        var last = parts[^1];
        var at = last.LastIndexOf('@');
        var version = at > 0 ? last[(at + 1)..] : "";
        if (at > 0) last = last[..at];
        problem = "name is required";
        if (UrlFunctions.Unescape(last, plusIsSpace: false, out _) is not { Length: > 0 } name) return null;
        map.Set("type", new StringValue(type));
        map.Set("name", new StringValue(Normal(type, name)));
        problem = "invalid escape";
        return AddPath(map, "namespace", parts[1..^1], text => Normal(type, text)) && AddText(map, "version", version)
            && AddPath(map, "subpath", subpath.Split('/').Where(part => part is not ("." or "..")), static text => text) && AddQualifiers(map, qualifiers)
            ? map.Build()
            : null;
    }

    // Some registries do not tell cases apart.
    private static string Normal(string type, string text) => type switch
    {
        "bitbucket" or "github" or "gitlab" or "composer" or "alpm" or "apk" or "deb" or "hex" or "npm" => text.ToLowerInvariant(),
        "pypi" => text.ToLowerInvariant().Replace('_', '-'),
        _ => text,
    };

    private static void Cut(ref string rest, char mark, out string tail)
    {
        var at = rest.IndexOf(mark, StringComparison.Ordinal);
        tail = at < 0 ? "" : rest[(at + 1)..];
        if (at >= 0) rest = rest[..at];
    }

    private static bool AddText(ObjectValue.Builder map, string name, string escaped)
    {
        if (escaped.Length == 0) return true;
        if (UrlFunctions.Unescape(escaped, plusIsSpace: false, out _) is not { } text) return false;
        map.Set(name, new StringValue(text));
        return true;
    }

    private static bool AddPath(ObjectValue.Builder map, string name, IEnumerable<string> parts, Func<string, string> normal)
    {
        var plain = parts.Where(part => part.Length > 0).Select(part => UrlFunctions.Unescape(part, plusIsSpace: false, out _)).ToList();
        if (plain.Contains(null)) return false;
        if (plain.Count > 0) map.Set(name, new StringValue(normal(string.Join('/', plain))));
        return true;
    }

    private static bool AddQualifiers(ObjectValue.Builder map, string text)
    {
        var qualifiers = new ObjectValue.Builder();
        foreach (var pair in text.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equal = pair.IndexOf('=', StringComparison.Ordinal);
            if (equal <= 0 || !char.IsAsciiLetter(pair[0])) return false;
            if (equal + 1 < pair.Length && !AddText(qualifiers, pair[..equal].ToLowerInvariant(), pair[(equal + 1)..])) return false;
        }

        if (qualifiers.Count > 0) map.Set("qualifiers", qualifiers.Build());
        return true;
    }
}
