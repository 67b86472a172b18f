// Rules: heads of every shape, bodies, chained bodies, else, default.
using System.Collections.Immutable;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Syntax.Parsing;

internal sealed partial class Parser
{
    private void ParseRules(ImmutableArray<Rule>.Builder rules)
    {
        var start = Current;
        ReadAsIdentIfReference();
        if (Kind == TokenKind.Default)
        {
            tokens.Next();
            ReadAsIdentIfReference();
            ParseDefault(start, rules);
            return;
        }

        if (Kind is not (TokenKind.Ident or TokenKind.Contains))
        {
            FailAsRule();
            return;
        }

        if (ParseHead() is not { } head)
            return;
        if (IsContinued(TokenKind.If) || Kind == TokenKind.LBrace)
            ParseRuleBodies(start, head, rules);
        else if (IsContinued(TokenKind.With))
            FailHere("expressions using with keyword cannot be used for rule head");
        else if (Kind is TokenKind.Semicolon)
            FailHere("multiple expressions cannot be used for rule head");
        else if (IsContinued(TokenKind.And) || IsContinued(TokenKind.Or))
            FailHere("expression cannot be used for rule head");
        else if (Complete(head, hasBody: false) is { } complete)
            rules.Add(new Rule(SpanFrom(start), complete, TrueBody(head.Span)) { HasGeneratedBody = true });
    }

    // No rule starts like this: reads it as an expression only to say what is wrong.
    private void FailAsRule()
    {
        var start = Current;
        if (ParseLiteral() is not { } literal)
            return;
        Fail(SpanFrom(start), literal switch
        {
            { Withs.IsEmpty: false } => "expressions using with keyword cannot be used for rule head",
            NotExpr => "negated expressions cannot be used for rule head",
            SomeExpr or SomeInExpr => "'some' declarations cannot be used for rule head",
            TermExpr { Term: CallTerm { Symbol: not null } } => "rule name conflicts with built-in function",
            TermExpr { Term: var term } => $"{TermNames.Of(term)} cannot be used for rule name",
            UnifyExpr { Left: var left } => $"{TermNames.Of(left)} cannot be used for rule name",
            AssignExpr { Left: var left } => $"{TermNames.Of(left)} cannot be used for rule name",
            _ => "expression cannot be used for rule head",
        });
    }

    private static Body TrueBody(SourceSpan span) => new(span, [new TermExpr(span, new ScalarTerm(span, BooleanValue.True), [])]);

    private void ParseDefault(Token start, ImmutableArray<Rule>.Builder rules)
    {
        if (Kind is not (TokenKind.Ident or TokenKind.Contains))
        {
            Illegal("expected rule name");
            return;
        }

        if (ParseHead(isDefault: true) is not { } head)
            return;
        var span = SpanFrom(start);
        if (head.HasContains || head.Value is null)
        {
            Fail(span, "illegal default rule (must have a value)");
            return;
        }

        if (Forbidden(head.Value) is { } forbidden)
            Fail(span, $"illegal default rule (value cannot contain {forbidden})");
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var argument in head.Arguments)
        {
            if (argument is not VarTerm name)
                Fail(span, $"illegal default rule (arguments cannot contain {TermNames.Of(argument)})");
            else if (!names.Add(name.Name))
                Fail(span, $"illegal default rule (arguments cannot be repeated {name.Name})");
        }

        rules.Add(new Rule(span, head, TrueBody(span)) { IsDefault = true, HasGeneratedBody = true });
    }

    /// <summary>What a default's value may not hold outside of comprehensions, or null.</summary>
    private static string? Forbidden(Term value) => value switch
    {
        VarTerm or RefTerm or CallTerm => TermNames.Of(value),
        ArrayTerm array => array.Items.Select(Forbidden).FirstOrDefault(name => name is not null),
        SetTerm set => set.Items.Select(Forbidden).FirstOrDefault(name => name is not null),
        ObjectTerm items => items.Items.Select(item => Forbidden(item.Key) ?? Forbidden(item.Value)).FirstOrDefault(name => name is not null),
        TemplateTerm template when template.Parts.Any(part => part.Expression is not null and not { Term: ScalarTerm }) => "ref",
        _ => null,
    };

    private RuleHead? ParseHead(bool isDefault = false)
    {
        var start = Current;
        Term? name = ParseVar();
        if (Kind is TokenKind.LParen or TokenKind.Dot or TokenKind.LBracket && (IsAdjacent || !Current.NewlineBefore))
            name = ParseHeadReference(name);
        else if (IsAdjacent && Operators.TryGet(Kind, out _))
            Illegal();
        if (Failed || name is null)
            return null;

        var (reference, arguments) = name switch
        {
            CallTerm call => (call.Operator, call.Arguments),
            RefTerm path => (path, []),
            VarTerm only => (new RefTerm(only.Span, only, []), []),
            _ => (null, ImmutableArray<Term>.Empty),
        };
        if (reference is not { Head: VarTerm })
        {
            Fail(name.Span, "expected rule head name");
            return null;
        }

        if (name is CallTerm { Arguments.IsEmpty: true })
        {
            Fail(name.Span, "rule argument list must take at least one argument");
            return null;
        }

        if (IsContinued(TokenKind.Contains))
            return ParseContains(start, reference, arguments);

        var isAssigned = Kind == TokenKind.Assign;
        Term? value = null;
        if (Take(TokenKind.Assign) || Take(TokenKind.Unify))
        {
            value = ParseInfix(allowPair: true);
            if (value is null)
                return null;
        }

        return new RuleHead(SpanFrom(start), reference, RuleKind.SingleValue) { Arguments = arguments, Value = value, IsAssigned = isAssigned };
    }

    // A blank may stand between a rule's name and what follows it.
    private Term? ParseHeadReference(Term name)
    {
        var path = ImmutableArray.CreateBuilder<Term>();
        if (Kind == TokenKind.LParen)
            return ParseCall(name, []);
        return ParseStep(path) && !Failed ? ContinueReference(name, path) : null;
    }

    private RuleHead? ParseContains(Token start, RefTerm reference, ImmutableArray<Term> arguments)
    {
        if (!arguments.IsEmpty)
        {
            Illegal($"the contains keyword can only be used with multi-value rule definitions (e.g., {reference.Span.Text} contains <VALUE> {{ ... }})");
            return null;
        }

        tokens.Next();
        return ParseInfix(allowPair: true) is { } key
            ? new RuleHead(SpanFrom(start), reference, RuleKind.MultiValue) { Key = key, HasContains = true }
            : null;
    }

    /// <summary>Puts a head into its normal form once it is known whether a body follows, and how.</summary>
    private RuleHead? Complete(RuleHead head, bool hasBody, bool hasIf = false)
    {
        if (head.HasContains)
            return new RuleHead(head.Span, head.Reference, RuleKind.MultiValue) { Key = head.Key, HasContains = true, HasIf = hasIf };

        if (head.Value is null && !head.IsFunction && !hasIf && head.Reference.Path is [var key])
        {
            var name = new RefTerm(head.Reference.Head.Span, head.Reference.Head, []);
            return new RuleHead(head.Span, name, RuleKind.MultiValue) { Key = key };
        }

        if (head.Value is null && !head.IsFunction && !hasBody && head.Reference.Path.IsEmpty)
        {
            Fail(head.Span, "var cannot be used for rule name");
            return null;
        }

        return new RuleHead(head.Span, head.Reference, RuleKind.SingleValue)
        {
            Arguments = head.Arguments,
            Value = head.Value ?? new ScalarTerm(head.Span, BooleanValue.True),
            HasGeneratedValue = head.Value is null,
            IsAssigned = head.IsAssigned,
            HasIf = hasIf,
        };
    }

    private void ParseRuleBodies(Token start, RuleHead written, ImmutableArray<Rule>.Builder rules)
    {
        var hasIf = Take(TokenKind.If);
        if (Complete(written, hasBody: true, hasIf) is not { } head || ParseRuleBody(hasIf) is not { } body)
            return;

        Rule? alternative = null;
        if (IsContinued(TokenKind.Else))
        {
            if (head.Kind == RuleKind.MultiValue)
                FailHere("else keyword cannot be used on multi-value rules");
            else if (!head.Reference.Path.All(Ground.IsGround))
                FailHere("else keyword cannot be used on rules with variables in head");
            alternative = Failed ? null : ParseElse(head);
            if (alternative is null)
                return;
        }

        rules.Add(new Rule(SpanFrom(start), head, body) { Else = alternative });
        while (!Failed && Kind == TokenKind.LBrace)
        {
            if (alternative is not null)
            {
                FailHere("expected else keyword");
                return;
            }

            start = Current;
            if (ParseRuleBody(hasIf: false) is { } next)
                rules.Add(new Rule(SpanFrom(start), head, next));
        }
    }

    /// <summary>A body in braces, or after <c>if</c> one expression. Braces after <c>if</c> are a body unless they read as a term that is no plain set. (<c>{}</c> is an empty body, never an object that always holds.)</summary>
    private Body? ParseRuleBody(bool hasIf)
    {
        if (hasIf)
        {
            var mark = tokens.Position;
            var isBrace = Kind == TokenKind.LBrace;
            var literal = ParseLiteral();
            if (literal is not null && !(isBrace && literal is TermExpr { Term: SetTerm or ObjectTerm { Items.IsEmpty: true } }))
                return new Body(literal.Span, [literal]);
            if (!isBrace)
                return null;
            error = null;
            tokens.Reset(mark);
        }

        tokens.Next();
        return ParseBody(TokenKind.RBrace);
    }

    // Read in order, linked from the last: a chain of any length takes no stack.
    private Rule? ParseElse(RuleHead head)
    {
        var branches = new List<Branch>();
        while (IsContinued(TokenKind.Else))
        {
            var start = Current;
            if (branches.Count >= options.ChainMax)
                FailTooDeep();
            tokens.Next();
            var isAssigned = Kind == TokenKind.Assign;
            Term? value = null;
            if (Take(TokenKind.Assign) || Take(TokenKind.Unify))
                value = ParseInfix(allowPair: true);
            else if (Kind is not (TokenKind.LBrace or TokenKind.If))
                Illegal("expected else value term or rule body");
            if (Failed)
                return null;

            var span = SpanFrom(start);
            var hasIf = Take(TokenKind.If);
            var branch = new RuleHead(span, head.Reference, RuleKind.SingleValue)
            {
                Arguments = head.Arguments,
                Value = value ?? new ScalarTerm(span, BooleanValue.True),
                HasGeneratedValue = value is null,
                IsAssigned = isAssigned,
                HasIf = hasIf || head.HasIf,
            };
            if (hasIf && Kind == TokenKind.End)
                Illegal("rule body expected");
            var body = hasIf || Kind == TokenKind.LBrace ? ParseRuleBody(hasIf) : null;
            if (Failed)
                return null;
            branches.Add(new(SpanFrom(start), branch, body));
        }

        Rule? rule = null;
        foreach (var (span, branch, body) in Enumerable.Reverse(branches))
            rule = new Rule(span, branch, body ?? TrueBody(span)) { HasGeneratedBody = body is null, Else = rule };
        return rule;
    }

    private sealed record Branch(SourceSpan Span, RuleHead Head, Body? Body);
}
