// A verb of the command line by its name, made when a line asks for it.
using System.CommandLine;

namespace CabinCrew.Cli;

/// <param name="Name">The command's own; a test compares them.</param>
internal sealed record Verb(string Name, Func<Command> Make);
