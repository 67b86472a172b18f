// Paths: how they may be spelled, where they lead, and that none ever leads out.
using CabinCrew.Gateways.Mcp.Files;
using CabinCrew.Gateways.Tests.Judging;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;
using FsCheck;
using FsCheck.Fluent;

namespace CabinCrew.Gateways.Tests.Files;

public sealed class PathTests
{
    private static readonly FileRoots Far = FileRoots.Of(["/ws/app", "/data"], "/ws/app", isLocal: false).Value;

    [Theory, Clause("MCP-04")]
    [InlineData("src/a.cs", "src/a.cs", "/ws/app")]
    [InlineData("./src//a.cs", "src/a.cs", "/ws/app")]
    [InlineData("/ws/app/src/./a.cs", "src/a.cs", "/ws/app")]
    [InlineData("/ws/app", "", "/ws/app")]
    [InlineData("/ws/app/", "", "/ws/app")]
    [InlineData(".", "", "/ws/app")]
    [InlineData("/data/x", "x", "/data")]
    [InlineData("//data//x", "x", "/data")]
    [InlineData("file:///ws/app/a%20b", "a b", "/ws/app")]
    [InlineData("file://localhost/data/x", "x", "/data")]
    [InlineData("docs/Größe.md", "docs/Größe.md", "/ws/app")]
    [InlineData("..a/b..c/.d", "..a/b..c/.d", "/ws/app")]
    [InlineData("ab:c", "ab:c", "/ws/app")]
    [InlineData("日本語/ファイル.txt", "日本語/ファイル.txt", "/ws/app")]
    public void Spellings_of_one_path_are_one_path(string given, string path, string root)
    {
        var target = Far.Resolve(given);
        Assert.Equal((FileFault.None, path, root), (target.Fault, target.Path, target.Root));
        Assert.Equal(given, target.Given);
        Assert.Null(target.Exists);
    }

    [Fact, Clause("MCP-04")]
    public void The_kernel_says_plain_only_where_something_is_and_no_link_on_the_way()
    {
        using var place = new Place().Write("a/b/file", "x");
        var root = place.Directory[1..].Split('/');
        Directory.CreateSymbolicLink(Path.Combine(place.Directory, "link"), "a");
        File.CreateSymbolicLink(Path.Combine(place.Directory, "a/b/last"), "file");
        bool IsThere(params string[] names) => PlainPath.IsThere([.. root, .. names]);
        Assert.True(IsThere("a", "b", "file"));
        Assert.True(IsThere("a"));
        Assert.False(IsThere("link", "b", "file"));
        Assert.False(IsThere("a", "b", "last"));
        Assert.False(IsThere("a", "missing"));
        Assert.False(IsThere("a", "b", "file", "below"));
        Assert.False(IsThere("a", "..", "a"));
        Assert.False(IsThere("a", ".", "b"));
        Assert.False(IsThere("a", ""));
        Assert.False(PlainPath.IsThere([]));
        Assert.False(PlainPath.IsThere(["proc", "self", "root", "etc"]));
        Assert.False(PlainPath.IsThere([.. Enumerable.Repeat(new string('n', 250), 20)]));
    }

    [Theory, Clause("MCP-04")]
    [InlineData("/etc/passwd", FileFault.OutsideRoots)]
    [InlineData("/ws/app-evil/x", FileFault.OutsideRoots)]
    [InlineData("/ws", FileFault.OutsideRoots)]
    [InlineData("/", FileFault.OutsideRoots)]
    [InlineData("/WORK/app/x", FileFault.OutsideRoots)]
    [InlineData("../x", FileFault.Traversal)]
    [InlineData("a/../b", FileFault.Traversal)]
    [InlineData("/ws/app/../../etc/passwd", FileFault.Traversal)]
    [InlineData("a/..", FileFault.Traversal)]
    [InlineData("..", FileFault.Traversal)]
    [InlineData("...", FileFault.Traversal)]
    [InlineData("a/.../b", FileFault.Traversal)]
    [InlineData("a\\..\\b", FileFault.Traversal)]
    [InlineData("a\0b", FileFault.Traversal)]
    [InlineData("a\nb", FileFault.Traversal)]
    [InlineData("a./b", FileFault.Traversal)]
    [InlineData("a /b", FileFault.Traversal)]
    [InlineData("a.txt.", FileFault.Traversal)]
    [InlineData(".env ", FileFault.Traversal)]
    [InlineData(" .env", FileFault.Traversal)]
    [InlineData("~/x", FileFault.Traversal)]
    [InlineData("~root/x", FileFault.Traversal)]
    [InlineData("${HOME}/x", FileFault.Traversal)]
    [InlineData("C:\\x", FileFault.Traversal)]
    [InlineData("C:/x", FileFault.Traversal)]
    [InlineData("a.txt::$DATA", FileFault.Traversal)]
    [InlineData("%2e%2e/x", FileFault.Traversal)]
    [InlineData("a%2Fb", FileFault.Traversal)]
    [InlineData("a%00b", FileFault.Traversal)]
    [InlineData("%252e%252e/x", FileFault.Traversal)]
    [InlineData("a\u2215b", FileFault.Traversal)]
    [InlineData("a\uFF0Fb", FileFault.Traversal)]
    [InlineData("\u2025/x", FileFault.Traversal)]
    [InlineData("\uFF0E\uFF0E/x", FileFault.Traversal)]
    [InlineData("\u2024\u2024/x", FileFault.Traversal)]
    [InlineData(".e\u200Bnv", FileFault.Traversal)]
    [InlineData("a\u202Egpj.sh", FileFault.Traversal)]
    [InlineData("\uFEFFa", FileFault.Traversal)]
    [InlineData("file://host/ws/app/x", FileFault.Traversal)]
    [InlineData("file:///ws/app/%2e%2e/x", FileFault.Traversal)]
    [InlineData("file:///ws/app/x?y", FileFault.Traversal)]
    [InlineData("file:/ws/app/a%2fb", FileFault.Traversal)]
    [InlineData("file:x", FileFault.Traversal)]
    [InlineData("", FileFault.Unresolved)]
    public void What_leads_out_or_could_be_read_to_is_a_fault(string given, FileFault fault)
    {
        var target = Far.Resolve(given);
        Assert.Equal((fault, (string?)null, (string?)null), (target.Fault, target.Path, target.Root));
    }

    [Fact]
    public void A_lone_surrogate_and_an_endless_path_are_faults()
    {
        Assert.Equal(FileFault.Traversal, Far.Resolve("a\uD800b").Fault);
        Assert.Equal(FileFault.Unresolved, Far.Resolve(new string('a', 5000)).Fault);
        Assert.Equal(FileFault.Unresolved, Far.Resolve(string.Join('/', Enumerable.Repeat("a", 300))).Fault);
    }

    [Fact]
    public void A_relative_path_needs_to_be_relative_to_something()
    {
        Assert.Equal(FileFault.Unresolved, FileRoots.Of(["/a", "/b"], null, isLocal: false).Value.Resolve("x").Fault);
        Assert.Equal("x", FileRoots.Of(["/a"], null, isLocal: false).Value.Resolve("x").Path);
        Assert.Equal(FileFault.OutsideRoots, FileRoots.Of(["/a"], "/b", isLocal: false).Value.Resolve("x").Fault);
        Assert.Equal("sub/x", Far.Resolve("x", "/ws/app/sub").Path);
        Assert.Equal("sub/x", Far.Resolve("x", "sub").Path);
        Assert.Equal(FileFault.OutsideRoots, Far.Resolve("x", "/etc").Fault);
        Assert.Equal(FileFault.Unresolved, Far.Resolve("x", "../..").Fault);
        Assert.Equal(FileFault.OutsideRoots, FileRoots.None.Resolve("/a").Fault);
    }

    [Fact]
    public void The_deepest_root_is_the_root()
    {
        var nested = FileRoots.Of(["/a", "/a/b"], "/a", isLocal: false).Value;
        Assert.Equal(("/a/b", "c"), (nested.Resolve("/a/b/c").Root, nested.Resolve("/a/b/c").Path));
        Assert.Equal(("/a", "bc"), (nested.Resolve("/a/bc").Root, nested.Resolve("/a/bc").Path));
    }

    [Theory]
    [InlineData("relative")]
    [InlineData("/a/../b")]
    [InlineData("")]
    public void Roots_are_absolute_and_plain(string root) => Assert.Equal(ProblemCode.GatewayFileInvalid, FileRoots.Of([root], null, isLocal: false).Problem!.Code);

    [Fact]
    public void Local_roots_must_be_there() => Assert.Contains("not there", FileRoots.Of(["/no/such/place"], null, isLocal: true).Problem!.Message, StringComparison.Ordinal);

    [Fact, Clause("MCP-04")]
    public void Links_are_followed_to_where_they_lead()
    {
        using var place = new Place().Write("root/src/a.cs", "x").Write("root/.env", "x").Write("outside/secret", "x");
        var root = Path.Combine(place.Directory, "root");
        void Link(string name, string target) => File.CreateSymbolicLink(Path.Combine(root, name), target);
        Link("inside", "src/a.cs");
        Link("absolute", Path.Combine(root, "src"));
        Link("innocent.txt", ".env");
        Link("out", "../outside/secret");
        Link("outdir", Path.Combine(place.Directory, "outside"));
        Link("round", "round");
        Link("back", Path.Combine("..", "root", "src"));
        Link("nowhere", "missing/../../outside");
        Link("proc", "/proc/self/root");
        var roots = FileRoots.Of([root], null, isLocal: true).Value;
        foreach (var (given, path, fault, exists) in (ReadOnlySpan<(string, string?, FileFault, bool?)>)
            [
                ("src/a.cs", "src/a.cs", FileFault.None, true),
                ("src/new/deep/b.cs", "src/new/deep/b.cs", FileFault.None, false),
                ("inside", "src/a.cs", FileFault.None, true),
                ("absolute/a.cs", "src/a.cs", FileFault.None, true),
                ("absolute/new.cs", "src/new.cs", FileFault.None, false),
                ("innocent.txt", ".env", FileFault.None, true),
                ("back/a.cs", "src/a.cs", FileFault.None, true),
                ("out", null, FileFault.LinkEscape, null),
                ("outdir/secret", null, FileFault.LinkEscape, null),
                ("outdir/new", null, FileFault.LinkEscape, null),
                ("round", null, FileFault.Unresolved, null),
                ("nowhere/x", null, FileFault.Unresolved, null),
                ("proc/etc/passwd", null, FileFault.LinkEscape, null),
                ("src/a.cs/below", null, FileFault.Unresolved, null),
            ])
        {
            var target = roots.Resolve(given);
            Assert.Equal((given, path, fault, exists), (given, target.Path, target.Fault, target.Exists));
        }
    }

    [Fact]
    public void A_root_that_is_reached_by_a_link_is_the_same_root()
    {
        using var place = new Place().Write("real/a", "x");
        File.CreateSymbolicLink(Path.Combine(place.Directory, "alias"), "real");
        var roots = FileRoots.Of([Path.Combine(place.Directory, "alias")], null, isLocal: true).Value;
        var real = LinkWalk.Run(Path.Combine(place.Directory, "real").Split('/', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("a", roots.Resolve("a").Path);
        Assert.Equal("a", roots.Resolve(Path.Combine(place.Directory, "alias", "a")).Path);
        Assert.Equal("a", roots.Resolve(Path.Combine(place.Directory, "real", "a")).Path);
        Assert.Equal("/" + string.Join('/', real.Names), roots.Resolve("a").Root);
    }

    [Fact, Clause("MCP-04")]
    public void No_spelling_ever_leads_below_no_root()
    {
        using var place = new Place().Write("root/a/b/c.txt", "x").Write("out/x", "x");
        var root = Path.Combine(place.Directory, "root");
        File.CreateSymbolicLink(Path.Combine(root, "l"), "../out");
        File.CreateSymbolicLink(Path.Combine(root, "m"), "a/b");
        var roots = FileRoots.Of([root], null, isLocal: true).Value;
        var real = roots.Resolve(".").Root!;
        string[] parts = ["a", "b", "c.txt", "..", ".", "", "l", "m", "/", "\\", "%2e%2e", "~", "\u2215", "x", root, "file://", "\0", "out", "...", " "];
        var spelled = Gen.Elements(parts).ListOf().Select(p => string.Join('/', p)).ToArbitrary();
        Prop.ForAll(spelled, given =>
        {
            var target = roots.Resolve(given);
            if (target.Fault != FileFault.None) return target.Path is null && target.Root is null;
            // What the kernel makes of the same spelling is below the root too.
            var full = Path.GetFullPath(Path.Combine(root, given.StartsWith("file://", StringComparison.Ordinal) ? given[7..] : given));
            var reached = LinkWalk.Run(full.Split('/', StringSplitOptions.RemoveEmptyEntries));
            return WorkspacePath.TryParse(target.Path!.Length == 0 ? "x" : target.Path, out _) && target.Root == real && ("/" + string.Join('/', reached.Names) + "/").StartsWith(real + "/", StringComparison.Ordinal);
        }).QuickCheckThrowOnFailure();
    }
}
