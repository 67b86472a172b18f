// The engine of docs/guides/engine-author.md, copied from the page and run as a reader would.
using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Schemas;

namespace CabinCrew.Tests.Golden;

public sealed partial class EngineGuideTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("cabincrew-guide-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [GeneratedRegex("^```sh\n(#!/bin/sh\n.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Script { get; }

    private string Engine()
    {
        var page = File.ReadAllText(Path.Combine(WorkflowCorpusTests.Directory(), "../../docs/guides/engine-author.md"));
        var path = Path.Combine(directory, "engine.sh");
        File.WriteAllText(path, Script.Match(page).Groups[1].Value);
        return path;
    }

    private JsonElement Run(string engine, string mode)
    {
        var start = new ProcessStartInfo("/bin/sh", [engine, "--mode", mode]) { RedirectStandardOutput = true, RedirectStandardInput = true };
        start.Environment["CABINCREW_MODE"] = mode;
        start.Environment["CABINCREW_WORKSPACE"] = Directory.CreateDirectory(Path.Combine(directory, "workspace")).FullName;
        start.Environment["CABINCREW_ARTIFACTS_DIR"] = Directory.CreateDirectory(Path.Combine(directory, "artifacts")).FullName;
        // The test's temporary directory may lie in some repository: the engine's sandbox does not.
        start.Environment["GIT_CEILING_DIRECTORIES"] = directory;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return JsonDocument.Parse(output).RootElement;
    }

    [Fact]
    [Clause("ENG-01")]
    [Clause("ENG-04")]
    public void The_smallest_engine_of_the_guide_plans_and_applies()
    {
        var engine = Engine();

        var receipt = Run(engine, "flight-plan");
        Fits("engine-output", receipt);
        var listed = receipt.GetProperty("artifacts")[0];
        var document = File.ReadAllBytes(Path.Combine(directory, "artifacts", listed.GetProperty("path").GetString()!));
        var body = File.ReadAllBytes(Path.Combine(directory, "artifacts/changes/body.data"));
        Fits("artifact", JsonDocument.Parse(document).RootElement);
        Assert.Equal(Digest.Of(document).ToString(), listed.GetProperty("hash").GetString());
        Assert.Equal(document.Length + body.Length, listed.GetProperty("size").GetInt64());
        Assert.Equal(Digest.Of(body).ToString(), JsonDocument.Parse(document).RootElement.GetProperty("integrity").GetString());
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(directory, "workspace")));

        Fits("engine-output", Run(engine, "take-off"));
        Assert.Equal("Hello.\n", File.ReadAllText(Path.Combine(directory, "workspace/HELLO.md")));
    }

    private static void Fits(string schema, JsonElement document)
    {
        var outcome = SchemaCatalog.Validate(schema, document);
        Assert.True(outcome.Ok, outcome.Problem?.ToString());
    }
}
