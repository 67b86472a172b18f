// The rules files that are part of the program: embedded, printed on request, and pinned by digest like any other.
using System.Text;

namespace CabinCrew.Governance.Policies.Rules;

public static class BuiltInRules
{
    public const string DefaultsName = "defaults";

    /// <summary>Judges messages, not plans.</summary>
    public const string McpDefaultsName = "mcp-defaults";

    /// <summary>Judges prompts and answers.</summary>
    public const string LlmDefaultsName = "llm-defaults";

    /// <summary>Those that judge messages.</summary>
    public static IReadOnlyList<string> OfMessages { get; } = [McpDefaultsName, LlmDefaultsName];

    public static IReadOnlyList<string> Names { get; } = [DefaultsName, .. OfMessages];

    /// <summary>The file's text, to read or to copy and change.</summary>
    public static string Text(string name) => Encoding.UTF8.GetString(Bytes(name));

    internal static byte[] Bytes(string name)
    {
        using var stream = typeof(BuiltInRules).Assembly.GetManifestResourceStream($"policies/{name}.yaml")
            ?? throw new ArgumentException($"there is no built-in policy '{name}'", nameof(name));
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
