// What a person allows is not told, on the days, in the places and for the texts that were said; afterwards it is told again, with the reason of then.
using System.Security.Cryptography;
using System.Text;
using CabinCrew.Governance.Detection.Allowances;
using CabinCrew.Governance.Detection.Scanning;

namespace CabinCrew.Detection.Tests.Scanning;

public sealed class AllowedFindingsTests
{
    // Put together, so that nobody takes this file for one that holds a key.
    private const string Token = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc";
    private static readonly DateTimeOffset Today = new(2026, 12, 1, 10, 0, 0, TimeSpan.Zero);

    private static ScanResult Scan(string name, string allow, int days = 0, string text = $"KEY = \"{Token}\"\n")
    {
        var list = AllowanceFile.Read(Encoding.UTF8.GetBytes($"version: 1\nallow:\n  - {{ {allow}, because: made for tests, until: '2026-12-31' }}\n"), "allow.yaml", ScanAllowances.Rules, DateOnly.FromDateTime(Today.UtcDateTime)).Value;
        return Scanner.Standard.With(new(list, "/srv/shop", Today.AddDays(days))).Scan(new(name, Encoding.UTF8.GetBytes(text)), default);
    }

    private static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData("src/pay.py")]
    [InlineData("./src/pay.py")]
    [InlineData("/srv/shop/src/pay.py")]
    public void A_place_is_allowed_however_it_is_named(string name)
    {
        var result = Scan(name, "rule: secrets/stripe-key, path: src/*.py");
        Assert.Empty(result.Findings);
        Assert.Equal(1, result.Allowed);
    }

    [Theory]
    [InlineData("other/pay.py", "rule: stripe-key, path: src/*.py")]
    [InlineData("/srv/shopping/src/pay.py", "rule: stripe-key, path: src/*.py")]
    [InlineData("src/pay.py", "rule: jwt, path: src/*.py")]
    public void Nothing_else_is_allowed_by_it(string name, string allow)
    {
        var result = Scan(name, allow);
        Assert.Equal(("stripe-key", 0), (Assert.Single(result.Findings).Rule, result.Allowed));
    }

    [Fact]
    public void What_was_found_is_allowed_by_its_digest_wherever_it_stands_and_no_other()
    {
        Assert.Equal(1, Scan("any/where.txt", $"rule: stripe-key, sha256: '{Sha256(Token)}'").Allowed);
        Assert.Single(Scan("any/where.txt", $"rule: stripe-key, sha256: '{Sha256(Token + "x")}'").Findings);
        // Of a command only the place is known.
        Assert.NotEmpty(Scan("deploy.sh", $"rule: commands/terraform-destroy, sha256: '{Sha256("terraform destroy -auto-approve")}'", text: "terraform destroy -auto-approve\n").Findings);
        Assert.Empty(Scan("deploy.sh", "rule: commands/terraform-destroy, path: deploy.sh", text: "terraform destroy -auto-approve\n").Findings);
    }

    [Fact]
    public void After_the_last_day_it_is_told_again_with_the_reason_of_then()
    {
        Assert.Equal(1, Scan("src/pay.py", "rule: stripe-key, path: src/*.py", days: 30).Allowed);
        var told = Assert.Single(Scan("src/pay.py", "rule: stripe-key, path: src/*.py", days: 31).Findings);
        Assert.EndsWith("it was allowed until 2026-12-31 (line 3: made for tests)", told.Message, StringComparison.Ordinal);
    }
}
