// A function that starts itself more than once each time it runs: :(){ :|:& };:
using CabinCrew.Governance.Detection.Commands.Shell;

namespace CabinCrew.Governance.Detection.Commands.Judges;

internal static class ForkBomb
{
    public static bool Is(FunctionDefinition function) => Calls(function.Body, function.Name, 0) >= 2;

    private static int Calls(ShellNode node, string name, int depth) => node switch
    {
        _ when depth > ShellParser.DepthMax => 0,
        Pipeline pipeline => pipeline.Stages.Sum(s => Calls(s, name, depth + 1)),
        // One that goes through a tree calls itself on each side, if at all.
        Compound { Kind: CompoundKind.Group or CompoundKind.Subshell } compound => compound.Body.Sum(n => Calls(n, name, depth + 1)),
        SimpleCommand { Words: [{ Plain: { } called }] } when called == name => 1,
        _ => 0,
    };
}
