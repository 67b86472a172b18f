// A value of a configuration, or where it is read from: what is secret stands in no file of ours.
using CabinCrew.Governance.Yaml;

namespace CabinCrew.Gateways.Firewall.Configuration;

internal static class ValueReader
{
    // A value may be plain text, which is for what is no secret: it stands in the file for everybody to read.
    public static ValueDefinition? Read(string key, YamlNode node, string baseDirectory)
    {
        if (node is YamlScalar { Type: YamlType.Text } text && text.Text.IndexOfAny(['\0', '\r', '\n']) < 0) return new("text", text.Text);
        if (node is not YamlMap source)
        {
            node.Errors.Add(node, $"'{key}': expected text, or a source of a secret ({{ env: NAME }} or {{ file: PATH }}), found {node.Is}");
            return null;
        }
        source.Know("env", "file");
        source.Close();
        if (source.Has("env") == source.Has("file"))
        {
            if (source.Entries.All(e => e.Key.Text is "env" or "file")) node.Errors.Add(source, $"'{key}': expected one of env, file");
            return null;
        }
        if (source.TakeText("env", expected: "the name of a variable", charsMax: 128) is { } variable)
        {
            if (IsVariable(variable)) return new("env", variable);
            node.Errors.Add(source, "'env': expected the name of a variable (letters, digits and '_')");
        }
        return source.TakeText("file", expected: "the path of a file") is { } path ? new("file", Path.GetFullPath(path, baseDirectory)) : null;
    }

    public static bool IsVariable(string text) => text.Length is > 0 and <= 128 && !char.IsAsciiDigit(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
