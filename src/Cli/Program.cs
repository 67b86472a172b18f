// The one executable. Exit codes: the class of the problem (see `cabincrew help exit-codes`).
using System.CommandLine.Invocation;
using CabinCrew.Cli;
using CabinCrew.Orchestrator.Engines.Network;

if (args is [SandboxSocket.Verb]) return SandboxSocket.Make();
if (Root.IsPlainHelp(args))
{
    Console.Out.Write(Root.Help);
    return 0;
}
var parse = Root.Parse(args);
if (HelpPage.AskedFor(parse))
{
    Console.Out.Write(HelpPage.Of(parse.CommandResult.Command));
    return 0;
}
return parse.Action is ParseErrorAction
    ? UsageErrors.Refuse(parse, args)
    : await parse.InvokeAsync(new() { ProcessTerminationTimeout = TimeSpan.FromSeconds(15) });
