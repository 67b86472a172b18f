// Lists as a server would answer them, read.
using System.Text;
using CabinCrew.Gateways.Mcp.Definitions;

namespace CabinCrew.Gateways.Tests.Pins;

internal static class Lists
{
    public static IReadOnlyList<Definition> Of(string json, DefinitionKind kind = DefinitionKind.Tool, string member = "tools") =>
        DefinitionList.Read(kind, member, Encoding.UTF8.GetBytes(json)).Value.Definitions;
}
