// What calls do to files: the well-known servers' tools, names that others use, patches, and tools that nobody knows.
using System.Text;
using System.Text.Json.Nodes;
using CabinCrew.Gateways.Mcp.Files;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Gateways.Tests.Files;

public sealed class FileRecognizerTests
{
    private static readonly FileRecognizer Recognizer = FileRecognizer.Of([], FileRoots.Of(["/ws"], null, isLocal: false).Value).Value;

    private static FileOperation? Call(string tool, string arguments) => Recognizer.Recognize("tools/call", tool, Encoding.UTF8.GetBytes(arguments));

    private static string Paths(FileOperation? operation) => operation is null ? "nothing" : string.Join(' ', operation.Targets.Select(t => t.Fault == FileFault.None ? t.Path!.Length == 0 ? "." : t.Path : t.Fault.Word()));

    [Theory, Clause("MCP-02")]
    [InlineData("read_file", """{"path":"/ws/a"}""", FileAction.Read, "a")]
    [InlineData("read_text_file", """{"path":"a","head":3}""", FileAction.Read, "a")]
    [InlineData("read_media_file", """{"path":"a.png"}""", FileAction.Read, "a.png")]
    [InlineData("read_multiple_files", """{"paths":["a","/etc/passwd","b"]}""", FileAction.Read, "a outside_roots b")]
    [InlineData("write_file", """{"path":"a","content":"x"}""", FileAction.Write, "a")]
    [InlineData("edit_file", """{"path":"a","edits":[{"oldText":"x","newText":"y"}],"dryRun":true}""", FileAction.Edit, "a")]
    [InlineData("create_directory", """{"path":"d"}""", FileAction.CreateDirectory, "d")]
    [InlineData("list_directory", """{"path":"."}""", FileAction.List, ".")]
    [InlineData("list_directory_with_sizes", """{"path":"d","sortBy":"size"}""", FileAction.List, "d")]
    [InlineData("directory_tree", """{"path":"/ws","excludePatterns":["node_modules"]}""", FileAction.List, ".")]
    [InlineData("move_file", """{"source":"a","destination":"../b"}""", FileAction.Move, "a traversal")]
    [InlineData("search_files", """{"path":"d","pattern":"**/*.cs"}""", FileAction.Search, "d")]
    [InlineData("get_file_info", """{"path":"a"}""", FileAction.Read, "a")]
    [InlineData("file.read", """{"path":"a"}""", FileAction.Read, "a")]
    [InlineData("file.write", """{"path":"a","content":"x"}""", FileAction.Write, "a")]
    [InlineData("file.append", """{"path":"a","content":"x"}""", FileAction.Append, "a")]
    [InlineData("file.delete", """{"path":"a"}""", FileAction.Delete, "a")]
    [InlineData("file.list", """{"path":"d"}""", FileAction.List, "d")]
    [InlineData("git_status", """{"repo_path":"/ws"}""", FileAction.Read, ".")]
    [InlineData("git_add", """{"repo_path":"/ws/sub","files":["a",".env"]}""", FileAction.Write, "sub sub/a sub/.env")]
    [InlineData("git_commit", """{"repo_path":"/ws","message":"m"}""", FileAction.Other, ".")]
    [InlineData("delete_file", """{"path":"a"}""", FileAction.Delete, "a")]
    [InlineData("append_file", """{"file_path":"a","text":"x"}""", FileAction.Append, "a")]
    [InlineData("copy_file", """{"from":"a","to":"b"}""", FileAction.Write, "a b")]
    [InlineData("str_replace_based_edit_tool", """{"command":"view","path":"/ws/a"}""", FileAction.Read, "a")]
    [InlineData("str_replace_based_edit_tool", """{"command":"create","path":"a","file_text":"x"}""", FileAction.Write, "a")]
    [InlineData("str_replace_based_edit_tool", """{"command":"str_replace","path":"a","old_str":"x","new_str":"y"}""", FileAction.Edit, "a")]
    [InlineData("str_replace_based_edit_tool", """{"command":"insert","path":"a","insert_line":1,"insert_text":"y"}""", FileAction.Edit, "a")]
    [InlineData("str_replace_based_edit_tool", """{"command":"explode","path":"a"}""", FileAction.Other, "a")]
    public void Well_known_operations_are_told_the_same_whatever_they_are_called(string tool, string arguments, FileAction action, string paths)
    {
        var operation = Call(tool, arguments);
        Assert.Equal((action, paths), (operation!.Action, Paths(operation)));
    }

    [Theory, Clause("MCP-02")]
    [InlineData("resources/read", """{"uri":"file:///ws/a"}""", "a")]
    [InlineData("resources/read", """{"uri":"FILE:///etc/passwd"}""", "outside_roots")]
    [InlineData("resources/subscribe", """{"uri":"file:///ws/../x"}""", "traversal")]
    [InlineData("resources/read", """{"uri":"https://example.org/a"}""", "nothing")]
    [InlineData("resources/read", """{"uri":"issue://1/../2"}""", "nothing")]
    [InlineData("file.read", """{"path":"a"}""", "a")]
    [InlineData("prompts/get", """{"name":"x","arguments":{"path":"/etc/passwd"}}""", "nothing")]
    public void Methods_that_are_operations_themselves(string method, string parameters, string paths) =>
        Assert.Equal(paths, Paths(Recognizer.Recognize(method, null, Encoding.UTF8.GetBytes(parameters))));

    [Fact]
    public void What_is_brought_and_taken_away_is_known()
    {
        var edit = Call("edit_file", """{"path":"a","edits":[{"oldText":"1\n2\n3","newText":"x\ny"},{"oldText":"4","newText":"chmod 777 z"}]}""")!;
        Assert.Equal(["x", "y", "chmod 777 z"], edit.AddedLines.Select(l => l.Text));
        Assert.Equal([1, 2, 3], edit.AddedLines.Select(l => l.Number));
        Assert.Equal((4, 14L, false), (edit.LinesDeleted, edit.Bytes, edit.Binary));
        Assert.True(Call("write_file", """{"path":"a","content":"x\u0000y"}""")!.Binary);
        Assert.Equal(1, Call("delete_file", """{"path":"a"}""")!.FilesDeleted);
    }

    private const string Patch = "--- a/src/a.cs\n+++ b/src/a.cs\n@@ -1,2 +1,2 @@\n-old\n+new\n same\n--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n";

    [Fact, Clause("MCP-04")]
    public void Patches_are_read_with_the_protocols_own_reader()
    {
        var operation = Call("apply_patch", new JsonObject { ["patch"] = Patch }.ToJsonString())!;
        Assert.Equal((FileAction.Patch, "src/a.cs gone"), (operation.Action, Paths(operation)));
        Assert.Equal((1, 2, false), (operation.FilesDeleted, operation.LinesDeleted, operation.Binary));
        Assert.Equal("new", Assert.Single(operation.AddedLines).Text);
        Assert.Equal(Patch.Length, operation.Bytes);
    }

    [Fact]
    public void Patches_in_an_agents_envelope_are_read_as_well()
    {
        const string Envelope = "*** Begin Patch\n*** Update File: src/a.cs\n@@\n-old\n+new\n*** Add File: b\n+one\n*** Delete File: c\n*** Update File: d\n*** Move to: /etc/e\n*** End Patch\n";
        var operation = Call("apply_patch", new JsonObject { ["input"] = Envelope }.ToJsonString())!;
        Assert.Equal("src/a.cs b c d outside_roots", Paths(operation));
        Assert.Equal((2, 1), (operation.FilesDeleted, operation.LinesDeleted));
        Assert.Equal(["new", "one"], operation.AddedLines.Select(l => l.Text));
    }

    [Theory, Clause("MCP-04")]
    [InlineData("--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-a\n+b\n", "traversal")]
    [InlineData("diff --git a/x b/../../etc/passwd\n", "traversal")]
    [InlineData("this is no patch", "unresolved")]
    [InlineData("--- a/x\n+++ b/x\n@@ -1,9 +1 @@\n-a\n+b\n", "unresolved")]
    [InlineData("*** Begin Patch\n*** Update File: a\n+x\n", "unresolved")]
    [InlineData("*** Begin Patch\n*** Explode File: a\n*** End Patch", "unresolved")]
    [InlineData("*** Begin Patch\n*** Update File: ../../x\n+x\n*** End Patch", "traversal")]
    [InlineData("*** Begin Patch\n*** Update File: a\n+x\n*** End Patch\n*** Begin Patch\n*** Delete File: b\n*** End Patch", "unresolved")]
    public void A_patch_that_cannot_be_read_in_full_is_a_fault(string patch, string fault) =>
        Assert.Equal(fault, Paths(Call("apply_patch", new JsonObject { ["patch"] = patch }.ToJsonString())));

    [Fact]
    public void A_binary_patch_is_told()
    {
        var content = new FileContent(FileKind.Regular, new byte[] { 0, 1, 2, 255 });
        var patch = Encoding.ASCII.GetString(GitPatch.Write([new(new(WorkspacePath.Parse("x.bin"), null, content.State), content.Bytes)], _ => null));
        var operation = Call("apply_patch", new JsonObject { ["patch"] = patch }.ToJsonString())!;
        Assert.Equal(("x.bin", true), (Paths(operation), operation.Binary));
    }

    [Theory, Clause("MCP-04")]
    [InlineData("""{"path":"src/a.cs"}""", "src/a.cs")]
    [InlineData("""{"output_file":"../../x"}""", "traversal")]
    [InlineData("""{"options":{"workDir":"/etc"}}""", "outside_roots")]
    [InlineData("""{"files":["a",{"name":"b","path":"/var/x"}]}""", "a outside_roots")]
    [InlineData("""{"x":"/etc/passwd"}""", "outside_roots")]
    [InlineData("""{"x":"~/.ssh/id"}""", "traversal")]
    [InlineData("""{"x":"C:\\Windows"}""", "traversal")]
    [InlineData("""{"x":"file:///etc/passwd"}""", "outside_roots")]
    [InlineData("""{"x":"a/../../b"}""", "traversal")]
    [InlineData("""{"x":["..\\b"]}""", "traversal")]
    [InlineData("""{"query":"SELECT 1","limit":3,"deep":{"ok":true}}""", "nothing")]
    [InlineData("""{"url":"https://example.org/a/../b","path":"https://example.org/x"}""", "nothing")]
    [InlineData("""{"endpoint":"/users/1"}""", "nothing")]
    [InlineData("""{"text":"see ../x and more\n/../ in prose"}""", "nothing")]
    [InlineData("""{"body":"wait... what"}""", "nothing")]
    public void Unknown_tools_are_asked_for_what_reads_like_a_path(string arguments, string paths)
    {
        var operation = Call("whatever", arguments);
        Assert.Equal(paths, Paths(operation));
        if (operation is not null) Assert.Equal(FileAction.Other, operation.Action);
    }

    [Theory, Clause("MCP-04")]
    [InlineData("read_file", """{"path":"a","file":"/etc/passwd"}""", "a outside_roots")]
    [InlineData("read_text_file", """{"path":"a","extra":{"target_path":"/etc/passwd"}}""", "a outside_roots")]
    [InlineData("read_text_file", """{"file":"/etc/passwd"}""", "outside_roots")]
    [InlineData("read_file", """{"path":["/etc/passwd"]}""", "outside_roots")]
    [InlineData("read_file", """{"path":7}""", "nothing")]
    [InlineData("write_file", """{"path":"a","content":"/etc/passwd"}""", "a")]
    public void Nothing_is_smuggled_past_by_another_argument(string tool, string arguments, string paths) => Assert.Equal(paths, Paths(Call(tool, arguments)));

    [Fact]
    public void A_call_with_more_paths_than_anybody_could_judge_is_a_fault()
    {
        var many = new JsonObject { ["paths"] = new JsonArray([.. Enumerable.Range(0, 10_001).Select(i => (JsonNode)$"a{i}")]) }.ToJsonString();
        Assert.Equal("unresolved", Paths(Call("read_multiple_files", many)));
        Assert.Equal("unresolved", Paths(Call("unknown", many)));
    }

    [Fact]
    public void A_configuration_adds_tools_and_replaces_built_in_ones()
    {
        var roots = FileRoots.Of(["/ws"], null, isLocal: false).Value;
        var own = FileRecognizer.Of([new() { Name = "store", Action = FileAction.Write, Paths = ["/where"], Content = ["/what"] }, new() { Name = "read_file", Action = FileAction.Delete, Paths = ["/path"] }], roots).Value;
        var stored = own.Recognize("tools/call", "store", """{"where":"a","what":"x"}"""u8.ToArray())!;
        Assert.Equal((FileAction.Write, "a", "x"), (stored.Action, Paths(stored), stored.AddedLines[0].Text));
        Assert.Equal(FileAction.Delete, own.Recognize("tools/call", "read_file", """{"path":"a"}"""u8.ToArray())!.Action);
        Assert.Equal(ProblemCode.GatewayFileInvalid, FileRecognizer.Of([new() { Name = "x", Action = FileAction.Read, Paths = ["path"] }], roots).Problem!.Code);
        Assert.Equal(ProblemCode.GatewayFileInvalid, FileRecognizer.Of([new() { Name = "x", Action = FileAction.Read }], roots).Problem!.Code);
    }

    [Fact]
    public void Every_line_of_the_table_is_well_described() => Assert.All(FileTools.Table, t => Assert.Null(t.Fault()));
}
