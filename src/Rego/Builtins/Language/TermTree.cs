// A term as OPA's JSON form of it: {"type": ..., "value": ...}.
using System.Runtime.CompilerServices;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Language;

internal static class TermTree
{
    public static ObjectValue Typed(string type, Value value) => SyntaxTree.Map(("type", new StringValue(type)), ("value", value));

    public static ObjectValue Var(string name) => Typed("var", new StringValue(name));

    /// <summary>A built-in's name as a reference.</summary>
    public static ObjectValue Operator(string name)
    {
        var steps = name.Split('.');
        return Typed("ref", ArrayValue.Own([Var(steps[0]), .. steps[1..].Select(step => Typed("string", new StringValue(step)))]));
    }

    public static ArrayValue Call(CallTerm call) => ArrayValue.Own([Of(call.Operator), .. call.Arguments.Select(Of)]);

    public static Value Of(Term term)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return term switch
        {
            ScalarTerm scalar => Typed(TypeNames.Of(scalar.Value), scalar.Value),
            VarTerm variable => Var(variable.Name),
            RefTerm reference => Typed("ref", ArrayValue.Own([Of(reference.Head), .. reference.Path.Select(Of)])),
            CallTerm call => Typed("call", Call(call)),
            ArrayTerm array => Typed("array", SyntaxTree.List(array.Items, Of)),
            SetTerm set => Typed("set", SyntaxTree.List(set.Items, Of)),
            ObjectTerm map => Typed("object", SyntaxTree.List(map.Items, item => ArrayValue.Of(Of(item.Key), Of(item.Value)))),
            ArrayComprehension each => Typed("arraycomprehension", SyntaxTree.Map(("term", Of(each.Head)), ("body", SyntaxTree.Body(each.Body)))),
            SetComprehension each => Typed("setcomprehension", SyntaxTree.Map(("term", Of(each.Head)), ("body", SyntaxTree.Body(each.Body)))),
            ObjectComprehension each => Typed("objectcomprehension", SyntaxTree.Map(("key", Of(each.Key)), ("value", Of(each.Value)), ("body", SyntaxTree.Body(each.Body)))),
            TemplateTerm template => Typed("templatestring", SyntaxTree.Map(("parts", SyntaxTree.List(template.Parts, Part)), ("multi_line", Value.From(template.IsRaw)))),
            _ => NullValue.Instance,
        };
    }

    private static Value Part(TemplatePart part) => part.Expression is { } expression ? SyntaxTree.Expression(expression, 0) : Typed("string", new StringValue(part.Text ?? ""));
}
