// What commands print through: text for people or one document for machines, everything from outside made safe, refusals to standard error.
using System.Text.Json.Nodes;
using CabinCrew.Cli.Rendering;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Cli;

internal sealed class Screen(bool json, Terminal terminal, TextWriter output, TextWriter errors, Func<TextReader> input)
{
    private const int FieldWidth = 11;

    private readonly Ink ink = new(terminal.Color);

    /// <summary>Standard output carries exactly one JSON document.</summary>
    public bool Json { get; } = json;

    /// <summary>A person sits there and can be asked.</summary>
    public bool Interactive => terminal.Interactive && !Json;

    /// <summary>A line may be rewritten in place.</summary>
    public bool Live => terminal.Live && !Json;

    public static Screen For(bool json, bool noColor)
    {
        var terminal = Terminal.OfProcess();
        return new(json, noColor ? terminal with { Color = false } : terminal, Console.Out, Console.Error, static () => Console.In);
    }

    public static string Safe(string text) => SafeText.Line(text);

    /// <summary>A line for people; its parts from outside are already safe. Not printed with --json.</summary>
    public void Line(string text)
    {
        if (!Json) output.WriteLine(text);
    }

    /// <summary>Bytes as they are, for pipes. On a terminal they are made safe.</summary>
    public void Raw(string text) => output.Write(Console.IsOutputRedirected ? text : SafeText.Block(text));

    public void Title(string text) => Line($"\n{ink.Strong(SafeText.Line(text))}");

    public void Field(string name, string value) => Line($"  {ink.Faint((name + ":").PadRight(FieldWidth))} {SafeText.Line(value)}");

    public void Decided(string name, Decision decision) => Line($"  {ink.Faint((name + ":").PadRight(FieldWidth))} {Paint(decision)}");

    public void Hint(string command) => Line($"  {ink.Faint("next:")} {ink.Cyan(command)}");

    /// <param name="remedy">With ok: it works, and could be better.</param>
    public void Check(bool ok, string name, string detail, string? remedy)
    {
        Line($"  {(!ok ? ink.Red("FAIL") : remedy is null ? ink.Green("ok  ") : ink.Yellow("note"))} {SafeText.Line(name)}: {SafeText.Line(detail)}");
        if (remedy is { Length: > 0 }) Line($"       {ink.Faint("mend:")} {SafeText.Line(remedy)}");
    }

    /// <summary>One thing that is wrong with a file, as compilers tell it.</summary>
    public void Finding(bool isWarning, string text, string? advice)
    {
        Line($"{(isWarning ? ink.Yellow("warning") : ink.Red("error"))} {SafeText.Block(text).Replace("\n", "\n        ", StringComparison.Ordinal)}");
        if (advice is not null) Line($"        {ink.Faint(SafeText.Line(advice))}");
    }

    /// <summary>A line of a file, and a mark below a column of it (from 1).</summary>
    public void Excerpt(int row, string line, int column)
    {
        const int most = 160;
        var shown = line.TrimEnd('\r').Replace('\t', ' ');
        if (shown.Length > most || column > shown.Length + 1) return;
        var number = row.ToString(System.Globalization.CultureInfo.InvariantCulture).PadLeft(6);
        Line($"{ink.Faint(number + " |")} {SafeText.Line(shown)}");
        Line($"{new string(' ', number.Length)} {ink.Faint("|")} {new string(' ', TextWidth.Of(SafeText.Line(shown[..(column - 1)])))}{ink.Yellow("^")}");
    }

    public void Test(bool ok, bool isTodo, string name, string detail) =>
        Line($"{(isTodo ? ink.Yellow("todo") : ok ? ink.Green("pass") : ink.Red("FAIL"))}  {SafeText.Line(name)}  {ink.Faint(SafeText.Line(detail))}");

    public void Block(string title, string text)
    {
        Title(title);
        Line(SafeText.Block(text.TrimEnd('\n')));
    }

    public void Table(TextTable table)
    {
        if (!Json) output.Write(table.Render(terminal));
    }

    /// <summary>A patch in colour; text that is none of ours is shown as it is written.</summary>
    /// <returns>How many lines did not fit.</returns>
    public int Diff(ReadOnlyMemory<byte> patch)
    {
        if (Json) return 0;
        var view = new DiffView(terminal);
        output.Write(GitPatch.Parse(patch) is { Ok: true } parsed ? view.Render(parsed.Value) : view.RenderText(patch.Span));
        return view.Cut;
    }

    /// <summary>Text of an artifact that is no patch of ours, also where it looks like one.</summary>
    /// <returns>How many lines did not fit.</returns>
    public int Text(ReadOnlyMemory<byte> text)
    {
        if (Json) return 0;
        var view = new DiffView(terminal);
        output.Write(view.RenderText(text.Span));
        return view.Cut;
    }

    /// <summary>News of long work: on standard error with --json, so that standard output stays one document.</summary>
    public void Progress(string text) => (Json ? errors : output).WriteLine(text);

    /// <summary>The line that tells how long something has been going on; null takes it away.</summary>
    public void LiveLine(string? text) => output.Write(text is null ? "\r\e[2K" : $"\r\e[2K{ink.Faint(SafeText.Line(text))}");

    /// <summary>What is said beside the answer: always on standard error.</summary>
    public void Aside(string text) => errors.WriteLine(SafeText.Line(text));

    public void Note(string text) => Progress(ink.Faint(SafeText.Line(text)));

    public void Document(JsonObject document) => output.Write(JsonOutput.Document(writer => document.WriteTo(writer)));

    /// <summary>A problem that is part of what was asked for (a flight's), beside the text.</summary>
    public void Problem(Problem problem) => Line("\n" + ProblemView.Render(problem, terminal).TrimEnd('\n'));

    /// <summary>The command's own refusal.</summary>
    public void Refuse(Problem problem)
    {
        if (Json) output.Write(ProblemView.Json(problem));
        else errors.Write(ProblemView.Render(problem, terminal with { Color = terminal.Color && !Console.IsErrorRedirected }));
    }

    public bool Ask(string question)
    {
        output.Write($"\n{ink.Strong(SafeText.Line(question))} [y/N] ");
        return input().ReadLine()?.Trim() is "y" or "Y" or "yes";
    }

    public string Mark(LifecycleState state) => state switch
    {
        LifecycleState.Completed => ink.Green("+"),
        LifecycleState.Failed => ink.Red("x"),
        LifecycleState.AwaitingApproval => ink.Yellow("?"),
        LifecycleState.Init => ink.Faint("-"),
        _ => ink.Cyan(">"),
    };

    public string Paint(Decision decision) => decision switch
    {
        Decision.Allow => ink.Green("allow"),
        Decision.Warn => ink.Yellow("warn"),
        Decision.RequireApproval => ink.Yellow("require_approval"),
        Decision.Deny => ink.Red("deny"),
    };
}
