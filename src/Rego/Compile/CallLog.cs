// Calls that cannot be made: of what is not there, and of built-ins that are refused here. A refused one may be called where the program replaces it by `with`.
using CabinCrew.Rego.Builtins;
using CabinCrew.Rego.Syntax;

namespace CabinCrew.Rego.Compile;

internal sealed class CallLog(IReadOnlyList<Builtin> extra)
{
    private readonly List<RegoError> missing = [];
    private readonly List<Builtin> refused = [];
    private readonly List<RegoError> refusals = [];

    /// <summary>What <c>rego.metadata</c> answers; null for queries.</summary>
    public AnnotationSet? Annotations { get; init; }

    /// <summary>The built-ins that some <c>with</c> replaces.</summary>
    public HashSet<string> Replaced { get; } = new(StringComparer.Ordinal);

    public Builtin? FindBuiltin(string name) => BuiltinTable.Find(name) ?? extra.FirstOrDefault(b => b.Name == name);

    public void Missing(SourceSpan span, string message) => missing.Add(span.Error("rego_type_error", message));

    public void Refused(Builtin builtin, SourceSpan span)
    {
        refused.Add(builtin);
        refusals.Add(span.Error("rego_type_error", $"built-in function {builtin.Name}: {builtin.Refusal}"));
    }

    public IEnumerable<RegoError> Errors()
    {
        foreach (var error in missing) yield return error;
        for (var i = 0; i < refused.Count; i++)
        {
            if (!Replaced.Contains(refused[i].Name)) yield return refusals[i];
        }
    }
}
