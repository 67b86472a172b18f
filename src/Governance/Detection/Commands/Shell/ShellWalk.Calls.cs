// One command: what the shell itself does by it, what it runs in turn, and what the judges say of it.
using CabinCrew.Governance.Detection.Commands.Judges;

namespace CabinCrew.Governance.Detection.Commands.Shell;

internal sealed partial class ShellWalk
{
    private Flow Call(List<Field> fields, Scene scene, Flow input)
    {
        if (fields.Count == 0 || !Enter(0)) return new("");
        var output = Call(new CommandCall(NameOf(fields[0]), [.. fields.Skip(1)], input, scene), fields[0]);
        depth--;
        return output;
    }

    // A name that only a run would tell is judged as if it were the worst that its arguments allow.
    private static string NameOf(Field field)
    {
        var name = field.Bare[(field.Bare.LastIndexOf('/') + 1)..];
        return name.Length == 0 && !field.IsKnown ? "rm" : name.EndsWith(".exe", StringComparison.Ordinal) ? name[..^4] : name;
    }

    private Flow Call(CommandCall call, Field name)
    {
        var scene = call.Scene;
        if (name.Taint.HasFlag(Taint.Downloaded)) report.Add("download-to-shell", name.Source);
        if (scene.Functions.TryGetValue(call.Name, out var function)) return CallFunction(function, call);
        if (scene.Variables.TryGetValue("alias " + call.Name, out var alias) && alias.Fields is [{ } text, ..])
            return RunText($"{text.Text} {Joined(call.Arguments)}", WithoutAlias(scene, call.Name), call.Input);
        if (name.Text.Contains('/') && RunsFile(name, call, out var written)) return written;
        if (Builtin(call) is { } built) return built;
        if (Wrapped(call) is { } wrapped) return wrapped;
        if (Script(call) is { } ran) return ran;
        Judging.Judge(call, report);
        NetworkJudge.Keep(call);
        return Contents.Of(call);
    }

    private static Scene WithoutAlias(Scene scene, string name)
    {
        var copy = scene.Copy();
        copy.Variables = copy.Variables.Remove("alias " + name);
        return copy;
    }

    private Flow CallFunction(FunctionDefinition function, CommandCall call)
    {
        var before = call.Scene.Variables;
        SetArguments(call.Scene, Field.Of(function.Name), call.Arguments);
        // A function that calls itself has been judged by its first body.
        var functions = call.Scene.Functions;
        call.Scene.Functions = functions.Remove(function.Name);
        var output = Run(function.Body, call.Scene, call.Input);
        call.Scene.Functions = functions.SetItem(function.Name, function);
        foreach (var name in new[] { "0", "@", "*", "1", "2", "3", "4", "5", "6", "7", "8", "9" })
            call.Scene.Variables = before.TryGetValue(name, out var value) ? call.Scene.Variables.SetItem(name, value) : call.Scene.Variables.Remove(name);
        return output;
    }

    private static void SetArguments(Scene scene, Field name, IReadOnlyList<Field> arguments)
    {
        scene.Variables = scene.Variables.SetItem("0", new([name], IsList: false)).SetItem("@", new(arguments, IsList: true)).SetItem("*", new(arguments, IsList: true));
        for (var i = 0; i < Math.Min(arguments.Count, 9); i++) scene.Variables = scene.Variables.SetItem($"{i + 1}", new([arguments[i]], IsList: false));
    }

    private Flow? Builtin(CommandCall call)
    {
        switch (call.Name)
        {
            case "cd" or "pushd":
                ChangeDirectory(call);
                return new("");
            case "export" or "declare" or "local" or "readonly" or "typeset":
                foreach (var argument in call.Arguments)
                    if (argument.Text.IndexOf('=') is > 0 and var at) call.Scene.Set(argument.Text[..at], [Cut(argument, at + 1)]);
                if (call.Arguments.Any(a => a.Text is "HISTFILE=/dev/null" or "HISTFILE=" or "HISTSIZE=0" or "HISTFILESIZE=0")) report.Add("erase-history", Joined(call.Arguments));
                return new("");
            case "alias":
                foreach (var argument in call.Arguments)
                    if (argument.Text.IndexOf('=') is > 0 and var at) call.Scene.Set("alias " + argument.Text[..at], [Cut(argument, at + 1)]);
                return new("");
            case "read" or "mapfile" or "readarray":
                foreach (var operand in call.Operands("-p", "-t", "-n", "-d", "-u", "-N")) call.Scene.Set(operand.Text, [call.Input.Text is { } line ? Field.Of(line.TrimEnd('\n')) : UnknownField(operand.Text)]);
                return new("");
            case "unset":
                if (call.Arguments.Any(a => a.Text == "HISTFILE")) report.Add("erase-history", "HISTFILE");
                call.Scene.Variables = call.Scene.Variables.RemoveRange(call.Arguments.Select(a => a.Text));
                return new("");
            case "set" when call.Arguments is [{ Text: "--" }, ..]:
                SetArguments(call.Scene, UnknownField("0"), [.. call.Arguments.Skip(1)]);
                return new("");
            case "trap" when call.Arguments is [{ Text: not "-" } action, _, ..]:
                return RunText(action.Text, call.Scene.Copy(), Flow.Unknown);
            default:
                return null;
        }
    }

    private static Field Cut(Field field, int from) =>
        field with { Text = field.Text[from..], Bare = field.Bare.Length >= from ? field.Bare[from..] : "", IsQuoted = false };

    private static void ChangeDirectory(CommandCall call)
    {
        var operands = call.Operands();
        if (operands.Count == 0) call.Scene.Directory = "~";
        else if (!operands[0].IsKnown || operands[0].Text == "-") call.Scene.Directory = null;
        else if (operands[0].Text is ['/' or '~', ..]) call.Scene.Directory = operands[0].Text;
        else if (call.Scene.Directory is { Length: < 4096 } from) call.Scene.Directory = from == "." ? operands[0].Text : $"{from}/{operands[0].Text}";
    }

    internal static string Joined(IEnumerable<Field> fields) => string.Join(' ', fields.Select(f => f.Text));
}
