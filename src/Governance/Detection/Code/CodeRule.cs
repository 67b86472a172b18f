// A weakness that code says of itself in one statement, and how it is told where it stands.
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection.Code;

/// <param name="Id">Unique, and the same in every language.</param>
/// <param name="Cwe">Its number in the Common Weakness Enumeration.</param>
/// <param name="Reason">For a person.</param>
/// <param name="Decision">What is right where nothing else is configured.</param>
public sealed record CodeRule(string Id, int Cwe, string Reason, Decision Decision = Decision.Warn);

/// <param name="At">Where in the text it begins.</param>
/// <param name="End">And where the statement's part that it is about ends.</param>
/// <param name="Word">The word that it hangs on: a name in the code.</param>
public readonly record struct CodeFinding(CodeRule Rule, int At, int End, string Word);

/// <summary>Whether the weakness is there, at a word of <see cref="CodeCheck.On"/>.</summary>
internal delegate bool CodeLook(CodeView code, int at);

/// <param name="On">The names (of calls, members, arguments, settings) that are looked at; <see cref="SqlText"/> stands for texts that begin as SQL does, <see cref="ShellPath"/> for those that name a shell.</param>
internal sealed record CodeCheck(CodeRule Rule, string[] On, CodeLook Look)
{
    public const string SqlText = "\0sql";
    public const string ShellPath = "\0shell";
    public const string Backtick = "\0backtick";
}
