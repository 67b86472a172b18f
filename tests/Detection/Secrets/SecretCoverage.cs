// Holds the rules against a public rule set that the user names (in gitleaks' format; nothing of it is in the repository): for how many of its rules something is found in a text that is made from the
// rule's own pattern. And lists what is found in a directory, for those who mend rules.
using System.Text;
using System.Text.RegularExpressions;

namespace CabinCrew.Detection.Tests.Secrets;

internal static partial class SecretCoverage
{
    private const int Samples = 20;

    [GeneratedRegex("^id = \"(.+)\"", RegexOptions.Multiline)]
    private static partial Regex Id { get; }

    [GeneratedRegex("^regex = '''(.+)'''", RegexOptions.Multiline)]
    private static partial Regex Pattern { get; }

    [GeneratedRegex("^entropy = ", RegexOptions.Multiline)]
    private static partial Regex Entropy { get; }

    [GeneratedRegex("\"([^\"]+)\"")]
    private static partial Regex Quoted { get; }

    public static int Run(string file)
    {
        var random = new Random(4716);
        int rules = 0, covered = 0;
        foreach (var part in File.ReadAllText(file).Split("[[rules]]").Skip(1))
        {
            var id = Id.Match(part).Groups[1].Value;
            if (Pattern.Match(part) is not { Success: true } pattern) continue;
            rules++;
            var keywords = part.IndexOf("keywords = [", StringComparison.Ordinal) is >= 0 and var at ? Quoted.Matches(part[at..part.IndexOf(']', at)]).Select(m => m.Groups[1].Value).ToList() : [];
            var (found, by) = (0, new SortedSet<string>(StringComparer.Ordinal));
            try
            {
                var sampler = new PatternSampler(pattern.Groups[1].Value);
                for (var i = 0; i < Samples; i++)
                {
                    var (text, caught) = sampler.Sample(random);
                    // Where the pattern asks for the service's name only, people write a word for a secret behind it.
                    var name = keywords.FirstOrDefault(k => k.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-')) ?? "x";
                    var seen = new[] { text + "\n", $"{name}_api_key = \"{caught}\"", $"{name}_secret = \"{caught}\"", $"{name}_token={caught}\n" }.SelectMany(t => SecretSight.In(t).Select(f => f.Rule)).ToList();
                    if (seen.Count > 0) found++;
                    by.UnionWith(seen);
                }
            }
            catch (FormatException e)
            {
                by.Add(e.Message);
            }
            if (found * 2 >= Samples) covered++;
            Console.WriteLine($"{(found * 2 >= Samples ? "yes" : "no "),-4}{id,-48}{found,3} of {Samples}  {string.Join(' ', by.Take(4))}");
        }
        Console.WriteLine($"{covered} of {rules} rules");
        return 0;
    }

    /// <summary>Findings of every file below a directory, one a line with what stands there: for a developer's eyes.</summary>
    public static int Find(string directory)
    {
        var (bytes, count) = (0L, 0);
        foreach (var file in File.Exists(directory) ? [directory] : Directory.EnumerateFiles(directory, "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint }))
        {
            if (new FileInfo(file).Length > 64 << 20) continue;
            var content = File.ReadAllBytes(file);
            if (content.AsSpan(0, Math.Min(content.Length, 8000)).Contains((byte)0)) continue;
            bytes += content.Length;
            foreach (var (rule, start, length) in SecretSight.In(content))
            {
                count++;
                var from = Math.Max(0, start - 50);
                Console.WriteLine($"{rule}\t{file}:{content.AsSpan(0, start).Count((byte)'\n') + 1}\t{Encoding.Latin1.GetString(content, from, Math.Min(content.Length - from, Math.Min(length, 90) + 70)).ReplaceLineEndings("\\n")}");
            }
        }
        Console.WriteLine($"{count} findings in {bytes / 1e6:F1} MB: {count / (bytes / 1e6):F3} a MB");
        return 0;
    }
}
