// The functions regex.*, on patterns checked to be RE2 and run without backtracking.
using System.Text;
using CabinCrew.Rego.Builtins.Strings;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Patterns;

internal static class RegexFunctions
{
    private const string Kind = "regex";

    public static Builtin[] Table =>
    [
        new("regex.is_valid", "pattern: string -> result: boolean", IsValid),
        new("regex.match", "pattern: string, value: string -> result: boolean", Match),
        new("re_match", "string, string -> boolean", Match, BuiltinTraits.Deprecated),
        new("regex.split", "pattern: string, value: string -> output: array[string]", Split),
        new("regex.find_n", "pattern: string, value: string, number: number -> output: array[string]", static (context, args) => Find(context, args, false, static (match, _) => new StringValue(match.Group(0).ToString()))),
        new("regex.find_all_string_submatch_n", "pattern: string, value: string, number: number -> output: array[array[string]]", static (context, args) => Find(context, args, true, Submatches)),
        new("regex.replace", "s: string, pattern: string, value: string -> output: string", Replace),
        new("regex.template_match", "template: string, value: string, delimiter_start: string, delimiter_end: string -> result: boolean", TemplateMatch),
        new("regex.globs_match", "glob1: string, glob2: string -> result: boolean", GlobIntersection.Match),
    ];

    private static bool Compile(BuiltinContext context, StringValue text, out Pattern pattern)
    {
        pattern = null!;
        try
        {
            pattern = context.Patterns.Get(Kind, text, Pattern.Compile);
            return true;
        }
        catch (PatternException refused)
        {
            context.Fail(refused.Message);
            return false;
        }
    }

    private static bool Operands(BuiltinContext context, ReadOnlySpan<Value> args, int patternAt, int textAt, out Pattern pattern, out string text)
    {
        pattern = null!;
        text = "";
        if (!context.Text(args, Math.Min(patternAt, textAt), out _) || !context.Text(args, Math.Max(patternAt, textAt), out _)) return false;
        text = ((StringValue)args[textAt]).Text;
        context.Charge(text.Length / StringFunctions.CharsPerElement);
        return Compile(context, (StringValue)args[patternAt], out pattern);
    }

    private static bool Search(BuiltinContext context, Pattern pattern, string text, bool withGroups, out IEnumerable<PatternMatch> matches)
    {
        matches = [];
        try
        {
            matches = pattern.Matches(text, withGroups, context.Charge);
            return true;
        }
        catch (PatternException refused)
        {
            context.Fail(refused.Message);
            return false;
        }
    }

    private static Value? IsValid(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        var valid = args[0] is StringValue text && Compile(context, text, out _);
        context.ClearError();
        return Value.From(valid);
    }

    private static Value? Match(BuiltinContext context, ReadOnlySpan<Value> args) =>
        Operands(context, args, 0, 1, out var pattern, out var text) ? Value.From(pattern.IsMatch(text)) : null;

    private static Value? Split(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!Operands(context, args, 0, 1, out var pattern, out var text)) return null;
        if (text.Length == 0 && ((StringValue)args[0]).Text.Length > 0) return ArrayValue.Of(StringValue.Empty);
        if (!Search(context, pattern, text, withGroups: false, out var matches)) return null;
        var parts = new ArrayValue.Builder();
        int start = 0, end = 0;
        foreach (var match in matches)
        {
            context.Charge(1);
            end = match.Start;
            if (match.End != 0) parts.Add(new StringValue(text[start..end]));
            start = match.End;
        }

        if (end != text.Length) parts.Add(new StringValue(text[start..]));
        return parts.Build();
    }

    private static Value? Find(BuiltinContext context, ReadOnlySpan<Value> args, bool withGroups, Func<PatternMatch, Pattern, Value> show)
    {
        if (!context.Text(args, 0, out _) || !context.Text(args, 1, out _) || !context.Integer(args, 2, out var most)) return null;
        if (!Operands(context, args, 0, 1, out var pattern, out var text)) return null;
        var found = new ArrayValue.Builder();
        if (most.IsZero) return ArrayValue.Empty;
        if (!Search(context, pattern, text, withGroups, out var matches)) return null;
        foreach (var match in matches)
        {
            context.Charge(1 + pattern.Names.Count);
            found.Add(show(match, pattern));
            if (most.Sign > 0 && found.Count >= most) break;
        }

        return found.Build();
    }

    private static ArrayValue Submatches(PatternMatch match, Pattern pattern)
    {
        var groups = new Value[pattern.Names.Count];
        for (var i = 0; i < groups.Length; i++) groups[i] = new StringValue(match.Group(i).ToString());
        return ArrayValue.Own(groups);
    }

    private static Value? Replace(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out _) || !context.Text(args, 1, out _) || !context.Text(args, 2, out var with)) return null;
        if (!Operands(context, args, 1, 0, out var pattern, out var text)) return null;
        if (!Search(context, pattern, text, with.Contains('$'), out var matches)) return null;
        var replaced = new StringBuilder();
        var start = 0;
        foreach (var match in matches)
        {
            var before = replaced.Length;
            replaced.Append(text, start, match.Start - start);
            Expand(replaced, with, match, pattern);
            start = match.End;
            context.Charge(1 + ((replaced.Length - before) / StringFunctions.CharsPerElement));
        }

        return start == 0 && replaced.Length == 0 ? args[0] : new StringValue(replaced.Append(text, start, text.Length - start).ToString());
    }

    // "$1", "${1}", "$name", "${name}", "$$"; a name is as long as it can be, an unknown one is empty.
    private static void Expand(StringBuilder text, string template, PatternMatch match, Pattern pattern)
    {
        for (var at = 0; at < template.Length;)
        {
            var dollar = template.IndexOf('$', at);
            if (dollar < 0) dollar = template.Length;
            text.Append(template, at, dollar - at);
            if (dollar == template.Length) return;
            at = dollar + 1;
            if (at < template.Length && template[at] == '$')
            {
                text.Append('$');
                at++;
                continue;
            }

            var braced = at < template.Length && template[at] == '{';
            var nameStart = braced ? at + 1 : at;
            var end = nameStart;
            while (end < template.Length && (char.IsLetterOrDigit(template[end]) || template[end] == '_')) end++;
            if (end == nameStart || (braced && (end >= template.Length || template[end] != '}')))
            {
                text.Append('$');
                continue;
            }

            var name = template[nameStart..end];
            at = braced ? end + 1 : end;
            var group = int.TryParse(name, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : IndexOf(pattern, name);
            if (group >= 0 && group < pattern.Names.Count) text.Append(match.Group(group));
        }
    }

    private static int IndexOf(Pattern pattern, string name)
    {
        for (var i = 1; i < pattern.Names.Count; i++)
        {
            if (pattern.Names[i] == name) return i;
        }

        return -1;
    }

    // Text outside of the delimiters stands for itself, text inside is a regular expression of its own.
    private static Value? TemplateMatch(BuiltinContext context, ReadOnlySpan<Value> args)
    {
        if (!context.Text(args, 0, out var template) || !context.Text(args, 1, out var text)) return null;
        if (!context.Text(args, 2, out var open) || !context.Text(args, 3, out var close)) return null;
        if (open.Length != 1) return context.Fail($"start delimiter has to be exactly one character long but is {Encoding.UTF8.GetByteCount(open)} long");
        if (close.Length != 1) return context.Fail($"end delimiter has to be exactly one character long but is {Encoding.UTF8.GetByteCount(close)} long");
        var whole = new StringBuilder("^");
        int level = 0, start = 0, last = 0;
        for (var i = 0; i < template.Length; i++)
        {
            if (template[i] == open[0] && level++ == 0) start = i;
            else if (template[i] == close[0] && --level == 0)
            {
                var inner = template[(start + 1)..i];
                if (!Compile(context, new("^" + inner + "$"), out _)) return null;
                whole.Append(Quote(template[last..start])).Append('(').Append(inner).Append(')');
                last = i + 1;
            }
            else if (level < 0) break;
        }

        if (level != 0) return context.Fail($"unbalanced braces in {GoText.Quote(template)}");
        whole.Append(Quote(template[last..])).Append('$');
        context.Charge(text.Length / StringFunctions.CharsPerElement);
        return Compile(context, new(whole.ToString()), out var pattern) ? Value.From(pattern.IsMatch(text)) : null;
    }

    private static string Quote(string literal)
    {
        var quoted = new StringBuilder();
        foreach (var c in literal) quoted.Append(c < 0x80 && !char.IsAsciiLetterOrDigit(c) && c > ' ' && c != '_' ? "\\" : "").Append(c);
        return quoted.ToString();
    }
}
