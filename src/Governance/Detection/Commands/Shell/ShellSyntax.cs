// A shell text as a tree: what the parser makes and the walk reads. Words keep what is not known yet (variables, substitutions) as parts of their own, and what was quoted.
namespace CabinCrew.Governance.Detection.Commands.Shell;

internal enum PartKind
{
    Literal,

    /// <summary>Text is the variable's name.</summary>
    Variable,

    /// <summary>$(...) or backticks; Body is the script.</summary>
    Substitution,

    /// <summary>&lt;(...) or &gt;(...); Body is the script.</summary>
    ProcessSubstitution,

    /// <summary>A number or another value that only the shell knows.</summary>
    Unknown,
}

/// <param name="Quoted">No splitting, no patterns, no tilde.</param>
/// <param name="Otherwise">Of <c>${x:-word}</c> and its like: what stands in when there is nothing.</param>
internal sealed record WordPart(PartKind Kind, string Text, bool Quoted, IReadOnlyList<ShellNode>? Body = null, ShellWord? Otherwise = null);

internal sealed record ShellWord(IReadOnlyList<WordPart> Parts)
{
    /// <summary>The text of a word that is plain: keywords, names of functions.</summary>
    public string? Plain => Parts is [{ Kind: PartKind.Literal, Quoted: false } only] ? only.Text : null;
}

/// <param name="Items">Of an array: <c>x=(a b)</c>.</param>
internal sealed record ShellAssignment(string Name, ShellWord Value, IReadOnlyList<ShellWord>? Items = null, bool Appends = false);

/// <param name="Operator">As written, without the descriptor's number: <c>&gt;</c>, <c>&gt;&gt;</c>, <c>&lt;</c>, <c>&lt;&lt;</c>, <c>&lt;&lt;&lt;</c>, <c>&gt;&amp;</c> and so on.</param>
/// <param name="Descriptor">Of a writing one: 1 for what goes on to the next command, 2 for any other.</param>
/// <param name="Target">The file; of a here-document its body.</param>
internal sealed record Redirection(string Operator, ShellWord Target, int Descriptor)
{
    public bool IsInputText => Operator is "<<" or "<<-" or "<<<";

    public bool Writes => Operator is ">" or ">>" or ">|" or "&>" or "&>>" or "<>" or ">&";
}

/// <param name="At">Where it begins in the text.</param>
internal abstract record ShellNode(int At);

internal sealed record SimpleCommand(int At, IReadOnlyList<ShellAssignment> Assignments, IReadOnlyList<ShellWord> Words, IReadOnlyList<Redirection> Redirections) : ShellNode(At);

internal sealed record Pipeline(int At, IReadOnlyList<ShellNode> Stages) : ShellNode(At);

internal enum CompoundKind
{
    Group,
    Subshell,

    /// <summary>Runs perhaps, or several times: if, while, until, case, select.</summary>
    Conditional,

    /// <summary>For a variable over items.</summary>
    Loop,
}

/// <param name="Variable">Of a loop.</param>
/// <param name="Items">Of a loop; null for the script's own arguments.</param>
internal sealed record Compound(int At, CompoundKind Kind, IReadOnlyList<ShellNode> Body, IReadOnlyList<Redirection> Redirections, string? Variable = null, IReadOnlyList<ShellWord>? Items = null) : ShellNode(At);

internal sealed record FunctionDefinition(int At, string Name, ShellNode Body) : ShellNode(At);

/// <summary>What could not be read, and where the reading broke off.</summary>
internal sealed record ShellTrouble(int At, string What);

/// <param name="Troubles">Not empty: the script says more than its nodes do.</param>
internal sealed record ShellScript(IReadOnlyList<ShellNode> Nodes, IReadOnlyList<ShellTrouble> Troubles);
