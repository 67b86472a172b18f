// The example engines in three languages do the same, and keep to the protocol as an engine author would copy it.
using CabinCrew.Orchestrator.Workflows;
using CabinCrew.Protocol;
using CabinCrew.Tests.Tidy;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class ExampleEngineTests : IDisposable
{
    private readonly EngineProcess engine = new();

    public void Dispose() => engine.Dispose();

    [Theory, Clause("ENG-01"), Clause("ENG-04"), Clause("ENG-07"), Clause("ENG-08")]
    [InlineData("hello-bash/engine.sh")]
    [InlineData("hello-python/engine.py")]
    [InlineData("hello-csharp")]
    public void Hello_makes_updates_and_leaves_a_greeting(string example)
    {
        var program = example.Contains('/') ? Path.Combine(Repository.Root, "examples/engines", example) : $"{example}.dll";
        foreach (var old in (string?[])[null, "old\n", "Hello from CabinCrew.\n"])
        {
            if (old is not null) engine.With("GREETING", old);
            var plan = engine.Fly(program, "{}");
            var artifact = Assert.Single(plan.Receipt.Artifacts!);
            var document = File.ReadAllBytes(Path.Combine(plan.Artifacts, artifact.Path));
            var body = Path.Combine(plan.Artifacts, artifact.Name, "body.data");
            Assert.Equal(Digest.Of(document).ToString(), artifact.Hash);
            Assert.Equal(document.Length + (File.Exists(body) ? new FileInfo(body).Length : 0), artifact.Size);
            Assert.Equal(old == "Hello from CabinCrew.\n", !File.Exists(body));
            Assert.Equal("Hello from CabinCrew.\n", engine.Text("GREETING"));
        }
    }

    [Theory]
    [InlineData("patch")]
    [InlineData("script")]
    [InlineData("git")]
    [InlineData("hello")]
    public void Example_workflows_load(string name)
    {
        var loaded = WorkflowFile.Load(Path.Combine(Repository.Root, "examples/workflows", name + ".yaml"));
        Assert.True(loaded.Ok, $"{loaded.Problem}");
        Assert.NotEmpty(loaded.Value.Steps);
    }
}
