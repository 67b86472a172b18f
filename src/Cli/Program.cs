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
// No await here: its machinery is compiled anew at every start.
return parse.Action switch
{
    ParseErrorAction => UsageErrors.Refuse(parse, args),
    SynchronousCommandLineAction => parse.Invoke(),
    _ => parse.InvokeAsync(new() { ProcessTerminationTimeout = TimeSpan.FromSeconds(15) }).GetAwaiter().GetResult(),
};
