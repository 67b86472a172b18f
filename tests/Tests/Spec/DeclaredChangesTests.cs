// What evidence declares: patches against the planned base, one declaration a path, nothing in git's or our own directory (ENG-09, ART-06).
using System.Text;
using System.Text.Json;
using CabinCrew.Orchestrator.Artifacts;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using Xunit;

namespace CabinCrew.Tests.Spec;

[Clause("ENG-09")]
public sealed class DeclaredChangesTests : IDisposable
{
    private readonly TempTree tree = new();

    public DeclaredChangesTests() => tree.File("a.txt", "alpha\n").File("dir/b.txt", "beta\n").Link("link", "dir").File("run.sh", "#!/bin/sh\n", executable: true);

    public void Dispose() => tree.Dispose();

    [Fact]
    public void Evidence_declares_by_its_patch_and_in_path_order()
    {
        var plan = Plan(Evidence("z", Patch("a.txt", "alpha", "ALPHA")), Evidence("y", New("new/file", "n"))).Value;
        Assert.Equal(["update a.txt", "create new/file"], plan.Changes.Select(c => $"{c.Change.Word} {c.Change.Path}"));
        Assert.Equal("ALPHA\n", Encoding.UTF8.GetString(plan.Changes[0].Content!.Value.Span));
        Assert.Null(plan.Git);
    }

    [Fact]
    public void An_inline_body_declares_as_well()
    {
        var document = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { ["type"] = "file_patch", ["action"] = "apply", ["role"] = "evidence", ["body"] = New("n", "x") });
        Assert.Equal("create n", Assert.Single(Plan((ArtifactName("a"), document, null, ArtifactRole.Evidence)).Value.Changes) is var c ? $"{c.Change.Word} {c.Change.Path}" : "");
    }

    [Theory]
    [InlineData(ArtifactRole.State)]
    [InlineData(ArtifactRole.Log)]
    [Clause("ART-06")]
    public void Only_evidence_declares(ArtifactRole role) => Assert.Empty(Plan(Of("a", "file_patch", role, New("n", "x"))).Value.Changes);

    [Fact]
    public void Other_types_declare_nothing() => Assert.Empty(Plan(Of("a", "script", ArtifactRole.Evidence, New("n", "x"))).Value.Changes);

    [Theory]
    [InlineData(".git/hooks/post-checkout")]
    [InlineData(".GIT/config")]
    [InlineData("sub/.git/config")]
    [InlineData(".cabincrew/identities.yaml")]
    [InlineData("link/through")]
    [InlineData("a.txt/below")]
    public void Places_that_no_patch_may_touch_are_refused(string path) =>
        Assert.Equal(ProblemCode.ArtifactPatchInvalid, Plan(Evidence("a", New(path, "x"))).Problem?.Code);

    [Fact]
    public void A_patch_that_does_not_apply_is_refused_and_names_its_artifact()
    {
        var problem = Plan(Evidence("late", Patch("a.txt", "omega", "x"))).Problem;
        Assert.Equal(ProblemCode.ArtifactPatchInvalid, problem?.Code);
        Assert.Contains("late", problem!.Where, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_declarations_of_one_path_are_refused_even_if_equal() =>
        Assert.Equal(ProblemCode.ArtifactPatchConflict, Plan(Evidence("a", New("n", "x")), Evidence("b", New("n", "x"))).Problem?.Code);

    [Fact]
    public void A_path_cannot_be_a_file_and_a_directory() =>
        Assert.Equal(ProblemCode.ArtifactPatchConflict, Plan(Evidence("a", New("n", "x")), Evidence("b", New("n/m", "x"))).Problem?.Code);

    [Theory]
    [InlineData("/etc/passwd", false)]
    [InlineData("../up", false)]
    [InlineData("dir/../../up", false)]
    [InlineData("dir/b.txt", true)]
    [Clause("ART-04")]
    public void A_link_may_not_lead_out_of_the_workspace(string target, bool allowed)
    {
        var problem = Plan(Evidence("a", $"diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+{target}\n\\ No newline at end of file\n")).Problem;
        Assert.Equal(allowed ? null : ProblemCode.ArtifactExternalReference, problem?.Code);
    }

    [Fact]
    public void What_git_diff_prints_is_declared_exactly()
    {
        tree.Bash("git init -q . && git add -A && git commit -qm one && cp -a . ../after-$$ && cd ../after-$$ && printf 'a\\000b' > bin && rm dir/b.txt && chmod +x a.txt && ln -sfn run.sh link && git add -A && git diff --cached --binary > ../patch-$$ && mv ../patch-$$ $OLDPWD/.git/p && rm -rf ../after-$$");
        var patch = File.ReadAllBytes(tree[".git/p"]);
        var plan = Plan(Of("a", "git_diff", ArtifactRole.Evidence, patch)).Value;
        Assert.Equal(["update a.txt Executable", "create bin Regular", "delete dir/b.txt ", "update link Link"], plan.Changes.Select(c => $"{c.Change.Word} {c.Change.Path} {c.Change.After?.Kind}"));
    }

    [Fact]
    public void Git_is_declared_by_metadata_of_one_evidence_artifact()
    {
        const string id = "1111111111111111111111111111111111111111";
        var git = $$"""{"refs":{"refs/heads/x":{"before":null,"after":"{{id}}" } },"head":"ref: refs/heads/x","index":true}""";
        var declared = Plan(Git("c", git)).Value.Git!;
        Assert.Equal(((null, id), "ref: refs/heads/x", true), (declared.Refs["refs/heads/x"], declared.Head, declared.Index));
        Assert.Null(Plan(Git("c", git, ArtifactRole.State)).Value.Git);
        Assert.Equal(ProblemCode.ArtifactPatchConflict, Plan(Git("c", git), Git("d", git)).Problem?.Code);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"refs\":{\"refs/heads/x\":{\"after\":null}}}")]
    [InlineData("{\"refs\":{\"refs/heads/x\":{\"before\":null,\"after\":null}}}")]
    [InlineData("{\"refs\":{\"refs/heads/x\":{\"before\":null,\"after\":\"abc\"}}}")]
    [InlineData("{\"refs\":{\"refs/heads/../../config\":{\"before\":null,\"after\":\"1111111111111111111111111111111111111111\"}}}")]
    [InlineData("{\"refs\":{\"refs/heads/x.lock\":{\"before\":null,\"after\":\"1111111111111111111111111111111111111111\"}}}")]
    [InlineData("{\"refs\":{\"HEAD\":{\"before\":null,\"after\":\"1111111111111111111111111111111111111111\"}}}")]
    [InlineData("{\"head\":\"refs/heads/x\"}")]
    [InlineData("{\"head\":\"ref: ../../etc\"}")]
    [InlineData("{\"index\":\"yes\"}")]
    [InlineData("{\"config\":true}")]
    public void A_declaration_about_git_that_is_not_plain_is_refused(string git) =>
        Assert.Equal(ProblemCode.ArtifactMalformed, Plan(Git("c", git)).Problem?.Code);

    private static (ArtifactName, ReadOnlyMemory<byte>, ReadOnlyMemory<byte>?, ArtifactRole) Evidence(string name, string patch) => Of(name, "file_patch", ArtifactRole.Evidence, patch);

    private static (ArtifactName, ReadOnlyMemory<byte>, ReadOnlyMemory<byte>?, ArtifactRole) Of(string name, string type, ArtifactRole role, string patch) => Of(name, type, role, Encoding.UTF8.GetBytes(patch));

    private static (ArtifactName, ReadOnlyMemory<byte>, ReadOnlyMemory<byte>?, ArtifactRole) Of(string name, string type, ArtifactRole role, byte[] patch) =>
        (ArtifactName(name), Encoding.UTF8.GetBytes($$"""{"type":"{{type}}","action":"apply","role":"{{role.Word()}}","body_file":"body.data","integrity":"{{Digest.Of(patch)}}"}"""), patch, role);

    private static (ArtifactName, ReadOnlyMemory<byte>, ReadOnlyMemory<byte>?, ArtifactRole) Git(string name, string git, ArtifactRole role = ArtifactRole.Evidence) =>
        (ArtifactName(name), Encoding.UTF8.GetBytes($$"""{"type":"structured_plan","action":"commit","role":"{{role.Word()}}","metadata":{"git":{{git}} } }"""), null, role);

    private Outcome<ValidatedPlan> Plan(params (ArtifactName, ReadOnlyMemory<byte>, ReadOnlyMemory<byte>?, ArtifactRole)[] frozen) =>
        ArtifactReader.Rebuild(frozen, WorkspaceHasher.Reader(tree.Root));

    private static ArtifactName ArtifactName(string name) => Protocol.ArtifactName.TryParse(name, out var parsed) ? parsed : throw new ArgumentException(name);

    private static string New(string path, string line) => $"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+{line}\n";

    private static string Patch(string path, string old, string @new) => $"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-{old}\n+{@new}\n";
}
