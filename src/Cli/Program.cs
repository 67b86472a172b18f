// The one executable. Exit codes: the class of the problem (see `cabincrew help exit-codes`).
using CabinCrew.Cli;

if (Root.IsPlainHelp(args))
{
    Console.Out.Write(Root.Help);
    return 0;
}
return await Root.Build().Parse(args).InvokeAsync(new() { ProcessTerminationTimeout = TimeSpan.FromSeconds(15) });
