// Writes a module in one form, with the habits of `opa fmt`: tabs, one blank line between rules, := in heads, sorted imports, comments kept.
// Invariants: formatting twice changes nothing more; what is written parses to the same policy, else the text is left as it was
// (an import of keywords between rules cannot be moved to the others, for instance).
using System.Collections.Immutable;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Syntax.Formatting;

/// <summary>The formatter behind <c>fmt</c>.</summary>
public static class RegoFormatter
{
    /// <summary>The formatted text of a module, ending in a newline.</summary>
    public static string Format(RegoModule module)
    {
        var text = new Formatter(module).Run();
        var options = new ParseOptions { Version = module.Version, TextCharsMax = int.MaxValue, DepthMax = 2 * ParseOptions.Default.DepthMax };
        return RegoModule.Parse(text, module.FileName, options) is { Ok: true, Value: var again } && SyntaxOutline.Of(again) == SyntaxOutline.Of(module)
            ? text
            : module.Source.Text;
    }
}

internal sealed partial class Formatter(RegoModule module)
{
    private readonly FormatWriter writer = new(module.Source, module.Comments);

    public string Run()
    {
        var package = module.Package;
        writer.StartLine(package.Span);
        writer.Write("package ");
        writer.Write(PathText(package.Path));
        writer.EndLine(package.Span);
        WriteImports();
        WriteRules();
        writer.Comments(int.MaxValue);
        return writer + "\n";
    }

    private static string PathText(ImmutableArray<string> path) => path[0] + string.Concat(path.Skip(1).Select(name => Names.Step(name, false)));

    // Imports that follow each other without a blank line or comment are sorted among themselves.
    private void WriteImports()
    {
        for (var start = 0; start < module.Imports.Length;)
        {
            var end = start + 1;
            while (end < module.Imports.Length && AreNeighbours(module.Imports[end - 1], module.Imports[end]))
                end++;

            var group = module.Imports[start..end].Select(import => (Import: import, Text: ImportText(import))).OrderBy(item => item.Text, StringComparer.Ordinal).ToList();
            writer.StartLine(module.Imports[start].Span, forceBlank: start == 0);
            for (var i = 0; i < group.Count; i++)
            {
                if (i > 0)
                    writer.CloseLine();
                writer.Write(group[i].Text);
            }

            writer.EndLine(module.Imports[end - 1].Span);
            start = end;
        }
    }

    private bool AreNeighbours(Import first, Import second) =>
        second.Span.Row - writer.EndRowOf(first.Span) <= 1 && writer.IsFree(first.Span.Offset, second.Span.Offset)
        && writer.IsFree(second.Span.Offset, LineEnd(second.Span.End));

    private int LineEnd(int offset) => module.Source.Text.IndexOf('\n', offset) is var end && end < 0 ? module.Source.Text.Length : end;

    private static string ImportText(Import import) =>
        "import " + ((VarTerm)import.Path.Head).Name
        + string.Concat(import.Path.Path.Select(term => Names.Step(((StringValue)((ScalarTerm)term).Value).Text, term.Span.Text[0] == '"')))
        + (import.Alias is null ? "" : " as " + import.Alias);

    private void WriteRules()
    {
        Rule? previous = null;
        foreach (var rule in module.Rules)
        {
            var grouped = previous is not null && IsOneLine(previous) && IsOneLine(rule) && rule.Span.Row == previous.Span.Row + 1;
            writer.StartLine(rule.Span, forceBlank: !grouped);
            WriteRule(rule);
            writer.EndLine(rule.Span);
            previous = rule;
        }
    }

    private bool IsOneLine(Rule rule) => rule.Else is null && writer.EndRowOf(rule.Span) == rule.Span.Row
        && (rule.HasGeneratedBody || ((module.IsStrict || rule.Head.HasIf) && StaysOnLine(rule, rule.Head.Span)));

    private void WriteRule(Rule rule)
    {
        if (rule.IsDefault)
            writer.Write("default ");
        WriteHead(rule.Head);
        WriteRuleBody(rule, rule.Head.Span);
        for (var next = rule.Else; next is not null; next = next.Else)
        {
            writer.Write(lastWasBlock ? " else" : "");
            if (!lastWasBlock)
            {
                writer.StartLine(next.Span);
                writer.Write("else");
            }

            if (!next.Head.HasGeneratedValue)
            {
                writer.Write(" := ");
                WriteTerm(next.Head.Value!);
            }

            WriteRuleBody(next, next.Head.Span);
        }
    }

    private void WriteHead(RuleHead head)
    {
        WriteReference(head.Reference);
        if (head.IsFunction)
            WriteItems("(", head.Arguments, ")", head.Span.To(ClosingOf(head.Arguments[^1].Span.End) + 1));
        if (head.HasContains)
        {
            writer.Write(" contains ");
            WriteTerm(head.Key!);
        }
        else if (head.Key is { } key)
        {
            writer.Write("[");
            WriteTerm(key);
            writer.Write("]");
        }
        else if (!head.HasGeneratedValue)
        {
            writer.Write(" := ");
            WriteTerm(head.Value!);
        }
    }

    private bool lastWasBlock;

    private void WriteRuleBody(Rule rule, SourceSpan head)
    {
        lastWasBlock = false;
        if (rule.HasGeneratedBody)
            return;

        // Only the else branches of v1 may inherit the "if": what the source says counts.
        var hasIf = module.IsStrict || rule.Head.HasIf;
        if (hasIf)
            writer.Write(" if");
        writer.Write(" ");
        if (hasIf && StaysOnLine(rule, head))
        {
            WriteExpression(rule.Body.Expressions[0]);
            return;
        }

        WriteBlock(rule.Body, head);
        lastWasBlock = true;
    }

    // One expression beside its head needs no braces, unless it starts with one itself. One below the head keeps its braces.
    private bool StaysOnLine(Rule rule, SourceSpan head)
    {
        var body = rule.Body.Expressions;
        return body.Length == 1 && writer.EndRowOf(head) == body[0].Span.Row
            && writer.IsFree(head.Offset, writer.EndRowOf(rule.Span) == head.Row ? rule.Span.End : body[0].Span.End)
            && module.Source.Text[body[0].Span.Offset] is not ('{' or '(');
    }

    /// <summary><c>{</c>, the expressions on lines of their own, <c>}</c>.</summary>
    private void WriteBlock(Body body, SourceSpan before)
    {
        writer.Write("{");
        WriteLines(body, before, "}");
    }

    private void WriteLines(Body body, SourceSpan before, string close)
    {
        writer.EndLine(writer.EndRowOf(before), before.End);
        writer.Indent();
        foreach (var expression in body.Expressions)
        {
            writer.StartLine(expression.Span);
            WriteExpression(expression);
            writer.EndLine(expression.Span);
        }

        var closing = ClosingOf(body.Span.End);
        writer.Comments(closing);
        writer.Dedent();
        writer.CloseLine();
        writer.Write(close);
        writer.Reach(body.Span.Row + module.Source.Text.AsSpan(body.Span.Offset, closing - body.Span.Offset).Count('\n'));
    }

    // The offset of the bracket behind a body or list: nothing but blanks, separators and comments stands before it.
    private int ClosingOf(int offset)
    {
        var text = module.Source.Text;
        for (; offset < text.Length; offset++)
        {
            if (text[offset] == '#')
                offset = LineEnd(offset);
            else if (!char.IsWhiteSpace(text[offset]) && text[offset] is not (';' or ','))
                return offset;
        }

        return text.Length;
    }
}
