// A parsed query: a body that is asked outside of any package.
using CabinCrew.Rego.Syntax.Parsing;

namespace CabinCrew.Rego.Syntax;

/// <summary>A query as a syntax tree: <c>data.a.b = x; x &gt; 1</c>.</summary>
public sealed class RegoQuery
{
    internal RegoQuery(SourceText source, Body body)
    {
        Source = source;
        Body = body;
    }

    internal SourceText Source { get; }

    internal Body Body { get; }

    /// <summary>Reads a query. Expressions are separated by <c>;</c> or newlines. Errors are parse errors in OPA's words.</summary>
    public static RegoResult<RegoQuery> Parse(string text, ParseOptions? options = null) =>
        new Parser(new SourceText("", text), options ?? ParseOptions.Default).ParseQuery();

    public override string ToString() => Source.Text;
}
