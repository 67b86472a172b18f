// All tools, and the one way to call them: those that write one at a time, and every failure in words that tell the agent what to do.
using CabinCrew.Protocol;
using CabinCrew.Servers.Files.Disk;

namespace CabinCrew.Servers.Files.Tools;

internal sealed class Toolbox
{
    private readonly SemaphoreSlim writer = new(1, 1);
    private readonly bool plan;

    private Toolbox(Tree tree, IReadOnlyList<Tool> all, bool plan) => (Tree, All, this.plan) = (tree, all, plan);

    public Tree Tree { get; }

    public IReadOnlyList<Tool> All { get; }

    /// <param name="plan">Writes go into a copy of the directory, which the gateway proposes as a whole.</param>
    public static Toolbox For(Tree tree, bool readOnly, bool plan)
    {
        List<Tool> all = [.. new ReadingTools(tree).All, .. new ListingTools(tree).All, new SearchTool(tree).Definition];
        if (!readOnly) all.AddRange([.. new WritingTools(tree).All, new PatchTool(tree).Definition, .. new MovingTools(tree).All]);
        if (plan && !readOnly) all.Add(SubmitTool.Definition);
        return new(tree, all, plan);
    }

    public string Instructions => $"Files of {Tree.Path}. Paths are relative to it (or absolute beneath it); nothing outside can be reached. " + (plan
        ? "Your changes are collected and do not touch the real directory: you read your own changes, and when they are complete you call submit_changes once, which has the whole of them judged and, where that is asked for, approved by a person before they are applied."
        : "Changes are made at once; each file is replaced in one step.");

    public Tool? Find(string name) => All.FirstOrDefault(t => t.Name == name);

    public async Task<ToolAnswer> CallAsync(Tool tool, Arguments arguments, CancellationToken ct)
    {
        if (tool.Effect == Effect.Read) return Run(tool, arguments, ct);
        await writer.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            return Run(tool, arguments, ct);
        }
        finally
        {
            writer.Release();
        }
    }

    private static ToolAnswer Run(Tool tool, Arguments arguments, CancellationToken ct)
    {
        try
        {
            return tool.Run(arguments, ct).Try(out var answer, out var problem) ? answer : ToolAnswer.Of(problem);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ToolAnswer.Of(Failed(e));
        }
    }

    public Outcome<FileText> ReadResource(string path)
    {
        try
        {
            return Tree.Relative(path).Then(relative => Tree.ReadWhole(relative)).Map(FileText.Of);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Failed(e);
        }
    }

    private static Problem Failed(Exception e) => e switch
    {
        KernelException { IsAbsent: true } => new(ProblemCode.NotFound, $"{e.Message}.") { Remedy = "See what there is with list_directory or tree." },
        KernelException { Error: Native.EXDEV } => new(ProblemCode.FilePathRefused, $"{e.Message}: a link on its way leads out of the directory.") { Remedy = "Only what lies in the directory itself can be reached." },
        KernelException { Error: Native.ELOOP } => new(ProblemCode.FilePathRefused, $"{e.Message}.") { Remedy = "A link on its way leads nowhere, or to a special place." },
        _ => new(ProblemCode.IoFailed, $"{e.Message}."),
    };
}
