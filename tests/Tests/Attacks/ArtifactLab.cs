// A place to be a hostile engine in: an artifacts directory, a receipt that fits it, a small workspace.
using System.Text;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Orchestrator.Artifacts;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Spec;
using Xunit;

namespace CabinCrew.Tests.Attacks;

public abstract class ArtifactLab : IDisposable
{
    private protected TempTree Artifacts { get; } = new();

    private protected Redactor Redactor { get; } = new();

    private protected List<EngineArtifact> Listed { get; } = [];

    protected ArtifactLab()
    {
        Directory.CreateDirectory(Artifacts["artifacts"]);
        Directory.CreateDirectory(Artifacts["workspace"]);
    }

    public void Dispose()
    {
        Artifacts.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected void Good(string name, string? body = null) => Raw(name, body is null
        ? """{"type":"note","action":"a","role":"log"}"""
        : $$"""{"type":"note","action":"a","role":"log","body_file":"body.data","integrity":"{{Digest.Of(Encoding.UTF8.GetBytes(body))}}"}""", body);

    /// <summary>Writes an artifact as it is said, and a line of the receipt that agrees with it.</summary>
    private protected void Raw(string name, string document, string? body = null, string listedRole = "")
    {
        Artifacts.File($"artifacts/{name}/artifact.json", document);
        if (body is not null) Artifacts.File($"artifacts/{name}/body.data", body);
        else File.Delete(Artifacts[$"artifacts/{name}/body.data"]);
        Listed.RemoveAll(a => a.Name == name);
        if (ArtifactName.TryParse(name, out _))
            Listed.Add(new(name, listedRole, $"{name}/artifact.json", Digest.Of(Encoding.UTF8.GetBytes(document)).ToString(),
                Encoding.UTF8.GetByteCount(document) + Encoding.UTF8.GetByteCount(body ?? "")));
    }

    private protected Outcome<ValidatedPlan> Read(EngineLimits? limits = null)
    {
        using var directory = DirectoryHandle.Open(Artifacts["artifacts"]);
        var receipt = new EngineOutput
        {
            ProtocolVersion = "1.0", EngineId = "hostile", Mode = EngineMode.FlightPlan, ReceiptId = "r", Status = EngineOutput.Success, Artifacts = Listed,
        };
        return ArtifactReader.Read(directory, receipt, limits ?? EngineLimits.Default, Redactor, WorkspaceHasher.Reader(Artifacts["workspace"]));
    }

    private protected Problem Refused(ProblemCode code)
    {
        var problem = Read().Problem;
        Assert.NotNull(problem);
        Assert.True(code == problem.Code, $"expected {code}, got {problem}");
        Assert.NotEmpty(problem.Message);
        return problem;
    }
}
