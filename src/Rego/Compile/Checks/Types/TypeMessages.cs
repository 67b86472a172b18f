// What the type checker says, in OPA's words with its details on the same line, and with the nearest known name.
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Types;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile.Checks.Types;

internal static class TypeMessages
{
    private const int NamesMax = 12;

    public static string Reference(CoreRef reference) => reference.Path.Aggregate(
        reference.Root switch { RefRoot.Input => "input", RefRoot.Data => "data", _ => Term(new CoreLocal(reference.Local!)) },
        (text, part) => text + (part is CoreConst { Value: StringValue name } && IsName(name.Text) ? "." + name.Text : $"[{Term(part)}]"));

    /// <summary>A key that is not there: <paramref name="at"/> is its number in the path.</summary>
    public static string NoSuchKey(CoreRef reference, int at, RegoType? have, RegoType? want, IReadOnlyList<Value> known)
    {
        var message = "undefined ref: " + Reference(reference);
        var key = reference.Path[at] is CoreConst { Value: StringValue text } ? text.Text : null;
        var names = known.OfType<StringValue>().Select(name => name.Text).ToList();
        if (key is not null && NearMatch.Of(key, names) is { } near)
            message += $" (did you mean \"{near}\"?)";
        else if (known.Count > 0)
            message += $" (have: {(have is null ? Term(reference.Path[at]) : have)}, want one of: {string.Join(", ", known.Take(NamesMax))}{(known.Count > NamesMax ? ", ..." : "")})";
        else if (want is not null)
            message += $" (have: {(have is null ? Term(reference.Path[at]) : have)}, want: {want})";
        return message;
    }

    public static string NotACollection(CoreRef reference, RegoType? have) => $"undefined ref: {Reference(reference)} (have: {have})";

    public static string Arguments(string function, string what, IEnumerable<RegoType?> have, FunctionType want) =>
        $"{function}: {what} (have: ({string.Join(", ", have.Select(type => type?.ToString() ?? "???"))}), want: {want})";

    public static string Mismatch(RegoType? left, RegoType? right) => $"match error (left: {left?.ToString() ?? "???"}, right: {right?.ToString() ?? "???"})";

    private static string Term(CoreTerm term) => term switch
    {
        CoreConst constant => constant.Value.ToString(),
        CoreLocal { Local: { IsGenerated: false, IsWildcard: false } local } => local.Name,
        CoreRef reference => Reference(reference),
        CoreArray array => $"[{string.Join(", ", array.Items.Select(Term))}]",
        _ => "_",
    };

    private static bool IsName(string text) => text.Length > 0 && !char.IsAsciiDigit(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
