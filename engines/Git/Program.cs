// The git engine: commits, branches, merges, tags and pushes become a plan with a bundle; take-off adds exactly those objects and moves exactly those refs.
using CabinCrew.Engines.Git;

return await new GitEngine().RunAsync(args);
