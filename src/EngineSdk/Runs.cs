// What an engine is given in each mode: the input, a reader of the workspace that follows no link, and either a place to write artifacts or the frozen ones.
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.EngineSdk;

/// <summary>One run of an engine, in either mode.</summary>
public abstract class EngineSession
{
    private readonly List<string> warnings = [];
    private readonly List<EngineMetric> metrics = [];
    private readonly TextWriter log = Console.Error;

    private protected EngineSession(EngineInput input, string workspace, string artifacts, string temp)
    {
        (Input, Workspace, ArtifactsDirectory, TempDirectory) = (input, workspace, artifacts, temp);
        Config = input.Config ?? WireJson.ToElement(new JsonObject());
        ReadWorkspace = path => WorkspaceFiles.Read(workspace, path);
    }

    internal EngineMode Mode => Input.Mode;
    internal IReadOnlyList<string> Warnings => warnings;
    internal IReadOnlyList<EngineMetric> Metrics => metrics;
    internal string ArtifactsDirectory { get; }

    /// <summary>The whole input document, checked against its schema.</summary>
    public EngineInput Input { get; }

    /// <summary>The step's config; an empty object when there is none. <see cref="Settings"/> reads it with good errors.</summary>
    public JsonElement Config { get; }

    /// <summary>Absolute. Read-only in flight-plan.</summary>
    public string Workspace { get; }

    /// <summary>Absolute, empty at the start, gone after the run.</summary>
    public string TempDirectory { get; }

    /// <summary>Reads a path of the workspace without following links; null where there is no file or link.</summary>
    public ReadBase ReadWorkspace { get; }

    /// <summary>A line for people, on standard error. Never a secret.</summary>
    public void Log(string line) => log.WriteLine(line);

    /// <summary>A warning in the receipt (the first 1,000 are kept).</summary>
    public void Warn(string warning)
    {
        Log($"warning: {warning}");
        if (warnings.Count < 1000) warnings.Add(warning.Length <= 4000 ? warning : warning[..4000]);
    }

    /// <summary>A measurement in the receipt. Keep times out of flight-plan: the receipt should not differ between runs.</summary>
    public void Metric(string name, double value)
    {
        if (metrics.Count < 1000 && double.IsFinite(value)) metrics.Add(new(name, value));
    }
}

/// <summary>A flight-plan: look, and say what would be done.</summary>
public sealed class FlightPlan : EngineSession
{
    private readonly SortedDictionary<string, EngineArtifact> written = new(StringComparer.Ordinal);

    internal FlightPlan(EngineInput input, string workspace, string artifacts, string temp) : base(input, workspace, artifacts, temp) { }

    internal IReadOnlyList<EngineArtifact> Written => [.. written.Values];

    /// <summary>A write of a file, from the state that the workspace has now.</summary>
    /// <exception cref="FormatException"><paramref name="path"/> is not a path inside the workspace.</exception>
    public FileWrite Write(string path, byte[] content, FileKind? kind = null)
    {
        var at = WorkspacePath.Parse(path);
        var before = ReadWorkspace(at);
        return new(new(at, before?.State, new(kind ?? before?.Kind ?? FileKind.Regular, Digest.Of(content), content.Length)), content);
    }

    /// <summary>
    /// Declares changes to files: writes the patch as an evidence artifact (type file_patch unless said otherwise).
    /// Metadata gets <c>files</c> and <c>summary</c>, beside the members given. No writes at all make an artifact without a body, which says so.
    /// </summary>
    public void DeclareChanges(string artifactName, IReadOnlyList<FileWrite> writes, JsonElement? metadata = null, string type = ArtifactTypes.FilePatch)
    {
        writes = [.. writes.Where(w => w.Change.Before != w.Change.After).OrderBy(w => w.Change.Path)];
        var patch = GitPatch.Write(writes, ReadWorkspace);
        var all = metadata is { ValueKind: JsonValueKind.Object } given ? JsonObject.Create(given)! : [];
        foreach (var (key, value) in ChangeSummary.Of(writes, patch)) all[key] = value?.DeepClone();
        var words = writes.Select(w => w.Change.Word).Distinct().ToList();
        WriteArtifact(artifactName, new()
        {
            Type = type,
            Action = words.Count == 1 ? words[0] : words.Count == 0 ? "none" : "update",
            Role = ArtifactRole.Evidence,
            Mime = patch.Length == 0 ? null : "text/x-diff",
            Metadata = WireJson.ToElement(all),
        }, patch);
    }

    /// <summary>Writes an artifact; <c>body_file</c> and <c>integrity</c> are set here. An empty body is no body.</summary>
    /// <exception cref="ArgumentException">The name is not allowed or was used before, or the document has no role.</exception>
    public void WriteArtifact(string name, ArtifactDocument document, ReadOnlySpan<byte> body)
    {
        if (!ArtifactName.TryParse(name, out _)) throw new ArgumentException($"'{name}' is not an artifact's name", nameof(name));
        if (written.Keys.Any(k => string.Equals(k, name, StringComparison.OrdinalIgnoreCase))) throw new ArgumentException($"the artifact '{name}' was written before", nameof(name));
        if (document.Role is not { } role) throw new ArgumentException("an artifact needs a role", nameof(document));
        if (body.Length > 0) document = document with { BodyFile = "body.data", Integrity = Digest.Of(body) };
        var bytes = ArtifactDocuments.Write(document);
        var directory = Directory.CreateDirectory(Path.Join(ArtifactsDirectory, name)).FullName;
        Create(Path.Join(directory, "artifact.json"), bytes);
        if (body.Length > 0) Create(Path.Join(directory, "body.data"), body);
        written[name] = new(name, role.Word(), $"{name}/artifact.json", Digest.Of(bytes).ToString(), bytes.Length + body.Length);
    }

    private static void Create(string path, ReadOnlySpan<byte> bytes)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        file.Write(bytes);
    }
}

/// <summary>A take-off: apply what was approved, exactly.</summary>
public sealed class TakeOff : EngineSession
{
    private IReadOnlyDictionary<string, (ArtifactDocument Document, byte[]? Body)>? artifacts;

    internal TakeOff(EngineInput input, string workspace, string artifacts, string temp) : base(input, workspace, artifacts, temp) { }

    /// <summary>The frozen artifacts, by name: evidence and state; logs are not handed over.</summary>
    /// <exception cref="InvalidDataException">An artifact is not as it was frozen.</exception>
    public IReadOnlyDictionary<string, (ArtifactDocument Document, byte[]? Body)> Artifacts => artifacts ??= ReadAll();

    /// <summary>Applies a patch artifact to the workspace exactly. An artifact without a body declares nothing, and nothing is done.</summary>
    public Outcome<Done> ApplyPatch(string artifactName)
    {
        if (!Artifacts.TryGetValue(artifactName, out var artifact)) return new Problem(ProblemCode.EngineFailed, $"there is no artifact '{artifactName}'");
        if (artifact.Body is not { } body) return Done.Ok;
        return GitPatch.Parse(body).Then(patch => GitPatch.Apply(patch, ReadWorkspace)).Then(writes => WorkspaceFiles.Apply(Workspace, writes));
    }

    private Dictionary<string, (ArtifactDocument, byte[]?)> ReadAll()
    {
        var all = new Dictionary<string, (ArtifactDocument, byte[]?)>(StringComparer.Ordinal);
        foreach (var directory in Directory.GetDirectories(ArtifactsDirectory).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(directory);
            if (!ArtifactDocuments.Read(File.ReadAllBytes(Path.Join(directory, "artifact.json"))).Try(out var document, out var problem))
                throw new InvalidDataException($"artifact '{name}': {problem.Message}");
            var body = document.BodyFile is null ? null : File.ReadAllBytes(Path.Join(directory, "body.data"));
            if (body is not null && document.Integrity != Digest.Of(body)) throw new InvalidDataException($"artifact '{name}': the body is not the one that was frozen");
            all[name] = (document, body);
        }
        return all;
    }
}
