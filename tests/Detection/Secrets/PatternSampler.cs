// Makes up texts that a regular expression matches: literals, classes, groups, alternatives, counts, and the flags and names of classes that RE2 has. From a seed, the same at every run.
using System.Globalization;
using System.Text;

namespace CabinCrew.Detection.Tests.Secrets;

internal sealed class PatternSampler
{
    private const int More = 6;
    private const string Visible = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

    private readonly string pattern;
    private readonly Node root;
    private int at, groups;

    public PatternSampler(string pattern)
    {
        this.pattern = pattern;
        root = Alternatives(ignoreCase: false);
        if (at < pattern.Length) throw new FormatException($"{pattern[at]} at {at} of {pattern}");
    }

    /// <summary>A text, and what its first group that catches stands for: the whole where none does.</summary>
    public (string Text, string Caught) Sample(Random random)
    {
        var sink = new Sink(random);
        root.Write(sink);
        var text = sink.Text.ToString();
        return (text, sink.Caught ?? text);
    }

    private Node Alternatives(bool ignoreCase)
    {
        List<Node> all = [Sequence(ref ignoreCase)];
        while (at < pattern.Length && pattern[at] == '|')
        {
            at++;
            all.Add(Sequence(ref ignoreCase));
        }
        return all.Count == 1 ? all[0] : new Either(all);
    }

    private Node Sequence(ref bool ignoreCase)
    {
        List<Node> parts = [];
        while (at < pattern.Length && pattern[at] is not ('|' or ')'))
        {
            if (Atom(ref ignoreCase) is not { } atom) continue;
            var (min, max) = Count();
            parts.Add(min == 1 && max == 1 ? atom : new Repeat(atom, min, max));
        }
        return new All(parts);
    }

    private Node? Atom(ref bool ignoreCase)
    {
        var c = pattern[at++];
        switch (c)
        {
            case '^' or '$': return null;
            case '.': return new Letters(Visible);
            case '(': return Group(ref ignoreCase);
            case '[': return new Letters(Class(ignoreCase));
            case '\\':
                var escaped = pattern[at++];
                return escaped switch
                {
                    'b' or 'B' or 'A' or 'z' => null,
                    'd' => new Letters("0123456789"),
                    'w' => new Letters(Visible[..^1]),
                    's' => new Letters(" "),
                    'S' => new Letters(Visible),
                    _ => new Letters(Cased(Escape(escaped).ToString(), ignoreCase)),
                };
            default: return new Letters(Cased(c.ToString(), ignoreCase));
        }
    }

    private Node? Group(ref bool ignoreCase)
    {
        var inner = ignoreCase;
        var number = 0;
        if (pattern[at] == '?')
        {
            at++;
            if (pattern[at] is 'P' or '<')
            {
                at = pattern.IndexOf('>', at) + 1;
                number = ++groups;
            }
            else
            {
                var on = true;
                for (; pattern[at] is not (':' or ')'); at++)
                    if (pattern[at] == '-') on = false;
                    else if (pattern[at] == 'i') inner = on;
                if (pattern[at++] == ')')
                {
                    // Holds for what follows.
                    ignoreCase = inner;
                    return null;
                }
            }
        }
        else number = ++groups;
        var node = Alternatives(inner);
        if (at >= pattern.Length || pattern[at] != ')') throw new FormatException($"no ) at {at} of {pattern}");
        at++;
        return number == 1 ? new Catch(node) : node;
    }

    private string Class(bool ignoreCase)
    {
        var isNot = pattern[at] == '^';
        if (isNot) at++;
        var letters = new StringBuilder();
        for (var first = true; pattern[at] != ']' || first; first = false)
        {
            if (pattern[at] == '[' && pattern[at + 1] == ':')
            {
                var end = pattern.IndexOf(":]", at, StringComparison.Ordinal);
                letters.Append(pattern[(at + 2)..end] switch { "alnum" => Visible[..62], "alpha" => Visible[..52], "digit" => "0123456789", "xdigit" => "0123456789abcdefABCDEF", var other => throw new FormatException(other) });
                at = end + 2;
                continue;
            }
            var c = pattern[at++];
            if (c == '\\')
            {
                c = pattern[at++];
                if (c is 'w' or 'd' or 's')
                {
                    letters.Append(c == 'w' ? Visible[..^1] : c == 'd' ? "0123456789" : " ");
                    continue;
                }
                c = Escape(c);
            }
            if (pattern[at] == '-' && pattern[at + 1] != ']')
            {
                at++;
                var to = pattern[at++];
                if (to == '\\') to = Escape(pattern[at++]);
                for (var letter = c; letter <= to; letter++) letters.Append(letter);
            }
            else letters.Append(c);
        }
        at++;
        var all = Cased(letters.ToString(), ignoreCase);
        return isNot ? string.Concat((Visible + " ;'\"").Where(c => !all.Contains(c))) : all;
    }

    private char Escape(char c)
    {
        if (c != 'x') return c switch { 'n' => '\n', 'r' => '\r', 't' => '\t', _ => c };
        at += 2;
        return (char)int.Parse(pattern.AsSpan(at - 2, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }

    private (int Min, int Max) Count()
    {
        if (at >= pattern.Length) return (1, 1);
        (int, int) count = (1, 1);
        switch (pattern[at])
        {
            case '?': count = (0, 1); at++; break;
            case '*': count = (0, More); at++; break;
            case '+': count = (1, More); at++; break;
            case '{':
                var end = pattern.IndexOf('}', at);
                var numbers = pattern[(at + 1)..end].Split(',');
                var min = int.Parse(numbers[0], CultureInfo.InvariantCulture);
                count = (min, numbers.Length == 1 ? min : numbers[1].Length == 0 ? min + More : int.Parse(numbers[1], CultureInfo.InvariantCulture));
                at = end + 1;
                break;
            default: return count;
        }
        if (at < pattern.Length && pattern[at] == '?') at++;
        return count;
    }

    private static string Cased(string letters, bool ignoreCase) => ignoreCase ? string.Concat(letters.SelectMany(c => new[] { char.ToLowerInvariant(c), char.ToUpperInvariant(c) }).Distinct()) : letters;

    private sealed class Sink(Random random)
    {
        public Random Random => random;

        public StringBuilder Text { get; } = new();

        public string? Caught { get; set; }
    }

    private abstract record Node
    {
        public abstract void Write(Sink sink);
    }

    private sealed record Letters(string Any) : Node
    {
        public override void Write(Sink sink) => sink.Text.Append(Any[sink.Random.Next(Any.Length)]);
    }

    private sealed record All(List<Node> Parts) : Node
    {
        public override void Write(Sink sink)
        {
            foreach (var part in Parts) part.Write(sink);
        }
    }

    private sealed record Either(List<Node> Of) : Node
    {
        public override void Write(Sink sink) => Of[sink.Random.Next(Of.Count)].Write(sink);
    }

    private sealed record Repeat(Node Of, int Min, int Max) : Node
    {
        public override void Write(Sink sink)
        {
            for (var i = sink.Random.Next(Min, Max + 1); i > 0; i--) Of.Write(sink);
        }
    }

    private sealed record Catch(Node Of) : Node
    {
        public override void Write(Sink sink)
        {
            var start = sink.Text.Length;
            Of.Write(sink);
            sink.Caught ??= sink.Text.ToString(start, sink.Text.Length - start);
        }
    }
}
