// Walks a script as a shell would run it, without running anything: every command with its arguments goes to the judges, also those that are wrapped, quoted, piped into a shell, held in
// variables, functions or files that the script writes itself. Bounded in commands, characters and depth; what goes over is reported as not readable.
using CabinCrew.Governance.Detection.Commands.Judges;

namespace CabinCrew.Governance.Detection.Commands.Shell;

internal sealed partial class ShellWalk
{
    private const int CommandsMax = 50_000;
    private const int DepthMax = 40;

    /// <summary>A script may be read anew in every wrapper, but not without end.</summary>
    private readonly long charsMax;

    private readonly Report report;
    private readonly int[] lineStarts;
    private readonly int firstLine;
    private int commands;
    private long chars;
    private int depth;
    private int within;

    private ShellWalk(string text, Report report, int firstLine)
    {
        (this.report, this.firstLine) = (report, firstLine);
        charsMax = 20L * text.Length + 100_000;
        List<int> starts = [0];
        for (var i = text.IndexOf('\n'); i >= 0; i = text.IndexOf('\n', i + 1)) starts.Add(i + 1);
        lineStarts = [.. starts];
    }

    /// <param name="firstLine">The line where the text begins.</param>
    public static void Judge(string text, Report report, int firstLine = 1)
    {
        var walk = new ShellWalk(text, report, firstLine);
        var script = ShellParser.Parse(text);
        walk.Run(script.Nodes, new Scene(), Flow.Unknown);
        foreach (var trouble in script.Troubles)
        {
            report.Line = walk.LineAt(trouble.At);
            report.Add("unreadable", trouble.What);
        }
    }

    private bool IsOver => commands > CommandsMax || chars > charsMax;

    private int LineAt(int at)
    {
        var found = Array.BinarySearch(lineStarts, at);
        return firstLine + (found >= 0 ? found : ~found - 1);
    }

    // A text that a command takes as a script: what it says stands at the line of that command.
    private Flow RunText(string text, Scene scene, Flow input)
    {
        if (!Enter(text.Length)) return Flow.Unknown;
        within++;
        var script = ShellParser.Parse(text);
        var output = Run(script.Nodes, scene, input);
        foreach (var trouble in script.Troubles) report.Add("unreadable", trouble.What);
        within--;
        depth--;
        return output;
    }

    private bool Enter(int length)
    {
        chars += length;
        if (depth >= DepthMax || chars > charsMax)
        {
            report.Add("unreadable", "scripts within scripts go too deep, or on for too long");
            return false;
        }
        depth++;
        return true;
    }

    private Flow Run(IReadOnlyList<ShellNode> nodes, Scene scene, Flow input)
    {
        if (nodes.Count == 1) return Run(nodes[0], scene, input);
        var output = new FlowSum();
        foreach (var node in nodes)
        {
            if (IsOver)
            {
                TooMuch();
                return Flow.Unknown;
            }
            output.Add(Run(node, scene, input));
        }
        return output.ToFlow();
    }

    private Flow Run(ShellNode node, Scene scene, Flow input) => node switch
    {
        Pipeline pipeline => RunPipeline(pipeline, scene, input),
        Compound compound => RunCompound(compound, scene, input),
        FunctionDefinition function => Define(function, scene),
        SimpleCommand command => RunSimple(command, scene, input),
        _ => Flow.Unknown,
    };

    private Flow RunPipeline(Pipeline pipeline, Scene scene, Flow input)
    {
        var flow = input;
        foreach (var stage in pipeline.Stages)
        {
            // Stages are shells of their own, but the files that they write are there for the next.
            var copy = scene.Copy();
            flow = Run(stage, copy, flow);
            scene.Files = copy.Files;
        }
        return flow;
    }

    private Flow RunCompound(Compound compound, Scene scene, Flow input)
    {
        var inner = compound.Kind == CompoundKind.Subshell ? scene.Copy() : scene;
        var before = inner.IsPerhaps;
        var expansion = Expansion(inner);
        var given = Redirected(compound.Redirections, expansion, inner, input, out var targets);
        if (compound.Kind is CompoundKind.Conditional or CompoundKind.Loop) inner.IsPerhaps = true;
        if (compound.Variable is { } variable)
        {
            var items = compound.Items is { } words ? expansion.Fields(words) : scene.Variables.GetValueOrDefault("@")?.Fields ?? [];
            inner.Variables = inner.Variables.SetItem(variable, new(items.Count is > 0 and <= 16 ? items : [.. items.Take(16), UnknownField(variable)], IsList: false));
        }
        var output = Run(compound.Body, inner, given);
        inner.IsPerhaps = before;
        Write(targets, output, scene);
        scene.Files = inner.Files;
        return output;
    }

    private static Field UnknownField(string name) => new($"${name}", "", IsKnown: false, IsQuoted: false);

    private Flow Define(FunctionDefinition function, Scene scene)
    {
        At(function);
        if (ForkBomb.Is(function)) report.Add("fork-bomb", function.Name);
        // Whether anybody calls it may not be seen here: its body is judged as if somebody did.
        var inner = scene.Copy();
        inner.Variables = inner.Variables.SetItem("@", new([UnknownField("@")], IsList: true));
        if (Enter(0))
        {
            Run(function.Body, inner, Flow.Unknown);
            depth--;
        }
        scene.Functions = scene.Functions.SetItem(function.Name, function);
        return Flow.Unknown with { Text = "" };
    }

    private void At(ShellNode node)
    {
        if (within == 0) report.Line = LineAt(node.At);
    }

    private ShellExpansion Expansion(Scene scene) => new(scene, body =>
    {
        var line = report.Line;
        var output = Run(body, scene.Copy(), Flow.Unknown);
        report.Line = line;
        return output;
    });

    private Flow RunSimple(SimpleCommand command, Scene scene, Flow input)
    {
        commands++;
        At(command);
        var expansion = Expansion(scene);
        var outer = command.Words.Count > 0 ? scene.Copy() : scene;
        foreach (var assignment in command.Assignments) Assign(assignment, expansion, outer, command.Words is [{ Plain: "export" or "declare" or "local" or "readonly" or "typeset" }, ..] ? scene : outer);
        var names = command.Words.Count > 0 ? expansion.Alternatives(command.Words[0]) : [];
        var arguments = expansion.Fields(command.Words.Skip(1));
        At(command);
        Account(arguments);
        var given = Redirected(command.Redirections, expansion, scene, input, out var targets);
        var output = command.Redirections.Count > 0 && names.Count == 0 ? given : Flow.Unknown with { Text = names.Count == 0 ? "" : null };
        foreach (var name in names)
            output = Call([.. name, .. arguments], scene, given);
        Write(targets, output, scene);
        return targets.Count > 0 && targets.TrueForAll(t => t.Descriptor == 1) ? new("") : output;
    }

    // What a script makes of little text counts as if it stood there.
    private void Account(IReadOnlyList<Field> arguments)
    {
        commands += arguments.Count / 32;
        foreach (var argument in arguments) chars += argument.Text.Length;
        if (IsOver) TooMuch();
    }

    private void TooMuch() => report.Add("unreadable", "a script that makes too much of itself");

    private static void Assign(ShellAssignment assignment, ShellExpansion expansion, Scene reads, Scene writes)
    {
        if (assignment.Items is { } items)
        {
            writes.Set(assignment.Name, expansion.Fields(items), isList: true);
            return;
        }
        var fields = expansion.Whole(assignment.Value);
        if (assignment.Appends && reads.Variables.TryGetValue(assignment.Name, out var before) && before.Fields.Count == 1)
            fields = [.. fields.Select(f => f with { Text = before.Fields[0].Text + f.Text, Bare = before.Fields[0].Bare + f.Bare, IsKnown = f.IsKnown && before.Fields[0].IsKnown, Taint = f.Taint | before.Fields[0].Taint })];
        writes.Set(assignment.Name, fields);
    }

    private readonly record struct WrittenFile(Field Target, bool Appends, int Descriptor);

    // What the redirections feed in, and the files that they write to.
    private Flow Redirected(IReadOnlyList<Redirection> redirections, ShellExpansion expansion, Scene scene, Flow input, out List<WrittenFile> targets)
    {
        targets = [];
        foreach (var redirection in redirections)
        {
            if (redirection.IsInputText)
            {
                var text = expansion.Whole(redirection.Target);
                input = text.Count > 0 ? text[0].ToFlow() with { Text = text[0].IsKnown ? text[0].Text : null } : input;
                continue;
            }
            foreach (var field in expansion.Fields([redirection.Target]))
            {
                if (redirection.Writes && !(redirection.Operator == ">&" && IsDescriptor(field.Text))) targets.Add(new(field, redirection.Operator is ">>" or "&>>", redirection.Descriptor));
                if (NetworkJudge.IsSocket(field)) report.Add("reverse-shell", field.Text);
                if (redirection.Operator is "<" or "<>") input = Contents.OfFile(field, scene);
            }
        }
        return input;
    }

    private static bool IsDescriptor(string text) => text is "-" || text.All(c => char.IsAsciiDigit(c) || c == '-');

    private void Write(List<WrittenFile> targets, Flow content, Scene scene)
    {
        foreach (var target in targets)
        {
            FileJudge.Overwrites(target.Target, target.Appends, content, report, scene);
            if (target.Target.IsKnown) scene.Write(target.Target.Text, content, target.Appends);
        }
    }
}
