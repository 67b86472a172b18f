// A rule that is a test, for those who run tests.
namespace CabinCrew.Rego;

/// <summary>One test of a program that was compiled with <see cref="CompileOptions.Tests"/>.</summary>
/// <param name="Package">Without <c>data</c>.</param>
/// <param name="Name">Of its document; the second of one name is <c>test_a#01</c>.</param>
/// <param name="Reference">The document as a query.</param>
/// <param name="IsTodo">Named <c>todo_test_</c>: not to be run.</param>
/// <param name="HasCases">Its document holds an entry for each case that holds: <c>test_a[name] if ...</c>, or a set of their names. Each case that is tried is
/// told to the observer (<see cref="Evaluate.IRegoObserver.TestCase"/>).</param>
public sealed record RegoTest(string Package, string Name, string Reference, bool IsTodo, bool HasCases, RegoLocation Location);
