// The starter library of policies that is part of the program (its sources are in policies/): listed, read, written out for whoever starts with it.
using System.Text;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Policies.Rego.Authoring;

public static class StarterPolicies
{
    private const string Folder = "starter/";

    /// <summary>The collecting package, which the others come together in.</summary>
    public const string Collection = "preflight";

    // What policies and their tests are written with.
    private static readonly string[] Shared = ["findings.rego", "testing.rego"];

    private static readonly Lazy<IReadOnlyList<string>> All = new(() =>
    [
        .. typeof(StarterPolicies).Assembly.GetManifestResourceNames()
            .Where(r => r.StartsWith(Folder, StringComparison.Ordinal)).Select(r => r[Folder.Length..].Replace('\\', '/')).Order(StringComparer.Ordinal),
    ]);

    /// <summary>Relative paths: modules, tests, and data.yaml.</summary>
    public static IReadOnlyList<string> Files => All.Value;

    /// <summary>The policies by name, the collection among them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Files.Where(IsPolicy).Select(f => f[..^".rego".Length])];

    public static string Text(string file)
    {
        using var stream = typeof(StarterPolicies).Assembly.GetManifestResourceStream(Folder + file) ?? throw new ArgumentException($"there is no starter file '{file}'", nameof(file));
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>Writes the library, or only some of its policies with their tests and what they need: the collection (whose own tests speak of the whole library),
    /// settings and what tests are made with. Overwrites nothing.</summary>
    /// <param name="only">Names of policies; empty for all.</param>
    public static Outcome<IReadOnlyList<string>> Write(string directory, IReadOnlyList<string> only)
    {
        foreach (var name in only)
            if (!Names.Contains(name)) return new Problem(ProblemCode.NotFound, $"the starter library has no policy '{name}'{NearMatch.Hint(name, Names)}") { Remedy = $"It has {string.Join(", ", Names)}." };
        var wanted = Files.Where(f => only.Count == 0 || f == Collection + ".rego" || only.Any(n => f == n + ".rego" || f == n + "_test.rego") || !IsPolicy(f) && !f.EndsWith("_test.rego", StringComparison.Ordinal)).ToList();
        if (wanted.Find(f => File.Exists(Path.Combine(directory, f))) is { } taken)
            return new Problem(ProblemCode.InvalidArgument, $"'{Path.Combine(directory, taken)}' is there already") { Remedy = "Name a directory without it; nothing is overwritten." };
        Directory.CreateDirectory(directory);
        foreach (var file in wanted) File.WriteAllText(Path.Combine(directory, file), Text(file));
        return wanted;
    }

    private static bool IsPolicy(string file) => file.EndsWith(".rego", StringComparison.Ordinal) && !file.EndsWith("_test.rego", StringComparison.Ordinal) && !Shared.Contains(file);
}
