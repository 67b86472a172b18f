// `cabincrew --help`, against a program that says hello, built with the same switches.
namespace CabinCrew.Benchmarks;

internal sealed class StartUpBenchmark : IBenchmark
{
    private const int Rounds = 31;

    private const string Project = """
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <ImplicitUsings>enable</ImplicitUsings>
            <InvariantGlobalization>true</InvariantGlobalization>
            <TieredPGO>false</TieredPGO>
            <EventSourceSupport>false</EventSourceSupport>
            <AutoreleasePoolSupport>false</AutoreleasePoolSupport>
            <UseSystemResourceKeys>false</UseSystemResourceKeys>
            <SelfContained>false</SelfContained>
            <PublishReadyToRun>true</PublishReadyToRun>
          </PropertyGroup>
        </Project>
        """;

    public string Name => "start";

    public async Task<IReadOnlyList<Measure>> RunAsync(string scratch)
    {
        var program = Path.Combine(Environment.GetEnvironmentVariable("CABINCREW_APP") ?? throw new InvalidOperationException("CABINCREW_APP names the built program; use benchmarks/run"), "cabincrew");
        var hello = await BuildHelloAsync(scratch);
        var (ours, peer) = await Pairs.MedianAsync(Rounds,
            () => Timing.ProcessAsync(program, ["--help"], scratch),
            () => Timing.ProcessAsync(hello, [], scratch));
        return
        [
            new("cabincrew --help, time", "ms", ours.WallMs, "hello world", peer.WallMs, 2),
            new("cabincrew --help, CPU", "ms", ours.CpuMs, "hello world", peer.CpuMs, 2),
        ];
    }

    internal static async Task<string> BuildHelloAsync(string scratch)
    {
        var source = Directory.CreateDirectory(Path.Combine(scratch, "hello")).FullName;
        await File.WriteAllTextAsync(Path.Combine(source, "hello.csproj"), Project);
        await File.WriteAllTextAsync(Path.Combine(source, "Program.cs"), "Console.WriteLine(\"Hello, world\");\n");
        var built = Path.Combine(scratch, "built");
        await Timing.ProcessAsync("dotnet", ["publish", source, "-c", "Release", "--use-current-runtime", "-o", built, "--nologo", "-v", "q", "-nodeReuse:false"], source);
        return Path.Combine(built, "hello");
    }
}
