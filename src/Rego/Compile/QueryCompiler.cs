// A query against a plan: like a rule body whose answers are all its variables and the values of its expressions.
using CabinCrew.Rego.Compile.Checks;
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Syntax;

namespace CabinCrew.Rego.Compile;

internal static class QueryCompiler
{
    public static RegoResult<PreparedQuery> Compile(Plan plan, RegoQuery query, ProgramChecks? checks, CompileBudget budget)
    {
        var errors = new List<RegoError>();
        var names = new ModuleNames(plan.Root, []);
        var (body, frame) = Lowering.LowerQuery(query.Body, names, errors, new([], budget));
        if (errors.Count == 0) errors.AddRange(Safety.CheckQuery(body, frame, budget));
        if (errors.Count == 0 && checks is not null) errors.AddRange(checks.CheckQuery(body, budget));
        if (errors.Count > 0) return RegoResult<PreparedQuery>.Failed([.. errors]);

        // A reference or call that stands alone is asked for its value, which may be false; among others, or with variables to find, it must hold.
        var captured = new List<Captured>();
        var alone = query.Body.Expressions.Length == 1;
        var asksForVariables = frame.Locals.Any(l => !l.IsGenerated && !l.IsWildcard);
        for (var i = 0; i < body.Expressions.Count; i++)
        {
            if (body.Expressions[i].Generated) continue;
            var local = new CoreLocal(frame.Generate());
            var (withs, span) = (body.Expressions[i].Withs, body.Expressions[i].Span);
            switch (body.Expressions[i])
            {
                case CoreTruth { Negated: false } truth:
                    body.Expressions[i] = new CoreUnify(local, truth.Term, span) { Withs = withs };
                    break;
                case CoreCall { Negated: false, Output: null, Callee.Builtin: not { Name: "print" } } call:
                    body.Expressions[i] = new CoreCall(call.Callee, call.Arguments, local, span) { Withs = withs };
                    break;
                default:
                    continue;
            }

            captured.Add(new(span.Offset, local));
            if (!alone || (asksForVariables && body.Expressions[i] is CoreCall)) body.Expressions.Insert(++i, new CoreTruth(local, span) { Generated = true });
        }

        captured.Sort((a, b) => a.Offset.CompareTo(b.Offset));
        try
        {
            var generator = new Generator(new(plan.Root, plan.IsInstrumented), frame, new(), new());
            var entry = generator.Chain(body, g => new QueryEndStep(
                [.. frame.Locals.Where(l => !l.IsGenerated && !l.IsWildcard && g.IsBound(l))],
                [.. captured.Select(c => g.Operand(c.Local))]));
            return new PreparedQuery(plan, entry, frame.Size);
        }
        catch (UnboundLocal e)
        {
            return RegoResult<PreparedQuery>.Failed(query.Body.Span.Error("rego_unsafe_var_error", $"var {e.Local.Name} is unsafe"));
        }
    }

    private sealed record Captured(int Offset, CoreLocal Local);
}
