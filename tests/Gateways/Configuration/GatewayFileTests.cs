// The gateway's configuration: what it says is what is read, and whatever is odd is refused in its place with what was expected.
using CabinCrew.Gateways.Firewall.Configuration;
using System.Text;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Gateways.Mcp.Configuration;
using CabinCrew.Gateways.Mcp.Definitions;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Configuration;

public sealed class GatewayFileTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("cc-gateway-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private Outcome<GatewayDefinition> Read(string yaml) => GatewayFile.Of(Encoding.UTF8.GetBytes(yaml), Path.Combine(directory, GatewayFile.DefaultName));

    private const string Hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    [Fact]
    public void A_file_of_one_server_has_every_default()
    {
        var read = Read("""
            version: 1
            servers:
              files: { files: . }
            """).Value;
        var server = Assert.Single(read.Servers);
        Assert.Equal((ServerKind.Files, directory, false), (server.Kind, server.FilesRoot, server.PlanMode));
        Assert.Equal([directory], read.Roots);
        Assert.Equal("mcp-defaults", Assert.Single(read.Policies).Value);
        Assert.Equal((PinMode.FirstUse, AuditDurability.Batched, 4 << 20), (read.Pins, read.Audit, read.RequestBytesMax));
        Assert.Empty(read.Detectors);
        // Without a word no message is kept.
        Assert.Equal((KeepScope.None, TimeSpan.FromMinutes(2)), (read.Record.Scope, read.AnswersAfterEnd));
        Assert.Equal(KeepScope.Messages, Read("version: 1\nservers: { files: { files: . } }\nrecord: messages\n").Value.Record.Scope);
        Assert.Null(read.Listen);
    }

    [Fact]
    public void Everything_that_may_be_said_is_read()
    {
        var read = Read($$"""
            version: 1
            servers:
              edit: { files: ., mode: plan }
              github:
                command: [npx, -y, server-github]
                env: { GITHUB_TOKEN: { env: GH }, LOG: info, KEY: { file: key.txt } }
                directory: .
                mounts: [{ path: ., access: write }]
                network: [api.github.com]
              far:
                url: https://example.org/mcp
                transport: sse
                headers: { Authorization: { env: FAR } }
            policies: [{ builtin: mcp-defaults }, { rego: policies }]
            aggregation: any_deny
            policy_time_limit: 2s
            roots: [.]
            request_size_max: 1MiB
            response_size_max: 2MiB
            detectors: { secrets: { requests: deny, responses: redact }, injection: { responses: require_approval } }
            approvals: { expires: 5m, ask_person: true, waiting_max: 3, waiting_size_max: 2MiB }
            record: { frames: calls, keep: 7d, size_max: 1GiB, message_size_max: 1MiB }
            answers_after_end: 10s
            pins: strict
            audit: strict
            callers:
              local: { roles: [dev] }
              keys: [{ name: bot, kind: automation, roles: [agent], key_sha256: {{Hash}}, servers: [github], limits: { calls_per_minute: 10, burst: 2 } }]
              jwt: [{ issuer: "https://id.example", audience: gw, keys: { url: "https://id.example/jwks" }, kind: human, roles: [dev], roles_claim: groups }]
              certificates: [{ name: ci, kind: automation, subject: ci.example }]
            limits: { concurrent: 4, bytes_per_day: 1GiB }
            listen: { address: "127.0.0.1:8931", hosts: [gw.example], origins: ["https://app.example"] }
            context: { workflow: refactor, risk: 3 }
            """).Value;
        Assert.Equal(new KeepSettings { Scope = KeepScope.Calls, KeepFor = TimeSpan.FromDays(7), BytesMax = 1L << 30, MessageBytesMax = 1 << 20 }, read.Record);
        Assert.Equal((2 << 20, TimeSpan.FromSeconds(10)), (read.Holds.WaitingBytesMax, read.AnswersAfterEnd));
        var github = read.Servers[1];
        Assert.Equal(["npx", "-y", "server-github"], github.Command);
        Assert.Equal(["api.github.com"], github.Network);
        Assert.Equal(directory, github.WorkingDirectory);
        Assert.Equal([new("env", "GH"), new("text", "info"), new("file", Path.Combine(directory, "key.txt"))], github.Environment.Values.ToArray());
        Assert.Equal(new MountDefinition(directory, true), Assert.Single(github.Mounts));
        Assert.Equal((UrlTransport.Sse, "https://example.org/mcp"), (read.Servers[2].Transport, read.Servers[2].Url!.AbsoluteUri));
        Assert.Equal(("bot", false, 10, 2), (read.Callers.Keys[0].Grant.Name, read.Callers.Keys[0].Grant.Human, read.Callers.Keys[0].Grant.Limits!.CallsPerMinute, read.Callers.Keys[0].Grant.Limits!.Burst));
        Assert.Equal(["RS256", "ES256"], read.Callers.Issuers[0].Algorithms);
        Assert.Equal(("127.0.0.1", 8931), (read.Listen!.Address, read.Listen.Port));
        Assert.Equal((TimeSpan.FromMinutes(5), true, 3), (read.Holds.Expires, read.Holds.AskPerson, read.Holds.WaitingMax));
        Assert.Equal((Decision.Deny, Decision.Warn, true), (read.Detectors["secrets"].FromCaller, read.Detectors["secrets"].FromServer, read.Detectors["secrets"].RedactFromServer));
        Assert.Equal((Decision.RequireApproval, false, 2 << 20), (read.Detectors["injection"].FromServer, read.Detectors["injection"].RedactFromServer, read.ResponseBytesMax));
        Assert.Equal("refactor", read.Context!.Value.GetProperty("workflow").GetString());
        Assert.True(read.Servers[0].PlanMode);
    }

    [Theory]
    [InlineData("servers: {}", "1 to 64")]
    [InlineData("servers: { a: { command: [x], url: 'https://e.org' } }", "exactly one of command, url, files")]
    [InlineData("servers: { a__b: { command: [x] } }", "a server's name")]
    [InlineData("servers: { a: { command: [x] }, A: { command: [y] } }", "a second time")]
    [InlineData("servers: { a: { comand: [x] } }", "did you mean 'command'")]
    [InlineData("servers: { a: { files: missing } }", "found none at 'missing'")]
    [InlineData("servers: { a: { files: / } }", "root of the file system")]
    [InlineData("servers: { a: { command: [x], mounts: [{ path: / }] } }", "less than the whole file system")]
    [InlineData("servers: { a: { command: [x], env: { TOKEN: 7 } } }", "expected text, or a source")]
    [InlineData("servers: { a: { command: [x], env: { TOKEN: { env: A, file: b } } } }", "expected one of env, file")]
    [InlineData("servers: { a: { url: 'ftp://e.org' } }", "http or https")]
    [InlineData("servers: { a: { url: 'https://u:p@e.org' } }", "without a user")]
    [InlineData("servers: { a: { url: 'https://e.org', headers: { Host: x } } }", "header that the gateway does not set")]
    [InlineData("servers: { a: { command: [x] } }\npolicies: []", "nothing is allowed")]
    [InlineData("servers: { a: { command: [x] } }\npolicies: [{ builtin: defaults }]", "mcp-defaults")]
    [InlineData("servers: { a: { command: [x] } }\nlisten: { address: '127.0.0.1:1' }", "nobody could call")]
    [InlineData("servers: { a: { command: [x] } }\nlisten: { address: '0.0.0.0:1' }", "in the clear")]
    [InlineData("servers: { a: { command: [x] } }\ncallers: { keys: [{ name: b, kind: automation, key_sha256: secret }] }", "64 lower-case hex digits")]
    [InlineData("servers: { a: { command: [x] } }\ncallers: { keys: [{ name: b, kind: automation, key_sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, servers: [c] }] }", "no server 'c'")]
    [InlineData("servers: { a: { command: [x] } }\ncallers: { jwt: [{ issuer: i, audience: a, kind: human, keys: { url: 'http://e.org/k' } }] }", "expected an https URL")]
    [InlineData("servers: { a: { command: [x] } }\ncallers: { jwt: [{ issuer: i, audience: a, kind: human, keys: { file: k }, algorithms: [none] }] }", "'none' is none of")]
    [InlineData("servers: { a: { command: [x] } }\npins: never", "first_use, strict")]
    [InlineData("servers: { a: { command: [x] } }\nlimits: { burst: 3 }", "goes with 'calls_per_minute'")]
    public void What_is_odd_is_refused_in_its_place(string yaml, string expected)
    {
        var problem = Read($"version: 1\n{yaml}\n").Problem;
        Assert.NotNull(problem);
        Assert.Equal(ProblemCode.GatewayFileInvalid, problem.Code);
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hash_that_is_none_is_not_repeated_since_it_may_be_the_key()
    {
        var problem = Read("version: 1\nservers: { a: { command: [x] } }\ncallers: { keys: [{ name: b, kind: automation, key_sha256: hunter2hunter2 }] }\n").Problem;
        Assert.DoesNotContain("hunter2", problem!.ToString(), StringComparison.Ordinal);
    }
}
