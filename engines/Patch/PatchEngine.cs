// Config: exactly one of patch (text), patch_base64 (one that is no text), patch_file (a path in the workspace), edits (see Edits.cs), from_program (argv; its
// standard output is the patch); and message, which is shown to those who review the plan.
// Plan: one evidence artifact "changes". Take-off applies that artifact and nothing else (ENG-08).
using System.Text;
using System.Text.Json.Nodes;
using CabinCrew.EngineSdk;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Engines.Patch;

internal sealed class PatchEngine : Engine
{
    public const string Changes = "changes";

    public override string Id => "patch";

    protected override async Task<Outcome<Done>> PlanAsync(FlightPlan plan, CancellationToken ct)
    {
        var settings = Settings.Of(plan.Config);
        var source = settings.OneOf("patch", "patch_base64", "patch_file", "edits", "from_program");
        var text = settings.Text("patch");
        var bytes = Bytes(settings);
        var message = settings.Text("message");
        var file = settings.WorkspacePath("patch_file");
        var edits = Edits.Read(settings);
        var program = settings.Texts("from_program");
        if (!settings.Check().Try(out _, out var problem)) return problem;

        var writes = source switch
        {
            "patch" => Applied(plan, Encoding.UTF8.GetBytes(text!)),
            "patch_base64" => Applied(plan, bytes!),
            "patch_file" => FromFile(plan, file!.Value),
            "from_program" => await FromProgramAsync(plan, program!, ct),
            _ => Edits.Apply(edits!, plan.ReadWorkspace),
        };
        if (!writes.Try(out var changes, out problem)) return problem;
        if (changes.Count == 0) plan.Warn("the plan changes nothing");
        plan.DeclareChanges(Changes, changes, message is null ? null : WireJson.ToElement(new JsonObject { ["message"] = message }));
        return Done.Ok;
    }

    private static byte[]? Bytes(Settings settings)
    {
        if (settings.Text("patch_base64") is not { } text) return null;
        var bytes = new byte[text.Length / 4 * 3 + 3];
        if (Convert.TryFromBase64String(text, bytes, out var length)) return bytes[..length];
        settings.Fail("patch_base64", "expected base64");
        return null;
    }

    protected override Task<Outcome<Done>> TakeOffAsync(TakeOff takeOff, CancellationToken ct) => Task.FromResult(takeOff.ApplyPatch(Changes));

    private static Outcome<IReadOnlyList<FileWrite>> FromFile(FlightPlan plan, WorkspacePath path) => plan.ReadWorkspace(path) switch
    {
        null => new Problem(ProblemCode.EngineFailed, $"there is no file '{path}' in the workspace"),
        { Kind: FileKind.Link } => new Problem(ProblemCode.EngineFailed, $"'{path}' is a link; patch_file must be the file itself"),
        var file => Applied(plan, file.Bytes),
    };

    private static async Task<Outcome<IReadOnlyList<FileWrite>>> FromProgramAsync(FlightPlan plan, IReadOnlyList<string> command, CancellationToken ct)
    {
        if (!(await ChildProcess.RunAsync(command, plan.Workspace, ChildProcess.FixedEnvironment(plan.TempDirectory), outputMax: GitPatch.PatchBytesMax + 1, ct: ct)).Try(out var result, out var problem)) return problem;
        if (result.ExitCode != 0) return new Problem(ProblemCode.EngineFailed, $"'{command[0]}' ended with {result.ExitCode}: {result.ErrorTail()}");
        return result.Output.Length == 0 ? Outcome.Of<IReadOnlyList<FileWrite>>([]) : Applied(plan, result.Output);
    }

    // YAML's block scalars and editors lose a last newline; a patch without it is the same patch.
    private static Outcome<IReadOnlyList<FileWrite>> Applied(FlightPlan plan, ReadOnlyMemory<byte> patch) =>
        GitPatch.Parse(patch.Span is [] or [.., (byte)'\n'] ? patch : (byte[])[.. patch.Span, (byte)'\n']).Then(set => GitPatch.Apply(set, plan.ReadWorkspace));
}
