// ENG-01, TOK-02: how a reference becomes an engine, and what its digest is made of.
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Protocol;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class EngineCatalogTests : IDisposable
{
    private readonly TempTree tree = new();

    public void Dispose() => tree.Dispose();

    private Outcome<ResolvedEngine> Resolve(string reference) => EngineCatalog.Resolve(reference, tree.Root);

    [Fact, Clause("TOK-02")]
    public void a_file_is_bound_by_the_digest_that_sha256sum_prints()
    {
        tree.File("engines/hello.sh", "#!/bin/sh\n", executable: true);
        var engine = Resolve("./engines/hello.sh").Value;
        Assert.Equal("./engines/hello.sh", engine.Id);
        Assert.Equal(tree.Bash("sha256sum engines/hello.sh").Split(' ')[0], engine.Digest.Hex);
        Assert.Equal(["/engine/hello.sh"], engine.Command);
        Assert.Equal(new Mount(tree["engines/hello.sh"], "/engine/hello.sh", false), Assert.Single(engine.Mounts));
        tree.File("engines/hello.sh", "#!/bin/bash\n", executable: true);
        Assert.NotEqual(engine.Digest, Resolve("./engines/hello.sh").Value.Digest);
    }

    [Fact, Clause("TOK-02")]
    public void a_directory_is_bound_by_a_listing_that_a_shell_can_write()
    {
        tree.File("e/cabincrew-engine.json", """{"engine_id": "hello", "command": ["./bin/run", "-x"]}""").File("e/bin/run", "#!/bin/sh\n", executable: true).File("e/lib/a.txt", "a").Link("e/latest", "lib/a.txt");
        var engine = Resolve("./e").Value;
        Assert.Equal(["/engine/bin/run", "-x"], engine.Command);
        Assert.Equal(new Mount(tree["e"], "/engine", false), Assert.Single(engine.Mounts));
        var listing = tree.Bash("""
            cd e; LC_ALL=C; find . \( -type f -o -type l \) -printf '%P\n' | sort | while read -r f; do
                if [ -L "$f" ]; then printf '%s  %s -> %s\n' "$(readlink -n "$f" | sha256sum | cut -c1-64)" "$f" "$(readlink "$f")"
                else printf '%s  %s%s\n' "$(sha256sum < "$f" | cut -c1-64)" "$f" "$([ -x "$f" ] && echo '*')"; fi
            done | sha256sum | cut -c1-64
            """).Trim();
        Assert.Equal(listing, engine.Digest.Hex);
        foreach (var change in (Action[])[() => tree.File("e/lib/a.txt", "b"), () => tree.File("e/lib/new", ""), () => tree.File("e/bin/run", "#!/bin/sh\n"), () => File.Delete(tree["e/latest"])])
        {
            var before = Resolve("./e").Value.Digest;
            change();
            Assert.NotEqual(before, Resolve("./e").Value.Digest);
        }
    }

    [Theory]
    [InlineData("patc", "patch")]
    [InlineData("hello.sh", "./hello.sh")]
    [InlineData("./helo.sh", "./hello.sh")]
    public void a_reference_that_leads_nowhere_names_what_is_near(string reference, string near)
    {
        tree.File("hello.sh", "#!/bin/sh\n", executable: true);
        var problem = Resolve(reference).Problem!;
        Assert.Equal(ProblemCode.EngineNotFound, problem.Code);
        Assert.Contains($"Did you mean '{near}'?", problem.Message);
    }

    [Theory]
    [InlineData("./plain.txt", "not executable")]
    [InlineData("./fifo", "not a regular file")]
    [InlineData("./empty", "without cabincrew-engine.json")]
    [InlineData("./out", "that its directory does not hold")]
    [InlineData("./linked", "leaves it")]
    [InlineData("./nothing", "does not exist")]
    [InlineData("", "is not a name")]
    [InlineData("a\nb", "is not a name")]
    public void what_is_no_engine_is_refused_with_the_reason(string reference, string reason)
    {
        tree.File("plain.txt", "").File("empty/x", "").File("out/cabincrew-engine.json", """{"command": ["../plain.txt"]}""")
            .File("linked/cabincrew-engine.json", """{"command": ["python3"]}""").Link("linked/passwd", "/etc/passwd");
        tree.Bash("mkfifo fifo");
        var problem = Resolve(reference).Problem;
        Assert.Equal(ProblemCode.EngineNotFound, problem?.Code);
        Assert.Contains(reason, problem!.Message);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"command": []}""")]
    [InlineData("""{"command": "./run"}""")]
    [InlineData("""{"command": [1]}""")]
    [InlineData("""{"command": ["./run"], "network": true}""")]
    public void a_manifest_says_what_to_run_and_nothing_else(string manifest)
    {
        tree.File("e/cabincrew-engine.json", manifest).File("e/run", "#!/bin/sh\n", executable: true);
        Assert.Equal(ProblemCode.SchemaInvalid, Resolve("./e").Problem?.Code);
    }

    [Theory, Clause("ENG-01")]
    [InlineData("patch")]
    [InlineData("git")]
    [InlineData("script")]
    public async Task a_built_in_is_found_hashed_and_starts_in_the_sandbox(string name)
    {
        var engine = Resolve(name).Value;
        Assert.Equal(name, engine.Id);
        Assert.Equal(engine.Digest, Resolve(name).Value.Digest);
        using var bench = new EngineBench();
        var ran = await bench.RunAsync(bench.Run(engine, input: "{}"));
        // It refuses such an input, itself and by the protocol's rules: so its program was found and its runtime ran.
        Assert.True(ran.Code == ProblemCode.EngineValidationFailed, ran.ToString());
    }

    [Fact, Clause("ENG-01")]
    public async Task an_engine_of_a_directory_finds_its_own_files_and_cannot_change_them()
    {
        tree.File("e/cabincrew-engine.json", """{"engine_id": "hello", "command": ["./bin/run"]}""").File("e/lib/data", "data")
            .File("e/bin/run", $"#!/bin/bash\n{EngineBench.ReceiptFunction}\ncat \"$(dirname \"$0\")/../lib/data\" >&2; echo x 2>/dev/null > /engine/lib/data; receipt\n", executable: true);
        using var bench = new EngineBench();
        var ran = await bench.RunAsync(bench.Run(Resolve("./e").Value));
        Assert.NotNull(ran.Success);
        Assert.Equal("data", ran.Log);
        Assert.Equal("data", File.ReadAllText(tree["e/lib/data"]));
    }
}
