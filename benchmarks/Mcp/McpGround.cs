// What stands on the path of a measured call: the built program with the sandbox, the default rules and detectors, rules and Rego of its own, limits, and the audit log in a store on disk.
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CabinCrew.Benchmarks.Mcp;

internal sealed class McpGround
{
    private const int AnswerChars = 490_000;

    private const string Rules = """
        version: 1
        for: messages
        default: { decision: allow, reason: nothing to object to }
        rules:
          - id: production
            when: { tool: '*', arguments: { '/environment': production } }
            decision: require_approval
            reason: production is changed
          - id: drop-table
            when: { kind: request, argument_text: 'DROP\s+TABLE' }
            decision: deny
            reason: a table goes
        """;

    private const string Rego = """
        package cabincrew.mcp

        is_call if {
        	input.kind == "request"
        	input.method == "tools/call"
        }

        deny contains "not here" if {
        	is_call
        	input.file.action in {"write", "append", "edit", "patch", "move", "delete"}
        	some target in input.file.targets
        	startswith(target.path, "infra/")
        }

        require_approval contains {"msg": "ask", "role": "security"} if {
        	is_call
        	"intern" in input.caller.roles
        	input.file.action == "write"
        }

        require_approval contains {"msg": sprintf("%d lines at once", [input.file.lines_added]), "role": "maintainer"} if {
        	is_call
        	input.file.lines_added > 500
        }

        deny contains {"id": "unknown-server", "msg": sprintf("the server '%s' is none of ours", [input.server])} if {
        	input.kind in {"request", "listing"}
        	input.direction == "to_server"
        	input.name != null
        	not input.server in {"echo", "git", "tracker"}
        }

        warn contains "long" if input.arguments_size > 100000
        """;

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string root, answer;
    private int stores;

    public McpGround(string scratch)
    {
        root = scratch;
        Directory.CreateDirectory(Path.Combine(root, "work", "src", "Gateways"));
        File.WriteAllText(Path.Combine(root, "work", "src", "Gateways", "Session.cs"), "x");
        File.WriteAllText(Path.Combine(root, "rules.yaml"), Rules + "\n");
        File.WriteAllText(Path.Combine(root, "policy.rego"), Rego + "\n");
        answer = Path.Combine(root, "answer.json");
        File.WriteAllBytes(answer, Answer());
    }

    public int AnswerBytes => (int)new FileInfo(answer).Length;

    /// <summary>The gateway in front of the echo server.</summary>
    public Party Gateway(string audit)
    {
        var file = Path.Combine(root, $"gateway-{audit}.yaml");
        var runtime = Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));
        File.WriteAllText(file, $$"""
            version: 1
            servers:
              echo:
                command: [ {{string.Join(", ", ((string[])[Peers.Program, .. Peers.Echo(answer)]).Select(w => $"'{w}'"))}} ]
                env: { DOTNET_ROOT: '{{runtime}}' }
                mounts: [ { path: '{{AppContext.BaseDirectory}}' }, { path: '{{answer}}' }, { path: '{{runtime}}' } ]
            roots: [ work ]
            policies: [ { builtin: mcp-defaults }, { rules: rules.yaml }, { rego: policy.rego } ]
            audit: {{audit}}
            limits: { calls_per_minute: 1000000, burst: 1000000, concurrent: 4096 }
            """);
        var program = Path.Combine(Environment.GetEnvironmentVariable("CABINCREW_APP") ?? throw new InvalidOperationException("CABINCREW_APP names the built program; use benchmarks/run"), "cabincrew");
        return Party.Start(program, root, "mcp", "--config", file, "--store", $"sqlite:{Path.Combine(root, $"store{stores++}")}");
    }

    /// <summary>The same server by itself: nothing in between.</summary>
    public Party Direct() => Party.Start(Peers.Program, root, Peers.Echo(answer));

    /// <summary>A forwarder in front of it that only copies.</summary>
    public Party Copy() => Party.Start(Peers.Program, root, Peers.Copy(answer));

    // Source code as a file server would read it out: our own, with its quotes, its line ends and whatever looks like something.
    private static byte[] Answer()
    {
        var source = string.Concat(Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "source"), "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(File.ReadAllText));
        return JsonSerializer.SerializeToUtf8Bytes(new { content = new[] { new { type = "text", text = source[..AnswerChars] } } }, Relaxed);
    }
}
