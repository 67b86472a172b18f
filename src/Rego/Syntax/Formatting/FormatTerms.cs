// Terms on the page. Parentheses are those that the operators need; a collection over several rows keeps its items on the rows they were on.
using System.Collections.Immutable;
using CabinCrew.Rego.Syntax.Parsing;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Syntax.Formatting;

internal sealed partial class Formatter
{
    private static string NameOf(VarTerm name) => name.IsWildcard ? "_" : name.Name;

    /// <summary>Writes a term where operators that bind less tightly than <paramref name="binding"/> need parentheses.</summary>
    private void WriteTerm(Term term, int binding = 0)
    {
        switch (term)
        {
            case ScalarTerm { IsRaw: true, Value: StringValue raw }:
                writer.Write($"`{raw.Text}`");
                break;
            case ScalarTerm scalar:
                writer.Write(scalar.Value.ToString());
                break;
            case VarTerm name:
                writer.Write(NameOf(name));
                break;
            case RefTerm reference:
                WriteReference(reference);
                break;
            case CallTerm { Symbol: not null } infix when Operators.BindingOf(infix.Symbol) < binding:
                writer.Write("(");
                WriteInfix(infix);
                writer.Write(")");
                break;
            case CallTerm { Symbol: not null } infix:
                WriteInfix(infix);
                break;
            case CallTerm call:
                WriteReference(call.Operator);
                WriteItems("(", call.Arguments, ")", call.Span);
                break;
            case ArrayTerm array:
                WriteItems("[", array.Items, "]", array.Span);
                break;
            case SetTerm { Items.IsEmpty: true }:
                writer.Write("set()");
                break;
            case SetTerm set:
                WriteItems("{", set.Items, "}", set.Span);
                break;
            case ObjectTerm items:
                WriteObject(items);
                break;
            case TemplateTerm:
                writer.Write(term.Span.Text);
                writer.SkipComments(term.Span);
                break;
            default:
                WriteComprehension(term);
                break;
        }
    }

    private void WriteReference(RefTerm reference)
    {
        WriteTerm(reference.Head, int.MaxValue);
        foreach (var step in reference.Path)
        {
            if (step is ScalarTerm { Value: StringValue name, IsRaw: false } && (Names.IsIdentifier(name.Text) || step.Span.Length > 0))
            {
                writer.Write(Names.Step(name.Text, step.Span.Text.StartsWith('"')));
                continue;
            }

            writer.Write("[");
            WriteTerm(step);
            writer.Write("]");
        }
    }

    private void WriteInfix(CallTerm infix)
    {
        var binding = Operators.BindingOf(infix.Symbol!);
        if (infix.Symbol == Operators.In)
        {
            var isPair = infix.Arguments.Length == 3;
            WriteTerm(infix.Arguments[0], isPair || infix.Arguments[0] is not CallTerm { Symbol: Operators.In, Arguments.Length: 2 } ? Operators.Relation : 0);
            if (isPair)
            {
                writer.Write(", ");
                WriteTerm(infix.Arguments[1], Operators.Relation);
            }

            writer.Write(" in ");
            WriteTerm(infix.Arguments[^1], Operators.Relation);
            return;
        }

        WriteTerm(infix.Arguments[0], binding);
        writer.Write($" {infix.Symbol} ");
        WriteTerm(infix.Arguments[1], binding + 1);
    }

    // In a list a pair with "in" needs parentheses, and so does a union, which would read as a comprehension.
    private void WriteItem(Term item)
    {
        var isBare = item is not CallTerm { Symbol: not null } infix || !(infix.Symbol == Operators.In && infix.Arguments.Length == 3 || StartsWithUnion(infix));
        WriteTerm(item, isBare ? 0 : int.MaxValue);
    }

    private static bool StartsWithUnion(Term term)
    {
        for (; term is CallTerm { Symbol: not null } infix; term = infix.Arguments[0])
        {
            if (infix.Symbol == "|")
                return true;
        }

        return false;
    }

    private bool IsOneRow(SourceSpan span) => writer.EndRowOf(span) == span.Row;

    /// <summary>The span from the opening bracket on: a call's starts at its name.</summary>
    private void WriteItems(string open, ImmutableArray<Term> items, string close, SourceSpan span)
    {
        writer.Write(open);
        WriteRows(items.Length, i => items[i].Span, i => WriteItem(items[i]), span);
        writer.Write(close);
    }

    private void WriteObject(ObjectTerm term)
    {
        writer.Write("{");
        WriteRows(term.Items.Length, i => term.Items[i].Key.Span.To(term.Items[i].Value.Span.End), WritePairOf, term.Span);
        writer.Write("}");

        void WritePairOf(int i)
        {
            WriteItem(term.Items[i].Key);
            writer.Write(": ");
            WriteItem(term.Items[i].Value);
        }
    }

    private void WriteRows(int count, Func<int, SourceSpan> spanOf, Action<int> write, SourceSpan whole)
    {
        // On one line unless the first item, or the bracket behind the last, stands on a row of its own.
        var isOneLine = count == 0 || !BreaksIn(whole, count, spanOf);
        if (isOneLine)
        {
            for (var i = 0; i < count; i++)
            {
                if (i > 0)
                    writer.Write(", ");
                write(i);
            }

            return;
        }

        writer.Indent();
        for (var i = 0; i < count; i++)
        {
            var span = spanOf(i);
            var sameRow = i > 0 && span.Row == writer.EndRowOf(spanOf(i - 1)) && writer.IsFree(spanOf(i - 1).Offset, span.Offset);
            if (sameRow)
                writer.Write(" ");
            else
                writer.StartLine(span);
            write(i);
            writer.Write(",");
            if (i == count - 1 || spanOf(i + 1).Row != writer.EndRowOf(span))
                writer.EndLine(span);
        }

        writer.Comments(whole.End);
        writer.Dedent();
        writer.CloseLine();
        writer.Reach(writer.EndRowOf(whole));
    }

    // A row ends, or a comment stands, between two items or between a bracket and its item.
    private bool BreaksIn(SourceSpan whole, int count, Func<int, SourceSpan> spanOf)
    {
        if (IsOneRow(whole))
            return false;
        for (var i = 1; i < count; i++)
        {
            if (HasBreak(spanOf(i - 1).End, spanOf(i).Offset))
                return true;
        }

        return HasBreak(whole.Offset, spanOf(0).Offset) || HasBreak(spanOf(count - 1).End, whole.End);
    }

    private bool HasBreak(int from, int to) => to > from && module.Source.Text.AsSpan(from, to - from).Contains('\n');

    private void WriteComprehension(Term term)
    {
        switch (term)
        {
            case ArrayComprehension array:
                writer.Write("[");
                WriteTerm(array.Head, int.MaxValue);
                WriteInnerBody(" |", array.Body, "]", array.Head.Span);
                break;
            case SetComprehension set:
                writer.Write("{");
                WriteTerm(set.Head, int.MaxValue);
                WriteInnerBody(" |", set.Body, "}", set.Head.Span);
                break;
            case ObjectComprehension map:
                writer.Write("{");
                WriteItem(map.Key);
                writer.Write(": ");
                WriteTerm(map.Value, int.MaxValue);
                WriteInnerBody(" |", map.Body, "}", map.Value.Span);
                break;
        }
    }
}
