// Who wants to hear what an evaluation does: explanation, coverage, printing.
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Evaluate;

/// <summary>Told about an evaluation while it runs, on its thread. Expressions are told only by a query that was prepared as instrumented.</summary>
public interface IRegoObserver
{
    /// <summary>A rule's body held. <paramref name="locals"/> are its variables that have a value, by name.</summary>
    void RuleHeld(RuleInfo rule, IReadOnlyList<KeyValuePair<string, Value>> locals);

    /// <summary>The same with what the body gave: the value of a complete rule or function, the member of a set; null for the rest.</summary>
    void RuleHeld(RuleInfo rule, IReadOnlyList<KeyValuePair<string, Value>> locals, Value? given) => RuleHeld(rule, locals);

    /// <summary>Whether it wants to hear of a rule at all: what nobody hears costs nothing.</summary>
    bool Hears(RuleInfo rule) => true;

    /// <summary>An expression of a rule or query is about to be evaluated.</summary>
    void ExpressionTried(RegoLocation location);

    /// <summary>An expression of a rule or query held.</summary>
    void ExpressionHeld(RegoLocation location);

    /// <summary>A test with cases is about to try one; <paramref name="name"/> is what is worked out of its head behind the test's name.</summary>
    void TestCase(ArrayValue name)
    {
    }

    /// <summary>A <c>print</c> call.</summary>
    void Print(string message);

    /// <summary>A <c>trace</c> call.</summary>
    void Note(string message);
}
