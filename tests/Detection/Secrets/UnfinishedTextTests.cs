// A text that comes piece by piece: of a credential nothing is safe before it is found, whatever its form and wherever it stands; what is no beginning of anything is safe at once.
using System.Globalization;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Detection.Secrets;

namespace CabinCrew.Detection.Tests.Secrets;

[Clause("LLM-02")]
public sealed class UnfinishedTextTests
{
    public static TheoryData<string> Ids => [.. SecretRules.Table.Select(r => r.Id)];

    /// <summary>Every form in which a test of the rules looks for a token.</summary>
    private static IEnumerable<string> Texts(string id)
    {
        var random = new Random(4713);
        var token = SecretSamples.Token(Array.Find(SecretRules.Table, r => r.Id == id)!, random);
        foreach (var surrounding in SecretSamples.Surroundings) yield return $"So it is said. {string.Format(CultureInfo.InvariantCulture, surrounding, token)} And so on, and on.";
        foreach (var joint in (string[])["\" + \"", "\"\n  \"", "' . '", "\",\n  \"", "\\\n"])
            for (var cut = 1; cut < token.Length; cut += Math.Max(1, token.Length / 5)) yield return $"x = [\"{token[..cut]}{joint}{token[cut..]}\"].join('') and more";
    }

    [Theory, MemberData(nameof(Ids))]
    public void Nothing_of_a_token_is_safe_before_it_is_found(string id)
    {
        var (texts, seen) = (Texts(id).ToList(), 0);
        foreach (var text in texts)
        {
            var found = SecretSight.In(text).Where(f => f.Rule == id).ToList();
            seen += found.Count > 0 ? 1 : 0;
            foreach (var step in (int[])[1, 7]) Shown(text, [.. found.Select(f => (f.Start, f.Length))], step);
        }
        Assert.InRange(seen, SecretSamples.Surroundings.Length, texts.Count);
    }

    [Theory]
    [InlineData("Server=db; User Id=sa; Password=Tr1cky9Pwd; Initial Catalog=main; more", "Tr1cky9Pwd")]
    [InlineData("Password=Tr1cky9Pwd; Server=db; User Id=sa and more", "Tr1cky9Pwd")]
    [InlineData("call curl -u admin:Tr1cky9Pwd https://host/ now", "Tr1cky9Pwd")]
    [InlineData("machine host.example login me password Tr1cky9Pwd and more", "Tr1cky9Pwd")]
    [InlineData("see https://me:Tr1cky9Pwd@host.example/x and more", "Tr1cky9Pwd")]
    [InlineData("Authorization: Bearer 8f3Kd92LmQz0Xv7RtYc5 and more", "8f3Kd92LmQz0Xv7RtYc5")]
    public void Nor_of_a_password(string text, string password)
    {
        Assert.Contains(SecretSight.In(text), f => f.Start == text.IndexOf(password, StringComparison.Ordinal));
        Shown(text, [(text.IndexOf(password, StringComparison.Ordinal), password.Length)], 1);
    }

    [Theory]
    [InlineData("RSA PRIVATE", "KEY-----\n", "-----END RSA PRIVATE KEY-----"), InlineData("PGP PRIVATE", "KEY BLOCK-----\nVersion: 2\n\n", "-----END PGP PRIVATE KEY BLOCK-----")]
    public void Nor_of_a_private_key(string kind, string head, string end)
    {
        var lines = string.Concat(Enumerable.Range(0, 12).Select(i => $"{new string("MIIEpAIBAAKCAQEAx7Rt9Zq3vB8nK2mXw7RtYc5LdQ".Select(c => (char)(char.IsLower(c) ? 'a' + (c + i) % 26 : c)).ToArray())}\n"));
        var text = $"the key: -----BEGIN {kind} {head}{lines}{end} and more";
        Shown(text, [(text.IndexOf("-----BEGIN", StringComparison.Ordinal), 60)], 1);
    }

    // Whatever begins before what is safe was found in what had come: then it waits where it is cut out.
    private static void Shown(string text, IReadOnlyList<(int Start, int Length)> found, int step)
    {
        var unfinished = new UnfinishedText();
        for (var at = 0; at < text.Length; at += step)
        {
            unfinished.Add(text.Substring(at, Math.Min(step, text.Length - at)));
            foreach (var (start, length) in found.Where(f => f.Start < unfinished.Length && unfinished.Safe > f.Start))
                Assert.True(SecretSight.In(text[..unfinished.Length]).Any(f => f.Start <= start && f.Start + f.Length >= Math.Min(start + length, unfinished.Safe)), $"{start} is safe at {unfinished.Length}: {text[..unfinished.Length]}");
        }
    }

    [Fact]
    public void Words_are_safe_when_they_are_over()
    {
        var text = new UnfinishedText();
        foreach (var (more, safe) in ((string, int)[])[("Hel", 0), ("lo", 0), (" ", 6), ("to 12", 9), (" 34", 9), (" you. ", 20), ("日本", 22), ("a", 22), ("[redacted:x#", 22), ("1] \n\n", 40)])
        {
            text.Add(more);
            Assert.Equal(safe, text.Safe);
        }
    }

    [Fact]
    public void Numbers_and_pieces_are_joined_so_far_and_no_farther()
    {
        var text = new UnfinishedText();
        for (var i = 0; i < 10_000; i++) text.Add("1234, ");
        Assert.InRange(text.Length - text.Safe, 600, 650);
    }
}
