// Text built to be slow or to hide something: a million near misses, one endless line, bytes that are no UTF-8, secrets at the edges of everything.
using System.Text;
using CabinCrew.Governance.Detection.Secrets;

namespace CabinCrew.Detection.Tests.Secrets;

public sealed class HostileTextTests
{
    private static readonly string Token = SecretSamples.Token(SecretRules.Table.First(r => r.Id == "digitalocean-token"), new(1));

    public static TheoryData<string> Parts => [.. SecretSight.Detectors.SelectMany(d => d.Anchors).Select(a => a.Text).Distinct().Where((_, i) => i % 9 == 0),
        "AKIA\" + \"", "AKIA\"\n\"", "sk-\\\n", "password=abcd1;", "password=a,ssl=,", "api_key = \"", "api_key=", "token: a = b: ", "-----BEGIN RSA PRIVATE KEY-----;", "\"MIIE\" + ", "jdbc:oracle:thin:a/", "machine a login b password ", "curl -u ",
        "username = a\npassword = ", "eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.", ":AA:AA", "Q~Q~Q~", "JQQJ99JQQJ99", "://a:b@", "Basic QUJDREVGOkFCQ0RFRkdI", "%3D%3D", "\\n\\n", "LS0tLS1CRUdJTiB"];

    [Theory, MemberData(nameof(Parts))]
    public void Near_misses_by_the_hundred_thousand_hide_nothing(string part)
    {
        var bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(part, 1_500_000 / part.Length)) + " " + Token);
        // Anything quadratic would be at it for minutes.
        Assert.Contains("digitalocean-token", SecretSight.In(bytes).Select(f => f.Rule));
    }

    [Fact]
    public void One_line_of_a_hundred_megabytes_is_looked_through_to_its_end()
    {
        var bytes = new byte[100_000_000];
        Array.Fill(bytes, (byte)'a');
        for (var i = 0; i < bytes.Length; i += 97) bytes[i] = (byte)"=_-./x7Q"[i / 97 % 8];
        Encoding.ASCII.GetBytes(" " + Token).CopyTo(bytes, bytes.Length - Token.Length - 1);
        Assert.Equal(["digitalocean-token"], SecretSight.In(bytes).Select(f => f.Rule));
    }

    [Fact]
    public void Bytes_that_are_no_text_hide_nothing_and_break_nothing()
    {
        var random = new Random(5);
        for (var i = 0; i < 300; i++)
        {
            var bytes = new byte[random.Next(1, 2000)];
            random.NextBytes(bytes);
            byte[] whole = [.. bytes, .. (ReadOnlySpan<byte>)[0xC3], .. Encoding.ASCII.GetBytes(Token), .. (ReadOnlySpan<byte>)[0xFF], .. bytes];
            Assert.Contains("digitalocean-token", SecretSight.In(whole).Select(f => f.Rule));
        }
    }

    [Fact]
    public void Any_part_of_any_sample_is_read_without_a_fault()
    {
        var random = new Random(6);
        foreach (var rule in SecretRules.Table)
        {
            var text = string.Format(System.Globalization.CultureInfo.InvariantCulture, SecretSamples.Surroundings[random.Next(SecretSamples.Surroundings.Length)], SecretSamples.Token(rule, random));
            for (var end = 0; end <= text.Length; end++) SecretSight.Rules(text[..end]);
            for (var start = 0; start < text.Length; start += 7) SecretSight.Rules(text[start..]);
        }
    }

    [Fact]
    public void A_token_is_found_at_every_place_of_a_block_and_beside_every_sign()
    {
        for (var before = 0; before < 80; before++) Assert.Equal([("digitalocean-token", before, Token.Length)], SecretSight.In(new string(' ', before) + Token));
        for (var sign = (char)1; sign < 128; sign++)
            if (!char.IsAsciiLetterOrDigit(sign) && sign is not ('_' or '-')) Assert.Equal("digitalocean-token", SecretSight.Rules($"a{sign}{Token}{sign}b"));
    }
}
