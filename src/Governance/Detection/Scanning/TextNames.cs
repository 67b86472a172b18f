// What a file's name says of it: that it is a text, which somebody will read or run as one. And names of others, made fit to be told.
using System.Globalization;
using System.Text;

namespace CabinCrew.Governance.Detection.Scanning;

internal static class TextNames
{
    private const int ToldCharsMax = 200;

    private static readonly HashSet<string> Endings = new(StringComparer.OrdinalIgnoreCase)
    {
        ".sh", ".bash", ".zsh", ".ksh", ".fish", ".ps1", ".bat", ".cmd", ".py", ".rb", ".pl", ".php", ".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx", ".java", ".kt", ".go", ".rs", ".c", ".h", ".cc", ".cpp", ".hpp", ".cs", ".fs", ".vb", ".swift",
        ".scala", ".lua", ".r", ".sql", ".tf", ".hcl", ".rego", ".yaml", ".yml", ".json", ".jsonl", ".toml", ".ini", ".cfg", ".conf", ".env", ".properties", ".xml", ".html", ".htm", ".css", ".svg", ".md", ".markdown", ".txt", ".rst", ".adoc", ".csv",
        ".tsv", ".mk", ".gradle", ".groovy", ".dockerfile", ".service", ".pem", ".key", ".diff", ".patch", ".log",
    };

    private static readonly string[] Names = ["Dockerfile", "Containerfile", "Makefile", "GNUmakefile", "Jenkinsfile", "Vagrantfile", "Gemfile", "Rakefile", "README", "LICENSE", ".env", ".bashrc", ".profile", ".npmrc", ".netrc", ".gitconfig"];

    public static bool Claims(string path)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        return Names.Contains(name) || (name.LastIndexOf('.') is >= 0 and var dot && Endings.Contains(name[dot..]));
    }

    /// <summary>Without what a terminal would do something about, and not without end.</summary>
    public static string Told(string name)
    {
        var told = new StringBuilder();
        foreach (var rune in name.EnumerateRunes())
        {
            if (told.Length >= ToldCharsMax) return told.Append('…').ToString();
            var isShown = Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
            told.Append(isShown ? rune.ToString() : "_");
        }
        return told.ToString();
    }
}
