// An option that takes no value: it is given, or it is not. No Option<bool>, whose every method is compiled anew at each start of the program.
using System.CommandLine;

namespace CabinCrew.Cli;

internal sealed class Flag : Option<string?>
{
    public Flag(string name, params string[] aliases) : base(name, aliases) => Arity = ArgumentArity.Zero;
}

internal static class Flags
{
    public static bool Has(this ParseResult parse, Flag flag) => parse.GetResult(flag) is not null;
}
