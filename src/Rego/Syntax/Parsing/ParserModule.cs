// Statements of a module: package, imports, and what follows from them for the grammar of the rest.
using System.Collections.Immutable;
using CabinCrew.Rego.Syntax.Metadata;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Syntax.Parsing;

internal sealed partial class Parser
{
    private static readonly string[] futureKeywords = ["and", "contains", "every", "if", "in", "not", "or"];

    private bool isStrict;
    private bool hasImprovedNot;

    public RegoResult<RegoModule> ParseModule()
    {
        if (!CheckLength())
            return RegoResult<RegoModule>.Failed(error!);
        if (Kind == TokenKind.End)
            return RegoResult<RegoModule>.Failed(new RegoError(ParseError, "empty module", new(source.Name, 0, 0)));

        var isPackage = Kind == TokenKind.Package && !IsReferenceAhead();
        var package = isPackage ? ParsePackage() : null;
        if (!isPackage)
            FailHere("package expected");

        var imports = ImmutableArray.CreateBuilder<Import>();
        var rules = ImmutableArray.CreateBuilder<Rule>();
        while (!Failed && Kind != TokenKind.End)
        {
            StartStatement();
            if (Kind == TokenKind.Package && !IsReferenceAhead())
                FailHere("unexpected package");
            else if (Kind == TokenKind.Import && !IsReferenceAhead())
                ParseImport(imports);
            else
                ParseRules(rules);
        }

        if (Failed)
            return RegoResult<RegoModule>.Failed(error!);

        isStrict |= options.Version == RegoVersion.V1;
        if (isStrict && StrictRules.Check(rules) is { IsEmpty: false } errors)
            return RegoResult<RegoModule>.Failed(errors);

        var problems = ImmutableArray.CreateBuilder<RegoError>();
        var annotations = !options.Metadata ? [] : MetadataBlocks.Read(lexer.Comments, [package!, .. imports.Cast<Node>().Concat(rules).OrderBy(node => node.Span.Offset)], problems);
        if (problems.Count > 0)
            return RegoResult<RegoModule>.Failed(problems.DrainToImmutable());

        return new RegoModule(source, options.Version, package!)
        {
            Annotations = annotations,
            Imports = imports.DrainToImmutable(),
            Rules = rules.DrainToImmutable(),
            Comments = [.. lexer.Comments],
            IsStrict = isStrict,
        };
    }

    /// <summary>The current token is a keyword that starts a reference (<c>not.foo</c>, <c>some["x"]</c>), hence a name here.</summary>
    private bool IsReferenceAhead() => TokenKinds.IsKeyword(Kind) && tokens.At(tokens.Position + 1) is
    {
        SpaceBefore: false, Kind: TokenKind.Dot or TokenKind.LBracket,
    };

    private bool ReadAsIdentIfReference()
    {
        if (!IsReferenceAhead())
            return false;
        tokens.ReadAsIdent();
        return true;
    }

    private Package? ParsePackage()
    {
        var start = Current;
        tokens.Next();
        if (ParsePath() is not var (head, path, span))
            return null;

        var names = ImmutableArray.CreateBuilder<string>(path.Length + 1);
        names.Add(head.Name);
        foreach (var term in path)
        {
            if (!TryText(term, out var name))
                return null;
            names.Add(name);
        }

        return new Package(SpanOf(start).To(span.End), names.DrainToImmutable());
    }

    /// <summary>A name or a reference that starts with one, where any keyword may be a name.</summary>
    private (VarTerm Head, ImmutableArray<Term> Path, SourceSpan Span)? ParsePath()
    {
        if (TokenKinds.IsKeyword(Kind))
            tokens.ReadAsIdent();
        if (Kind != TokenKind.Ident)
        {
            Illegal();
            return null;
        }

        switch (ParseTerm())
        {
            case VarTerm name:
                return (name, [], name.Span);
            case RefTerm { Head: VarTerm head } reference:
                return (head, reference.Path, reference.Span);
            case { } other:
                Fail(other.Span, "expected path");
                return null;
            default:
                return null;
        }
    }

    private bool TryText(Term term, out string text)
    {
        text = term is ScalarTerm { Value: StringValue word } ? word.Text : "";
        if (term is ScalarTerm { Value: StringValue })
            return true;
        Fail(term.Span, $"unexpected {TermNames.Of(term)} token: expecting string");
        return false;
    }

    private void ParseImport(ImmutableArray<Import>.Builder imports)
    {
        var start = Current;
        tokens.Next();
        if (ParsePath() is not var (head, path, span))
            return;
        foreach (var term in path)
        {
            if (!TryText(term, out _))
                return;
        }

        if (head.Name is not ("data" or "input" or "future" or "rego"))
        {
            hints.Add("if this is unexpected, try updating OPA");
            Fail(span, $"unexpected import path, must begin with one of: {{data, future, input, rego}}, got: {head.Name}");
            return;
        }

        string? alias = null;
        if (Take(TokenKind.As))
        {
            alias = source.Text.Substring(Current.Offset, Current.Length);
            if (!Expect(TokenKind.Ident, "expected var"))
                return;
        }

        var last = path.IsEmpty ? head.Name : ((StringValue)((ScalarTerm)path[^1]).Value).Text;
        if (alias is null && head.Name != "future" && IsReserved(last))
        {
            hints.Add("import a different path or use an alias");
            Fail(path.IsEmpty ? span : path[^1].Span, $"unexpected import path, must not end with a keyword, got: {last}");
            return;
        }

        imports.Add(new Import(SpanFrom(start), new RefTerm(span, head, path), alias));
        if (head.Name == "future")
            ImportFuture(span, path, alias);
        else if (head.Name == "rego")
            ImportLanguage(span, path, alias);
    }

    private bool IsReserved(string word) => TokenKinds.KeywordOf(word) switch
    {
        TokenKind.Ident or TokenKind.And or TokenKind.Or => false,
        < TokenKind.In => true,
        _ => options.Version == RegoVersion.V1,
    };

    private void ImportFuture(SourceSpan span, ImmutableArray<Term> path, string? alias)
    {
        var names = path.Select(term => ((StringValue)((ScalarTerm)term).Value).Text).ToList();
        if (names is not (["keywords"] or ["keywords", _]))
            Fail(span, "invalid import, must be `future.keywords`");
        else if (alias is not null)
            Fail(span, "`future` imports cannot be aliased");
        else if (names.Count == 1)
            Array.ForEach(futureKeywords, ActivateFutureKeyword);
        else if (!futureKeywords.Contains(names[1]))
            Fail(span, $"unexpected keyword, must be one of [{string.Join(' ', futureKeywords)}]");
        else
            ActivateFutureKeyword(names[1]);
    }

    private void ImportLanguage(SourceSpan span, ImmutableArray<Term> path, string? alias)
    {
        var version = path is [ScalarTerm { Value: StringValue name }] ? name.Text : "";
        if (version is not ("v1" or "v2"))
        {
            Fail(span, $"invalid import `{span.Text}`, must be `rego.v1`");
            return;
        }

        if (alias is not null && options.Version != RegoVersion.V1)
        {
            Fail(span, "`rego` imports cannot be aliased");
            return;
        }

        isStrict = true;
        ActivateStandardKeywords();
        if (version == "v2")
            Array.ForEach(futureKeywords, ActivateFutureKeyword);
    }

    private void ActivateStandardKeywords()
    {
        for (var kind = TokenKind.In; kind <= TokenKind.If; kind++)
            tokens.Activate(kind);
    }

    // "every" brings "in"; "not" is a keyword already and changes its meaning.
    private void ActivateFutureKeyword(string name)
    {
        hasImprovedNot |= name == "not";
        var kind = TokenKinds.KeywordOf(name);
        if (kind >= TokenKind.In)
            tokens.Activate(kind);
        if (kind == TokenKind.Every)
            tokens.Activate(TokenKind.In);
    }
}
