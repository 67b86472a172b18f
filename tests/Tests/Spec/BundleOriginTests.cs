// Where bundles come from besides files: commits, image layouts, and the last good one where the user asked for it. Wherever it is from, it is judged like any other.
using System.Text;
using System.Text.Json.Nodes;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Bundles;
using CabinCrew.Ledger.Blobs;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using Xunit;
using static CabinCrew.Tests.Spec.BundleLab;

namespace CabinCrew.Tests.Spec;

[Clause("PRE-07")]
public sealed class BundleOriginTests : IDisposable
{
    private readonly TempTree tree = new();

    public void Dispose() => tree.Dispose();

    private Task<Outcome<PolicyBundle>> Load(string reference, bool network = false, LastGoodBundles? lastGood = null, BundleOptions? options = null) =>
        BundleLoader.LoadAsync(reference, options ?? BundleOptions.Default, new(tree.Root, GitTrees.ReadAsync, network), lastGood, TestContext.Current.CancellationToken);

    private string Repository()
    {
        tree.File("repo/policies/x/p.rego", Policy).File("repo/policies/data.json", "{\"a\":1}").File("repo/policies/.manifest", "{}").File("repo/policies/notes.txt", "n").File("repo/other.rego", "package other");
        return tree.Bash("cd repo && git init -q -b main && git add -A && git commit -qm one && git tag v1 && git rev-parse HEAD").Trim();
    }

    [Fact]
    public async Task A_commit_gives_the_same_bundle_as_the_directory_it_came_from()
    {
        var commit = Repository();
        var directory = PolicyBundle.Load(tree["repo/policies"], "d").Value;
        foreach (var reference in (string[])["git:repo@v1:policies", $"git:repo@{commit}:policies/", "git:repo@main:policies", $"git:{tree["repo"]}@HEAD:policies", "git:repo/policies@v1:policies"])
        {
            var loaded = await Load(reference);
            Assert.True(loaded.Ok, loaded.Problem?.ToString());
            Assert.Equal((directory.Digest, $"commit {commit}"), (loaded.Value.Digest, loaded.Value.Origin));
        }
        Assert.Equal(2, (await Load("git:repo@v1")).Value.Modules.Count);
        // The commit counts, not the work tree, nor what attributes would make of it.
        tree.File("repo/policies/x/p.rego", "package changed").File("repo/.git/info/attributes", "*.rego export-ignore export-subst filter=x eol=crlf\n");
        Assert.Equal(directory.Digest, (await Load("git:repo@v1:policies")).Value.Digest);
    }

    [Theory]
    [InlineData("git:repo@v2:policies", "no commit 'v2'")]
    [InlineData("git:repo@v1:nothing", "no directory 'nothing'")]
    [InlineData("git:elsewhere@v1", "no repository")]
    [InlineData("git:repo@--all", "no commit, tag or branch")]
    [InlineData("git:repo@v1..v1", "no commit, tag or branch")]
    [InlineData("git:repo@v1^", "no commit, tag or branch")]
    [InlineData("git:repo@v1:../x", "no directory within")]
    [InlineData("git:--upload-pack=x@v1", "no repository")]
    [InlineData("git:repo", "git:REPOSITORY@REF")]
    [InlineData("git:https://example.org/x.git@v1", "nobody said that it may be fetched")]
    [InlineData("git:git@example.org:x.git@v1", "nobody said that it may be fetched")]
    [InlineData("https://example.org/b.tar.gz", "not downloaded")]
    [InlineData("", "names nothing")]
    public async Task A_reference_that_leads_nowhere_is_refused(string reference, string why)
    {
        Repository();
        Assert.Contains(why, Refused(await Load(reference)));
    }

    [Fact]
    public async Task A_registry_is_told_apart_from_a_mistake() => Assert.Equal(ProblemCode.NotYetSupported, (await Load("oci://registry.example.org/policies:v1")).Problem!.Code);

    [Fact]
    public async Task A_link_in_a_commit_is_refused_and_no_hook_filter_or_alias_of_the_repository_runs()
    {
        Repository();
        tree.Bash("cd repo && ln -s /etc/passwd policies/q.rego && git add -A && git commit -qm two");
        Assert.Contains("is a link", Refused(await Load("git:repo@HEAD:policies")));
        tree.Bash("cd repo && git rm -q policies/q.rego && git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),policies/more && git commit -qm three");
        Assert.Contains("another repository", Refused(await Load("git:repo@HEAD:policies")));
        tree.Bash($"""
            cd repo && for k in core.fsmonitor core.sshCommand core.pager filter.x.smudge filter.x.process diff.external core.alternateRefsCommand uploadpack.packObjectsHook; do git config $k "touch {tree["ran"]}"; done
            printf '#!/bin/sh\ntouch {tree["ran"]}\n' > .git/hooks/post-checkout; cp .git/hooks/post-checkout .git/hooks/reference-transaction; chmod +x .git/hooks/*
            """);
        Assert.True((await Load("git:repo@v1:policies")).Ok);
        Assert.False(File.Exists(tree["ran"]));
    }

    [Fact]
    public async Task A_remote_repository_is_fetched_only_where_that_was_said()
    {
        var commit = Repository();
        var url = $"git:file://{tree["repo"]}@v1:policies";
        Assert.Contains("nobody said", Refused(await Load(url)));
        var loaded = await Load(url, network: true);
        Assert.True(loaded.Ok, loaded.Problem?.ToString());
        Assert.Equal($"commit {commit}", loaded.Value.Origin);
        Assert.Contains("cannot be read from git", Refused(await Load($"git:file://{tree["nowhere"]}@v1", network: true)));
        Assert.Contains("cannot be read from git", Refused(await Load($"git:ext::touch {tree["ran"]}%20x://y@v1", network: true)));
        Assert.False(File.Exists(tree["ran"]));
    }

    private Digest Blob(byte[] bytes)
    {
        var digest = Digest.Of(bytes);
        tree.File($"image/blobs/sha256/{digest.Hex}", bytes);
        return digest;
    }

    private Digest Image(string tag, params (string MediaType, byte[] Bytes, string? Title)[] layers)
    {
        var manifest = CanonicalJson.Write(new JsonObject
        {
            ["schemaVersion"] = 2, ["mediaType"] = "application/vnd.oci.image.manifest.v1+json", ["config"] = new JsonObject { ["mediaType"] = "application/vnd.oci.image.config.v1+json", ["digest"] = Blob("{}"u8.ToArray()).ToString(), ["size"] = 2 },
            ["layers"] = new JsonArray([.. layers.Select(l => (JsonNode)Descriptor(l.MediaType, l.Bytes, l.Title is null ? null : new() { ["org.opencontainers.image.title"] = l.Title }))]),
        });
        tree.File("image/oci-layout", """{"imageLayoutVersion":"1.0.0"}""");
        tree.File("image/index.json", CanonicalJson.Write(new JsonObject { ["schemaVersion"] = 2, ["manifests"] = new JsonArray(Descriptor("application/vnd.oci.image.manifest.v1+json", manifest, new() { ["org.opencontainers.image.ref.name"] = tag })) }));
        return Digest.Of(manifest);
    }

    private JsonObject Descriptor(string type, byte[] bytes, JsonObject? annotations) => new() { ["mediaType"] = type, ["digest"] = Blob(bytes).ToString(), ["size"] = bytes.Length, ["annotations"] = annotations };

    [Fact]
    public async Task An_image_layout_gives_the_bundle_of_its_layer()
    {
        var archive = Archive(("/p.rego", Policy), ("/data.json", "{}"));
        var digest = Image("v1", ("application/vnd.oci.image.layer.v1.tar+gzip", archive, null));
        foreach (var reference in (string[])["oci:image:v1", "oci:image", $"oci:image@{digest}", $"oci:{tree["image"]}:v1"])
            Assert.Equal((Good(archive).Digest, $"{digest}"), ((await Load(reference)).Value.Digest, (await Load(reference)).Value.Origin));
        Assert.Contains("no such image", Refused(await Load("oci:image:v2")));
        Assert.Contains("no such image", Refused(await Load($"oci:image@{Digest.Of("x"u8)}")));
        Assert.Contains("no image layout", Refused(await Load("oci:nothing:v1")));

        Image("v1", ("application/vnd.cncf.openpolicyagent.policy.layer.v1+rego", Encoding.UTF8.GetBytes(Policy), "p.rego"), ("application/vnd.cncf.openpolicyagent.data.layer.v1+json", "{}"u8.ToArray(), "data.json"));
        Assert.Equal(Good(archive).Digest, (await Load("oci:image:v1")).Value.Digest);
    }

    [Fact]
    public async Task An_image_that_was_tampered_with_is_refused()
    {
        var archive = Archive(("p.rego", Policy));
        Image("v1", ("application/vnd.oci.image.layer.v1.tar+gzip", archive, null));
        var layer = tree[$"image/blobs/sha256/{Digest.Of(archive).Hex}"];
        File.WriteAllBytes(layer, Archive(("p.rego", Policy + " ")));
        Assert.Contains("something else", Refused(await Load("oci:image:v1")));
        File.Delete(layer);
        Refused(await Load("oci:image:v1"));
        Image("v1", ("application/vnd.oci.image.layer.v1.tar", archive, null));
        Assert.Contains("no policy bundle's", Refused(await Load("oci:image:v1")));
        Image("v1");
        Assert.Contains("no policy bundle's", Refused(await Load("oci:image:v1")));
        Image("v1", ("application/vnd.oci.image.layer.v1.tar+gzip", archive, null), ("application/vnd.oci.image.layer.v1.tar+gzip", Archive(("q.rego", Policy)), null));
        Assert.Contains("more than one bundle", Refused(await Load("oci:image:v1")));
        Image("v1", ("application/vnd.cncf.openpolicyagent.policy.layer.v1+rego", Encoding.UTF8.GetBytes(Policy), "../p.rego"));
        Assert.Contains("no name of a file", Refused(await Load("oci:image:v1")));
        tree.File("image/oci-layout", """{"imageLayoutVersion":"9"}""");
        Assert.Contains("version", Refused(await Load("oci:image:v1")));
        tree.File("image/index.json", "{");
        Refused(await Load("oci:image:v1"));
    }

    private LastGoodBundles Kept() => new(new FileBlobStore(tree["blobs"]), TenantId.Local, tree["kept"]);

    [Fact]
    public async Task The_last_good_bundle_stands_in_only_where_the_user_said_so()
    {
        tree.File("b.tar.gz", Archive(("p.rego", Policy)));
        var good = (await Load("b.tar.gz", lastGood: Kept())).Value;
        Assert.Null(good.InsteadOf);
        tree.File("b.tar.gz", "damaged");
        Refused(await Load("b.tar.gz"));
        var standIn = (await Load("b.tar.gz", lastGood: Kept())).Value;
        Assert.Equal(good.Digest, standIn.Digest);
        Assert.Contains("not gzip", standIn.InsteadOf!.Message);
        Refused(await Load("./b.tar.gz", lastGood: Kept()));

        tree.File("b.tar.gz", Archive(("q.rego", Policy)));
        var newer = (await Load("b.tar.gz", lastGood: Kept())).Value;
        Assert.NotEqual(good.Digest, newer.Digest);
        File.Delete(tree["b.tar.gz"]);
        Assert.Equal(newer.Digest, (await Load("b.tar.gz", lastGood: Kept())).Value.Digest);
    }

    [Fact]
    public async Task A_kept_bundle_is_believed_no_more_than_any_other()
    {
        tree.File("b.tar.gz", Archive(("p.rego", Policy)));
        await Load("b.tar.gz", lastGood: Kept());
        File.Delete(tree["b.tar.gz"]);
        var key = Governance.Policies.Bundles.Signing.BundleKey.Of(new byte[40], "HS256", "k", "k").Value;
        Refused(await Load("b.tar.gz", lastGood: Kept(), options: new(new([key]))));
        Assert.True((await Load("b.tar.gz", lastGood: Kept())).Ok);

        var blob = Directory.EnumerateFiles(tree["blobs"], "*", SearchOption.AllDirectories).Single();
        File.SetUnixFileMode(blob, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllBytes(blob, Archive(("evil.rego", Policy)));
        Refused(await Load("b.tar.gz", lastGood: Kept()));
        foreach (var note in (string[])["{}", "[]", "x", """{"archive":7}""", """{"archive":"sha256:00"}"""])
        {
            File.WriteAllText(Directory.EnumerateFiles(tree["kept"]).Single(), note);
            Refused(await Load("b.tar.gz", lastGood: Kept()));
        }
    }

    [Fact]
    public async Task A_bundle_that_a_workflow_names_is_loaded_with_its_options()
    {
        var surroundings = new PolicySurroundings(tree.Root, new Redactor()) { Git = GitTrees.ReadAsync, LastGood = Kept() };
        tree.File("b/p.rego", Policy).File("key", new byte[40]);
        var plain = new PolicyRef("bundle", "b");
        Assert.True((await BundlePolicies.LoadAsync(plain, surroundings, default)).Ok);
        var trusting = plain with { Bundle = new(new BundleTrust("key", "HS256", null, "", [])) };
        Assert.Contains("not signed", Refused(await BundlePolicies.LoadAsync(trusting, surroundings, default)));
        var key = Governance.Policies.Bundles.Signing.BundleKey.Load(tree["key"], "HS256").Value;
        tree.File("b/.signatures.json", BundleBuild.Sign(PolicyBundle.Load(tree["b"], "b").Value, key, "whatever", "").Value);
        Assert.Contains("no key says", Refused(await BundlePolicies.LoadAsync(plain, surroundings, default)));
        var bundle = (await BundlePolicies.LoadAsync(trusting, surroundings, default)).Value;
        Assert.Equal("whatever", bundle.Signature!.KeyId);
        Assert.True((await BundlePolicies.LoadAsync(plain with { Bundle = new(IgnoreSignature: true) }, surroundings, default)).Ok);

        Digest Bound(PolicyRef reference) => BundlePolicies.DigestOf(reference, bundle, tree.Root).Value;
        Assert.Equal(Bound(trusting), Bound(trusting with { Value = "elsewhere" }));
        Assert.Equal(4, new[] { Bound(plain), Bound(trusting), Bound(plain with { Bundle = new(KeepLastGood: true) }), Bound(trusting with { Bundle = new(new BundleTrust("key", "HS256", null, "s", [])) }) }.Distinct().Count());
    }
}
