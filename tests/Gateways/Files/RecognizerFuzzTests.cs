// Made-up calls: whatever an agent sends, nothing breaks, and a path without fault is a plain path below its root.
using System.Text;
using CabinCrew.Gateways.Mcp.Files;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Files;

public sealed class RecognizerFuzzTests
{
    private static readonly string[] Samples =
    [
        """{"path":"src/a.cs","content":"x"}""", """{"paths":["a","/etc/passwd","../b"]}""", """{"path":"a","edits":[{"oldText":"x","newText":"y"}]}""", """{"source":"a","destination":"b"}""",
        """{"patch":"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"}""", """{"input":"*** Begin Patch\n*** Update File: a\n-x\n+y\n*** End Patch"}""", """{"uri":"file:///ws/a%20b"}""", """{"command":"view","path":"/ws/a"}""", """{"repo_path":"/ws","files":["x"]}""",
    ];

    private static readonly string[] Words =
        ["..", "/", "\\", "//", "./", "file://", "%2e", "\\u0000", "\\u002e\\u002e", "~", "C:", "\"", ",", "[", "]", "{", "}", ":", "path", "*** ", "+++ b/", "--- a/", "@@ -1 +1 @@\\n", "\u2215", "\u202e", "/ws", "/etc", "null", "1e9", "\\ud800"];

    [Fact, Clause("MCP-04")]
    public void Whatever_is_sent_a_path_without_fault_is_below_its_root()
    {
        var recognizer = FileRecognizer.Of([], FileRoots.Of(["/ws"], null, isLocal: false).Value).Value;
        var tools = FileTools.Table.Select(t => t.Name).Append("unknown").ToArray();
        var recognized = 0;
        for (var seed = 0; seed < 30_000; seed++)
        {
            var random = new Random(seed);
            var text = new StringBuilder(Samples[random.Next(Samples.Length)]);
            for (var i = random.Next(6); i > 0; i--)
            {
                var at = random.Next(text.Length);
                switch (random.Next(3))
                {
                    case 0: text.Insert(at, Words[random.Next(Words.Length)]); break;
                    case 1: text.Remove(at, Math.Min(random.Next(1, 6), text.Length - at)); break;
                    default: text[at] = (char)random.Next(1, 0x250); break;
                }
            }
            var tool = tools[random.Next(tools.Length)];
            var isMethod = tool.Contains('/') || random.Next(4) == 0;
            var operation = recognizer.Recognize(isMethod ? tool : "tools/call", tool, Encoding.UTF8.GetBytes(text.ToString()));
            if (operation is null) continue;
            recognized++;
            Assert.NotEmpty(operation.Targets);
            foreach (var target in operation.Targets)
            {
                var good = target.Fault == FileFault.None ? target.Root == "/ws" && (target.Path == "" || WorkspacePath.TryParse(target.Path, out _)) : target is { Path: null, Root: null };
                Assert.True(good, $"seed {seed}: {target}");
            }
        }
        Assert.True(recognized > 3000, $"only {recognized}");
    }
}
