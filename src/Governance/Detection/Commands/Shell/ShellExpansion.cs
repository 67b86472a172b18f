// Words become fields: constants are put in, split and multiplied as a shell would; what cannot be known stays visible as unknown. Substitutions are run (walked) exactly once.
using System.Text;

namespace CabinCrew.Governance.Detection.Commands.Shell;

/// <param name="run">Walks a substitution's script and says what it writes.</param>
internal sealed class ShellExpansion(Scene scene, Func<IReadOnlyList<ShellNode>, Flow> run)
{
    private const int AlternativesMax = 16;
    private const int FieldsMax = 4096;

    /// <summary>A here-document or a long quote is one piece and may be long; variables may not grow without end.</summary>
    private const int CharsMax = 1 << 20;

    private static readonly HashSet<string> WorkspaceVariables = ["PWD", "GITHUB_WORKSPACE", "CI_PROJECT_DIR", "WORKSPACE", "BUILD_SOURCESDIRECTORY", "BITBUCKET_CLONE_DIR"];

    private int sources;

    /// <summary>Everything that the word may be, each as the fields that it becomes.</summary>
    public IReadOnlyList<IReadOnlyList<Field>> Alternatives(ShellWord word)
    {
        var words = BraceExpansion.Of(word);
        if (words.Count == 1) return Expand(words[0]);
        return [[.. words.SelectMany(Expand).SelectMany(f => f)]];
    }

    public IReadOnlyList<Field> Fields(IEnumerable<ShellWord> words)
    {
        List<Field> fields = [];
        foreach (var word in words)
        {
            var alternatives = Alternatives(word);
            foreach (var alternative in alternatives) fields.AddRange(alternatives.Count == 1 ? alternative : alternative.Select(f => f with { Taint = f.Taint | Taint.OneOfSeveral }));
            if (fields.Count > FieldsMax) break;
        }
        return fields;
    }

    /// <summary>As one text, as in an assignment.</summary>
    public IReadOnlyList<Field> Whole(ShellWord word) =>
        [.. Expand(word with { Parts = [.. word.Parts.Select(p => p with { Quoted = true })] }).Select(fields => Joined(fields) with { IsQuoted = word.Parts.All(p => p.Quoted) })];

    private static Field Joined(IReadOnlyList<Field> fields) =>
        fields.Count == 1 ? fields[0] : new(string.Join(' ', fields.Select(f => f.Text)), string.Join(' ', fields.Select(f => f.Bare)), fields.All(f => f.IsKnown), IsQuoted: true,
            fields.Aggregate(Taint.None, (taint, f) => taint | f.Taint), fields.FirstOrDefault(f => f.Source.Length > 0)?.Source ?? "");

    private List<IReadOnlyList<Field>> Expand(ShellWord word)
    {
        List<List<Draft>> open = [[new Draft()]];
        foreach (var part in word.Parts)
        {
            var values = ValuesOf(part);
            if (values is [{ } only])
            {
                foreach (var drafts in open) Put(drafts, only, part.Quoted);
                continue;
            }
            List<List<Draft>> more = [];
            foreach (var drafts in open)
                foreach (var value in values)
                    if (more.Count < AlternativesMax) Put(Added(more, [.. drafts.Select(d => d.Copy())]), value, part.Quoted);
            open = more;
        }
        return [.. open.Select(drafts => (IReadOnlyList<Field>)[.. drafts.Where(d => d.IsStarted).Select(d => d.ToField())])];
    }

    private static List<Draft> Added(List<List<Draft>> into, List<Draft> drafts)
    {
        into.Add(drafts);
        return drafts;
    }

    // Each value is a row of fields.
    private List<IReadOnlyList<Field>> ValuesOf(WordPart part)
    {
        switch (part.Kind)
        {
            case PartKind.Literal:
                return [[Field.Of(part.Text, part.Quoted)]];
            case PartKind.Substitution:
                var output = run(part.Body!);
                return [[new(output.Text?.TrimEnd('\n') ?? "$(...)", output.Text?.TrimEnd('\n') ?? "", output.Text is not null, part.Quoted, output.Taint, output.Source)]];
            case PartKind.ProcessSubstitution:
                var path = $"/dev/fd/{63 + sources++}";
                var content = run(part.Body!);
                scene.Write(path, content, appends: false);
                return [[Field.Of(path) with { Taint = content.Taint, Source = content.Source }]];
            case PartKind.Unknown:
                if (part.Otherwise is { } operand) _ = Expand(operand);
                return [[Missing(part.Text)]];
            default:
                var otherwise = part.Otherwise is { } word ? Expand(word) : null;
                if (scene.Variables.TryGetValue(part.Text, out var value)) return value.IsList ? [value.Fields] : [.. value.Fields.Select(f => (IReadOnlyList<Field>)[f])];
                if (Known(part.Text) is { } text) return [[Field.Of(text)]];
                return otherwise is { Count: > 0 } ? otherwise : [[Missing(part.Text)]];
        }
    }

    private static string? Known(string name) =>
        name == "HOME" ? "~" : name == "IFS" ? " " : WorkspaceVariables.Contains(name) ? "." : null;

    private static Field Missing(string name) => new($"${name}", "", IsKnown: false, IsQuoted: false);

    private static void Put(List<Draft> drafts, IReadOnlyList<Field> row, bool quoted)
    {
        for (var i = 0; i < row.Count && drafts.Count < FieldsMax; i++)
        {
            if (i > 0) drafts.Add(new());
            var field = row[i];
            // Literal blanks outside of quotes never get here; those of a value split it. A value that was itself quoted keeps its stars.
            if (quoted || !field.IsKnown || field.Text.AsSpan().IndexOfAny(" \t\n") < 0)
            {
                drafts[^1].Append(field, quoted);
                continue;
            }
            var pieces = field.Text.Split([' ', '\t', '\n']);
            for (var j = 0; j < pieces.Length && drafts.Count < FieldsMax; j++)
            {
                if (j > 0 && drafts[^1].IsStarted) drafts.Add(new());
                if (pieces[j].Length > 0) drafts[^1].Append(Field.Of(pieces[j]) with { Taint = field.Taint, Source = field.Source }, quoted: false);
            }
        }
    }

    private sealed class Draft
    {
        private readonly StringBuilder text = new();
        private readonly StringBuilder bare = new();
        private bool isKnown = true;
        private bool isQuoted = true;
        private Taint taint;
        private string source = "";

        public bool IsStarted { get; private set; }

        public void Append(Field field, bool quoted)
        {
            IsStarted |= quoted || field.Text.Length > 0;
            isKnown &= field.IsKnown && text.Length + field.Text.Length <= CharsMax;
            if (text.Length + field.Text.Length <= CharsMax)
            {
                text.Append(field.Text);
                bare.Append(field.Bare);
            }
            isQuoted &= quoted && field.IsQuoted || field.Text.Length == 0;
            taint |= field.Taint;
            if (source.Length == 0) source = field.Source;
        }

        public Draft Copy()
        {
            var copy = new Draft { isKnown = isKnown, isQuoted = isQuoted, taint = taint, source = source, IsStarted = IsStarted };
            copy.text.Append(text);
            copy.bare.Append(bare);
            return copy;
        }

        public Field ToField() => new(text.ToString(), bare.ToString(), isKnown, isQuoted, taint, source);
    }
}
