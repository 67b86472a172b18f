// What an engine is given in each mode.
using System.Text.Json;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.EngineSdk;

public abstract class EngineSession
{
    public EngineInput Input => throw new NotImplementedException();
    public JsonElement Config => throw new NotImplementedException();
    public string Workspace => throw new NotImplementedException();
    public string TempDirectory => throw new NotImplementedException();
    public ReadBase ReadWorkspace => throw new NotImplementedException();
    public void Log(string line) => throw new NotImplementedException();
    public void Warn(string warning) => throw new NotImplementedException();
    public void Metric(string name, double value) => throw new NotImplementedException();
}

public sealed class FlightPlan : EngineSession
{
    /// <summary>Declares changes to files: writes the patch as an evidence artifact (type file_patch unless said otherwise).</summary>
    public void DeclareChanges(string artifactName, IReadOnlyList<FileWrite> writes, JsonElement? metadata = null, string type = ArtifactTypes.FilePatch) => throw new NotImplementedException();

    public void WriteArtifact(string name, ArtifactDocument document, ReadOnlySpan<byte> body) => throw new NotImplementedException();
}

public sealed class TakeOff : EngineSession
{
    /// <summary>The frozen artifacts, by name.</summary>
    public IReadOnlyDictionary<string, (ArtifactDocument Document, byte[]? Body)> Artifacts => throw new NotImplementedException();

    /// <summary>Applies a patch artifact to the workspace exactly.</summary>
    public Outcome<Done> ApplyPatch(string artifactName) => throw new NotImplementedException();
}
