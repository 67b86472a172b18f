// What a value is: written out, put together from parts, or brought by a request.
namespace CabinCrew.Governance.Detection.Code;

internal sealed partial class CodeView
{
    private static readonly System.Buffers.SearchValues<string> Secretive = System.Buffers.SearchValues.Create(["passw", "pwd", "passphrase", "secret", "credential"], StringComparison.OrdinalIgnoreCase);

    private static readonly System.Buffers.SearchValues<string> Cleaning = System.Buffers.SearchValues.Create(["escape", "sanitize", "sanitise", "purify", "quote", "encode", "whitelist", "allowlist", "intval", "shlex", "h("], StringComparison.OrdinalIgnoreCase);

    public bool IsTrue(CodeRange range) => range.To - range.From == 1 && (Text(range.From) is "True" or "true" or "TRUE" or "1" || Content(range.From) is "1" or "true");

    public bool IsFalse(CodeRange range) => range.To - range.From == 1 && (Text(range.From) is "False" or "false" or "FALSE" or "0" || Content(range.From) is "0" or "false");

    public bool IsText(CodeRange range, string content) => range.To - range.From == 1 && Content(range.From).SequenceEqual(content);

    /// <summary>The first text in it is this, whatever stands around.</summary>
    public ReadOnlySpan<char> FirstText(CodeRange range)
    {
        for (var i = range.From; i < range.To; i++)
            if (tokens[i].Kind == CodeTokenKind.Text) return Content(i);
        return default;
    }

    /// <summary>Written out: texts without holes, numbers, names of constants, and signs between them.</summary>
    public bool IsConstant(CodeRange range)
    {
        for (var i = range.From; i < range.To; i++)
        {
            var t = tokens[i];
            if (t.Kind == CodeTokenKind.Text && t.HasHoles) return false;
            if (t.Kind == CodeTokenKind.Name && !IsConstantName(i)) return false;
        }
        return !range.IsEmpty;
    }

    public bool IsOneText(CodeRange range) => range.To - range.From == 1 && this[range.From] is { Kind: CodeTokenKind.Text, HasHoles: false };

    private bool IsConstantName(int i)
    {
        var name = Text(i);
        return name is "true" or "false" or "null" or "nil" or "None" or "True" or "False" or "undefined" or "new" or "String" or "byte" or "getBytes" or "encode" or "char" or "__name__" or "__file__" or "__dirname" || (language == CodeLanguage.JavaScript && name is "Buffer" or "from") || (name.Length > 1 && !name.ContainsAnyInRange('a', 'z') && name.ContainsAnyInRange('A', 'Z'));
    }

    /// <summary>A text with something put into it that is not written out: filled in, joined, or formatted.</summary>
    public bool IsBuilt(CodeRange range)
    {
        for (var i = range.From; i < range.To; i++)
            if (tokens[i].Kind == CodeTokenKind.Text && IsBuiltFrom(i, range)) return true;
        return false;
    }

    private bool IsBuiltFrom(int i, CodeRange range) => this[i].HasHoles
        || (IsJoin(i + 1) && i + 2 < range.To && !IsConstant(Operand(i + 2, range))) || (i > range.From && IsJoin(i - 1) && i - 2 >= range.From && !IsConstantBefore(i - 2))
        || (Is(i + 1, ".") && IsAny(i + 2, "format", "formatted", "concat", "interpolate") && Is(i + 3, "(")) || IsFormat(i);

    // format("...", x), String.format, Sprintf: the text is the first argument, and there are more.
    private bool IsFormat(int i) => Is(i - 1, "(") && IsAny(i - 2, "format", "Format", "sprintf", "Sprintf", "vsprintf", "format!", "asprintf", "snprintf") && Is(i + 1, ",") || (language == CodeLanguage.Rust && Is(i - 1, "(") && Is(i - 2, "!") && Is(i - 3, "format") && Content(i).Contains('{'));

    public bool IsJoin(int i) => Is(i, "+") || (Is(i, ".") && language == CodeLanguage.Php) || (Is(i, "%") && language is CodeLanguage.Python or CodeLanguage.Ruby);

    public CodeRange Operand(int from, CodeRange range)
    {
        var at = from;
        for (; at < range.To; at++)
        {
            if (at > from && (IsJoin(at) || Is(at, ","))) break;
            if (this[at].Match > at) at = Math.Min(this[at].Match, range.To - 1);
        }
        return new(from, at);
    }

    private bool IsConstantBefore(int i) => this[i].Kind is CodeTokenKind.Text or CodeTokenKind.Number ? !this[i].HasHoles : IsName(i) && IsConstantName(i);

    public bool Has(CodeRange range, params ReadOnlySpan<string> names)
    {
        for (var i = range.From; i < range.To; i++)
            if (IsName(i) && IsAny(i, names)) return true;
        return false;
    }

    public bool HasText(CodeRange range, string part)
    {
        for (var i = range.From; i < range.To; i++)
            if (tokens[i].Kind == CodeTokenKind.Text && Content(i).Contains(part, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    /// <summary>A text in it is this one.</summary>
    public bool HasWhole(CodeRange range, string content)
    {
        for (var i = range.From; i < range.To; i++)
            if (tokens[i].Kind == CodeTokenKind.Text && Content(i).SequenceEqual(content)) return true;
        return false;
    }

    /// <summary>A name in it speaks of a password or a secret.</summary>
    public bool IsSecretive(CodeRange range)
    {
        for (var i = range.From; i < range.To; i++)
            if (tokens[i].Kind == CodeTokenKind.Name && Text(i).IndexOfAny(Secretive) >= 0) return true;
        return false;
    }

    /// <summary>Something in it is made to clean what goes through it.</summary>
    public bool IsCleaned(CodeRange range) => !range.IsEmpty && text.AsSpan(this[range.From].Start, this[range.To - 1].End - this[range.From].Start).IndexOfAny(Cleaning) >= 0;

    /// <summary>What a request brought stands in it, as the language's common frameworks have it.</summary>
    public bool HasRequest(CodeRange range)
    {
        for (var i = range.From; i < range.To; i++)
            if (IsName(i) && IsRequest(i)) return true;
            else if (tokens[i] is { Kind: CodeTokenKind.Text, HasHoles: true } && FilledFromRequest(Content(i))) return true;
        return false;
    }

    private bool IsRequest(int i) => language switch
    {
        CodeLanguage.Python => Is(i, "request") && Is(i + 1, ".") && IsAny(i + 2, "args", "form", "values", "GET", "POST", "cookies", "query_params", "get_json", "json", "data") && !IsDot(i - 1),
        CodeLanguage.JavaScript => IsAny(i, "req", "request", "ctx") && Is(i + 1, ".") && IsAny(i + 2, "query", "params", "body", "cookies") && (Is(i + 3, ".") || Is(i + 3, "[")) || (Is(i, "location") && Is(i + 1, ".") && IsAny(i + 2, "hash", "search")),
        CodeLanguage.Php => IsAny(i, "$_GET", "$_POST", "$_REQUEST", "$_COOKIE"),
        CodeLanguage.Ruby => Is(i, "params") && Is(i + 1, "[") && !IsDot(i - 1),
        CodeLanguage.Java or CodeLanguage.Kotlin => IsAny(i, "getParameter", "getHeader", "getQueryString") && Is(i + 1, "(") && IsDot(i - 1),
        CodeLanguage.CSharp => IsAny(i, "Request") && Is(i + 1, ".") && IsAny(i + 2, "Query", "Form", "QueryString", "Cookies", "Params"),
        CodeLanguage.Go => Is(i, "FormValue") && Is(i + 1, "(") || (Is(i, "Query") && Is(i + 1, "(") && IsOf(i, "URL")),
        _ => false,
    };

    private bool FilledFromRequest(ReadOnlySpan<char> content) => language switch
    {
        CodeLanguage.Python => content.Contains("{request.args", StringComparison.Ordinal) || content.Contains("{request.form", StringComparison.Ordinal) || content.Contains("{request.GET", StringComparison.Ordinal) || content.Contains("{request.POST", StringComparison.Ordinal),
        CodeLanguage.JavaScript => content.Contains("${req.query", StringComparison.Ordinal) || content.Contains("${req.params", StringComparison.Ordinal) || content.Contains("${req.body", StringComparison.Ordinal) || content.Contains("${request.query", StringComparison.Ordinal) || content.Contains("${request.params", StringComparison.Ordinal),
        CodeLanguage.Php => content.Contains("$_GET", StringComparison.Ordinal) || content.Contains("$_POST", StringComparison.Ordinal) || content.Contains("$_REQUEST", StringComparison.Ordinal),
        CodeLanguage.Ruby => content.Contains("#{params[", StringComparison.Ordinal),
        CodeLanguage.CSharp => content.Contains("{Request.", StringComparison.Ordinal),
        _ => false,
    };
}
