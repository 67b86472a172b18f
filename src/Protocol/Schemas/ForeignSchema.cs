// A schema that somebody else wrote, to hold a document against: a caller's, for an answer that it asks for. The same keywords as in our own, and nothing ignored: what is not known here is refused.
// Invariants: whatever the schema and the document, the work is bounded, and a verdict that would take more is none. Expressions run in linear time.
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace CabinCrew.Protocol.Schemas;

public sealed class ForeignSchema
{
    private const int BytesMax = 64 << 10;
    private const int StepsMax = 1_000_000;
    private const int FaultsShown = 2;
    private const int CharsMax = 300;

    private readonly Schema schema;

    private ForeignSchema(Schema schema) => this.schema = schema;

    /// <summary>The problem's code is <see cref="ProblemCode.SchemaInvalid"/>; it tells what in the schema is not known here.</summary>
    public static Outcome<ForeignSchema> Compile(JsonElement document)
    {
        if (JsonMarshal.GetRawUtf8Value(document).Length > BytesMax) return Unfit($"it has more than {BytesMax} bytes");
        try
        {
            return new ForeignSchema(SchemaCompiler.CompileForeign(document));
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or ArgumentException or NotSupportedException)
        {
            return Unfit(e.Message);
        }
    }

    /// <summary>Null: the document fits. What is wrong is said by its place and by words of the schema.</summary>
    public string? Fault(JsonElement document)
    {
        var budget = new SchemaBudget(StepsMax);
        var faults = SchemaValidator.Validate(schema, document, budget);
        if (budget.IsSpent) return "to hold it against its schema would take too long";
        return faults.Count == 0 ? null : Clip(string.Join("; ", faults.Take(FaultsShown).Select(f => $"{(f.Pointer.Length == 0 ? "the whole" : f.Pointer)}: {f.Message}")));
    }

    private static Problem Unfit(string why) => new(ProblemCode.SchemaInvalid, Clip(why));

    private static string Clip(string text) => text.Length <= CharsMax ? text : $"{text[..CharsMax]}…";
}

/// <summary>How much may still be done for a verdict. Spent: there is none.</summary>
internal sealed class SchemaBudget(int steps)
{
    private const int DepthMax = 200;

    /// <summary>So many bytes are looked at in the time of a step.</summary>
    private const int BytesPerStep = 16;

    private int depth;

    public bool IsSpent { get; private set; }

    public bool Enter(Schema schema, JsonElement e)
    {
        var members = e.ValueKind == JsonValueKind.Object ? e.GetPropertyCount() : 0;
        var looksAtAll = e.ValueKind == JsonValueKind.String || schema.Enum is not null || schema.Const is not null || schema.UniqueItems;
        var cost = 1L + members + (schema.Enum?.Count ?? 0) + (long)members * ((schema.Required?.Count ?? 0) + (schema.DependentRequired?.Count ?? 0) + (schema.PatternProperties?.Count ?? 0))
            + (looksAtAll ? JsonMarshal.GetRawUtf8Value(e).Length / BytesPerStep : 0);
        steps = (int)Math.Max(0, steps - cost);
        if (steps == 0 || depth == DepthMax) IsSpent = true;
        if (IsSpent) return false;
        depth++;
        return true;
    }

    public void Leave() => depth--;
}

internal static class ForeignPattern
{
    private const int CharsMax = 200, RepeatsMax = 1000;

    /// <summary>What makes an automaton large: a long expression, and counted repeats within each other.</summary>
    public static void Check(string ecma)
    {
        if (ecma.Length > CharsMax) throw new InvalidOperationException($"a pattern has more than {CharsMax} characters");
        var product = 1L;
        foreach (var counted in ecma.Split('{').Skip(1))
        {
            var most = counted.Split('}')[0].Split(',').Max(n => int.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 1);
            product *= Math.Max(1, most);
            if (product > RepeatsMax) throw new InvalidOperationException($"a pattern repeats more than {RepeatsMax} times");
        }
    }
}
