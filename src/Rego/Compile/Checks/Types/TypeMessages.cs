// What the type checker says, in OPA's words with its details, and with the nearest known name.
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Types;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile.Checks.Types;

internal static class TypeMessages
{
    private const int NamesMax = 12;

    public static string Reference(CoreRef reference) => Reference(reference, reference.Path.Length);

    private static string Reference(CoreRef reference, int length) => reference.Path.Take(length).Aggregate(
        reference.Root switch { RefRoot.Input => "input", RefRoot.Data => "data", _ => Term(new CoreLocal(reference.Local!)) },
        (text, part) => text + (part is CoreConst { Value: StringValue name } && IsName(name.Text) ? "." + name.Text : $"[{Term(part)}]"));

    /// <summary>A key that is not there: <paramref name="at"/> is its number in the path.</summary>
    public static RegoError NoSuchKey(SourceSpan span, CoreRef reference, int at, RegoType? have, RegoType? want, IReadOnlyList<Value> known)
    {
        var shown = Reference(reference);
        var before = Reference(reference, at).Length;
        var pad = new string(' ', before + 1);
        List<string> lines =
        [
            shown,
            pad + "^",
            pad + (have is null ? $"have: {Term(reference.Path[at])}" : $"have (type): {have}"),
            pad + (known.Count > 0 ? $"want (one of): [{string.Join(' ', known.Take(NamesMax))}{(known.Count > NamesMax ? " ..." : "")}]" : $"want (type): {want}"),
        ];
        var names = known.OfType<StringValue>().Select(name => name.Text);
        if (reference.Path[at] is CoreConst { Value: StringValue key } && NearMatch.Of(key.Text, names) is { } near)
            lines.Add($"did you mean \"{near}\"?");
        return Undefined(span, shown, lines);
    }

    /// <summary>What stands at <paramref name="at"/> cannot be looked into.</summary>
    public static RegoError NotACollection(SourceSpan span, CoreRef reference, int at, RegoType? have)
    {
        // What the compiler took apart is told as it was written.
        if (reference.Local is { IsGenerated: true })
            return Undefined(span, span.Text.Split('\n')[0], [$"have: {have}"]);
        return Undefined(span, Reference(reference), [Reference(reference), new string('^', Reference(reference, at).Length), $"have: {have}"]);
    }

    private static RegoError Undefined(SourceSpan span, string reference, IEnumerable<string> lines) =>
        span.Error(ModuleChecks.TypeError, "undefined ref: " + reference) with { Details = string.Join('\n', lines) };

    /// <summary>A call of what wants other arguments. <paramref name="withResult"/>: what is given may be followed by what takes the result.</summary>
    public static RegoError Arguments(SourceSpan span, string function, string what, IEnumerable<RegoType?> have, FunctionType want, bool withResult) =>
        span.Error(ModuleChecks.TypeError, $"{function}: {what}") with { Details = $"have: ({string.Join(", ", have.Select(Shown))})\nwant: {want.Wanted(withResult)}" };

    public static RegoError Mismatch(SourceSpan span, RegoType? left, RegoType? right) =>
        span.Error(ModuleChecks.TypeError, "match error") with { Details = $"left  : {Shown(left)}\nright : {Shown(right)}" };

    private static string Shown(RegoType? type) => type?.ToString() ?? "???";

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
