// Reads POSIX shell and what bash adds to it, well enough to judge: every command that a shell would run stands in the tree, or the text is reported as not readable.
// Never throws, one pass, no word is looked at twice by the same parser; depth is bounded, and after an error reading goes on with the next line a few times.
namespace CabinCrew.Governance.Detection.Commands.Shell;

internal sealed partial class ShellParser
{
    /// <summary>Nesting of groups, substitutions and quotes.</summary>
    public const int DepthMax = 60;

    private const int TroublesMax = 8;

    private static readonly string[] RedirectionOperators = ["&>>", "&>", "<<<", "<<-", "<<", "<&", "<>", "<", ">>", ">&", ">|", ">"];

    private readonly string text;
    private readonly List<HereDocument> awaited = [];
    private readonly int origin;
    private int at;
    private int depth;

    private ShellParser(string text, int origin) => (this.text, this.origin) = (text, origin);

    public static ShellScript Parse(string text)
    {
        var parser = new ShellParser(text, 0);
        List<ShellNode> nodes = [];
        List<ShellTrouble> troubles = [];
        while (true)
        {
            var from = parser.at;
            try
            {
                parser.ReadList(nodes, []);
                if (parser.at >= text.Length) return new(nodes, troubles);
                throw new Unreadable($"'{text[parser.at]}' closes nothing");
            }
            catch (Unreadable e)
            {
                troubles.Add(new(Math.Min(parser.at, text.Length), e.Message));
                // What stands behind is read as well: from the line after the one where the command began that broke off.
                var begin = nodes.Count > 0 && nodes[^1].At >= from ? Math.Max(nodes[^1].At, parser.commandAt) : parser.commandAt;
                var next = text.IndexOf('\n', Math.Clamp(begin, from, text.Length));
                if (next < 0 || troubles.Count == TroublesMax) return new(nodes, troubles);
                (parser.at, parser.depth, parser.commandAt) = (next + 1, 0, next + 1);
                parser.awaited.Clear();
            }
        }
    }

    // Where the command of the outermost list began that is being read.
    private int commandAt;

    private sealed class Unreadable(string what) : Exception(what);

    private sealed class HereDocument(string end, bool strips, bool isQuoted, List<Redirection> into, int index)
    {
        public string End => end;

        public bool Strips => strips;

        public bool IsQuoted => isQuoted;

        public void Set(ShellWord body) => into[index] = into[index] with { Target = body };
    }

    private char Now => at < text.Length ? text[at] : '\0';

    private char Ahead(int by) => at + by < text.Length ? text[at + by] : '\0';

    private bool Stands(string what) => string.CompareOrdinal(text, at, what, 0, what.Length) == 0;

    private void Deeper()
    {
        if (++depth > DepthMax) throw new Unreadable($"nested more than {DepthMax} deep");
    }

    // Commands until one of the closing words (left unread), a closing parenthesis, or the end.
    private void ReadList(List<ShellNode> into, ReadOnlySpan<string> closing)
    {
        while (true)
        {
            SkipBetweenCommands();
            if (at >= text.Length || Now == ')' || IsClosing(closing) || Stands(";;") || Stands(";&")) return;
            if (depth == 0) commandAt = at;
            into.Add(ReadPipeline());
            SkipBlanks();
            if (Now == ';' && Ahead(1) is not (';' or '&')) at++;
            else if (Now == '&' || Stands("||")) at += Ahead(1) is '&' or '|' ? 2 : 1;
            else if (at < text.Length && Now is not ('\n' or ')' or ';') && !IsClosing(closing)) throw new Unreadable($"'{Now}' is not expected here");
        }
    }

    private void SkipBetweenCommands()
    {
        while (true)
        {
            SkipBlanks();
            if (Now == '\n' && at < text.Length) EndLine();
            else if (Now == ';' && Ahead(1) is not (';' or '&')) at++;
            else return;
        }
    }

    // Blanks, continued lines and comments.
    private void SkipBlanks()
    {
        while (at < text.Length)
        {
            if (Now is ' ' or '\t' or '\r') at++;
            else if (Now == '\\' && Ahead(1) == '\n') at += 2;
            else if (Now == '\\' && Ahead(1) == '\r' && Ahead(2) == '\n') at += 3;
            else if (Now == '#') at = text.IndexOf('\n', at) is >= 0 and var end ? end : text.Length;
            else return;
        }
    }

    private void EndLine()
    {
        at++;
        foreach (var document in awaited) ReadHereDocument(document);
        awaited.Clear();
    }

    private void ReadHereDocument(HereDocument document)
    {
        var from = at;
        while (true)
        {
            if (at >= text.Length) throw new Unreadable($"the here-document up to '{document.End}' has no end");
            var end = text.IndexOf('\n', at) is >= 0 and var newline ? newline : text.Length;
            var line = text.AsSpan(at, end - at).TrimEnd('\r');
            if (document.Strips) line = line.TrimStart('\t');
            var isEnd = line.SequenceEqual(document.End);
            var bodyEnd = at;
            at = Math.Min(end + 1, text.Length);
            if (!isEnd) continue;
            var body = text[from..bodyEnd];
            document.Set(document.IsQuoted ? new([new(PartKind.Literal, body, Quoted: true)]) : Nested(body, from, p => p.ReadText()));
            return;
        }
    }

    // Another text inside this one, by a parser of its own that is as deep as this one.
    private T Nested<T>(string body, int from, Func<ShellParser, T> read)
    {
        Deeper();
        var parser = new ShellParser(body, origin + from) { depth = depth };
        var result = read(parser);
        depth--;
        return result;
    }

    private bool IsClosing(ReadOnlySpan<string> words) => ClosingHere(words) is not null;

    private string? ClosingHere(ReadOnlySpan<string> words)
    {
        foreach (var word in words)
            if (Stands(word) && IsBreak(Ahead(word.Length))) return word;
        return null;
    }

    private static bool IsBreak(char c) => c is '\0' or ' ' or '\t' or '\r' or '\n' or ';' or '&' or '|' or '(' or ')' or '<' or '>';

    private ShellNode ReadPipeline()
    {
        var from = origin + at;
        while (Now == '!' && IsBreak(Ahead(1)) && at < text.Length)
        {
            at++;
            SkipBlanks();
        }
        List<ShellNode> stages = [ReadCommand()];
        while (true)
        {
            SkipBlanks();
            if (Now != '|' || Ahead(1) == '|') break;
            at += Ahead(1) == '&' ? 2 : 1;
            SkipLines();
            stages.Add(ReadCommand());
        }
        return stages.Count == 1 ? stages[0] : new Pipeline(from, stages);
    }

    private void SkipLines()
    {
        SkipBlanks();
        while (Now == '\n' && at < text.Length)
        {
            EndLine();
            SkipBlanks();
        }
    }

    private ShellNode ReadCommand()
    {
        Deeper();
        var node = ReadCommandHere();
        depth--;
        return node;
    }

    private ShellNode ReadCommandHere()
    {
        var from = origin + at;
        if (Now == '(')
        {
            if (ReadArithmetic() is { } sum) return new Compound(from, CompoundKind.Group, [Evaluating(from, sum)], ReadRedirections());
            at++;
            return ReadBody(from, CompoundKind.Subshell, ")");
        }
        if (IsClosing(["{"]))
        {
            at++;
            return ReadBody(from, CompoundKind.Group, "}");
        }
        if (IsClosing(["if"])) return ReadConditional(from, "if", "fi", ["then", "elif", "else", "fi"]);
        if (IsClosing(["while"])) return ReadConditional(from, "while", "done", ["do", "done"]);
        if (IsClosing(["until"])) return ReadConditional(from, "until", "done", ["do", "done"]);
        if (IsClosing(["for"])) return ReadLoop(from, "for");
        if (IsClosing(["select"])) return ReadLoop(from, "select");
        if (IsClosing(["case"])) return ReadCase(from);
        if (IsClosing(["function"])) return ReadFunction(from);
        if (IsClosing(["[["])) return ReadTest(from);
        return ReadSimple(from);
    }

    private List<Redirection> ReadRedirections()
    {
        List<Redirection> redirections = [];
        SkipBlanks();
        while (TryReadRedirection(redirections)) SkipBlanks();
        return redirections;
    }

    private ShellNode ReadSimple(int from)
    {
        List<ShellAssignment> assignments = [];
        List<ShellWord> words = [];
        List<Redirection> redirections = [];
        while (true)
        {
            SkipBlanks();
            if (TryReadRedirection(redirections)) continue;
            if (words.Count == 0 && TryReadAssignment() is { } assignment)
            {
                assignments.Add(assignment);
                continue;
            }
            if (words.Count > 0 && Now == '(')
            {
                if (words is [{ Plain: { } name }] && assignments.Count == 0)
                {
                    at++;
                    Expect(")");
                    SkipLines();
                    return new FunctionDefinition(from, name, ReadCommand());
                }
                if (TryReadDeclaredArray(words, assignments)) continue;
                throw new Unreadable("'(' is not expected here");
            }
            if (ReadWord() is not { } word) break;
            words.Add(word);
        }
        if (words.Count + assignments.Count + redirections.Count == 0)
            throw new Unreadable(at < text.Length ? $"a command is expected, not '{Now}'" : "a command is missing at the end");
        return new SimpleCommand(from, assignments, words, redirections);
    }

    private bool TryReadRedirection(List<Redirection> redirections)
    {
        var operatorAt = at;
        while (operatorAt < text.Length && char.IsAsciiDigit(text[operatorAt])) operatorAt++;
        if (operatorAt == at && Now == '{')
        {
            // {name}>file
            while (operatorAt < text.Length && (char.IsAsciiLetterOrDigit(text[operatorAt]) || text[operatorAt] is '_' or '{')) operatorAt++;
            if (operatorAt < text.Length && text[operatorAt] == '}') operatorAt++;
        }
        if (operatorAt >= text.Length || text[operatorAt] is not ('<' or '>' or '&')) return false;
        var start = at;
        at = operatorAt;
        var found = Array.Find(RedirectionOperators, Stands);
        if (found is null || ((found is "<" or ">") && Ahead(1) == '('))
        {
            at = start;
            return false;
        }
        at += found.Length;
        SkipBlanks();
        var target = ReadWord() ?? throw new Unreadable($"'{found}' has no target");
        redirections.Add(new(found, target, text[start..operatorAt] is "" or "1" ? 1 : 2));
        if (found is "<<" or "<<-")
            awaited.Add(new(string.Concat(target.Parts.Select(p => p.Text)), found == "<<-", target.Parts.Any(p => p.Quoted), redirections, redirections.Count - 1));
        return true;
    }
}
