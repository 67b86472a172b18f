// The directories of one conformance check: a small sample workspace, views, frozen artifacts. Gone when the check ends.
using CabinCrew.Ledger;
using CabinCrew.Orchestrator.Artifacts;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines.Conformance;

internal sealed class CheckScratch : IDisposable
{
    private readonly PrivateDirectory directory;

    private CheckScratch(PrivateDirectory directory) => this.directory = directory;

    public static CheckScratch Create(IIdSource ids) => new(PrivateDirectory.Create(ids));

    public string NewDirectory(string name) => Directory.CreateDirectory(Path.Combine(directory.Path, name)).FullName;

    public string SampleWorkspace()
    {
        var root = NewDirectory("workspace");
        Directory.CreateDirectory(Path.Combine(root, "src"));
        File.WriteAllText(Path.Combine(root, "README.md"), "# Sample\n\nA small workspace for conformance checks.\n");
        File.WriteAllText(Path.Combine(root, "src", "main.py"), "print('hello')\n");
        File.WriteAllText(Path.Combine(root, "run.sh"), "#!/bin/sh\nexec python3 src/main.py\n");
        File.SetUnixFileMode(Path.Combine(root, "run.sh"), (UnixFileMode)0b111_101_101);
        return root;
    }

    public string WriteArtifacts(ValidatedPlan plan) => FrozenDirectory.Write(NewDirectory("artifacts"),
        plan.Artifacts.Where(a => a.Role != ArtifactRole.Log).Select(a => (a.Name, a.Document, a.Body)));

    public void Dispose() => directory.Dispose();
}
