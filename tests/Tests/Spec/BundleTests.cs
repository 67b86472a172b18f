// PRE-07: bundles in OPA's format, whole or not at all; one digest for the same content, wherever it was read from.
using System.Formats.Tar;
using System.Text;
using CabinCrew.Governance.Policies.Bundles;
using CabinCrew.Protocol;
using Xunit;
using static CabinCrew.Tests.Spec.BundleLab;

namespace CabinCrew.Tests.Spec;

public sealed class BundleTests : IDisposable
{
    private readonly TempTree tree = new();

    public void Dispose() => tree.Dispose();

    private static string Data(PolicyBundle bundle) => Encoding.UTF8.GetString(bundle.Data.Span);

    [Fact, Clause("PRE-07")]
    public void A_bundle_as_opa_builds_it_is_read_with_manifest_modules_and_data()
    {
        var bundle = Good(Archive(
            ("/data.json", """{"limits":{"files":10}}"""), ("/a/data.yaml", "owners: [mia]\n"), ("/a/policy.rego", Policy), ("/README.md", "hello"),
            ("/.manifest", """{"revision":"v1.2","roots":["cabincrew/preflight","limits","a"],"rego_version":1,"file_rego_versions":{"/a/*.rego":0},"metadata":{"team":"x"}}""")));
        Assert.Equal(("v1.2", 1), (bundle.Manifest.Revision, bundle.Manifest.RegoVersion));
        Assert.Equal(["cabincrew/preflight", "limits", "a"], bundle.Manifest.Roots);
        Assert.Equal("""{"a":{"owners":["mia"]},"limits":{"files":10}}""", Data(bundle));
        var module = Assert.Single(bundle.Modules);
        Assert.Equal(("a/policy.rego", 0, "cabincrew.preflight"), (module.Path, module.RegoVersion, string.Join('.', module.Package)));
        Assert.Equal(["README.md"], bundle.Ignored);
        Assert.False(bundle.IsSigned);
    }

    [Theory, Clause("PRE-07")]
    [InlineData(TarEntryFormat.V7)]
    [InlineData(TarEntryFormat.Ustar)]
    [InlineData(TarEntryFormat.Gnu)]
    [InlineData(TarEntryFormat.Pax)]
    public void Every_usual_tar_is_read(TarEntryFormat format)
    {
        var deep = string.Join('/', Enumerable.Range(0, 12).Select(i => $"directory-{i:00}")) + "/p.rego";
        var path = format == TarEntryFormat.V7 ? "p.rego" : deep;
        Assert.Equal(path, Good(Archive(format, (path, Policy))).Modules.Single().Path);
    }

    [Fact, Clause("PRE-07")]
    public void The_digest_is_of_the_content_and_not_of_order_times_origin_or_signature()
    {
        tree.File("b/.manifest", """{"revision":"r"}""").File("b/x/p.rego", Policy).File("b/data.json", "{}").File("b/README.md", "x").File("b/.git/config", "[core]");
        var one = PolicyBundle.Load(tree["b"], "b").Value;
        tree.Bash("cd b && tar czf ../t.tar.gz --mtime=2001-01-01 x data.json .manifest && tar czf ../u.tar.gz --sort=name ./.manifest ./data.json ./x/p.rego");
        foreach (var archive in (string[])["t.tar.gz", "u.tar.gz"])
            Assert.Equal(one.Digest, PolicyBundle.Load(tree[archive], archive).Value.Digest);
        Assert.Equal(one.Digest, Good(Archive(("data.json", "{}"), ("/x/p.rego", Policy), ("/.manifest", """{"revision":"r"}"""), ("README.md", "y"))).Digest);
        Assert.Equal(one.Digest, Good(one.Archive.ToArray()).Digest);
        foreach (var (path, text) in new[] { ("b/data.json", "{ }"), ("b/x/p.rego", Policy + "\n"), ("b/.manifest", """{"revision":"s"}""") })
        {
            var before = File.ReadAllText(tree[path]);
            tree.File(path, text);
            Assert.NotEqual(one.Digest, PolicyBundle.Load(tree["b"], "b").Value.Digest);
            tree.File(path, before);
        }
        // As an outsider computes it.
        Assert.Equal(one.Digest.Hex, tree.Bash("""
            cd b && for f in .manifest data.json x/p.rego; do printf '{"digest":"sha256:%s","path":"%s"},' "$(sha256sum < $f | cut -d' ' -f1)" $f; done |
              sed 's/^/{"files":[/; s/,$/],"format":"cabincrew-bundle-1"}/' | sha256sum | cut -d' ' -f1
            """).Trim());
    }

    [Fact, Clause("PRE-07")]
    public void What_is_built_is_the_same_every_time_and_other_tools_read_it()
    {
        tree.File("b/x/p.rego", Policy).File("b/data.json", "{}").File($"b/{new string('n', 120)}/data.json", "{\"a\":1}");
        var built = BundleBuild.FromDirectory(tree["b"], "b", new("v7", ["cabincrew", new string('n', 120)])).Value;
        Assert.Equal(built.Archive.ToArray(), BundleBuild.FromDirectory(tree["b"], "b", new("v7", ["cabincrew", new string('n', 120)])).Value.Archive.ToArray());
        File.WriteAllBytes(tree["built.tar.gz"], built.Archive.ToArray());
        Assert.Equal($".manifest\ndata.json\n{new string('n', 120)}/data.json\nx/p.rego\n", tree.Bash("tar tzf built.tar.gz"));
        Assert.Equal("""{"revision":"v7","roots":["cabincrew",""" + $"\"{new string('n', 120)}\"]}}\n", tree.Bash("tar xzOf built.tar.gz .manifest"));
        Assert.Equal(Policy, tree.Bash("tar xzOf built.tar.gz x/p.rego"));
    }

    [Theory, Clause("PRE-07")]
    [InlineData("""{"a":{"b":1}}""", """{"c":2}""", """{"a":{"b":1,"c":2}}""")]
    [InlineData("""{"a":{}}""", """{"c":2}""", """{"a":{"c":2}}""")]
    [InlineData("""{"b":1}""", "[1.50,1e2]", """{"a":[1.50,1e2],"b":1}""")]
    public void Data_files_are_merged(string top, string below, string merged) => Assert.Equal(merged, Data(Good(Archive(("data.json", top), ("a/data.json", below), ("p.rego", Policy)))));

    [Theory, Clause("PRE-07")]
    [InlineData("""{"a":{"c":1}}""", """{"c":2}""")]
    [InlineData("""{"a":{"c":2}}""", """{"c":2}""")]
    [InlineData("""{"a":1}""", """{"c":2}""")]
    [InlineData("""{"a":{"c":{}}}""", """{"c":2}""")]
    [InlineData("""{"a":{"c":2}}""", """{"c":{}}""")]
    [InlineData("""{"a":{}}""", "1")]
    public void Data_files_that_contradict_each_other_are_refused(string top, string below) => Assert.Contains("as well", Refused(Load(Archive(("data.json", top), ("a/data.json", below)))));

    [Theory, Clause("PRE-07")]
    [InlineData("""["a/b"]""", "a/b/data.json", "1", true)]
    [InlineData("""["a/b"]""", "data.json", """{"a":{"b":{"c":1}}}""", true)]
    [InlineData("""["a/b"]""", "data.json", """{"a":{"b":1,"c":2}}""", false)]
    [InlineData("""["a/b"]""", "data.json", """{"a":{"bc":2}}""", false)]
    [InlineData("""["a/b"]""", "data.json", """{"a/b":2}""", false)]
    [InlineData("""["a/b"]""", "data.json", """{"a":{}}""", false)]
    [InlineData("""["a/b"]""", "a/data.json", "3", false)]
    [InlineData("""["/a/b/"]""", "a/b/c/data.yaml", "x: 1\n", true)]
    public void Data_outside_the_roots_is_refused(string roots, string path, string data, bool good)
    {
        var archive = Archive((".manifest", $$"""{"roots":{{roots}}}"""), (path, data));
        if (good) Good(archive);
        else Assert.Contains("do not have data at", Refused(Load(archive)));
    }

    [Theory, Clause("PRE-07")]
    [InlineData("package a.b\n", true)]
    [InlineData("# c\n\n  package a.b.c # x\nx := 1", true)]
    [InlineData("package a[\"b\"]", true)]
    [InlineData("\uFEFFpackage a.b", true)]
    [InlineData("package a.bc\n", false)]
    [InlineData("package a\n", false)]
    [InlineData("package b\n", false)]
    [InlineData("package a[\"b/c\"]", false)]
    public void A_module_outside_the_roots_is_refused(string source, bool good)
    {
        var archive = Archive((".manifest", """{"roots":["a/b"]}"""), ("p.rego", source));
        if (good) Good(archive);
        else Assert.Contains("do not have the package", Refused(Load(archive)));
    }

    [Theory]
    [InlineData("x := 1")]
    [InlineData("")]
    [InlineData("package")]
    [InlineData("packagea.b")]
    [InlineData("package a.")]
    [InlineData("package a[b]")]
    [InlineData("package a b")]
    [InlineData("package a[\"b")]
    [InlineData("package 1a")]
    public void A_module_without_a_package_is_refused(string source) => Assert.Contains("package clause", Refused(Load(Archive(("p.rego", source)))));

    [Fact, Clause("PRE-07")]
    public void Data_where_a_package_stands_is_refused()
    {
        Assert.Contains("data.cabincrew", Refused(Load(Archive(("data.json", """{"cabincrew":1}"""), ("p.rego", Policy)))));
        var bundle = Good(Archive(("data.json", """{"cabincrew":{"preflight":{"limit":1}}}"""), ("p.rego", Policy)));
        Assert.True(bundle.HasDataAt(["cabincrew", "preflight", "limit"]));
        Assert.True(bundle.HasDataAt(["cabincrew", "preflight", "limit", "x"]));
        Assert.False(bundle.HasDataAt(["cabincrew", "preflight", "deny"]));
    }

    [Theory, Clause("PRE-07")]
    [InlineData("""{"rego_version":2}""", "'rego_version' is 0 or 1")]
    [InlineData("""{"rego_version":"1"}""", "'rego_version' is 0 or 1")]
    [InlineData("""{"file_rego_versions":{"*.rego":7}}""", "0 or 1")]
    [InlineData("""{"file_rego_versions":{"[a":1}}""", "no pattern")]
    [InlineData("""{"file_rego_versions":{"/p.rego":1,"/*.rego":0}}""", "different versions")]
    [InlineData("""{"roots":["a","a/b"]}""", "overlap")]
    [InlineData("""{"roots":["a","a"]}""", "overlap")]
    [InlineData("""{"roots":["a","/"]}""", "overlap")]
    [InlineData("""{"roots":[]}""", "'roots'")]
    [InlineData("""{"roots":["a/../b"]}""", "no root")]
    [InlineData("""{"roots":"a"}""", "'roots'")]
    [InlineData("""{"root":["a"]}""", "did you mean 'roots'")]
    [InlineData("""{"revision":7}""", "'revision'")]
    [InlineData("""{"wasm":[{"entrypoint":"a","module":"m"}]}""", "not available here")]
    [InlineData("""{"metadata":[]}""", "'metadata'")]
    [InlineData("""{"revision":"a","revision":"b"}""", "twice")]
    [InlineData("[]", "expected an object")]
    [InlineData("{", ".manifest")]
    public void A_manifest_that_cannot_be_meant_is_refused(string manifest, string why) => Assert.Contains(why, Refused(Load(Archive((".manifest", manifest), ("p.rego", Policy)))));

    [Theory, Clause("PRE-07")]
    [InlineData("", "", true)]
    [InlineData("a", "", true)]
    [InlineData("a/b", "a", true)]
    [InlineData("a/b", "a/b", true)]
    [InlineData("a/b", "a/bc", false)]
    [InlineData("a", "b", false)]
    public void Two_bundles_never_own_the_same_part_of_data(string one, string other, bool conflict)
    {
        PolicyBundle Of(string root) => Good(Archive((".manifest", $$"""{"roots":["{{root}}"]}"""), ($"{(root.Length == 0 ? "x" : root)}/data.json", "{}")));
        var problem = PolicyBundle.Conflict([Of(one), Of(other)]);
        Assert.Equal(conflict, problem is not null);
        if (conflict) Assert.Contains("both own data", problem!.Message);
    }

    [Fact]
    public void An_empty_bundle_is_refused() => Assert.Contains("neither a module nor data", Refused(Load(Archive((".manifest", "{}"), ("x.txt", "a")))));

    [Fact]
    public void A_missing_bundle_is_refused() => Assert.Equal(ProblemCode.PolicyInvalid, PolicyBundle.Load(tree["nothing"], "nothing").Problem!.Code);
}
