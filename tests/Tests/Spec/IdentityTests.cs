// Who there is and how we know: the identities file, proof for every name, roles at the moment of use.
using System.Security.Cryptography;
using System.Text;
using CabinCrew.Governance.Access;
using CabinCrew.Protocol;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class IdentityTests : IDisposable
{
    private const string Token = "0123456789abcdef-robot";
    private static readonly DateTimeOffset Now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
    private static readonly string TokenHash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Token)));

    private readonly string directory = Directory.CreateTempSubdirectory("cabincrew-id-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    internal static Credentials As(string user, int? uid = null, string? claimed = null, string? token = null) => new(user, uid ?? 99_001, claimed, token);

    private Outcome<IdentityBook> Load(string yaml, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        var path = Path.Combine(directory, "identities.yaml");
        File.WriteAllText(path, yaml);
        File.SetUnixFileMode(path, mode);
        return IdentityBook.Load(path, new("me", MyUid, null, null));
    }

    // The owner of what this process writes.
    internal static int MyUid => CabinCrew.Governance.Files.PlainFile.Read("/proc/self/comm", 4096, ProblemCode.IdentitiesInvalid).Value.Uid;

    private static readonly string People = $"""
        version: 1
        default_role: lead
        identities:
          - {"{"} name: alice, kind: human, os_user: al, roles: [lead, security] {"}"}
          - {"{"} name: bob, kind: human, os_user: 1042, roles: [lead] {"}"}
          - {"{"} name: carol, kind: human, os_user: carol {"}"}
          - {"{"} name: robot, kind: automation, token_sha256: {TokenHash}, roles: [lead] {"}"}
        delegations:
          - {"{"} from: alice, to: carol, roles: [security], until: 2026-02-01T00:00:00Z {"}"}
        """;

    [Fact, Clause("APR-03")]
    public void A_name_is_given_by_the_os_user_by_uid_or_by_token()
    {
        var book = Load(People).Value;
        Assert.Equal("lead", book.DefaultRole);
        Assert.False(book.SelfApproval);
        Assert.Equal(("alice", "os_user", true), Of(book.Authenticate(As("al"))));
        Assert.Equal(("alice", "os_user", true), Of(book.Authenticate(As("al", claimed: "alice"))));
        Assert.Equal(("bob", "os_user", true), Of(book.Authenticate(As("whatever", 1042))));
        Assert.Equal(("robot", "token", false), Of(book.Authenticate(As("al", token: Token))));
        Assert.Equal(("robot", "token", false), Of(book.Authenticate(As("nobody", claimed: "robot", token: Token))));

        static (string, string, bool) Of(Outcome<Caller> caller) => (caller.Value.Name, caller.Value.AuthenticatedBy, caller.Value.Human);
    }

    [Theory, Clause("APR-03")]
    [InlineData("mallory", null, null)]
    [InlineData("mallory", "alice", null)]
    [InlineData("al", "bob", null)]
    [InlineData("1042", null, null)]
    [InlineData("al", null, "0123456789abcdef-wrong")]
    [InlineData("al", "alice", Token)]
    [InlineData("al", null, "")]
    [InlineData("al", null, "short")]
    [InlineData("al", "robot", null)]
    public void A_name_without_its_proof_is_refused(string user, string? claimed, string? token)
    {
        var caller = Load(People).Value.Authenticate(As(user, claimed: claimed, token: token));
        Assert.Equal(ProblemCode.ApprovalNotAuthenticated, caller.Problem!.Code);
        Assert.DoesNotContain(Token, caller.Problem.ToString());
    }

    [Fact]
    public void Credentials_never_print_their_token() => Assert.DoesNotContain(Token, As("al", token: Token).ToString());

    [Fact]
    public void Without_a_file_the_os_user_is_maintainer_and_cannot_approve_for_itself()
    {
        var book = IdentityBook.Load(Path.Combine(directory, "none.yaml"), As("me", 7)).Value;
        Assert.Equal(["maintainer"], book.Authenticate(As("me", 7)).Value.Roles);
        Assert.False(book.Authenticate(As("me", 8)).Ok);
        Assert.False(book.SelfApproval);
        Assert.Equal("maintainer", book.DefaultRole);
    }

    [Fact, Clause("APR-05")]
    public void A_delegated_role_is_held_in_anothers_name_until_it_ends_and_while_the_other_holds_it()
    {
        var book = Load(People).Value;
        Assert.Equal([new HeldRole("security", "alice")], book.RolesOf("carol", Now));
        Assert.Empty(book.RolesOf("carol", Now.AddDays(1)));
        Assert.Empty(book.RolesOf("carol"));
        Assert.Equal(["alice", "carol"], book.HoldersOf("security", Now));
        Assert.Equal(["alice", "bob"], book.HoldersOf("lead", Now));
    }

    [Theory]
    [InlineData("version: 2\nidentities: []", "from 1 to 1")]
    [InlineData("version: 1\nidentities: []", "1 to 1000")]
    [InlineData("version: 1\nidentites: []", "did you mean 'identities'?")]
    [InlineData("version: 1\nidentities:\n- {name: a, kind: human}", "without proof")]
    [InlineData("version: 1\nidentities:\n- {name: a, kind: humam, os_user: a}", "did you mean 'human'?")]
    [InlineData("version: 1\nidentities:\n- {name: a, kind: human, os_user: a}\n- {name: A, kind: human, os_user: b}", "x.yaml:4:3: the name 'A' is taken")]
    [InlineData("version: 1\nidentities:\n- {name: a, kind: human, os_user: a}\n- {name: b, kind: human, os_user: a}", "one account stands for one identity")]
    [InlineData("version: 1\nidentities:\n- {name: a, kind: human, os_user: a}\n- {name: b, kind: automation, os_user: b}\ndelegations:\n- {from: a, to: b, roles: [x], until: 2026-01-01T00:00:00Z}", "automation")]
    [InlineData("version: 1\nidentities:\n- {name: a, kind: human, os_user: a}\n- {name: b, kind: human, os_user: b}\ndelegations:\n- {from: a, to: b, roles: [x], until: 2026-01-01T00:00:00Z}", "does not hold the role 'x'")]
    [InlineData("version: 1\nidentities:\n- {name: a, kind: human, os_user: a, roles: [x]}\n- {name: b, kind: human, os_user: b}\ndelegations:\n- {from: a, to: b, roles: [x], until: 2026-01-01}", "a moment with its offset")]
    [InlineData("version: 1\nidentities:\n- {name: a, kind: human, os_user: a, roles: [x]}\ndelegations:\n- {from: a, to: c, roles: [x], until: 2026-01-01T00:00:00Z}", "there is no identity 'c'")]
    [InlineData("version: 1\nidentities:\n- {name: a, kind: human, token_sha256: hunter2hunter2}", "64 lower-case hex digits")]
    public void An_identities_file_with_errors_is_refused_with_their_places(string yaml, string says)
    {
        var book = Load(yaml);
        Assert.Equal(ProblemCode.IdentitiesInvalid, book.Problem!.Code);
        Assert.Contains(says.Replace("x.yaml", Path.Combine(directory, "identities.yaml"), StringComparison.Ordinal), book.Problem.Message);
        Assert.DoesNotContain("hunter2", book.Problem.Message);
    }

    [Theory, Clause("APR-03")]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void A_file_that_others_can_write_is_refused(UnixFileMode extra)
    {
        var book = Load(People, UnixFileMode.UserRead | UnixFileMode.UserWrite | extra);
        Assert.Equal(ProblemCode.IdentitiesInvalid, book.Problem!.Code);
        Assert.Contains("chmod go-w", book.Problem.Remedy);
    }

    [Fact, Clause("APR-03")]
    public void A_file_of_another_user_is_refused()
    {
        var path = Path.Combine(directory, "identities.yaml");
        File.WriteAllText(path, People);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var book = IdentityBook.Load(path, new("somebody", MyUid + 1, null, null));
        // Root's files are taken by everybody: who is root can do anything anyway.
        if (MyUid == 0) Assert.True(book.Ok);
        else Assert.Contains("belongs to uid", book.Problem!.Message);
    }
}
