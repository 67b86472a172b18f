// Judges a document by a compiled schema and says what is wrong in words, with a JSON pointer. Values are never quoted: one might be a secret.
// Invariant: the work is bounded by the document's size times the schema's; errors are collected up to a limit.
using System.Globalization;
using System.Text.Json;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Protocol.Schemas;

internal sealed record SchemaFault(string Pointer, int Depth, string Message);

internal sealed class SchemaValidator
{
    private const int FaultsMax = 8;
    private const int PairsMax = 16;

    private readonly SchemaBudget? budget;
    private readonly List<SchemaFault> faults = [];
    private readonly List<string> path = [];

    private SchemaValidator(SchemaBudget? budget) => this.budget = budget;

    /// <summary>Empty where the document fits.</summary>
    /// <param name="budget">For a schema that is not ours. Where it is spent, there is no verdict.</param>
    public static IReadOnlyList<SchemaFault> Validate(Schema schema, JsonElement document, SchemaBudget? budget = null)
    {
        var validator = new SchemaValidator(budget);
        validator.Check(schema, document);
        return validator.faults;
    }

    private void Check(Schema schema, JsonElement e)
    {
        if (faults.Count >= FaultsMax) return;
        if (budget is null) Judge(schema, e);
        else if (budget.Enter(schema, e))
        {
            Judge(schema, e);
            budget.Leave();
        }
    }

    private void Judge(Schema schema, JsonElement e)
    {
        if (schema.Never)
        {
            Fault("nothing is allowed here");
            return;
        }
        if (schema.Ref is { } target) Check(target, e);
        if (schema.Types is { } types && !Is(e, types))
        {
            Fault($"expected {Words(types)}, found {Word(e)}");
            return; // the rest would only repeat it
        }
        if (schema.Const is { } constant && !JsonElement.DeepEquals(constant, e)) Fault($"expected {constant.GetRawText()}");
        if (schema.Enum is { } choices && !choices.Any(c => JsonElement.DeepEquals(c, e))) Fault(NotAmong(choices, e));
        switch (e.ValueKind)
        {
            case JsonValueKind.Object: CheckObject(schema, e); break;
            case JsonValueKind.Array: CheckArray(schema, e); break;
            case JsonValueKind.String: CheckString(schema, e.GetString()!); break;
            case JsonValueKind.Number: CheckNumber(schema, e.GetDouble()); break;
        }
        CheckCombined(schema, e);
    }

    private void CheckObject(Schema schema, JsonElement e)
    {
        foreach (var name in schema.Required ?? [])
            if (!e.TryGetProperty(name, out _)) Fault($"'{name}' is missing");
        foreach (var (name, needs) in schema.DependentRequired ?? [])
            if (e.TryGetProperty(name, out _))
                foreach (var need in needs)
                    if (!e.TryGetProperty(need, out _)) Fault($"'{need}' is missing; it is required with '{name}'");
        if (schema.MinProperties is { } min && e.GetPropertyCount() < min) Fault($"expected at least {min} {(min == 1 ? "member" : "members")}");
        if (schema.MaxProperties is { } max && e.GetPropertyCount() > max) Fault($"expected at most {max} {(max == 1 ? "member" : "members")}");
        if (schema.Properties is null && schema.PatternProperties is null && schema.AdditionalProperties is null && schema.PropertyNames is null) return;

        foreach (var property in e.EnumerateObject())
        {
            if (faults.Count >= FaultsMax) return;
            var known = false;
            path.Add(property.Name);
            if (schema.PropertyNames is { } names && !Fits(names, NameElement(property.Name))) Fault("this name is not allowed here");
            if (schema.Properties is { } properties && properties.TryGetValue(property.Name, out var own))
            {
                known = true;
                Check(own, property.Value);
            }
            foreach (var (pattern, sub) in schema.PatternProperties ?? [])
                if (pattern.Value.IsMatch(property.Name))
                {
                    known = true;
                    Check(sub, property.Value);
                }
            if (!known && schema.AdditionalProperties is { } rest)
            {
                if (rest.Never)
                    Fault($"'{Place.Segment(property.Name)}' is not known here{Hint(property.Name, schema.Properties?.Keys ?? [])}");
                else
                    Check(rest, property.Value);
            }
            path.RemoveAt(path.Count - 1);
        }
    }

    private void CheckArray(Schema schema, JsonElement e)
    {
        var length = e.GetArrayLength();
        if (schema.MinItems is { } min && length < min) Fault($"expected at least {min} {(min == 1 ? "item" : "items")}, found {length}");
        if (schema.MaxItems is { } max && length > max)
        {
            Fault($"expected at most {max} {(max == 1 ? "item" : "items")}, found {length}");
            return;
        }
        if (schema.UniqueItems && Twin(e, length) is >= 0 and var twin) Fault($"item {twin} stands twice");
        if (schema.Items is not { } items) return;
        var i = 0;
        foreach (var item in e.EnumerateArray())
        {
            if (faults.Count >= FaultsMax) return;
            path.Add(i++.ToString(CultureInfo.InvariantCulture));
            Check(items, item);
            path.RemoveAt(path.Count - 1);
        }
    }

    private void CheckString(Schema schema, string text)
    {
        if (schema.MinLength is { } min && Length(text) < min) Fault(min == 1 ? "must not be empty" : $"expected at least {min} characters");
        if (schema.MaxLength is { } max && text.Length > max && Length(text) > max)
        {
            Fault($"expected at most {max} characters, found {Length(text)}");
            return;
        }
        if (schema.Pattern is { } pattern && !pattern.Value.IsMatch(text)) Fault($"expected text of the form {schema.PatternText}");
        if (schema.IsDateTime && !Rfc3339.Is(text)) Fault("expected an RFC 3339 time with offset, such as 2026-01-31T12:00:00Z");
    }

    private void CheckNumber(Schema schema, double number)
    {
        if (schema.Minimum is { } min && number < min) Fault(Invariant($"expected at least {min}"));
        if (schema.Maximum is { } max && number > max) Fault(Invariant($"expected at most {max}"));
        if (schema.ExclusiveMinimum is { } above && number <= above) Fault(Invariant($"expected more than {above}"));
        if (schema.ExclusiveMaximum is { } below && number >= below) Fault(Invariant($"expected less than {below}"));

        static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
    }

    private void CheckCombined(Schema schema, JsonElement e)
    {
        foreach (var all in schema.AllOf ?? []) Check(all, e);
        if (schema.AnyOf is { } any) CheckBranches(any, e, onlyOne: false);
        if (schema.OneOf is { } one) CheckBranches(one, e, onlyOne: true);
        if (schema.Not is { } not && Fits(not, e)) Fault("this form is not allowed here");
        if (schema.If is { } condition && (Fits(condition, e) ? schema.Then : schema.Else) is { } then) Check(then, e);
    }

    private void CheckBranches(IReadOnlyList<Schema> branches, JsonElement e, bool onlyOne)
    {
        IReadOnlyList<SchemaFault>? nearest = null;
        var fitting = 0;
        foreach (var branch in branches)
        {
            var inBranch = FaultsOf(branch, e);
            if (inBranch.Count == 0) fitting++;
            // The branch that got furthest into the document is the one that was meant.
            else if (nearest is null || inBranch.Max(f => f.Depth) > nearest.Max(f => f.Depth)) nearest = inBranch;
        }
        if (fitting == 1 || (fitting > 1 && !onlyOne)) return;
        if (fitting > 1) Fault($"fits {fitting} of the allowed forms; exactly one is expected");
        else if (nearest is null || nearest.Max(f => f.Depth) == path.Count && branches.All(b => b.Types is not null && !Is(e, b.Types.Value)))
            Fault($"expected {Words(branches.Aggregate((JsonTypes)0, (all, b) => all | (b.Types ?? 0)))}, found {Word(e)}");
        else faults.AddRange(nearest.Take(FaultsMax - faults.Count));
    }

    private bool Fits(Schema schema, JsonElement e) => FaultsOf(schema, e).Count == 0;

    private List<SchemaFault> FaultsOf(Schema schema, JsonElement e)
    {
        var inner = new SchemaValidator(budget);
        inner.path.AddRange(path);
        inner.Check(schema, e);
        return inner.faults;
    }

    private void Fault(string message)
    {
        if (faults.Count < FaultsMax) faults.Add(new(string.Concat(path.Select(s => "/" + Place.Segment(s))), path.Count, message));
    }

    private static bool Is(JsonElement e, JsonTypes types) => (types & e.ValueKind switch
    {
        JsonValueKind.Null => JsonTypes.Null,
        JsonValueKind.True or JsonValueKind.False => JsonTypes.Boolean,
        JsonValueKind.String => JsonTypes.String,
        JsonValueKind.Array => JsonTypes.Array,
        JsonValueKind.Object => JsonTypes.Object,
        JsonValueKind.Number => double.IsInteger(e.GetDouble()) ? JsonTypes.Integer | JsonTypes.Number : JsonTypes.Number,
        _ => 0,
    }) != 0;

    private static string Words(JsonTypes types)
    {
        var words = Enum.GetValues<JsonTypes>().Where(t => types.HasFlag(t)).Select(t => t switch
        {
            JsonTypes.Null => "null",
            JsonTypes.Boolean => "true or false",
            JsonTypes.Integer => "an integer",
            JsonTypes.Number => "a number",
            JsonTypes.String => "a string",
            JsonTypes.Array => "an array",
            JsonTypes.Object => "an object",
        });
        return string.Join(" or ", words) is { Length: > 0 } text ? text : "another form";
    }

    private static string Word(JsonElement e) => e.ValueKind switch
    {
        JsonValueKind.Null => "null",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Array => "an array",
        _ => "an object",
    };

    // To look for what was meant costs more than to see that it is wrong: not for a schema of any size.
    private string Hint(string word, IEnumerable<string> known) => budget is null ? NearMatch.Hint(word, known) : "";

    private string NotAmong(IReadOnlyList<JsonElement> choices, JsonElement e)
    {
        var words = choices.Select(c => c.ValueKind is JsonValueKind.String ? c.GetString()! : c.GetRawText()).ToList();
        return $"expected one of {string.Join(", ", words)}{(e.ValueKind is JsonValueKind.String ? Hint(e.GetString()!, words) : "")}";
    }

    private static int Length(string text)
    {
        var length = 0;
        foreach (var _ in text.EnumerateRunes()) length++;
        return length;
    }

    private static int Twin(JsonElement array, int length)
    {
        if (length > PairsMax)
        {
            var seen = new HashSet<string>(StringComparer.Ordinal);
            var at = 0;
            foreach (var item in array.EnumerateArray())
            {
                if (!seen.Add(CanonicalJson.Text(item))) return at;
                at++;
            }
            return -1;
        }
        for (var i = 1; i < length; i++)
            for (var j = 0; j < i; j++)
                if (JsonElement.DeepEquals(array[i], array[j])) return i;
        return -1;
    }

    private static JsonElement NameElement(string name)
    {
        var to = new System.Buffers.ArrayBufferWriter<byte>();
        CanonicalJson.Append(to, name);
        return JsonElement.Parse(to.WrittenSpan);
    }
}
