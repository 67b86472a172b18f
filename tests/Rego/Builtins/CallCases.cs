// Reads *.calls files: one built-in call a line and what it answers.
//   name(term, ...) => term         a value
//   name(term, ...) => undefined    no answer and no error
//   name(term, ...) => ! code: text an error whose message contains the text; "! limit" is the budget's
// Lines that start with "#" say something to the reader.
using System.Globalization;
using CabinCrew.Rego.Builtins;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Tests.Builtins;

public sealed record CallCase(string File, int Line, string Call, string Want)
{
    public string Name => Call[..Call.IndexOf('(', StringComparison.Ordinal)];

    public override string ToString() => $"{File}:{Line} {(Call.Length > 80 ? Call[..80] + "..." : Call)}";

    public static IEnumerable<CallCase> ReadAll()
    {
        var assembly = typeof(CallCase).Assembly;
        foreach (var resource in assembly.GetManifestResourceNames().Where(n => n.EndsWith(".calls", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            var file = Path.GetFileNameWithoutExtension(resource).Split('.')[^1];
            var number = 0;
            while (reader.ReadLine() is { } line)
            {
                number++;
                if (line.Length == 0 || line[0] == '#') continue;
                var arrow = line.IndexOf(" => ", StringComparison.Ordinal);
                yield return new CallCase(file, number, line[..arrow], line[(arrow + 4)..]);
            }
        }
    }

    /// <summary>The answer, or what there is instead of one in the notation of the files.</summary>
    internal (Value? Answer, string Otherwise) Run()
    {
        var args = Calls.Parse(Call);
        var context = new TestContext();
        try
        {
            var answer = BuiltinTable.Find(Name)!.Function(context, args);
            return (answer, answer is not null ? "" : context.Failed ? $"! {context.ErrorCode}: {context.ErrorMessage}" : "undefined");
        }
        catch (BudgetException)
        {
            return (null, "! limit");
        }
    }
}

internal sealed class BudgetException : Exception;

/// <summary>A clock that stands, a seed, and a budget of a million elements.</summary>
internal sealed class TestContext : BuiltinContext
{
    private long left = 1_000_000;

    public List<string> Printed { get; } = [];

    public override long NowNanoseconds => 1_700_000_000_000_000_000;

    public override ulong Seed => 7;

    public override PatternCache Patterns { get; } = new();

    public override void Charge(long elements)
    {
        left -= elements;
        if (left < 0) throw new BudgetException();
    }

    public override void Print(string message) => Printed.Add(message);

    public override void Note(string message) => Printed.Add(message);
}

internal static class Calls
{
    /// <summary>The arguments of a call whose arguments are constants.</summary>
    public static Value[] Parse(string call)
    {
        var open = call.IndexOf('(', StringComparison.Ordinal);
        return [.. ((ArrayValue)Term($"[{call[(open + 1)..^1]}]")).Items];
    }

    public static Value Term(string text)
    {
        var query = RegoQuery.Parse($"x = {text}");
        Assert.True(query.Ok, $"{text}: {string.Join(", ", query.Errors)}");
        return ToValue(((UnifyExpr)query.Value.Body.Expressions.Single()).Right);
    }

    public static Value Run(string name, params Value[] args)
    {
        var context = new TestContext();
        var answer = BuiltinTable.Find(name)!.Function(context, args);
        Assert.True(answer is not null, string.Create(CultureInfo.InvariantCulture, $"{name}: {context.ErrorCode} {context.ErrorMessage}"));
        return answer;
    }

    private static Value ToValue(Term term) => term switch
    {
        ScalarTerm scalar => scalar.Value,
        ArrayTerm array => ArrayValue.Of([.. array.Items.Select(ToValue)]),
        SetTerm set => SetValue.Of([.. set.Items.Select(ToValue)]),
        ObjectTerm map => ObjectValue.Of([.. map.Items.Select(item => (ToValue(item.Key), ToValue(item.Value)))]),
        CallTerm { Operator.Head: VarTerm { Name: "minus" }, Arguments: [var zero, var number] } => Calls.Run("minus", ToValue(zero), ToValue(number)),
        _ => throw new ArgumentException($"not a constant: {term.GetType().Name}"),
    };
}
