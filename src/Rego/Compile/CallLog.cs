// Calls that cannot be made: of what is not there, and of built-ins that are refused here. A refused one may be called where the program replaces it by `with`.
using CabinCrew.Rego.Builtins;
using CabinCrew.Rego.Compile.Checks.Types;
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Types;

namespace CabinCrew.Rego.Compile;

internal sealed class CallLog(IReadOnlyList<Builtin> extra, CompileBudget budget)
{
    public CompileBudget Budget => budget;

    /// <summary>Whether tests with cases in their heads announce them.</summary>
    public bool AnnouncesCases { get; init; }

    private readonly List<RegoError> missing = [];
    private readonly List<Builtin> refused = [];
    private readonly List<RegoError> refusals = [];

    /// <summary>What <c>rego.metadata</c> answers; null for queries.</summary>
    public AnnotationSet? Annotations { get; init; }

    /// <summary>The built-ins that some <c>with</c> replaces.</summary>
    public HashSet<string> Replaced { get; } = new(StringComparer.Ordinal);

    /// <summary>Something that v1 no longer has is called somewhere; whether that is an error depends on the module.</summary>
    public bool IsDeprecatedFound { get; private set; }

    public Builtin? FindBuiltin(string name)
    {
        var found = BuiltinTable.Find(name) ?? extra.FirstOrDefault(b => b.Name == name);
        IsDeprecatedFound |= found is { IsDeprecated: true };
        return found;
    }

    public void Missing(SourceSpan span, string message) => missing.Add(span.Error("rego_type_error", message));

    /// <summary>Nothing is known of the locals yet, so their types are told as unknown.</summary>
    public void WrongArity(SourceSpan span, Callee callee, CoreTerm[] arguments, CoreTerm? output)
    {
        List<RegoType?> have = [.. arguments.Select(TypeOf), .. output is null ? [] : (RegoType?[])[null]];
        missing.Add(callee.Builtin is { } builtin
            ? TypeMessages.Arguments(span, builtin.Name, "arity mismatch", have, builtin.Signature, withResult: false)
            : span.Error("rego_type_error", $"function {callee.Function} has arity {callee.Arity}, got {arguments.Length} argument{(arguments.Length == 1 ? "" : "s")}"));
    }

    private RegoType? TypeOf(CoreTerm term) => term switch
    {
        CoreConst constant => new TypeOperations(budget).Of(constant.Value),
        CoreRef { Root: not RefRoot.Local } => RegoType.Any,
        _ => null,
    };

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
