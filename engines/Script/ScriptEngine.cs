// Config: run (argv) or shell (text for sh -c), paths (the effect must stay within), env (map), copy_git (false), inputs (map of name to text, given as files in INPUTS_DIR).
// Plan: evidence "changes" (code_diff) and log "output". What the command did outside its copy is gone with the sandbox.
using System.Text;
using System.Text.Json.Nodes;
using CabinCrew.EngineSdk;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Engines.Script;

internal sealed class ScriptEngine : Engine
{
    private const string Changes = "changes";
    private const int OutputBytesMax = 256 << 10;

    public override string Id => "script";

    protected override async Task<Outcome<Done>> PlanAsync(FlightPlan plan, CancellationToken ct)
    {
        var settings = Settings.Of(plan.Config);
        var how = settings.OneOf("run", "shell");
        var shell = settings.Text("shell");
        var command = how == "shell" ? ["sh", "-c", shell ?? ""] : settings.Texts("run");
        var paths = settings.WorkspacePaths("paths");
        var variables = settings.Map("env");
        var inputs = settings.Map("inputs");
        var copyGit = settings.Flag("copy_git");
        foreach (var name in (variables?.Keys ?? []).Where(n => !IsVariable(n))) settings.Fail($"env.{name}", "is no name for a variable: [A-Za-z_][A-Za-z0-9_]*, and not CABINCREW_…");
        foreach (var name in (inputs?.Keys ?? []).Where(n => n.Contains('/') || !WorkspacePath.TryParse(n, out _))) settings.Fail($"inputs.{name}", "is no name for a file");
        if (!settings.Check().Try(out _, out var problem)) return problem;

        var copy = Path.Join(plan.TempDirectory, "workspace");
        var ran = await RunAsync(plan, command!, copy, copyGit, variables, inputs, ct);
        if (!ran.Try(out var result, out problem)) return problem;
        WriteOutput(plan, command!, result);
        if (result.ExitCode != 0) return new Problem(ProblemCode.EngineFailed, $"the command ended with {result.ExitCode}{(result.Error.Length > 0 ? ": " + result.ErrorTail() : "")}");

        if (!Effect.Of(plan, copy).Try(out var writes, out problem)) return problem;
        if (paths is not null && writes.FirstOrDefault(w => !paths.Any(p => Within(w.Change.Path, p))) is { } stray)
            return new Problem(ProblemCode.EngineFailed, $"the command changed '{stray.Change.Path}', which is not within the paths that the config allows");
        if (writes.Count == 0) plan.Warn("the command changed nothing");
        plan.DeclareChanges(Changes, writes, WireJson.ToElement(new JsonObject { ["command"] = new JsonArray([.. command!.Select(c => (JsonNode)c)]) }), ArtifactTypes.CodeDiff);
        return Done.Ok;
    }

    protected override Task<Outcome<Done>> TakeOffAsync(TakeOff takeOff, CancellationToken ct) => Task.FromResult(takeOff.ApplyPatch(Changes));

    private static async Task<Outcome<ChildResult>> RunAsync(FlightPlan plan, IReadOnlyList<string> command, string copy, bool copyGit,
        IReadOnlyDictionary<string, string>? variables, IReadOnlyDictionary<string, string>? inputs, CancellationToken ct)
    {
        var (home, given) = (Path.Join(plan.TempDirectory, "home"), Path.Join(plan.TempDirectory, "inputs"));
        Directory.CreateDirectory(home);
        Effect.Copy(plan.Workspace, copy, copyGit);
        var environment = ChildProcess.FixedEnvironment(home);
        foreach (var (name, value) in variables ?? new Dictionary<string, string>()) environment[name] = value;
        if (inputs is not null)
        {
            Directory.CreateDirectory(given);
            foreach (var (name, text) in inputs) File.WriteAllText(Path.Join(given, name), text);
            environment["INPUTS_DIR"] = given;
        }
        return await ChildProcess.RunAsync(command, copy, environment, outputMax: OutputBytesMax, errorMax: OutputBytesMax, ct: ct);
    }

    private static void WriteOutput(FlightPlan plan, IReadOnlyList<string> command, ChildResult result)
    {
        foreach (var line in Encoding.UTF8.GetString(result.Error).Split('\n').TakeLast(200)) if (line.Length > 0) plan.Log(line);
        var body = new MemoryStream();
        foreach (var (title, bytes, cut) in new[] { ("standard output", result.Output, result.OutputCut), ("standard error", result.Error, result.ErrorCut) })
        {
            if (bytes.Length == 0) continue;
            body.Write(Encoding.UTF8.GetBytes($"--- {title}{(cut ? " (cut)" : "")} ---\n"));
            body.Write(bytes);
            if (bytes[^1] != '\n') body.WriteByte((byte)'\n');
        }
        plan.WriteArtifact("output", new()
        {
            Type = "command_output",
            Action = "record",
            Role = ArtifactRole.Log,
            Mime = body.Length > 0 ? "text/plain" : null,
            Metadata = WireJson.ToElement(new JsonObject { ["exit_code"] = result.ExitCode, ["program"] = command[0] }),
        }, body.ToArray());
    }

    private static bool Within(WorkspacePath path, WorkspacePath limit) =>
        path == limit || path.ToString().StartsWith(limit + "/", StringComparison.Ordinal);

    private static bool IsVariable(string name) => name.Length is > 0 and <= 256 && !char.IsAsciiDigit(name[0])
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') && !name.StartsWith("CABINCREW_", StringComparison.Ordinal);
}
