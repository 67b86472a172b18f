// Infers the types of a rule's locals in the order of evaluation and refuses what cannot hold: wrong arguments, references to what is not there, equalities of
// different types. Any means "not known": only what is surely wrong is an error. Source: OPA's type checker.
using CabinCrew.Rego.Evaluate;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Types;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Compile.Checks.Types;

/// <summary>Checks one body and its closures, with what <paramref name="scope"/> knows of the documents there.</summary>
internal sealed partial class TypeChecker(DocumentTypes documents, TypeScope scope, CompileBudget budget)
{
    private readonly TypeOperations types = new(budget);
    private readonly Dictionary<Local, RegoType> locals = [];
    private readonly List<RegoError> errors = [];
    private readonly List<RegoFinding> notes = [];
    private SourceSpan at;

    /// <summary>Checks a rule and adds its type to the documents; a rule with errors counts as any.</summary>
    public static List<RegoError> Check(CoreRule rule, RuleNode place, DocumentTypes documents, TypeScope scope, List<RegoFinding> notes, CompileBudget budget)
    {
        var checker = new TypeChecker(documents, scope, budget);
        checker.CheckBody(rule.Body);
        notes.AddRange(checker.notes);
        var first = place.PathValues.Length - rule.Source.Module.Package.Path.Length - 1;
        if (checker.errors.Count > 0)
        {
            documents.Add(place, [], RegoType.Any);
            return checker.errors;
        }

        List<TailPart> tail = [];
        for (var i = Math.Max(first, 0); i < rule.Rule.Head.Reference.Path.Length; i++)
            tail.Add(checker.TailOf(rule, rule.Rule.Head.Reference.Path[i], i));
        documents.Add(place, tail, checker.TypeOf(rule));
        return checker.errors;
    }

    public static List<RegoError> Check(CoreBody query, DocumentTypes documents, TypeScope scope, CompileBudget budget)
    {
        var checker = new TypeChecker(documents, scope, budget);
        checker.CheckBody(query);
        return checker.errors;
    }

    private TailPart TailOf(CoreRule rule, Term term, int number) =>
        term is ScalarTerm scalar ? new(scalar.Value, null) : new(null, TypeOf(rule.Tail[number - rule.Source.GroundLength + 1]));

    private RegoType? TypeOf(CoreRule rule)
    {
        if (rule.Arguments.Length > 0)
        {
            var arguments = new RegoType[rule.Arguments.Length];
            for (var i = 0; i < arguments.Length; i++)
                arguments[i] = TypeOf(rule.Arguments[i]) ?? RegoType.Any;
            return new FunctionType([.. arguments], null, rule.Value is null ? RegoType.Any : TypeOf(rule.Value) ?? RegoType.Any);
        }

        return rule.Key is { } key ? new SetType(TypeOf(key) ?? RegoType.Any) : rule.Value is { } value ? TypeOf(value) : null;
    }

    private void CheckBody(CoreBody body)
    {
        foreach (var expression in body.Expressions)
        {
            budget.Charge(1);
            at = expression.Span;
            var before = errors.Count;
            foreach (var term in expression.Terms)
                CheckTerm(term);
            at = expression.Span;
            var isClean = errors.Count == before;
            switch (expression)
            {
                case CoreUnify unify:
                    CheckUnify(unify.Left, unify.Right, isClean);
                    break;
                case CoreCall { Callee.Builtin.Name: "equal", Output: null, Arguments: [var left, var right] }:
                    CheckUnify(left, right, isClean);
                    break;
                case CoreCall call:
                    CheckCall(call, isClean);
                    NoteComparison(call);
                    NoteResult(call);
                    break;
                case CoreEvery every:
                    var domain = TypeOf(every.Domain);
                    locals[every.Key] = types.KeysOf(domain) ?? RegoType.Any;
                    locals[every.Value] = types.ValuesOf(domain) ?? RegoType.Any;
                    break;
            }

            NoteUndefined(expression);
            foreach (var inner in expression.Bodies)
                CheckBody(inner);
        }
    }

    // The references and closures of a term, inner ones first.
    private void CheckTerm(CoreTerm? term)
    {
        switch (term)
        {
            case CoreComprehension comprehension:
                CheckBody(comprehension.Body);
                return;
            case CoreTemplate template:
                foreach (var part in template.Parts)
                {
                    if (part.Body is not null)
                        CheckBody(part.Body);
                }

                return;
        }

        foreach (var part in LocalWalk.Parts(term))
            CheckTerm(part);
        if (term is CoreRef reference)
            CheckReference(reference);
    }

    private void CheckUnify(CoreTerm left, CoreTerm right, bool isClean)
    {
        var (leftType, rightType) = (TypeOf(left), TypeOf(right));
        if (!UnifyTerms(left, leftType, right, rightType) && (isClean || (leftType is not null && rightType is not null)))
            errors.Add(TypeMessages.Mismatch(at, leftType, rightType));
    }

    private void CheckCall(CoreCall call, bool isClean)
    {
        var signature = call.Callee switch
        {
            { Builtin: { } builtin } => builtin.Signature,
            { Function: { } function } => documents.RulesAt(function) as FunctionType,
            _ => null,
        };
        if (signature is null)
            return;

        for (var i = 0; i < call.Arguments.Length; i++)
        {
            var want = i < signature.Arguments.Length ? signature.Arguments[i] : signature.Variadic;
            if (want is null || UnifyWith(call.Arguments[i], want))
                continue;
            FailArguments(call, signature, isClean);
            return;
        }

        if (call.Output is not null && signature.Result is { } result && !UnifyWith(call.Output, result))
            FailArguments(call, signature, isClean);
    }

    private void FailArguments(CoreCall call, FunctionType signature, bool isClean)
    {
        var name = call.Callee.Builtin?.Name ?? call.Callee.Function!.ToString();
        List<RegoType?> have = [.. call.Arguments.Select(TypeOf)];
        if (call.Output is { } output)
            have.Add(TypeOf(output));
        if (isClean || !have.Contains(null))
            errors.Add(TypeMessages.Arguments(at, name, "invalid argument(s)", have, signature, withResult: true));
    }

    /// <summary>The type of a term, or null where it is not known yet.</summary>
    private RegoType? TypeOf(CoreTerm term)
    {
        budget.Charge(1);
        var made = Compose(term);
        return made is null || term is CoreLocal or CoreRef ? made : TypeOperations.Bounded(made);
    }

    private RegoType? Compose(CoreTerm term) => term switch
    {
        CoreConst constant => types.Of(constant.Value),
        CoreLocal local => locals.GetValueOrDefault(local.Local),
        CoreRef reference => TypeOf(reference),
        CoreArray array => TypeOf(array),
        CoreSet set => TypeOf(set),
        CoreObject items => TypeOf(items),
        CoreComprehension { Kind: ComprehensionKind.Array } c => new ArrayType([], TypeOf(c.Value) ?? RegoType.Any),
        CoreComprehension { Kind: ComprehensionKind.Set } c => new SetType(TypeOf(c.Value) ?? RegoType.Any),
        CoreComprehension c => new ObjectType([], new(TypeOf(c.Key!) ?? RegoType.Any, TypeOf(c.Value) ?? RegoType.Any)),
        CoreTemplate => RegoType.String,
        _ => RegoType.Any,
    };

    private ArrayType? TypeOf(CoreArray array)
    {
        var items = new RegoType[array.Items.Length];
        for (var i = 0; i < items.Length; i++)
        {
            if (TypeOf(array.Items[i]) is not { } type)
                return null;
            items[i] = type;
        }

        return new([.. items], null);
    }

    private SetType TypeOf(CoreSet set)
    {
        RegoType? joined = null;
        foreach (var item in set.Items)
            joined = types.Or(joined, TypeOf(item));
        return new(joined ?? RegoType.Any);
    }

    private ObjectType? TypeOf(CoreObject items)
    {
        var known = new List<StaticProperty>();
        DynamicProperty? dynamic = null;
        for (var i = 0; i < items.Keys.Length; i++)
        {
            if (TypeOf(items.Values[i]) is not { } value)
                return null;
            if (items.Keys[i] is CoreConst { Value: var key })
                known.Add(new(key, value));
            else if (TypeOf(items.Keys[i]) is { } keyType)
                dynamic = new(types.Or(dynamic?.Key, keyType)!, types.Or(dynamic?.Value, value)!);
            else
                return null;
        }

        return new([.. known], dynamic);
    }
}
