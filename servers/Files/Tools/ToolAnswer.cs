// What a call comes to: text for the agent, also where it failed.
using CabinCrew.Protocol;

namespace CabinCrew.Servers.Files.Tools;

/// <summary>What a tool gives back: blocks of text, and whether they tell of a failure that the agent can mend.</summary>
internal sealed record ToolAnswer(IReadOnlyList<string> Texts, bool IsError = false)
{
    public static ToolAnswer Of(params IReadOnlyList<string> texts) => new(texts);

    public static ToolAnswer Of(Problem problem) => new([$"{problem}{(problem.Remedy is { } remedy ? $"\n{remedy}" : "")}"], IsError: true);
}
