// Expressions on the page: one line where the source has one, bodies in braces on lines of their own.
using System.Collections.Immutable;
using CabinCrew.Rego.Syntax.Parsing;

namespace CabinCrew.Rego.Syntax.Formatting;

internal sealed partial class Formatter
{
    private void WriteExpression(Expr expression)
    {
        switch (expression)
        {
            case TermExpr e:
                WriteTerm(e.Term);
                break;
            case UnifyExpr e:
                WritePair(e.Left, " = ", e.Right);
                break;
            case AssignExpr e:
                WritePair(e.Left, " := ", e.Right);
                break;
            case SomeExpr e:
                writer.Write("some " + string.Join(", ", e.Variables.Select(NameOf)));
                break;
            case SomeInExpr e:
                writer.Write("some ");
                WriteIteration(e.Key, e.Value, e.Domain);
                break;
            case EveryExpr e:
                writer.Write("every ");
                WriteIteration(e.Key, e.Value, e.Domain);
                writer.Write(" ");
                WriteInnerBody("{", e.Body, "}", e.Domain.Span);
                break;
            case NotExpr e:
                WriteNot(e);
                break;
            case LogicalExpr e:
                WriteOperand(e.Left, e.IsOr);
                writer.Write(e.IsOr ? " or " : " and ");
                WriteOperand(e.Right, e.IsOr);
                break;
        }

        WriteWiths(expression.Withs);
    }

    private void WritePair(Term left, string sign, Term right)
    {
        WriteTerm(left);
        writer.Write(sign);
        WriteTerm(right);
    }

    private void WriteIteration(Term? key, Term value, Term domain)
    {
        if (key is not null)
        {
            WriteTerm(key, Operators.Relation);
            writer.Write(", ");
        }

        WriteTerm(value, Operators.Relation);
        writer.Write(" in ");
        WriteTerm(domain, Operators.Relation);
    }

    private void WriteNot(NotExpr not)
    {
        writer.Write("not ");
        if (not.Form == NotForm.Explicit)
            WriteInnerBody("{", not.Body, "}", BraceOf(not.Body));
        else if (not.Form == NotForm.Group)
            WriteGroup(not.Body);
        else
            WriteExpression(not.Body.Expressions[0]);
    }

    private void WriteOperand(LogicalOperand operand, bool inOr)
    {
        var inner = operand.Body.Expressions[0];
        if (operand.Form == OperandForm.Explicit)
            WriteInnerBody("{", operand.Body, "}", BraceOf(operand.Body));
        else if (operand.Form == OperandForm.Group || inner is LogicalExpr { IsOr: true } && !inOr)
            WriteGroup(operand.Body);
        else
            WriteExpression(inner);
    }

    // The body of an explicit operand begins at its brace.
    private static SourceSpan BraceOf(Body body) => body.Span with { Length = 1 };

    private void WriteGroup(Body body)
    {
        writer.Write("(");
        WriteExpression(body.Expressions[0]);
        writer.Write(")");
    }

    private void WriteWiths(ImmutableArray<With> withs)
    {
        var row = 0;
        foreach (var with in withs)
        {
            if (row != 0 && with.Span.Row > row)
            {
                writer.Indent();
                writer.CloseLine();
                writer.Dedent();
            }
            else
                writer.Write(" ");
            row = with.Span.Row;
            writer.Write("with ");
            WriteTerm(with.Target);
            writer.Write(" as ");
            WriteTerm(with.Value);
        }
    }

    /// <summary>A body inside an expression: on one line if it was, with <c>;</c> between.</summary>
    private void WriteInnerBody(string open, Body body, string close, SourceSpan before)
    {
        var closing = ClosingOf(body.Span.End);
        var isOneLine = !module.Source.Text.AsSpan(before.End, closing - before.End).Contains('\n') && writer.IsFree(before.End, closing);
        if (!isOneLine)
        {
            writer.Write(open);
            WriteLines(body, before, close);
            return;
        }

        var pad = close == "}" && open == "{" ? " " : "";
        writer.Write(open + (open.EndsWith('|') ? " " : pad));
        for (var i = 0; i < body.Expressions.Length; i++)
        {
            if (i > 0)
                writer.Write("; ");
            WriteExpression(body.Expressions[i]);
        }

        writer.Write(pad + close);
    }
}
