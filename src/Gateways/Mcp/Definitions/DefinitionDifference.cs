// What has changed in a definition, for a person's eyes: both forms in canonical order, indented, line against line. Pure.
using System.Text;
using System.Text.Json;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Gateways.Mcp.Definitions;

public static class DefinitionDifference
{
    /// <summary>As `diff -u` writes it, from what was accepted to what is offered now; all of it is new where nothing was accepted. Empty: there is no difference.</summary>
    public static string Text(Pin pin)
    {
        var path = WorkspacePath.TryParse($"{pin.Kind.Word()}/{pin.Name.Replace("//", "/", StringComparison.Ordinal).Trim('/')}", out var named) ? named : WorkspacePath.Parse(pin.Kind.Word());
        var (before, after) = (Content(pin.Accepted), Content(pin.Latest ?? pin.Accepted)!);
        if (before?.State == after.State) return "";
        return Encoding.UTF8.GetString(GitPatch.Write([new(new(path, before?.State, after.State), after.Bytes)], _ => before));
    }

    private static FileContent? Content(DefinitionText? text) => text is null ? null : new(FileKind.Regular, Indented(JsonElement.Parse(text.Json)));

    private static byte[] Indented(JsonElement definition)
    {
        try
        {
            return WireJson.Indented(JsonElement.Parse(CanonicalJson.Write(definition)));
        }
        catch (ArgumentException)
        {
            return WireJson.Indented(definition); // it has no canonical form: in the server's own order
        }
    }
}
