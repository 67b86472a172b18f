// The compound commands of a shell: groups, conditions, loops, cases, functions, tests.
namespace CabinCrew.Governance.Detection.Commands.Shell;

internal sealed partial class ShellParser
{
    private Compound ReadBody(int from, CompoundKind kind, string end)
    {
        List<ShellNode> body = [];
        ReadList(body, end == ")" ? [] : [end]);
        Expect(end);
        return new(from, kind, body, ReadRedirections());
    }

    private void Expect(string word)
    {
        SkipBlanks();
        if (!Stands(word)) throw new Unreadable(at < text.Length ? $"'{word}' is expected, not '{Now}'" : $"'{word}' is missing at the end");
        at += word.Length;
    }

    private Compound ReadConditional(int from, string begin, string end, ReadOnlySpan<string> words)
    {
        at += begin.Length;
        List<ShellNode> body = [];
        while (true)
        {
            ReadList(body, words);
            var word = ClosingHere(words) ?? throw new Unreadable($"'{begin}' has no '{end}'");
            at += word.Length;
            if (word == end) return new(from, CompoundKind.Conditional, body, ReadRedirections());
        }
    }

    private Compound ReadLoop(int from, string begin)
    {
        at += begin.Length;
        SkipBlanks();
        string? variable = null;
        List<ShellWord>? items = null;
        List<ShellNode> body = [];
        if (ReadArithmetic() is { } sum)
        {
            body.Add(Evaluating(from, sum));
        }
        else
        {
            variable = ReadWord()?.Plain ?? throw new Unreadable($"'{begin}' has no name");
            SkipLines();
            if (IsClosing(["in"]))
            {
                at += 2;
                items = [];
                SkipBlanks();
                while (ReadWord() is { } item)
                {
                    items.Add(item);
                    SkipBlanks();
                }
            }
        }
        SkipBetweenCommands();
        var end = IsClosing(["{"]) ? "}" : "done";
        Expect(end == "}" ? "{" : "do");
        ReadList(body, [end]);
        Expect(end);
        return new(from, CompoundKind.Loop, body, ReadRedirections(), variable, items);
    }

    private Compound ReadCase(int from)
    {
        at += "case".Length;
        SkipBlanks();
        var subject = ReadWord() ?? throw new Unreadable("'case' has no word");
        SkipLines();
        Expect("in");
        // What the word says is looked at like a command's arguments: a substitution in it runs.
        List<ShellNode> body = [Evaluating(from, subject)];
        while (true)
        {
            SkipBetweenCommands();
            if (IsClosing(["esac"])) break;
            if (Now == '(') at++;
            SkipBlanks();
            while (ReadWord() is not null)
            {
                SkipBlanks();
                if (Now == '|') at++;
                SkipBlanks();
            }
            Expect(")");
            ReadList(body, ["esac"]);
            if (Stands(";;&")) at += 3;
            else if (Stands(";;") || Stands(";&")) at += 2;
            else if (!IsClosing(["esac"])) throw new Unreadable("'case' has no 'esac'");
        }
        Expect("esac");
        return new(from, CompoundKind.Conditional, body, ReadRedirections());
    }

    private FunctionDefinition ReadFunction(int from)
    {
        at += "function".Length;
        SkipBlanks();
        var name = ReadWord()?.Plain ?? throw new Unreadable("'function' has no name");
        SkipBlanks();
        if (Now == '(')
        {
            at++;
            Expect(")");
        }
        SkipLines();
        return new(from, name, ReadCommand());
    }

    // What only evaluates a word, and so runs what is substituted in it.
    private static SimpleCommand Evaluating(int from, ShellWord word) => new(from, [], [new([new(PartKind.Literal, ":", Quoted: false)]), word], []);

    // [[ ... ]]: only what its words run.
    private SimpleCommand ReadTest(int from)
    {
        List<ShellWord> words = [new([new(PartKind.Literal, ":", false)])];
        at += 2;
        while (true)
        {
            SkipLines();
            if (at >= text.Length) throw new Unreadable("'[[' has no ']]'");
            if (Stands("]]") && IsBreak(Ahead(2)))
            {
                at += 2;
                return new(from, [], words, ReadRedirections());
            }
            // Regular expressions have parentheses and bars that are no operators.
            if (ReadWord() is { } word) words.Add(word);
            else at++;
        }
    }
}
