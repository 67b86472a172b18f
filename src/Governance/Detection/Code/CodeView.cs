// Code as rules see it: tokens with what belongs to a name beside it, its arguments, its value. Nothing here looks further than a bounded number of tokens, so that a rule costs the same wherever it looks.
namespace CabinCrew.Governance.Detection.Code;

/// <param name="From">The first token.</param>
/// <param name="To">The one behind the last.</param>
internal readonly record struct CodeRange(int From, int To)
{
    public bool IsEmpty => To <= From;
}

internal sealed partial class CodeView(string text, string path, List<CodeToken> tokens, CodeLanguage language)
{
    /// <summary>Of a call or a value, so many tokens are looked at.</summary>
    private const int Looked = 300;

    /// <summary>And of what nobody closes.</summary>
    private const int LookedOpen = 30;

    public CodeLanguage Language => language;

    public string Path => path;

    public int Count => tokens.Count;

    public CodeToken this[int i] => i >= 0 && i < tokens.Count ? tokens[i] : default;

    public ReadOnlySpan<char> Text(int i) => i >= 0 && i < tokens.Count ? text.AsSpan(tokens[i].Start, tokens[i].End - tokens[i].Start) : default;

    /// <summary>What stands in a text, as it is written.</summary>
    public ReadOnlySpan<char> Content(int i)
    {
        var t = this[i];
        return t.Kind != CodeTokenKind.Text || t.End - t.Start < t.Open + t.Close ? default : text.AsSpan(t.Start + t.Open, t.End - t.Start - t.Open - t.Close);
    }

    public bool Is(int i, string word) => Text(i).SequenceEqual(word);

    public bool IsAny(int i, params ReadOnlySpan<string> words)
    {
        var own = Text(i);
        foreach (var word in words)
            if (own.SequenceEqual(word)) return true;
        return false;
    }

    public bool IsDot(int i) => Text(i) is "." or "->" or "::" or "?.";

    public bool IsName(int i) => this[i].Kind == CodeTokenKind.Name;

    /// <summary>A bracket stands behind the name, maybe after type arguments.</summary>
    public bool IsCall(int i) => Opening(i) > 0;

    public int Opening(int i)
    {
        if (Is(i + 1, "(")) return i + 1;
        if (language == CodeLanguage.Rust && Is(i + 1, "!") && Is(i + 2, "(")) return i + 2;
        if (!Is(i + 1, "<")) return 0;
        for (var at = i + 2; at < i + 10; at++)
            if (Is(at, ">") && Is(at + 1, "(")) return at + 1;
        return 0;
    }

    /// <summary>Called, and not defined here, and no member of anything.</summary>
    public bool IsBareCall(int i) => IsCall(i) && !IsDot(i - 1) && !IsDefined(i);

    public bool IsDefined(int i) => IsAny(i - 1, "def", "function", "func", "fn", "fun", "class", "sub") || (Is(i - 1, "*") && Is(i - 2, "function"));

    /// <summary>A member of something with one of these names.</summary>
    public bool IsOf(int i, params ReadOnlySpan<string> owners) => IsDot(i - 1) && IsAny(i - 2, owners);

    public bool IsMade(int i) => Is(i - 1, "new") || (IsDot(i - 1) && IsMade(i - 2));

    /// <summary>Between the brackets of a call.</summary>
    public CodeRange Inside(int i)
    {
        var opening = Opening(i);
        if (opening == 0) return default;
        var close = tokens[opening].Match;
        return new(opening + 1, Math.Min(close < 0 ? opening + LookedOpen : close, Math.Min(tokens.Count, opening + Looked)));
    }

    /// <summary>An argument by its place, from 0; those with names are not counted.</summary>
    public CodeRange Arg(int i, int place)
    {
        foreach (var arg in Parts(Inside(i)))
        {
            if (IsNamed(arg)) continue;
            if (place-- == 0) return arg;
        }
        return default;
    }

    public int ArgCount(int i) => Parts(Inside(i)).Count;

    /// <summary>The value of an argument with a name (<c>shell=True</c>, <c>verify: false</c>, <c>"verify" => false</c>), also in an object or a map that is an argument.</summary>
    public CodeRange Named(int i, string name) => Member(Inside(i), name);

    public CodeRange Member(CodeRange range, string name)
    {
        for (var at = range.From; at < range.To; at++)
            if (IsKey(at, name)) return Value(at);
        return default;
    }

    private bool IsKey(int at, string name) => tokens[at].Kind switch
    {
        CodeTokenKind.Name => Is(at, name),
        CodeTokenKind.Text => Content(at).SequenceEqual(name),
        _ => false,
    } && (IsAny(at + 1, "=", ":", "=>", ":=") || (Is(at + 1, "]") && IsAny(at + 2, "=", ":", "=>")));

    /// <summary>What is assigned to a name, a key or a member, to the end of the statement or the entry.</summary>
    public CodeRange Value(int i)
    {
        var sign = i + 1;
        if (Is(sign, "]")) sign++;
        // Of a type in between: name: Type = value.
        if (Is(sign, ":") && IsName(sign + 1) && Is(sign + 2, "=")) sign += 2;
        // a ? b.name : c has no key.
        if (!IsAny(sign, "=", ":", "=>", ":=", "+=") || (Is(sign, ":") && IsDot(i - 1))) return default;
        return new(sign + 1, End(sign + 1));
    }

    /// <summary>Behind a word that takes what follows it without brackets: <c>eval $x;</c>, <c>echo $x</c>.</summary>
    public CodeRange Following(int i) => new(i + 1, End(i + 1));

    // Of what begins here: a comma, a semicolon, a bracket that was not opened here, or a line that does not go on.
    private int End(int from)
    {
        var at = from;
        for (var limit = Math.Min(tokens.Count, from + Looked); at < limit; at++)
        {
            var t = tokens[at];
            if (t.Kind == CodeTokenKind.Sign)
            {
                var c = text[t.Start];
                if (c is ',' or ';' or ')' or ']' or '}') return at;
            }
            if (t.BeginsLine && at > from && !GoesOn(at - 1) && !IsContinued(at)) return at;
            if (t.Match > at) at = Math.Min(t.Match, limit - 1);
        }
        return at;
    }

    private bool GoesOn(int i) => this[i].Kind == CodeTokenKind.Sign && Text(i) is not (")" or "]" or "}");

    private bool IsContinued(int i) => this[i].Kind == CodeTokenKind.Sign && Text(i) is "." or "+" or "?." or "->" or "||" or "&&" or "?" or ":" or "%" || (language == CodeLanguage.Python && this[i].Kind == CodeTokenKind.Text && this[i - 1].Kind == CodeTokenKind.Text);

    /// <summary>Divided at its commas.</summary>
    public List<CodeRange> Parts(CodeRange range)
    {
        List<CodeRange> parts = [];
        var from = range.From;
        for (var at = range.From; at < range.To; at++)
        {
            if (Is(at, ","))
            {
                parts.Add(new(from, at));
                from = at + 1;
            }
            else if (tokens[at].Match > at)
            {
                at = Math.Min(tokens[at].Match, range.To);
            }
        }
        if (from < range.To) parts.Add(new(from, range.To));
        return parts;
    }

    private bool IsNamed(CodeRange arg) => IsName(arg.From) && ((Is(arg.From + 1, "=") && language is CodeLanguage.Python or CodeLanguage.Kotlin) || (Is(arg.From + 1, ":") && language is CodeLanguage.CSharp or CodeLanguage.Ruby or CodeLanguage.Php));

    /// <summary>The name of the call whose argument this is, or is a part of; -1: none near.</summary>
    public int CallAround(int i)
    {
        for (int at = i - 1, steps = 0; at > 0 && steps < Looked / 2; at--, steps++)
        {
            if (this[at].Match >= 0 && this[at].Match < at) at = this[at].Match;
            else if (Is(at, "(")) return IsName(at - 1) ? at - 1 : -1;
            else if (Is(at, ";")) return -1;
        }
        return -1;
    }

    public bool IsArgumentOf(int i, params ReadOnlySpan<string> names) => CallAround(i) is >= 0 and var call && IsAny(call, names);

    /// <summary>Between the braces around; empty: none near.</summary>
    public CodeRange Braces(int i)
    {
        for (int at = i, steps = 0; at >= 0 && steps < Looked; at--, steps++)
        {
            if (this[at].Match >= 0 && this[at].Match < at) at = this[at].Match;
            else if (Is(at, "{")) return this[at].Match > i ? new(at + 1, this[at].Match) : default;
        }
        return default;
    }

    /// <summary>The statement around a token, as far as it is near.</summary>
    public CodeRange Statement(int i)
    {
        var from = i;
        for (var steps = 0; from > 0 && steps < Looked / 3; from--, steps++)
        {
            var before = tokens[from - 1];
            if (before.Kind == CodeTokenKind.Sign && text[before.Start] is ';' or '{' or '}') break;
            if (tokens[from].BeginsLine && !GoesOn(from - 1) && !IsContinued(from)) break;
        }
        return new(from, Math.Max(i + 1, StatementEnd(i)));
    }

    private int StatementEnd(int i)
    {
        var at = i;
        for (var limit = Math.Min(tokens.Count, i + Looked); at < limit; at++)
        {
            var t = tokens[at];
            if (t.Kind == CodeTokenKind.Sign && text[t.Start] is ';' or '}') return at;
            if (t.BeginsLine && at > i && !GoesOn(at - 1) && !IsContinued(at)) return at;
            if (t.Match > at) at = Math.Min(t.Match, limit - 1);
        }
        return at;
    }

    /// <summary>Where in the text a finding at a name ends: with the brackets of its call, or with itself.</summary>
    public int EndOf(int i)
    {
        var opening = Opening(i);
        var last = opening > 0 && tokens[opening].Match > 0 ? tokens[opening].Match : i;
        return this[last].End;
    }

    /// <summary>The code around, as it is written: for what only shows in several statements.</summary>
    public ReadOnlySpan<char> Around(int i, int chars)
    {
        var from = Math.Max(0, tokens[i].Start - chars);
        return text.AsSpan(from, Math.Min(text.Length, tokens[i].End + chars) - from);
    }

    public bool FileHas(string word) => text.Contains(word, StringComparison.Ordinal);
}
