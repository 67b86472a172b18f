// Reads .cabincrew-allow.yaml: strict YAML, every error with its place. An allowance that nobody can read is none, so a file with any error allows nothing and is refused as a whole.
using System.Globalization;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection.Allowances;

public static class AllowanceFile
{
    public const string Name = ".cabincrew-allow.yaml";

    /// <summary>Longer promises are forgotten.</summary>
    public const int DaysMax = 366;

    private const int EntriesMax = 10_000;
    private const int BecauseCharsMin = 8;
    private const int BecauseCharsMax = 500;

    /// <param name="rules">Every rule there is, as <c>rule</c> and as <c>detector/rule</c>; null: any name is taken.</param>
    /// <param name="today">An allowance may reach <see cref="DaysMax"/> days from here, and no further.</param>
    public static Outcome<AllowanceList> Read(ReadOnlyMemory<byte> utf8, string name, IReadOnlySet<string>? rules, DateOnly today) =>
        YamlNodes.Read(utf8, name, ProblemCode.AllowancesInvalid).Then(map => Of(map, rules, today));

    /// <summary>A missing file is <see cref="ProblemCode.NotFound"/>.</summary>
    /// <inheritdoc cref="Read"/>
    public static Outcome<AllowanceList> ReadFile(string path, IReadOnlySet<string>? rules, DateOnly today) =>
        YamlNodes.ReadFile(path, ProblemCode.AllowancesInvalid).Then(map => Of(map, rules, today));

    private static Outcome<AllowanceList> Of(YamlMap map, IReadOnlySet<string>? rules, DateOnly today)
    {
        map.TakeInteger("version", 1, 1, required: true);
        List<Allowance> all = [];
        if (map.TakeList("allow", required: true) is { } list)
        {
            if (list.Items.Count > EntriesMax) map.Errors.Add(list, $"'allow': more than {EntriesMax} entries");
            foreach (var one in list.Maps().Take(EntriesMax))
                if (Entry(one, rules, today) is { } allowance) all.Add(allowance);
        }
        map.Close();
        return map.Errors.Else(() => new AllowanceList(all));
    }

    private static Allowance? Entry(YamlMap map, IReadOnlySet<string>? rules, DateOnly today)
    {
        var rule = map.TakeText("rule", required: true, "the name of a rule, or detector/rule");
        var path = map.TakeText("path", expected: "a glob over paths");
        var found = Found(map);
        var because = map.TakeText("because", required: true, "the reason, in words", BecauseCharsMax);
        var until = map.TakeParsed<DateOnly>("until", "the last day on which it holds, as 2027-01-31", text => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null, required: true);
        map.Close();
        if (rule is not null && rules is not null && !rules.Contains(rule)) map.Errors.Add(map.Take("rule")!, $"'rule': there is no rule '{YamlMap.Clip(rule)}'{NearMatch.Hint(rule, rules)}");
        if (path is not null && PathPattern.Fault(path) is { } fault) map.Errors.Add(map.Take("path")!, $"'path': {fault}");
        if (!map.Has("path") && !map.Has("sha256")) map.Errors.Add(map, "'path' or 'sha256' is missing: an allowance says where, or what");
        if (because is { Length: < BecauseCharsMin }) map.Errors.Add(map.Take("because")!, $"'because': say why, in {BecauseCharsMin} characters or more");
        if (until > today.AddDays(DaysMax)) map.Errors.Add(map.Take("until")!, $"'until': at most {DaysMax} days from now, {today.AddDays(DaysMax):yyyy-MM-dd}");
        return rule is null || because is null || until is null ? null : new(rule, path, found, because, until.Value, map.Line);
    }

    // What stands there in place of a digest may be the secret itself: no message shows it.
    private static Digest? Found(YamlMap map)
    {
        if (map.Take("sha256") is not { } node) return null;
        if (node is YamlScalar { Type: YamlType.Text } scalar && Digest.TryParse(Digest.Prefix + scalar.Text, out var digest)) return digest;
        map.Errors.Add(node, "'sha256': expected 64 hexadecimal digits in small letters (in quotes where there are digits only): the SHA-256 of what was found, never the secret itself");
        return null;
    }
}
