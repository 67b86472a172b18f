// The script engine: a command's effect on a copy of the workspace becomes a plan; take-off applies the effect and never runs the command.
using CabinCrew.Engines.Script;

return await new ScriptEngine().RunAsync(args);
