// Every rule by itself: tokens made from its own declaration are found wherever they stand, by that very rule; near misses are found by none. A rule without a near miss is refused.
using System.Globalization;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Detection.Secrets;

namespace CabinCrew.Detection.Tests.Secrets;

public sealed class SecretRulesTests
{
    private const int Tokens = 4;

    public static TheoryData<string> Ids => [.. SecretRules.Table.Select(r => r.Id)];

    public static TheoryData<string> KeyedIds => [.. KeyedServices.Table.Select(s => s.Id)];

    private static SecretRule Rule(string id) => Array.Find(SecretRules.Table, r => r.Id == id)!;

    private static KeyedService Service(string id) => Array.Find(KeyedServices.Table, s => s.Id == id)!;

    private static string In(string surrounding, string text) => string.Format(CultureInfo.InvariantCulture, surrounding, text);

    [Theory, MemberData(nameof(Ids)), Clause("INT-11")]
    public void A_token_is_found_by_its_rule_wherever_it_stands(string id)
    {
        var random = new Random(4711);
        for (var i = 0; i < Tokens; i++)
        {
            var token = SecretSamples.Token(Rule(id), random);
            foreach (var surrounding in SecretSamples.Surroundings)
            {
                var text = In(surrounding, token);
                // A token that may hold percent signs takes an escape behind it for its own.
                Assert.Contains(SecretSight.In(text), f => f.Rule == id && f.Start == text.IndexOf(token, StringComparison.Ordinal) && f.Length - token.Length is >= 0 and <= 3);
            }
            // And as a file has it, in bytes that are not all ASCII and far from the beginning.
            Assert.Contains(id, SecretSight.In(System.Text.Encoding.UTF8.GetBytes($"{new string('é', 40_000)} {token}")).Select(f => f.Rule));
        }
    }

    [Theory, MemberData(nameof(Ids))]
    public void What_only_looks_like_a_token_is_found_by_no_rule(string id)
    {
        var random = new Random(4712);
        for (var i = 0; i < Tokens; i++)
        {
            var misses = SecretSamples.NearMisses(Rule(id), random).ToList();
            Assert.True(misses.Count >= 3, $"{id} has too few near misses: {string.Join(", ", misses.Select(m => m.Kind))}");
            if (Rule(id).Check is not null && SecretSamples.Checked.Contains(id)) Assert.Contains(misses, m => m.Kind == "a wrong checksum");
            foreach (var (kind, miss) in misses)
                foreach (var surrounding in SecretSamples.NeutralSurroundings)
                {
                    var rules = SecretSight.Rules(In(surrounding, miss));
                    // Where the anchor is itself a name with its sign of equality, the rest is still assigned to it.
                    Assert.True(rules is "" || (rules is "key-assignment" && Rule(id).Anchors[0].EndsWith("Key=", StringComparison.Ordinal)), $"{kind}: {In(surrounding, miss)} is taken for {rules}");
                }
        }
    }

    [Theory, MemberData(nameof(Ids))]
    public void A_token_in_pieces_is_found(string id)
    {
        var rule = Rule(id);
        // What stands before an anchor is read back to the quote, and no further.
        if (rule.Before is not null || rule.Anchors.Any(a => a.AsSpan().ContainsAny(" ="))) return;
        var random = new Random(4713);
        var token = SecretSamples.Token(rule, random);
        var anchor = rule.Anchors.Where(a => token.StartsWith(a, StringComparison.Ordinal)).Max(a => a.Length);
        foreach (var joint in new[] { "\" + \"", "' + '", "\" \"", "\"\n    \"", "\" . \"", "\" & \"", "\\\n  ", "\"\n  + \"", "\" \\\n  \"", "\\\" + \\\"", "\\\"\\n + \\\"" })
        {
            var text = $"x = \"{token[..(anchor + 1)]}{joint}{token[(anchor + 1)..^3]}{joint}{token[^3..]}\";";
            Assert.Contains(id, SecretSight.In(text).Select(f => f.Rule));
        }
        // But two values are not one.
        Assert.DoesNotContain(id, SecretSight.In($"x = [\"{token[..(anchor + 1)]}\", \"{token[(anchor + 1)..^3]}\"]").Select(f => f.Rule));
    }

    [Theory, MemberData(nameof(KeyedIds)), Clause("INT-11")]
    public void A_key_is_found_by_the_name_of_its_service(string id)
    {
        var random = new Random(4714);
        foreach (var name in Service(id).Names)
        {
            var value = SecretSamples.Value(Service(id), random);
            foreach (var form in SecretSamples.Assignments)
            {
                // Signs that end a value where it stands without quotes, or within a tag.
                if (value.Any(";(){}<>#".Contains) && !form.Contains("\"{1}\"") && !form.Contains("'{1}'")) continue;
                var text = SecretSamples.Assign(form, name, value);
                Assert.True(SecretSight.In(text).Any(f => f.Rule == id && text.Substring(f.Start, f.Length) == value), $"{text}: {SecretSight.Rules(text)}");
            }
        }
    }

    [Theory, MemberData(nameof(KeyedIds))]
    public void What_is_not_assigned_to_a_secret_of_the_service_is_no_key_of_it(string id)
    {
        var random = new Random(4715);
        var service = Service(id);
        var name = service.Names[0];
        var value = SecretSamples.Value(service, random);
        foreach (var text in new[]
        {
            $"{name}_page = \"{value}\"", $"{name}_key_id = \"{value}\"", $"{name}_token_url: {value}", $"see {name} and {value}", $"{name}_secret_name={value}", $"{{\"{name}_public_key\": \"{value}\"}}",
            $"{name}_api_key = \"${{{name}_KEY}}\"", $"{name}_api_key = \"your_{name}_key_1234567890\"", $"{name}_token = \"<{value}>\"", $"{name}_token = os.environ[\"{name}\"]", $"{name}_key = \"{new string(value[0], value.Length)}\"",
            $"{name}_api_key = \"{value[..7]}\"", $"{name}_api_key = get_{name}_key()",
        })
            Assert.True(SecretSight.Rules(text) is "", $"{text} is taken for {SecretSight.Rules(text)}");
        Assert.DoesNotContain(id, SecretSight.In($"zzz_api_key = \"{value}\"").Select(f => f.Rule));
        Assert.DoesNotContain(id, SecretSight.In($"x{name}_api_key = \"{value}x\"").Select(f => f.Rule));
    }

    [Fact]
    public void There_are_rules_for_a_hundred_and_fifty_services_and_each_is_named_once()
    {
        string[] ids = [.. SecretSight.Detectors.SelectMany(d => d.Rules).Select(r => r.Id)];
        Assert.Equal(ids.Order(StringComparer.Ordinal), ids.Distinct().Order(StringComparer.Ordinal));
        Assert.All(ids, id => Assert.Matches("^[a-z0-9]+(-[a-z0-9]+)*$", id));
        Assert.True(SecretRules.Table.Length >= 150 && KeyedServices.Table.Length >= 100, $"{SecretRules.Table.Length} and {KeyedServices.Table.Length}");
        Assert.All(SecretRules.Table, r => Assert.All(r.Anchors, a => Assert.True(a.Length >= (r.Before is null ? 3 : 2) && System.Text.Ascii.IsValid(a), $"{r.Id}: {a}")));
        // No rule's token is told by another's name.
        Assert.All(SecretRules.Table, r => Assert.Contains(r.Anchors, a => new PatternSampler(r.Pattern).Sample(new(1)).Text.Contains(a, StringComparison.Ordinal) || r.Anchors.Length > 1));
    }

    [Fact]
    public void Every_rule_is_named_in_the_reference()
    {
        var page = CabinCrew.Tests.Tidy.Repository.Text("docs/reference/detection.md");
        Assert.All(SecretSight.Detectors.SelectMany(d => d.Rules), rule => Assert.Contains($"`{rule.Id}`", page, StringComparison.Ordinal));
    }
}
