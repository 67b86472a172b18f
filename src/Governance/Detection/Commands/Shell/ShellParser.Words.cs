// The words of a shell text: quoting, expansions and assignments.
using System.Globalization;
using System.Text;

namespace CabinCrew.Governance.Detection.Commands.Shell;

internal sealed partial class ShellParser
{
    // The word that begins here; null where none does.
    private ShellWord? ReadWord()
    {
        var parts = new PartList();
        while (at < text.Length)
        {
            var c = Now;
            if (c is '<' or '>' && Ahead(1) == '(' && parts.IsEmpty)
            {
                at++;
                parts.Add(new(PartKind.ProcessSubstitution, "", Quoted: false, ReadSubstitution()));
            }
            else if (IsBreak(c))
            {
                break;
            }
            else if (c is '?' or '*' or '+' or '@' or '!' && Ahead(1) == '(')
            {
                at += 2;
                ReadOperand(')', parts);
                parts.Literal('*', quoted: false);
            }
            else
            {
                ReadPiece(parts);
            }
        }
        return parts.ToWord();
    }

    // One character or one quoted or expanded piece outside of double quotes.
    private void ReadPiece(PartList parts)
    {
        switch (Now)
        {
            case '\\' when Ahead(1) == '\n':
                at += 2;
                break;
            case '\\' when at + 1 < text.Length:
                parts.Literal(Ahead(1), quoted: true);
                at += 2;
                break;
            case '\'':
                var end = text.IndexOf('\'', at + 1);
                if (end < 0) throw Unclosed("'");
                parts.Literal(text.AsSpan(at + 1, end - at - 1), quoted: true);
                at = end + 1;
                break;
            case '"':
                at++;
                ReadDoubleQuoted(parts);
                break;
            case '`':
                parts.Add(new(PartKind.Substitution, "", Quoted: false, ReadBackticks(inQuotes: false)));
                break;
            case '$' when Ahead(1) == '\'':
                ReadEscapedText(parts);
                break;
            case '$' when Ahead(1) == '"':
                at += 2;
                ReadDoubleQuoted(parts);
                break;
            case '$':
                ReadDollar(parts, quoted: false);
                break;
            default:
                parts.Literal(Now, quoted: false);
                at++;
                break;
        }
    }

    private Unreadable Unclosed(string quote)
    {
        at = text.Length;
        return new($"a quote ({quote}) is never closed");
    }

    private void ReadDoubleQuoted(PartList parts)
    {
        parts.Literal("", quoted: true);
        while (Now != '"')
        {
            if (at >= text.Length) throw Unclosed("\"");
            ReadQuotedPiece(parts);
        }
        at++;
    }

    // To the end of the text, as between double quotes: here-documents, arithmetic.
    private ShellWord ReadText()
    {
        var parts = new PartList();
        parts.Literal("", quoted: true);
        while (at < text.Length) ReadQuotedPiece(parts);
        return parts.ToWord()!;
    }

    private void ReadQuotedPiece(PartList parts)
    {
        switch (Now)
        {
            case '\\' when Ahead(1) == '\n':
                at += 2;
                break;
            case '\\' when Ahead(1) is '$' or '`' or '"' or '\\':
                parts.Literal(Ahead(1), quoted: true);
                at += 2;
                break;
            case '`':
                parts.Add(new(PartKind.Substitution, "", Quoted: true, ReadBackticks(inQuotes: true)));
                break;
            case '$':
                ReadDollar(parts, quoted: true);
                break;
            default:
                parts.Literal(Now, quoted: true);
                at++;
                break;
        }
    }

    private void ReadDollar(PartList parts, bool quoted)
    {
        var next = Ahead(1);
        if (next == '(')
        {
            at++;
            if (ReadArithmetic() is { } sum) parts.Add(new(PartKind.Unknown, "((...))", quoted, Otherwise: sum));
            else parts.Add(new(PartKind.Substitution, "", quoted, ReadSubstitution()));
        }
        else if (next == '{')
        {
            ReadBraced(parts, quoted);
        }
        else if (char.IsAsciiLetter(next) || next == '_')
        {
            at++;
            parts.Add(new(PartKind.Variable, ReadName(), quoted));
        }
        else if (next is '?' or '*' or '@' or '#' or '$' or '!' or '-' || char.IsAsciiDigit(next))
        {
            parts.Add(new(PartKind.Variable, next.ToString(), quoted));
            at += 2;
        }
        else
        {
            parts.Literal('$', quoted);
            at++;
        }
    }

    private string ReadName()
    {
        var from = at;
        while (char.IsAsciiLetterOrDigit(Now) || Now == '_') at++;
        return text[from..at];
    }

    // At the opening parenthesis.
    private List<ShellNode> ReadSubstitution()
    {
        Deeper();
        at++;
        List<ShellNode> body = [];
        ReadList(body, []);
        Expect(")");
        depth--;
        return body;
    }

    private List<ShellNode> ReadBackticks(bool inQuotes)
    {
        var from = ++at;
        var body = new StringBuilder();
        while (Now != '`')
        {
            if (at >= text.Length) throw Unclosed("`");
            if (Now == '\\' && (Ahead(1) is '`' or '\\' or '$' || (inQuotes && Ahead(1) == '"'))) at++;
            body.Append(text[at++]);
        }
        at++;
        return Nested(body.ToString(), from, p =>
        {
            List<ShellNode> nodes = [];
            p.ReadList(nodes, []);
            return p.at < p.text.Length ? throw new Unreadable($"'{p.Now}' closes nothing") : nodes;
        });
    }

    // ((...)), with what is substituted in it; null, and nothing read, where it is a group in a group: as bash has it, the two closing ones must touch.
    private ShellWord? ReadArithmetic()
    {
        if (!Stands("((")) return null;
        var (i, open) = (at + 2, 2);
        while (open > 0)
        {
            if (i >= text.Length) return null;
            if (text[i] == '\\') i++;
            else if (text[i] == '(') open++;
            else if (text[i] == ')') open--;
            else if (text[i] is '\'' or '"' && text.IndexOf(text[i], i + 1) is >= 0 and var close) i = close;
            if (open == 1 && text[Math.Min(i, text.Length - 1)] == ')' && (i + 1 >= text.Length || text[i + 1] != ')')) return null;
            i++;
        }
        var body = text[(at + 2)..(i - 2)];
        var from = at + 2;
        at = i;
        return Nested(body, from, p => p.ReadText());
    }

    private void ReadBraced(PartList parts, bool quoted)
    {
        Deeper();
        at += 2;
        var isPlain = true;
        if (Now is '#' or '!' && Ahead(1) != '}')
        {
            isPlain = false;
            at++;
        }
        var name = char.IsAsciiLetter(Now) || Now == '_' ? ReadName() : at < text.Length ? text[at++].ToString() : "";
        while (name.Length > 0 && char.IsAsciiDigit(name[0]) && char.IsAsciiDigit(Now)) name += text[at++];
        var inner = new PartList();
        if (Now == '[')
        {
            at++;
            ReadOperand(']', inner);
        }
        var operatorAt = at;
        if (Now == ':' && Ahead(1) is '-' or '=' or '?' or '+') at++;
        var kind = Now;
        var standsIn = isPlain && kind is '-' or '=' or '?' or '+';
        if (Now != '}') at = standsIn ? at + 1 : operatorAt;
        ReadOperand('}', inner);
        depth--;
        var otherwise = inner.ToWord();
        if (kind == '+' && standsIn && otherwise is not null) parts.AddAll(otherwise.Parts, quoted);
        else parts.Add(new(isPlain && (kind == '}' || standsIn) ? PartKind.Variable : PartKind.Unknown, name, quoted, Otherwise: otherwise));
    }

    // Up to an end that is not quoted, with everything that would end a word.
    private void ReadOperand(char end, PartList parts)
    {
        var open = 0;
        while (Now != end || open > 0)
        {
            if (at >= text.Length) throw new Unreadable($"'{end}' is missing at the end");
            if (end == ')' && Now == '(') open++;
            else if (end == ')' && Now == ')') open--;
            ReadPiece(parts);
        }
        at++;
    }

    // $'...'
    private void ReadEscapedText(PartList parts)
    {
        at += 2;
        parts.Literal("", quoted: true);
        while (Now != '\'')
        {
            if (at >= text.Length) throw Unclosed("'");
            if (Now == '\\' && at + 1 < text.Length) parts.Literal(ReadEscape(), quoted: true);
            else parts.Literal(text[at++], quoted: true);
        }
        at++;
    }

    private string ReadEscape()
    {
        var c = Ahead(1);
        at += 2;
        switch (c)
        {
            case 'n': return "\n";
            case 't': return "\t";
            case 'r': return "\r";
            case 'a': return "\a";
            case 'b': return "\b";
            case 'e' or 'E': return "\e";
            case 'f': return "\f";
            case 'v': return "\v";
            case 'x': return ReadCode(16, 2);
            case 'u': return ReadCode(16, 4);
            case 'U': return ReadCode(16, 8);
            case >= '0' and <= '7':
                at--;
                return ReadCode(8, 3);
            default: return c.ToString();
        }
    }

    private string ReadCode(int radix, int digitsMax)
    {
        var from = at;
        while (at - from < digitsMax && (radix == 16 ? char.IsAsciiHexDigit(Now) : Now is >= '0' and <= '7')) at++;
        if (at == from) return "";
        var digits = text.AsSpan(from, at - from);
        var code = radix == 16 ? int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture) : Convert.ToInt32(digits.ToString(), 8);
        return Rune.IsValid(code) ? new Rune(code).ToString() : "\uFFFD";
    }

    // name=, name+=, name[...]= at the beginning of a command.
    private ShellAssignment? TryReadAssignment()
    {
        if (!char.IsAsciiLetter(Now) && Now != '_') return null;
        var start = at;
        var name = ReadName();
        if (Now == '[' && text.IndexOfAny([']', '\n'], at) is >= 0 and var close && text[close] == ']') at = close + 1;
        var appends = Stands("+=");
        if (!appends && Now != '=')
        {
            at = start;
            return null;
        }
        at += appends ? 2 : 1;
        if (Now == '(') return new(name, Empty, ReadArray(), appends);
        return new(name, ReadWord() ?? Empty, null, appends);
    }

    private static readonly ShellWord Empty = new([new(PartKind.Literal, "", Quoted: true)]);

    private List<ShellWord> ReadArray()
    {
        at++;
        List<ShellWord> items = [];
        while (true)
        {
            SkipLines();
            if (Now == ')' && at < text.Length) break;
            items.Add(ReadWord() ?? throw new Unreadable("an array is not closed"));
        }
        at++;
        return items;
    }

    // declare -a name=(...): the parenthesis belongs to the last word.
    private bool TryReadDeclaredArray(List<ShellWord> words, List<ShellAssignment> assignments)
    {
        if (words[0].Plain is not ("declare" or "local" or "typeset" or "readonly" or "export")) return false;
        if (words[^1].Plain is not { } name || !name.EndsWith('=')) return false;
        words.RemoveAt(words.Count - 1);
        assignments.Add(new(name.TrimEnd('=', '+'), Empty, ReadArray()));
        return true;
    }
}
