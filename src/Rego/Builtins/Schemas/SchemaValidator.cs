// Checks a document against a JSON schema (drafts 4 to 7) and words what does not fit as OPA's validator does.
using System.Runtime.CompilerServices;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Schemas;

internal sealed class SchemaValidator(BuiltinContext context, Value root)
{
    private const int DepthMax = 200;
    private const int ErrorsMax = 1_000;

    private readonly ArrayValue.Builder errors = new();
    private int depth;

    public ArrayValue Validate(Value document)
    {
        Check(document, root, "(root)");
        return errors.Build();
    }

    /// <summary>Notes an error; the field is the path within the document.</summary>
    public void Add(string field, string type, string description)
    {
        if (errors.Count >= ErrorsMax) return;
        var shown = field.StartsWith("(root).", StringComparison.Ordinal) ? field[7..] : field;
        errors.Add(ObjectValue.Of(
            (new StringValue("desc"), new StringValue(description)), (new StringValue("error"), new StringValue($"{shown}: {description}")),
            (new StringValue("field"), new StringValue(shown)), (new StringValue("type"), new StringValue(type))));
    }

    public bool Fits(Value value, Value schema)
    {
        var trial = new SchemaValidator(context, root) { depth = depth };
        trial.Check(value, schema, "(root)");
        return trial.errors.Count == 0;
    }

    public void Check(Value value, Value schema, string field)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        context.Charge(1);
        if (schema is not ObjectValue map)
        {
            if (schema.Equals(BooleanValue.False)) Add(field, "false", "False always fails validation");
            return;
        }

        if (++depth > DepthMax)
        {
            Add(field, "internal", "schema nests too deeply");
        }
        else if (map.Get("$ref") is StringValue reference)
        {
            if (SchemaReference.Resolve(root, reference.Text) is { } target) Check(value, target, field);
        }
        else
        {
            CheckType(value, map, field);
            CheckChoices(value, map, field);
            switch (value)
            {
                case ObjectValue members: new SchemaObjects(context, this).Check(members, map, field); break;
                case ArrayValue items: new SchemaArrays(context, this).Check(items, map, field); break;
                case StringValue or NumberValue: new SchemaScalars(context, this).Check(value, map, field); break;
            }
        }

        depth--;
    }

    private void CheckType(Value value, ObjectValue schema, string field)
    {
        if (schema.Get("type") is { } type)
        {
            string[] names = type is ArrayValue many ? [.. many.Items.ToArray().Cast<StringValue>().Select(name => name.Text)] : [((StringValue)type).Text];
            var given = value is NumberValue number ? number.IsInteger ? "integer" : "number" : TypeNames.Of(value);
            if (!names.Contains(given) && !(given == "integer" && names.Contains("number"))) Add(field, "invalid_type", $"Invalid type. Expected: {string.Join(",", names)}, given: {given}");
        }

        if (schema.Get("enum") is ArrayValue allowed && !allowed.Items.Contains(value))
        {
            Add(field, "enum", $"{field} must be one of the following: {string.Join(", ", allowed.Items.ToArray().Select(Json))}");
        }

        if (schema.Get("const") is { } only && !only.Equals(value)) Add(field, "const", $"{field} does not match: {Json(only)}");
    }

    private void CheckChoices(Value value, ObjectValue schema, string field)
    {
        if (schema.Get("anyOf") is ArrayValue any && !any.Items.ToArray().Any(option => Fits(value, option))) Add(field, "number_any_of", "Must validate at least one schema (anyOf)");
        if (schema.Get("oneOf") is ArrayValue one && one.Items.ToArray().Count(option => Fits(value, option)) != 1) Add(field, "number_one_of", "Must validate one and only one schema (oneOf)");
        if (schema.Get("allOf") is ArrayValue all)
        {
            var before = errors.Count;
            foreach (var option in all.Items) Check(value, option, field);
            if (errors.Count > before) Add(field, "number_all_of", "Must validate all the schemas (allOf)");
        }

        if (schema.Get("not") is { } not && Fits(value, not)) Add(field, "number_not", "Must not validate the schema (not)");
        if (schema.Get("if") is not { } condition) return;
        var holds = Fits(value, condition);
        if (schema.Get(holds ? "then" : "else") is not { } branch || Fits(value, branch)) return;
        Check(value, branch, field);
        Add(field, holds ? "condition_then" : "condition_else", holds ? "Must validate \"then\" as \"if\" was valid" : "Must validate \"else\" as \"if\" was not valid");
    }

    public static string Json(Value value) => System.Text.Encoding.UTF8.GetString(value.ToJson());
}
