// What a command writes, as far as that can be known without running it: constants, also encoded ones, and where everything else comes from.
using System.Text;
using CabinCrew.Governance.Detection.Commands.Judges;

namespace CabinCrew.Governance.Detection.Commands.Shell;

internal static class Contents
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    public static Flow OfFile(Field file, Scene scene)
    {
        if (file.IsKnown && scene.FileAt(file.Text) is { } written) return written;
        return Paths.IsCredential(file.Text) ? Flow.Unknown.With(Taint.Credential, file.Text) : Flow.Unknown;
    }

    public static Flow Of(CommandCall call)
    {
        switch (call.Name)
        {
            case "echo":
                return Said(call);
            case "printf":
                return Printed(call);
            case "cat" or "tac" or "head" or "tail" or "less" or "more" or "strings" or "nl":
                return Files(call);
            case "tee":
                foreach (var file in call.Operands()) call.Scene.Write(file.Text, call.Input, call.Has("-a", "--append"));
                return call.Input;
            case "base64" or "base32" or "openssl" or "xxd" or "uudecode" or "gpg" or "gunzip" or "zcat" or "xzcat" or "bzcat" or "gzip" or "rev" or "tr":
                return Decoded(call);
            case "curl" or "wget" or "fetch" or "aria2c" or "http" or "https" or "lynx" or "GET":
                return Flow.Unknown.With(Taint.Downloaded, NetworkJudge.Address(call));
            case "nc" or "ncat" or "netcat" or "socat" or "telnet":
                return Flow.Unknown.With(Taint.Downloaded, call.Operands().Count > 0 ? call.Operands()[0].Text : call.Name);
            case "true" or ":" or "cd" or "mkdir" or "rm" or "chmod" or "export" or "set" or "sleep":
                return new("");
            case "pwd":
                return new(call.Scene.Directory);
            default:
                // Filters pass on what they get, somehow changed; what they are given as files counts as well.
                var flow = call.Input with { Text = null };
                foreach (var operand in call.Operands())
                    if (Paths.IsCredential(operand.Text)) flow = flow.With(Taint.Credential, operand.Text);
                foreach (var argument in call.Arguments) flow = flow.With(argument.Taint & Taint.Credential, argument.Taint.HasFlag(Taint.Credential) ? argument.Source : "");
                return flow;
        }
    }

    private static Flow Said(CommandCall call)
    {
        var arguments = call.Arguments.SkipWhile(a => a.Text is "-n" or "-e" or "-E" or "-ne" or "-en").ToList();
        var escapes = call.Arguments.Any(a => a.Text is "-e" or "-ne" or "-en");
        var text = string.Join(' ', arguments.Select(a => a.Text));
        return Sum(arguments, (escapes ? Unescaped(text) : text) + "\n");
    }

    private static Flow Printed(CommandCall call)
    {
        if (call.Arguments.Count == 0) return new("");
        var format = Unescaped(call.Arguments[0].Text);
        var next = 1;
        var text = new StringBuilder();
        do
        {
            for (var i = 0; i < format.Length; i++)
            {
                if (format[i] != '%' || i + 1 >= format.Length)
                {
                    text.Append(format[i]);
                    continue;
                }
                i++;
                if (format[i] == '%') text.Append('%');
                else if (next < call.Arguments.Count) text.Append(format[i] == 'b' ? Unescaped(call.Arguments[next].Text) : call.Arguments[next].Text);
                if (format[i] != '%') next++;
            }
        }
        while (next > 1 && next < call.Arguments.Count && text.Length < Flow.JoinedCharsMax);
        return Sum(call.Arguments, text.ToString());
    }

    private static Flow Sum(IReadOnlyList<Field> fields, string text)
    {
        var flow = new Flow(fields.All(f => f.IsKnown) ? text : null);
        foreach (var field in fields) flow = flow.With(field.Taint, field.Source);
        return flow;
    }

    private static Flow Files(CommandCall call)
    {
        var operands = call.Operands("-n", "-c", "--lines", "--bytes").Where(o => o.Text != "-").ToList();
        if (operands.Count == 0) return call.Name == "cat" ? call.Input : call.Input with { Text = null };
        var flow = new Flow("");
        foreach (var file in operands) flow = flow.Then(OfFile(file, call.Scene)).With(file.Taint, file.Source);
        return flow;
    }

    private static Flow Decoded(CommandCall call)
    {
        var source = call.Name is "base64" or "base32" && call.Operands("-w", "--wrap") is [{ } file, ..] ? OfFile(file, call.Scene) : call.Input;
        var text = source.Text;
        switch (call.Name)
        {
            case "rev" when text is not null:
                return source with { Text = string.Join('\n', text.Split('\n').Select(l => new string([.. l.Reverse()]))) };
            case "tr" when text is not null:
                return source with { Text = Translated(text, call) };
            case "rev" or "tr":
                return source with { Text = null };
            case "base64" when call.Has("-d", "-D", "--decode", "-i"):
            case "openssl" when call.Has("-d") && call.Arguments.Any(a => a.Text is "base64" or "-base64" or "-a"):
                return new(text is null ? null : FromBase64(text), source.Taint | Taint.Decoded, source.Source.Length > 0 ? source.Source : call.Name);
            case "xxd" when call.Has("-r"):
                return new(text is null ? null : FromHex(text), source.Taint | Taint.Decoded, source.Source.Length > 0 ? source.Source : call.Name);
            default:
                var decodes = call.Name is "base32" or "openssl" or "gpg" or "gzip" ? call.Has("-d", "--decode", "--decrypt", "--decompress") : call.Name is not ("base64" or "xxd");
                return new(null, source.Taint | (decodes ? Taint.Decoded : Taint.None), source.Source.Length > 0 ? source.Source : call.Name);
        }
    }

    // tr A B of two sets of single letters or ranges; anything else is unknown.
    private static string? Translated(string text, CommandCall call)
    {
        if (call.Operands() is not [{ IsKnown: true } from, { IsKnown: true } to] || call.Arguments.Count != 2 || Set(from.Text) is not { } a || Set(to.Text) is not { Length: > 0 } b) return null;
        return string.Concat(text.Select(c => a.IndexOf(c) is >= 0 and var at ? b[Math.Min(at, b.Length - 1)] : c));
    }

    private static string? Set(string text)
    {
        if (text.Length > 256 || text.Contains('[', StringComparison.Ordinal)) return null;
        var set = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (i + 2 < text.Length && text[i + 1] == '-' && text[i] <= text[i + 2] && text[i + 2] < 128)
            {
                for (var c = text[i]; c <= text[i + 2]; c++) set.Append(c);
                i += 2;
            }
            else
            {
                set.Append(text[i]);
            }
        }
        return set.ToString();
    }

    private static string? FromBase64(string text)
    {
        var letters = string.Concat(text.Where(c => !char.IsWhiteSpace(c)));
        var bytes = new byte[letters.Length];
        return Convert.TryFromBase64String(letters.PadRight((letters.Length + 3) / 4 * 4, '='), bytes, out var count) ? Utf8.GetString(bytes, 0, count) : null;
    }

    private static string? FromHex(string text)
    {
        var digits = string.Concat(text.Where(char.IsAsciiHexDigit));
        return digits.Length % 2 == 0 ? Utf8.GetString(Convert.FromHexString(digits)) : null;
    }

    private static string Unescaped(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal)) return text;
        var plain = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 >= text.Length)
            {
                plain.Append(text[i]);
                continue;
            }
            i++;
            var (radix, from) = text[i] == 'x' ? (16, i + 1) : (8, i);
            var end = from;
            while (end < text.Length && end - from < (radix == 16 ? 2 : 4) && (radix == 16 ? char.IsAsciiHexDigit(text[end]) : text[end] is >= '0' and <= '7')) end++;
            if (end > from)
            {
                plain.Append((char)Convert.ToInt32(text[from..end], radix));
                i = end - 1;
            }
            else
            {
                plain.Append(text[i] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', var c => c });
            }
        }
        return plain.ToString();
    }
}
