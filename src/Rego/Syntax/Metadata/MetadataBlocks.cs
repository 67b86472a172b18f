// Finds metadata blocks among a module's comments, reads them and ties each to what stands below it. Errors are parse errors in OPA's words.
using System.Collections.Immutable;
using System.Text;
using CabinCrew.Rego.Syntax.Parsing;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Syntax.Metadata;

internal static class MetadataBlocks
{
    public static ImmutableArray<Annotations> Read(IReadOnlyList<Comment> comments, IReadOnlyList<Node> statements, ImmutableArray<RegoError>.Builder errors)
    {
        var found = ImmutableArray.CreateBuilder<Annotations>();
        for (var i = 0; i < comments.Count; i++)
        {
            if (!comments[i].Text.AsSpan().Trim().StartsWith("METADATA"))
                continue;
            var head = comments[i];
            var text = new StringBuilder();
            for (; i + 1 < comments.Count && comments[i + 1].Span is { Column: 1 } next && next.Row == comments[i].Span.Row + 1; i++)
                text.Append(comments[i + 1].Text.StartsWith(' ') ? comments[i + 1].Text.AsSpan(1) : comments[i + 1].Text).Append('\n');
            if (ReadBlock(head.Span, text.ToString(), statements, errors) is { } annotations)
                found.Add(annotations);
        }

        return found.DrainToImmutable();
    }

    private static Annotations? ReadBlock(SourceSpan span, string text, IReadOnlyList<Node> statements, ImmutableArray<RegoError>.Builder errors)
    {
        var document = Document(text, out var problem);
        if (document is not null)
            document = MetadataFields.Check(document, out problem);
        if (document is null)
        {
            errors.Add(span.Error(Parser.ParseError, problem));
            return null;
        }

        var target = statements.FirstOrDefault(statement => statement.Span.Row > span.Row);
        var written = (document.Get("scope") as StringValue)?.Text ?? target switch
        {
            Rule => document.ContainsKey(new StringValue("entrypoint")) ? "document" : "rule",
            Package => "package",
            _ => "import",
        };
        if (ScopeOf(written) is not { } scope)
            problem = $"invalid annotation scope '{written}'. Use one of 'rule', 'document', 'package', or 'subpackages'";
        else if (target is not (Rule or Package) || target is Rule != scope is AnnotationScope.Rule or AnnotationScope.Document)
            problem = $"annotation scope '{written}' must be applied to {(scope is AnnotationScope.Rule or AnnotationScope.Document ? "rule" : "package")}{(target is null ? "" : $" (have {target.GetType().Name.ToLowerInvariant()})")}";
        else if (document.ContainsKey(new StringValue("entrypoint")) && scope is AnnotationScope.Rule or AnnotationScope.Subpackages)
            problem = $"annotation entrypoint applied to non-document or package scope '{written}'";
        else
            return new Annotations(span, scope, target, document.With(new StringValue("scope"), new StringValue(written)));

        errors.Add(span.Error(Parser.ParseError, problem));
        return null;
    }

    private static AnnotationScope? ScopeOf(string name) => name switch
    {
        "rule" => AnnotationScope.Rule,
        "document" => AnnotationScope.Document,
        "package" => AnnotationScope.Package,
        "subpackages" => AnnotationScope.Subpackages,
        _ => null,
    };

    // The plain YAML that such blocks hold is read here; what goes beyond it by the reader behind yaml.unmarshal, which takes longer to load.
    private static ObjectValue? Document(string text, out string problem)
    {
        problem = "";
        if (string.IsNullOrWhiteSpace(text))
        {
            problem = "expected METADATA block, found whitespace";
            return null;
        }

        var value = PlainYaml.Read(text) ?? FullYaml.Read(text, out problem);
        if (value is NullValue)
            return ObjectValue.Empty;
        if (value is not (null or ObjectValue))
            problem = "yaml: unmarshal errors: cannot unmarshal into annotations";
        return value as ObjectValue;
    }
}
