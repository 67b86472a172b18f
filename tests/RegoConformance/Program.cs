// Runs OPA's compliance cases from a file that the user gives, and counts. Cases are compared as OPA's own runner compares them. Exit 0: the target holds.
using CabinCrew.Rego.Syntax;

namespace CabinCrew.RegoConformance;

internal static class Program
{
    private const string Usage = "usage: RegoConformance CASES.json [--only NOTE] [--failures] [--v0-compatible]";

    public static int Main(string[] args)
    {
        string? file = null, only = null;
        var failures = false;
        var version = RegoVersion.V1;
        for (var i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--only" when i + 1 < args.Length: only = args[++i]; break;
                case "--failures": failures = true; break;
                case "--v0-compatible": version = RegoVersion.V0; break;
                case var name when file is null && !name.StartsWith('-'): file = name; break;
                default: return Fail(Usage);
            }
        }

        if (file is null) return Fail(Usage);
        if (!File.Exists(file)) return Fail($"no such file: {file}");
        var cases = ConformanceCase.Read(File.ReadAllBytes(file), version).Where(c => only is null || c.Note.Contains(only, StringComparison.Ordinal)).ToList();
        if (cases.Count == 0) return Fail("no case matches");
        var outcomes = cases.Select(c => (Case: c, Reason: Exemptions.Of(c.Note) is null ? CaseRunner.Run(c) : null)).ToList();
        return Report.Print(outcomes, failures) ? 0 : 1;
    }

    private static int Fail(string message)
    {
        Console.Error.WriteLine(message);
        return 2;
    }
}
