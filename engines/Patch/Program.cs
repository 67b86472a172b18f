// The patch engine: a unified diff or a set of edits becomes a plan; take-off applies it exactly.
using CabinCrew.Engines.Patch;

return await new PatchEngine().RunAsync(args);
