// One command with its arguments, and the ways in which arguments are written: short options in one word, long ones cut short, values behind '=' or in the next word.
namespace CabinCrew.Governance.Detection.Commands.Shell;

/// <param name="Name">Without its directory: <c>rm</c> for <c>/bin/rm</c>.</param>
internal sealed record CommandCall(string Name, IReadOnlyList<Field> Arguments, Flow Input, Scene Scene)
{
    // Options end at --.
    private int End
    {
        get
        {
            for (var i = 0; i < Arguments.Count; i++)
                if (Arguments[i].Text == "--") return i;
            return Arguments.Count;
        }
    }

    /// <summary>Arguments that are no options, in order. A value of an option that stands as a word of its own is among them, unless the option is named.</summary>
    public List<Field> Operands(params ReadOnlySpan<string> withValues)
    {
        List<Field> operands = [];
        var end = End;
        for (var i = 0; i < Arguments.Count; i++)
        {
            if (i == end) continue;
            var text = Arguments[i].Text;
            if (i > end || text.Length < 2 || text[0] != '-') operands.Add(Arguments[i]);
            else if (withValues.Contains(text)) i++;
        }
        return operands;
    }

    /// <summary>Whether one of the options is given: <c>-f</c> (also within <c>-rf</c>), <c>--force</c> (also cut short, also <c>--force=true</c>), <c>-auto-approve</c>.</summary>
    public bool Has(params ReadOnlySpan<string> options)
    {
        var end = End;
        for (var i = 0; i < end; i++)
            foreach (var option in options)
                if (Is(Arguments[i].Text, option)) return true;
        return false;
    }

    /// <summary>The value of one of the options, wherever it stands.</summary>
    public Field? Value(params ReadOnlySpan<string> options)
    {
        for (var i = 0; i < End; i++)
        {
            var argument = Arguments[i];
            foreach (var option in options)
            {
                if (argument.Text == option) return i + 1 < Arguments.Count ? Arguments[i + 1] : null;
                var isLong = option.Length > 2;
                if (!argument.Text.StartsWith(isLong ? option + "=" : option, StringComparison.Ordinal)) continue;
                var cut = isLong ? option.Length + 1 : option.Length;
                return argument with { Text = argument.Text[cut..], Bare = argument.Bare.Length >= cut ? argument.Bare[cut..] : "" };
            }
        }
        return null;
    }

    private static bool Is(string argument, string option)
    {
        if (argument == option) return true;
        if (argument.Length < 2 || argument[0] != '-') return false;
        if (option.Length == 2) return argument[1] != '-' && IsCluster(argument) && argument.AsSpan(1).Contains(option[1]);
        var equals = argument.IndexOf('=');
        if (equals >= 0 && argument.AsSpan(equals + 1) is "false" or "0" or "no" or "none") return false;
        var name = equals < 0 ? argument.AsSpan() : argument.AsSpan(0, equals);
        if (name.SequenceEqual(option)) return true;
        return option.StartsWith("--", StringComparison.Ordinal) && name.Length >= 5 && option.AsSpan().StartsWith(name);
    }

    private static bool IsCluster(string argument)
    {
        var letters = 0;
        foreach (var c in argument.AsSpan(1))
        {
            if (!char.IsAsciiLetterOrDigit(c)) return false;
            letters++;
        }
        return letters <= 8;
    }
}
