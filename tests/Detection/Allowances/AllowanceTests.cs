// Allowances: what they cover and until when, and every way in which a file of them is refused.
using System.Text;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Detection.Allowances;
using CabinCrew.Protocol;

namespace CabinCrew.Detection.Tests.Allowances;

public sealed class AllowanceTests
{
    private static readonly DateOnly Today = new(2026, 12, 1);
    private static readonly DateTimeOffset Now = new(2026, 12, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Digest Secret = Digest.Of("xyzzy"u8);
    private static readonly HashSet<string> Rules = [.. Detectors.Names.SelectMany(d => Detectors.RulesOf(d).SelectMany(r => new[] { r.Id, $"{d}/{r.Id}" }))];

    private static Outcome<AllowanceList> Read(string entries) => AllowanceFile.Read(Encoding.UTF8.GetBytes("version: 1\nallow:\n" + entries), AllowanceFile.Name, Rules, Today);

    private static AllowanceList List(string entries) => Read(entries) is { Ok: true } list ? list.Value : throw new InvalidOperationException(Read(entries).Problem!.Message);

    private const string ByPath = "- rule: private-key\n  path: tests/**/*.pem\n  because: made for tests only\n  until: '2027-01-31'\n";

    private static string ByDigest => $"- rule: secrets/jwt\n  sha256: {Secret.Hex}\n  because: the sample of the RFC\n  until: '2026-12-31'\n";

    [Theory]
    [InlineData("private-key", "tests/a/b/c.pem", true)]
    [InlineData("private-key", "tests/c.pem", true)]
    [InlineData("private-key", "src/c.pem", false)]
    [InlineData("private-key", "tests/c.pem.txt", false)]
    [InlineData("private-key", "x/tests/c.pem", false)]
    [InlineData("jwt", "tests/c.pem", false)]
    public void A_place_is_allowed_for_one_rule(string rule, string path, bool allowed)
    {
        Assert.Equal(allowed, List(ByPath).Allows("secrets", rule, path, Secret, Now) is not null);
        Assert.Equal(allowed, List(ByPath).Allows("secrets", rule, path, null, Now) is not null);
    }

    [Fact]
    public void What_was_found_is_allowed_by_its_digest_and_nothing_else_is()
    {
        var list = List(ByDigest);
        Assert.Equal("the sample of the RFC", list.Allows("secrets", "jwt", "any/where", Secret, Now)!.Because);
        Assert.Null(list.Allows("secrets", "jwt", "any/where", Digest.Of("other"u8), Now));
        Assert.Null(list.Allows("secrets", "jwt", "any/where", null, Now));
        Assert.Null(list.Allows("other", "jwt", "any/where", Secret, Now));
        Assert.Null(AllowanceList.Nothing.Allows("secrets", "jwt", "any/where", Secret, Now));
    }

    [Fact]
    public void After_its_last_day_it_allows_nothing_and_says_so()
    {
        var list = List(ByDigest);
        var last = new DateTimeOffset(2026, 12, 31, 23, 59, 59, TimeSpan.Zero);
        Assert.NotNull(list.Allows("secrets", "jwt", "x", Secret, last));
        Assert.Empty(list.Notices(last));
        Assert.Null(list.Expired("secrets", "jwt", "x", Secret, last));
        Assert.Null(list.Allows("secrets", "jwt", "x", Secret, last.AddSeconds(1)));
        Assert.Equal("it was allowed until 2026-12-31 (line 3: the sample of the RFC)", list.Expired("secrets", "jwt", "x", Secret, last.AddSeconds(1)));
        Assert.Null(list.Expired("secrets", "jwt", "x", Digest.Of("other"u8), last.AddSeconds(1)));
        Assert.Equal("line 3: the allowance for 'secrets/jwt' ended on 2026-12-31 and allows nothing any more", Assert.Single(list.Notices(last.AddSeconds(1))));
    }

    [Theory]
    [InlineData("- path: a/b\n  because: long enough\n  until: '2027-01-01'\n", "'rule' is missing")]
    [InlineData("- rule: jwt\n  because: long enough\n  until: '2027-01-01'\n", "'path' or 'sha256' is missing")]
    [InlineData("- rule: jtw\n  path: a/b\n  because: long enough\n  until: '2027-01-01'\n", "did you mean 'jwt'")]
    [InlineData("- rule: jwt\n  path: a/b\n  until: '2027-01-01'\n", "'because' is missing")]
    [InlineData("- rule: jwt\n  path: a/b\n  because: why\n  until: '2027-01-01'\n", "say why")]
    [InlineData("- rule: jwt\n  path: a/b\n  because: long enough\n", "'until' is missing")]
    [InlineData("- rule: jwt\n  path: a/b\n  because: long enough\n  until: '2028-01-01'\n", "at most 366 days from now, 2027-12-02")]
    [InlineData("- rule: jwt\n  path: a/b\n  because: long enough\n  until: 'soon'\n", "as 2027-01-31")]
    [InlineData("- rule: jwt\n  path: '**'\n  because: long enough\n  until: '2027-01-01'\n", "name the places")]
    [InlineData("- rule: jwt\n  path: ../x\n  because: long enough\n  until: '2027-01-01'\n", "no . and no ..")]
    [InlineData("- rule: jwt\n  path: a**/x\n  because: long enough\n  until: '2027-01-01'\n", "alone between slashes")]
    [InlineData("- rule: jwt\n  sha256: xyzzy\n  because: long enough\n  until: '2027-01-01'\n", "never the secret itself")]
    [InlineData("- rule: jwt\n  path: a/b\n  because: long enough\n  until: '2027-01-01'\n  for: ever\n", "'for'")]
    [InlineData("- jwt\n", "expected a mapping")]
    public void A_slip_is_refused_and_the_whole_file_with_it(string entries, string said)
    {
        var problem = Read(ByPath + entries).Problem!;
        Assert.Equal(ProblemCode.AllowancesInvalid, problem.Code);
        Assert.Contains(said, problem.Message, StringComparison.Ordinal);
        Assert.StartsWith(AllowanceFile.Name + ":", problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("xyzzy", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pattern_built_to_be_slow_is_not()
    {
        var list = List("- rule: jwt\n  path: '" + string.Concat(Enumerable.Repeat("**/*a*a*a*a*b/", 8)) + "x'\n  because: long enough\n  until: '2027-01-01'\n");
        Assert.Null(list.Allows("secrets", "jwt", string.Join('/', Enumerable.Repeat(new string('a', 200), 200)), null, Now));
    }
}
