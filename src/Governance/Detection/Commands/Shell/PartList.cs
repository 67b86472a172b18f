// Collects the parts of one word: letters next to each other become one part.
using System.Text;

namespace CabinCrew.Governance.Detection.Commands.Shell;

internal sealed class PartList
{
    private readonly List<WordPart> parts = [];
    private readonly StringBuilder literal = new();
    private bool isQuoted;
    private bool isOpen;

    public bool IsEmpty => parts.Count == 0 && !isOpen;

    public void Literal(char c, bool quoted)
    {
        Turn(quoted);
        literal.Append(c);
    }

    public void Literal(ReadOnlySpan<char> s, bool quoted)
    {
        Turn(quoted);
        literal.Append(s);
    }

    public void Add(WordPart part)
    {
        Flush();
        parts.Add(part);
    }

    public void AddAll(IReadOnlyList<WordPart> more, bool quoted)
    {
        foreach (var part in more) Add(part with { Quoted = quoted || part.Quoted });
    }

    public ShellWord? ToWord()
    {
        Flush();
        return parts.Count == 0 ? null : new(parts);
    }

    private void Turn(bool quoted)
    {
        if (isOpen && isQuoted != quoted) Flush();
        (isOpen, isQuoted) = (true, quoted);
    }

    private void Flush()
    {
        if (isOpen) parts.Add(new(PartKind.Literal, literal.ToString(), isQuoted));
        literal.Clear();
        isOpen = false;
    }
}
