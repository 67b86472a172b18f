// What is known of the texts that flow through a script while it is walked: what they are, or else where they come from.
using System.Collections.Immutable;

namespace CabinCrew.Governance.Detection.Commands.Shell;

/// <summary>Where a text comes from, as far as that matters.</summary>
[Flags]
internal enum Taint
{
    None = 0,
    Downloaded = 1,
    Decoded = 2,

    /// <summary>It is, or holds, a credential.</summary>
    Credential = 4,

    /// <summary>One of several that a variable may hold there: which, only a run would tell.</summary>
    OneOfSeveral = 8,
}

/// <param name="Text">Null where only a run would tell.</param>
/// <param name="Source">Of the taint: an address, a file.</param>
internal sealed record Flow(string? Text, Taint Taint = Taint.None, string Source = "")
{
    public static readonly Flow Unknown = new(null, Taint.None);

    /// <summary>Longer texts are put together from pieces no more: a script could double them line by line.</summary>
    public const int JoinedCharsMax = 1 << 14;

    /// <summary>Both, one after the other.</summary>
    public Flow Then(Flow next) => new(Text is null || next.Text is null || Text.Length + next.Text.Length > JoinedCharsMax ? null : Text + next.Text, Taint | next.Taint, Source.Length > 0 ? Source : next.Source);

    public Flow With(Taint taint, string source) => this with { Taint = Taint | taint, Source = Source.Length > 0 ? Source : source };
}

/// <summary>What several commands write one after the other.</summary>
internal sealed class FlowSum
{
    private readonly System.Text.StringBuilder text = new();
    private bool isKnown = true;
    private Taint taint;
    private string source = "";

    public void Add(Flow flow)
    {
        isKnown &= flow.Text is not null && text.Length + flow.Text.Length <= CommandReview.CharsMax;
        if (isKnown) text.Append(flow.Text);
        taint |= flow.Taint;
        if (source.Length == 0) source = flow.Source;
    }

    public Flow ToFlow() => new(isKnown ? text.ToString() : null, taint, source);
}

/// <summary>One argument as the command gets it.</summary>
/// <param name="Text">Unknown parts stand in it as <c>$NAME</c>.</param>
/// <param name="Bare">Without the unknown parts: what it is where they are empty.</param>
/// <param name="IsQuoted">Wholly: its stars and tildes are letters.</param>
internal sealed record Field(string Text, string Bare, bool IsKnown, bool IsQuoted, Taint Taint = Taint.None, string Source = "")
{
    public static Field Of(string text, bool isQuoted = false) => new(text, text, IsKnown: true, isQuoted);

    public Flow ToFlow() => new(IsKnown ? Text : null, Taint, Source);
}

/// <param name="Fields">Of a list in its order; otherwise what it may be, each of it possible.</param>
internal sealed record ShellValue(IReadOnlyList<Field> Fields, bool IsList);

/// <summary>What a script has set up so far: variables, functions, files it wrote, where it stands. A copy costs nothing.</summary>
internal sealed class Scene
{
    private const int AlternativesMax = 8;

    public ImmutableDictionary<string, ShellValue> Variables { get; set; } = ImmutableDictionary<string, ShellValue>.Empty;

    public ImmutableDictionary<string, FunctionDefinition> Functions { get; set; } = ImmutableDictionary<string, FunctionDefinition>.Empty;

    /// <summary>By path as written (without a leading <c>./</c>).</summary>
    public ImmutableDictionary<string, Flow> Files { get; set; } = ImmutableDictionary<string, Flow>.Empty;

    /// <summary>Null where that is unknown; "." where the script began.</summary>
    public string? Directory { get; set; } = ".";

    /// <summary>What happens here happens perhaps.</summary>
    public bool IsPerhaps { get; set; }

    public Scene Copy() => (Scene)MemberwiseClone();

    public void Set(string name, IReadOnlyList<Field> fields, bool isList = false)
    {
        if (IsPerhaps && Variables.TryGetValue(name, out var before) && !before.IsList && !isList && before.Fields.Count < AlternativesMax)
            fields = [.. before.Fields.Where(f => !fields.Contains(f)), .. fields];
        Variables = Variables.SetItem(name, new(fields, isList));
    }

    public void Write(string path, Flow content, bool appends)
    {
        var key = FileKey(path);
        Files = Files.SetItem(key, appends && Files.TryGetValue(key, out var before) ? before.Then(content) : content);
    }

    public Flow? FileAt(string path) => Files.GetValueOrDefault(FileKey(path));

    private static string FileKey(string path) => path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path;
}
