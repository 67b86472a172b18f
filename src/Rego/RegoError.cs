// What can be wrong with a policy or its evaluation, as a value in OPA's words. Errors never leave this library as exceptions.
namespace CabinCrew.Rego;

/// <summary>A place in a policy file: 1-based row, 1-based column in characters. <see cref="File"/> is empty where the text has no name.</summary>
public readonly record struct RegoLocation(string File, int Row, int Column)
{
    public override string ToString() => File is null or "" ? $"{Row}:{Column}" : $"{File}:{Row}:{Column}";
}

/// <summary>One error: OPA's code (<c>rego_parse_error</c>, <c>rego_unsafe_var_error</c>, <c>eval_conflict_error</c>, ...), its message and the place.</summary>
public sealed record RegoError(string Code, string Message, RegoLocation Location)
{
    /// <summary>Lines that tell more, such as <c>have: (string, number)</c>; empty where there is no more to tell.</summary>
    public string Details { get; init; } = "";

    /// <summary>On one line, for logs and records.</summary>
    public string OnOneLine => Details.Length == 0 ? Headline : $"{Headline} ({string.Join(", ", Details.Split('\n').Select(line => line.Trim()).Where(line => line.Trim('^').Length > 0))})";

    private string Headline => Location.Row == 0 ? $"{Code}: {Message}" : $"{Location}: {Code}: {Message}";

    /// <summary>As OPA prints it: <c>file.rego:3:5: rego_parse_error: message</c>, and the details below it, each after a tab.</summary>
    public override string ToString() => Details.Length == 0 ? Headline : $"{Headline}\n\t{Details.Replace("\n", "\n\t", StringComparison.Ordinal)}";
}
