// The attack program (tests/Attacks), compiled once for a run of the tests; and who it is that attacks.
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Protocol;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Tests.Spec;
using CabinCrew.Tests.Tidy;

namespace CabinCrew.Tests.Attacks;

internal static class AttackProgram
{
    /// <summary>Where another process has compiled it already.</summary>
    public const string Variable = "CABINCREW_TEST_ATTACK_PROGRAM";

    /// <summary>Set for a pass that takes the most telling rows only.</summary>
    public const string TellingVariable = "CABINCREW_TEST_TELLING";

    private static readonly Lazy<string> Built = new(Build);

    public static string File => Built.Value;

    public static bool AsRoot => FileCalls.EffectiveUser == 0;

    public static bool TellingOnly => Environment.GetEnvironmentVariable(TellingVariable) == "1";

    private static string Build()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given) return given;
        var directory = Directory.CreateTempSubdirectory("cabincrew-attack-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(directory, recursive: true);
        System.IO.File.SetUnixFileMode(directory, (UnixFileMode)0b111_101_101);
        TempTree.Run("/", Path.Join(Repository.Root, "tests/Attacks/build"), directory);
        return Path.Join(directory, "attack");
    }

    /// <summary>An engine that is the program and nothing else.</summary>
    public static ResolvedEngine Engine(EngineBench bench, params IReadOnlyList<string> words)
    {
        var home = Directory.CreateDirectory(Path.Join(bench.Root, "engine")).FullName;
        System.IO.File.Copy(File, Path.Join(home, "attack"), overwrite: true);
        var command = string.Join(", ", words.Prepend("./attack").Select(w => $"\"{w}\""));
        System.IO.File.WriteAllText(Path.Join(home, EngineCatalog.ManifestName), $$"""{"engine_id": "attack", "command": [{{command}}]}""");
        return EngineCatalog.Resolve("./engine", bench.Root).Value;
    }

    /// <summary>Processes on the whole machine that carry this word in their command line.</summary>
    public static IReadOnlyList<string> Alive(string mark) => [.. Directory.EnumerateDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), out _)).Select(d =>
    {
        try
        {
            return System.IO.File.ReadAllText(Path.Join(d, "cmdline")) is var line && line.Contains(mark, StringComparison.Ordinal)
                ? $"{System.IO.File.ReadAllText(Path.Join(d, "stat"))} {line.Replace('\0', ' ')}" : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }).Where(l => l.Length > 0)];
}
