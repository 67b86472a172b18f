// The undo engine: what a take-off changed, put back. `cabincrew undo` names the directory with the list and the contents, before --mode.
using CabinCrew.Engines.Undo;

return await new UndoEngine(args is [var directory, "--mode", _] ? directory : null).RunAsync(args is [_, "--mode", _] ? args[1..] : args);
