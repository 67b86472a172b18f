// Reads Go's text/template language: actions, if, with, range, variables, pipelines. Templates that define or call other
// templates are refused. Depth and size are bounded by the text and by a limit on nesting.
using System.Globalization;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Templates;

internal sealed class TemplateParser
{
    private const int DepthMax = 100;

    private readonly string text;
    private int at;
    private int depth;
    private bool trimNext;
    private string keyword = "";
    private List<string> tokens = [];
    private int next;

    private TemplateParser(string text) => this.text = text;

    /// <summary>Throws <see cref="FormatException"/> for what is no template.</summary>
    public static IReadOnlyList<TemplateNode> Parse(string text)
    {
        var parser = new TemplateParser(text);
        var nodes = parser.Nodes(inBlock: false);
        return parser.keyword.Length == 0 ? nodes : throw new FormatException($"unexpected {{{{{parser.keyword}}}}}");
    }

    // Ends at the end of the text, or inside a block at "end" or "else", which "keyword" then holds.
    private List<TemplateNode> Nodes(bool inBlock)
    {
        if (++depth > DepthMax) throw new FormatException("template nests too deeply");
        var nodes = new List<TemplateNode>();
        keyword = "";
        while (NextAction(nodes))
        {
            if (tokens.Count == 0) continue;
            keyword = tokens[0];
            if (keyword is "end" or "else")
            {
                depth--;
                return nodes;
            }

            nodes.Add(Action());
            keyword = "";
        }

        if (inBlock) throw new FormatException("unexpected EOF");
        depth--;
        return nodes;
    }

    private TemplateNode Action()
    {
        next = 1;
        switch (tokens[0])
        {
            case "if": return Block(BlockKind.If);
            case "with": return Block(BlockKind.With);
            case "range": return Block(BlockKind.Range);
            case "break" or "continue": return new JumpNode(tokens[0] == "break");
            case "define" or "template" or "block": throw new FormatException($"{tokens[0]} is not available here");
            default:
                next = 0;
                return new ActionNode(ReadPipeline(closing: false));
        }
    }

    private BlockNode Block(BlockKind kind)
    {
        var pipeline = ReadPipeline(closing: false);
        var body = Nodes(inBlock: true);
        List<TemplateNode> otherwise = [];
        if (keyword == "else")
        {
            if (tokens is ["else", "if" or "with", ..])
            {
                next = 2;
                otherwise = [Block(tokens[1] == "if" ? BlockKind.If : BlockKind.With)];
                return new BlockNode(kind, pipeline, body, otherwise);
            }

            otherwise = Nodes(inBlock: true);
            if (keyword == "else") throw new FormatException("expected end; found {{else}}");
        }

        keyword = "";
        return new BlockNode(kind, pipeline, body, otherwise);
    }

    // Takes the text before the next action, and the action's tokens; false where there is none any more.
    private bool NextAction(List<TemplateNode> nodes)
    {
        if (at >= text.Length) return false;
        var open = text.IndexOf("{{", at, StringComparison.Ordinal);
        var literal = open < 0 ? text[at..] : text[at..open];
        if (trimNext) literal = literal.TrimStart(' ', '\t', '\r', '\n');
        trimNext = false;
        var inner = open + 2;
        var trims = open >= 0 && inner + 1 < text.Length && text[inner] == '-' && char.IsWhiteSpace(text[inner + 1]);
        if (trims) literal = literal.TrimEnd(' ', '\t', '\r', '\n');
        if (literal.Length > 0) nodes.Add(new TextNode(literal));
        if (open < 0)
        {
            at = text.Length;
            return false;
        }

        at = trims ? inner + 2 : inner;
        if (text.AsSpan(at).TrimStart().StartsWith("/*")) SkipComment();
        else tokens = new TemplateLexer(text).Action(ref at, out trimNext);
        return true;
    }

    private void SkipComment()
    {
        var close = text.IndexOf("*/", at, StringComparison.Ordinal);
        var end = close < 0 ? -1 : text.IndexOf("}}", close, StringComparison.Ordinal);
        if (end < 0) throw new FormatException("unclosed comment");
        trimNext = text[end - 1] == '-';
        at = end + 2;
        tokens = [];
    }

    private Pipeline ReadPipeline(bool closing)
    {
        if (++depth > DepthMax) throw new FormatException("template nests too deeply");
        var variables = new List<string>();
        var declares = true;
        var mark = next;
        while (next < tokens.Count && tokens[next].StartsWith('$') && !tokens[next].Contains('.', StringComparison.Ordinal))
        {
            variables.Add(tokens[next++]);
            if (next < tokens.Count && tokens[next] == ",") next++;
            else break;
        }

        if (variables.Count > 0 && next < tokens.Count && tokens[next] is ":=" or "=") declares = tokens[next++] == ":=";
        else (next, variables) = (mark, []);
        var commands = new List<IReadOnlyList<Operand>>();
        string end;
        do
        {
            commands.Add(Command());
            end = next < tokens.Count ? tokens[next++] : "";
        }
        while (end == "|");
        if (closing != (end == ")")) throw new FormatException(closing ? "unclosed left paren" : "unexpected right paren");
        depth--;
        return new Pipeline(variables, declares, commands);
    }

    // Ends before "|" or ")" or the end.
    private List<Operand> Command()
    {
        var operands = new List<Operand>();
        while (next < tokens.Count && tokens[next] is not ("|" or ")")) operands.Add(ReadOperand(operands.Count == 0));
        return operands.Count > 0 ? operands : throw new FormatException("missing value for command");
    }

    private Operand ReadOperand(bool first)
    {
        var token = tokens[next++];
        switch (token[0])
        {
            case '.':
                return new FieldOperand(null, null, Fields(token));
            case '$':
                var dot = token.IndexOf('.', StringComparison.Ordinal);
                return new FieldOperand(dot < 0 ? token : token[..dot], null, dot < 0 ? [] : Fields(token[dot..]));
            case '(':
                var inner = ReadPipeline(closing: true);
                return new FieldOperand(null, inner, next < tokens.Count && tokens[next].Length > 1 && tokens[next][0] == '.' ? Fields(tokens[next++]) : []);
            case '"':
                return new ConstantOperand(new StringValue(TemplateLexer.Unquote(token)));
            case '`':
                return new ConstantOperand(new StringValue(token[1..^1]));
            case '\'':
                return new ConstantOperand(NumberValue.Of(char.ConvertToUtf32(TemplateLexer.Unquote($"\"{token[1..^1]}\""), 0)));
        }

        if (token is "true" or "false") return new ConstantOperand(Value.From(token == "true"));
        if (token == "nil") return new ConstantOperand(NullValue.Instance);
        if (NumberValue.Parse(token.TrimStart('+')) is { } number) return new ConstantOperand(number);
        if (!TemplateFunctions.Exists(token)) throw new FormatException($"function {GoText.Quote(token)} not defined");
        return first ? new FunctionOperand(token) : new FieldOperand(null, new Pipeline([], true, [[new FunctionOperand(token)]]), []);
    }

    private static string[] Fields(string token) => token == "." ? [] : token[1..].Split('.');
}
