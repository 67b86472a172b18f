// What this machine can and cannot do, each thing by trying it: the whole of what `cabincrew doctor` tells.
using CabinCrew.Ledger;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Engines.Sandbox;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workflows;

public static class Machine
{
    /// <summary>Isolation decides whether flights can go at all; a copying view or a missing git only say what is slower or absent.</summary>
    public static async Task<ProbeReport> ExamineAsync(CancellationToken ct)
    {
        var sandbox = await SandboxProbe.RunAsync(ct).ConfigureAwait(false);
        return sandbox with { Findings = [.. sandbox.Findings, View(), await GitAsync(ct).ConfigureAwait(false)] };
    }

    private static ProbeFinding View()
    {
        const string name = "take-off view";
        using var scratch = PrivateDirectory.Create(new RandomIds());
        var workspace = Directory.CreateDirectory(Path.Combine(scratch.Path, "workspace")).FullName;
        if (!WorkspaceViews.Create(workspace, Path.Combine(scratch.Path, "view")).Try(out var view, out var problem)) return new(name, false, problem.ToString(), problem.Code.Entry().Remedy);
        using (view)
            return new(name, true, view.Kind == "overlay"
                ? "Copy-on-write by an overlay mount: fast, whatever the workspace's size."
                : "By copying the workspace: works, and takes longer the larger it is (no overlay mount is to be had here).");
    }

    private static async Task<ProbeFinding> GitAsync(CancellationToken ct)
    {
        var version = await HostGit.RunAsync(Path.GetTempPath(), ["--version"], ct).ConfigureAwait(false);
        return version.Try(out var text, out var problem) ? new("git", true, text.Trim()) : new("git", false, problem.Message, "Install git: the git engine and the demo need it.");
    }
}
