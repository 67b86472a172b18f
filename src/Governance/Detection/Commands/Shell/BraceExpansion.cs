// {a,b} as bash expands it before anything else: one word becomes several. Bounded; what would become too many words stays as written.
namespace CabinCrew.Governance.Detection.Commands.Shell;

internal static class BraceExpansion
{
    private const int WordsMax = 64;
    private const int PartsMax = 1000;

    public static IReadOnlyList<ShellWord> Of(ShellWord word)
    {
        if (!word.Parts.Any(p => p is { Kind: PartKind.Literal, Quoted: false } && p.Text.Contains('{'))) return [word];
        List<List<WordPart>> open = [Apart(word.Parts)];
        List<ShellWord> done = [];
        while (open.Count > 0)
        {
            if (open.Count + done.Count > WordsMax || open[0].Count > PartsMax) return [word];
            var parts = open[0];
            open.RemoveAt(0);
            if (FirstBrace(parts) is not { } brace)
            {
                done.Add(new(parts));
                continue;
            }
            var choices = new List<List<WordPart>>();
            for (var i = 0; i + 1 < brace.Count; i++)
                choices.Add([.. parts[..brace[0]], .. parts[(brace[i] + 1)..brace[i + 1]], .. parts[(brace[^1] + 1)..]]);
            open.InsertRange(0, choices);
        }
        return done;
    }

    // Braces and commas that are not quoted as parts of their own.
    private static List<WordPart> Apart(IReadOnlyList<WordPart> parts)
    {
        List<WordPart> apart = [];
        foreach (var part in parts)
        {
            if (part is not { Kind: PartKind.Literal, Quoted: false })
            {
                apart.Add(part);
                continue;
            }
            var rest = part.Text.AsSpan();
            while (rest.Length > 0)
            {
                var next = rest.IndexOfAny('{', ',', '}');
                var length = next == 0 ? 1 : next < 0 ? rest.Length : next;
                apart.Add(part with { Text = rest[..length].ToString() });
                rest = rest[length..];
            }
        }
        return apart;
    }

    // The places of the first pair of braces with a comma in it: its opening, its own commas, its closing.
    private static List<int>? FirstBrace(List<WordPart> parts)
    {
        var stack = new Stack<List<int>>();
        List<int>? first = null;
        for (var i = 0; i < parts.Count; i++)
        {
            if (parts[i] is not { Kind: PartKind.Literal, Quoted: false }) continue;
            switch (parts[i].Text)
            {
                case "{":
                    stack.Push([i]);
                    break;
                case "," when stack.Count > 0:
                    stack.Peek().Add(i);
                    break;
                case "}" when stack.TryPop(out var places) && places.Count > 1:
                    places.Add(i);
                    if (first is null || places[0] < first[0]) first = places;
                    break;
            }
        }
        return first;
    }
}
