// What a policy package's answer means (PRE-05): `decision`, and the sets `deny`, `require_approval` and `warn` of messages or objects. Whatever has another shape is
// no answer, which counts as deny; other members are the package's own helpers and mean nothing.
using System.Text.Json;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Rego;

public static class RegoDecision
{
    private const int ReasonCharsMax = 2000;
    private const int CountMax = 100;

    private static readonly (string Member, Decision Decision)[] Sets = [("deny", Decision.Deny), ("require_approval", Decision.RequireApproval), ("warn", Decision.Warn)];
    /// <summary>The member that says a decision in one word.</summary>
    public const string Word = "decision";

    /// <summary>What of a package is its answer, in the order of the verdicts made of it.</summary>
    public static IReadOnlyList<string> Members { get; } = [.. Sets.Select(s => s.Member), Word];

    private static readonly Decision[] Words = [Decision.Allow, Decision.Warn, Decision.RequireApproval, Decision.Deny];

    /// <summary>At least one verdict, strictest member first; the problem says what is wrong with the answer's shape.</summary>
    /// <param name="result">The value of the package: an object.</param>
    /// <param name="name">Of the policy; verdicts are <c>name/deny</c>, or <c>name/ID</c> where an object says an <c>id</c>.</param>
    public static Outcome<IReadOnlyList<PolicyVerdict>> Read(JsonElement result, string name)
    {
        if (result.ValueKind != JsonValueKind.Object) return Wrong($"expected an object, found {Kind(result)}");
        List<PolicyVerdict> verdicts = [];
        var said = false;
        foreach (var (member, decision) in Sets)
        {
            if (!result.TryGetProperty(member, out var set)) continue;
            said = true;
            if (set.ValueKind != JsonValueKind.Array) return Wrong($"'{member}' is {Kind(set)}, not a set of messages");
            foreach (var item in set.EnumerateArray())
            {
                if (!One(item, name, member, decision).Try(out var verdict, out var problem)) return problem;
                verdicts.Add(verdict);
            }
        }
        if (result.TryGetProperty(Word, out var word))
        {
            said = true;
            if (!Decided(word, name).Try(out var verdict, out var problem)) return problem;
            verdicts.Add(verdict);
        }
        if (!said) return Wrong($"it has none of decision, {string.Join(", ", Sets.Select(s => s.Member))}");
        return verdicts.Count > 0 ? verdicts : Outcome.Of<IReadOnlyList<PolicyVerdict>>([new(name, Decision.Allow, "no rule objects")]);
    }

    // A word, or an object with `decision` and what an entry of a set may have.
    private static Outcome<PolicyVerdict> Decided(JsonElement value, string name)
    {
        var word = value.ValueKind == JsonValueKind.Object && value.TryGetProperty("decision", out var inner) ? inner : value;
        if (word.ValueKind != JsonValueKind.String) return Wrong($"'decision' is {Kind(word)}, not a word");
        var text = word.GetString()!;
        if (Array.FindIndex(Words, d => d.Word() == text) is not (>= 0 and var at)) return Wrong($"'decision' says '{TextCut.Clip(text, 60)}'; expected one of {string.Join(", ", Words.Select(d => d.Word()))}{NearMatch.Hint(text, Words.Select(d => d.Word()))}");
        return value.ValueKind == JsonValueKind.Object
            ? Of(value, name, "decision", Words[at], $"decision: {text}")
            : new PolicyVerdict($"{name}/decision", Words[at], $"the policy decides: {text}");
    }

    private static Outcome<PolicyVerdict> One(JsonElement item, string name, string member, Decision decision) => item.ValueKind switch
    {
        JsonValueKind.String when item.GetString() is { Length: > 0 } text => new PolicyVerdict($"{name}/{member}", decision, TextCut.Clip(text, ReasonCharsMax)),
        JsonValueKind.Object => Of(item, name, member, decision, null),
        _ => Wrong($"'{member}' holds {Kind(item)}; expected a message, or an object with 'msg'"),
    };

    private static Outcome<PolicyVerdict> Of(JsonElement item, string name, string member, Decision decision, string? reason)
    {
        if ((Text(item, "msg") ?? Text(item, "reason") ?? reason) is not { Length: > 0 } message) return Wrong($"an entry of '{member}' has no 'msg'");
        var role = Text(item, "role");
        if (item.TryGetProperty("role", out _) && (role is null || !StepId.TryParse(role, out _))) return Wrong($"an entry of '{member}' names a role that cannot be one");
        var count = 1;
        if (item.TryGetProperty("count", out var number) && (number.ValueKind != JsonValueKind.Number || !number.TryGetInt32(out count) || count is < 1 or > CountMax))
            return Wrong($"an entry of '{member}' has a 'count' that is no whole number from 1 to {CountMax}");
        // Whoever asks for an approver asks for an approval: in a warning the words would be lost.
        if (decision != Decision.RequireApproval && (role is not null || item.TryGetProperty("count", out _))) return Wrong($"an entry of '{member}' has 'role' or 'count', which go with require_approval only");
        var id = Text(item, "id");
        if (item.TryGetProperty("id", out _) && (id is null || !StepId.TryParse(id, out _))) return Wrong($"an entry of '{member}' has an 'id' that cannot be one");
        JsonElement? evidence = item.TryGetProperty("evidence", out var given) && given.ValueKind != JsonValueKind.Null ? given : null;
        return new PolicyVerdict($"{name}/{id ?? member}", decision, TextCut.Clip(message, ReasonCharsMax), role, count, evidence);
    }

    private static string? Text(JsonElement item, string member) => item.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "text",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "true or false",
        _ => "nothing",
    };

    private static Problem Wrong(string what) => new(ProblemCode.PolicyFailed, $"the answer has an unknown shape: {what}")
        { Remedy = "The package answers with `decision`, or with sets `deny`, `require_approval` and `warn` of messages or of objects with `msg`." };
}
