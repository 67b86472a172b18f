// The languages that rules exist for, told by a file's ending or its first line.
namespace CabinCrew.Governance.Detection.Code;

public enum CodeLanguage
{
    None,
    Python,
    JavaScript,
    Java,
    Kotlin,
    CSharp,
    Go,
    Php,
    Ruby,
    C,
    Rust,
    Hcl,
    Yaml,
}

internal static class CodeLanguages
{
    private static readonly (CodeLanguage Language, string[] Endings)[] Table =
    [
        (CodeLanguage.Python, [".py", ".pyw", ".pyi"]),
        (CodeLanguage.JavaScript, [".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".vue", ".svelte"]),
        (CodeLanguage.Java, [".java", ".groovy", ".gradle", ".scala"]),
        (CodeLanguage.Kotlin, [".kt", ".kts"]),
        (CodeLanguage.CSharp, [".cs", ".csx"]),
        (CodeLanguage.Go, [".go"]),
        (CodeLanguage.Php, [".php", ".phtml", ".php5", ".inc"]),
        (CodeLanguage.Ruby, [".rb", ".rake", ".gemspec", ".ru"]),
        (CodeLanguage.C, [".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".hh", ".m", ".mm"]),
        (CodeLanguage.Rust, [".rs"]),
        (CodeLanguage.Hcl, [".tf", ".tfvars", ".hcl"]),
        (CodeLanguage.Yaml, [".yml", ".yaml"]),
    ];

    private static readonly System.Collections.Frozen.FrozenDictionary<string, CodeLanguage>.AlternateLookup<ReadOnlySpan<char>> ByEnding =
        System.Collections.Frozen.FrozenDictionary.ToFrozenDictionary(Table.SelectMany(t => t.Endings.Select(e => KeyValuePair.Create(e, t.Language))), StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly (string Word, CodeLanguage Language)[] Interpreters =
        [("python", CodeLanguage.Python), ("node", CodeLanguage.JavaScript), ("deno", CodeLanguage.JavaScript), ("bun", CodeLanguage.JavaScript), ("ruby", CodeLanguage.Ruby), ("php", CodeLanguage.Php)];

    public static CodeLanguage Of(string path, ReadOnlySpan<byte> utf8)
    {
        var dot = path.LastIndexOf('.');
        if (dot > path.LastIndexOf('/') && ByEnding.TryGetValue(path.AsSpan(dot), out var language)) return language;
        if (!utf8.StartsWith("#!"u8)) return CodeLanguage.None;
        var line = utf8[..(utf8.IndexOf((byte)'\n') is >= 0 and var end ? Math.Min(end, 200) : Math.Min(utf8.Length, 200))];
        foreach (var (word, known) in Interpreters)
            if (line.IndexOf(System.Text.Encoding.ASCII.GetBytes(word)) >= 0) return known;
        return CodeLanguage.None;
    }
}
