// MCP-04: the governed file server: what its tools do, what they refuse and in which words, and both eras of the protocol.
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Protocol;
using CabinCrew.Servers.Files.Disk;
using CabinCrew.Servers.Files.Rpc;
using CabinCrew.Servers.Files.Tools;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class FileServerTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("cabincrew-files-").FullName;
    private readonly string outside = Directory.CreateTempSubdirectory("cabincrew-files-outside-").FullName;
    private readonly Tree tree;
    private readonly Toolbox tools;

    public FileServerTests()
    {
        tree = Tree.Open(root);
        tools = Toolbox.For(tree, readOnly: false, plan: false);
        Write("a.txt", "one\ntwo\nthree\n");
        Write("src/main.c", "int main(void) {\n  return 1;\n}\n");
        File.WriteAllText(Path.Join(outside, "secret"), "outside\n");
    }

    public void Dispose()
    {
        tree.Dispose();
        Directory.Delete(root, recursive: true);
        Directory.Delete(outside, recursive: true);
    }

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Join(root, path))!);
        File.WriteAllText(Path.Join(root, path), text);
    }

    private string Read(string path) => File.ReadAllText(Path.Join(root, path));

    private ToolAnswer Call(string tool, object arguments) =>
        tools.CallAsync(tools.Find(tool)!, new(JsonSerializer.SerializeToElement(arguments)), CancellationToken.None).GetAwaiter().GetResult();

    private string Good(string tool, object arguments)
    {
        var answer = Call(tool, arguments);
        Assert.False(answer.IsError, string.Join('\n', answer.Texts));
        return string.Join('\n', answer.Texts);
    }

    private string Bad(string tool, object arguments)
    {
        var answer = Call(tool, arguments);
        Assert.True(answer.IsError, string.Join('\n', answer.Texts));
        return answer.Texts[0];
    }

    private static string DigestOf(string text) => Digest.Of(Encoding.UTF8.GetBytes(text)).ToString();

    [Fact]
    public void A_file_is_read_whole_or_by_lines_or_by_bytes()
    {
        var whole = Call("read_file", new { path = "a.txt" });
        Assert.Equal("one\ntwo\nthree\n", whole.Texts[0]);
        Assert.Equal($"[lines 1-3 of 3; 14 bytes; {DigestOf("one\ntwo\nthree\n")}]", whole.Texts[1]);
        Assert.Equal("two\n", Call("read_file", new { path = Path.Join(root, "a.txt"), start_line = 2, end_line = 2 }).Texts[0]);
        Assert.Contains("beyond its end", Bad("read_file", new { path = "a.txt", start_line = 4 }));
        File.WriteAllBytes(Path.Join(root, "b.bin"), [1, 0, 2, 255]);
        Assert.StartsWith("AQAC/w==\n[base64 of all 4 bytes", Good("read_file", new { path = "b.bin" }));
        Assert.StartsWith("AAI=\n[base64 of bytes 1-2 of 4]", Good("read_file", new { path = "b.bin", encoding = "base64", start_byte = 1, byte_count = 2 }));
        Assert.Contains("no UTF-8 text", Bad("read_file", new { path = "b.bin", encoding = "text" }));
    }

    [Fact]
    public void A_long_text_comes_in_parts_that_say_how_to_go_on()
    {
        Write("long.txt", string.Concat(Enumerable.Range(0, 60_000).Select(i => $"line {i:D6} of a long text\n")));
        var (at, all) = (1, new StringBuilder());
        for (var i = 0; i < 10; i++)
        {
            var part = Call("read_file", new { path = "long.txt", start_line = at });
            all.Append(part.Texts[0]);
            var more = part.Texts[1].IndexOf("start_line ", StringComparison.Ordinal);
            if (more < 0) break;
            at = int.Parse(part.Texts[1][(more + 11)..].Split(';')[0]);
        }
        Assert.Equal(Read("long.txt"), all.ToString());
        Assert.True(at > 1);
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("src/../../x")]
    [InlineData("/etc/passwd")]
    [InlineData("a\u0000b")]
    [InlineData("a\nb")]
    [InlineData("src//x")]
    public void A_path_that_is_not_plainly_beneath_the_root_is_refused_by_every_tool(string path)
    {
        foreach (var (tool, arguments) in ((string, object)[])
        [
            ("read_file", new { path }), ("list_directory", new { path }), ("tree", new { path }), ("search", new { path, pattern = "x" }), ("get_file_info", new { path }),
            ("write_file", new { path, content = "x" }), ("edit_file", new { path, edits = new[] { new { old_text = "a", new_text = "b" } } }), ("create_directory", new { path }),
            ("move_file", new { source = path, destination = "y" }), ("move_file", new { source = "a.txt", destination = path }), ("delete_file", new { path }),
        ])
            Assert.StartsWith("file_path_refused", Bad(tool, arguments));
    }

    [Fact]
    public void A_link_that_leads_out_is_never_followed_and_one_that_stays_inside_is_read()
    {
        File.CreateSymbolicLink(Path.Join(root, "out"), outside);
        File.CreateSymbolicLink(Path.Join(root, "absolute.txt"), Path.Join(outside, "secret"));
        File.CreateSymbolicLink(Path.Join(root, "climbs.txt"), $"../{Path.GetFileName(outside)}/secret");
        File.CreateSymbolicLink(Path.Join(root, "inside.txt"), "a.txt");
        foreach (var path in (string[])["out/secret", "absolute.txt", "climbs.txt"]) Assert.DoesNotContain("outside\n", Bad("read_file", new { path }));
        Bad("list_directory", new { path = "out" });
        Bad("write_file", new { path = "out/planted", content = "x" });
        Bad("delete_file", new { path = "out/secret" });
        Bad("move_file", new { source = "a.txt", destination = "out/a.txt" });
        Assert.Equal("one\ntwo\nthree\n", Call("read_file", new { path = "inside.txt" }).Texts[0]);
        // Written or edited, a link is left alone; deleted, it goes and what it leads to stays.
        Assert.Contains("link", Bad("write_file", new { path = "absolute.txt", content = "x", overwrite = true }));
        Good("delete_file", new { path = "absolute.txt" });
        Assert.Equal(["secret"], Directory.GetFiles(outside).Select(Path.GetFileName));
        Assert.DoesNotContain("outside", Good("search", new { pattern = "outside" }).Split('[')[0]);
    }

    [Fact]
    public void Write_creates_replaces_by_digest_and_never_by_accident()
    {
        Good("write_file", new { path = "new/deep/x.txt", content = "hello\n" });
        Assert.Equal("hello\n", Read("new/deep/x.txt"));
        Assert.Contains("is there already", Bad("write_file", new { path = "a.txt", content = "x" }));
        Assert.StartsWith("workspace_drift", Bad("write_file", new { path = "a.txt", content = "x", expected_digest = DigestOf("other") }));
        Assert.StartsWith("workspace_drift", Bad("write_file", new { path = "absent", content = "x", expected_digest = DigestOf("other") }));
        File.SetUnixFileMode(Path.Join(root, "a.txt"), (UnixFileMode)0b111_101_000);
        Good("write_file", new { path = "a.txt", content = "replaced", expected_digest = DigestOf("one\ntwo\nthree\n") });
        Assert.Equal("replaced", Read("a.txt"));
        Assert.Equal((UnixFileMode)0b111_101_000, File.GetUnixFileMode(Path.Join(root, "a.txt")));
        Good("write_file", new { path = "b.bin", content = "AAEC", encoding = "base64" });
        Assert.Equal([0, 1, 2], File.ReadAllBytes(Path.Join(root, "b.bin")));
        Assert.Contains("no base64", Bad("write_file", new { path = "c.bin", content = "?", encoding = "base64" }));
        Assert.Empty(Directory.GetFiles(root, ".cabincrew-*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Edits_are_exact_all_or_none_and_show_their_diff()
    {
        var dry = Good("edit_file", new { path = "a.txt", edits = new[] { new { old_text = "two", new_text = "2" } }, dry_run = true });
        Assert.Contains("-two\n+2\n", dry);
        Assert.Equal("one\ntwo\nthree\n", Read("a.txt"));
        Assert.Contains("-two\n+2\n", Good("edit_file", new { path = "a.txt", edits = new[] { new { old_text = "two", new_text = "2" } } }));
        Assert.Equal("one\n2\nthree\n", Read("a.txt"));
        Assert.Contains("edits[1].old_text is not in", Bad("edit_file", new { path = "a.txt", edits = new[] { new { old_text = "one", new_text = "1" }, new { old_text = "two", new_text = "x" } } }));
        Assert.Equal("one\n2\nthree\n", Read("a.txt"));
        Write("twice.txt", "x\ny\nx\n");
        Assert.Contains("2 times, on lines 1, 3", Bad("edit_file", new { path = "twice.txt", edits = new[] { new { old_text = "x", new_text = "z" } } }));
        Good("edit_file", new { path = "twice.txt", edits = new[] { new { old_text = "x", new_text = "z", replace_all = true } } });
        Assert.Equal("z\ny\nz\n", Read("twice.txt"));
        Write("crlf.txt", "a\r\nb\r\n");
        Assert.Contains("CR LF", Bad("edit_file", new { path = "crlf.txt", edits = new[] { new { old_text = "a\nb", new_text = "c" } } }));
        Assert.Contains("Line 2 has its first line", Bad("edit_file", new { path = "src/main.c", edits = new[] { new { old_text = "return 1;\n    }", new_text = "c" } } }));
    }

    [Fact]
    public void A_patch_applies_to_all_of_its_files_or_to_none()
    {
        const string patch = """
            --- a/a.txt
            +++ b/a.txt
            @@ -1,3 +1,3 @@
             one
            -two
            +TWO
             three
            --- /dev/null
            +++ b/made/by/patch.txt
            @@ -0,0 +1 @@
            +new
            --- a/src/main.c
            +++ b/src/main.c
            @@ -1,3 +1,3 @@
             int main(void) {
            -  return 1;
            +  return 0;
             }
            """;
        Assert.Contains("dry run", Good("apply_patch", new { patch, dry_run = true }));
        Assert.Equal("one\ntwo\nthree\n", Read("a.txt"));
        Assert.Contains("applied to 3 files", Good("apply_patch", new { patch }));
        Assert.Equal(("one\nTWO\nthree\n", "new\n", "int main(void) {\n  return 0;\n}\n"), (Read("a.txt"), Read("made/by/patch.txt"), Read("src/main.c")));
        // The second file does not fit any more: the first stays too.
        Write("a.txt", "one\ntwo\nthree\n");
        Bad("apply_patch", new { patch });
        Assert.Equal("one\ntwo\nthree\n", Read("a.txt"));
        Bad("apply_patch", new { patch = "--- a/../x\n+++ b/../x\n@@ -0,0 +1 @@\n+x\n" });
        Bad("apply_patch", new { patch = $"diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+{outside}\n\\ No newline at end of file\n" });
        Assert.False(Path.Exists(Path.Join(root, "l")));
    }

    [Fact]
    public void A_change_that_fails_half_way_is_put_back()
    {
        Write("b.txt", "b\n");
        FileWriteOf("a.txt", "A\n", out var first);
        FileWriteOf("b.txt", "B\n", out var second);
        // b.txt moves on after the change was computed.
        Write("b.txt", "b moved\n");
        var refused = Change.Apply(tree, [first, second]);
        Assert.False(refused.Ok);
        Assert.Equal(("one\ntwo\nthree\n", "b moved\n"), (Read("a.txt"), Read("b.txt")));
        Assert.Empty(Directory.GetFiles(root, ".cabincrew-*"));

        void FileWriteOf(string path, string text, out Protocol.Changes.FileWrite write)
        {
            Assert.True(WorkspacePath.TryParse(path, out var parsed));
            var bytes = Encoding.UTF8.GetBytes(text);
            write = new(new(parsed, Change.Read(tree, parsed)!.State, new(Protocol.Changes.FileKind.Regular, Digest.Of(bytes), bytes.Length)), bytes);
        }
    }

    [Fact]
    public void Listing_and_tree_show_kinds_and_bounds()
    {
        File.CreateSymbolicLink(Path.Join(root, "link"), "a.txt");
        Assert.StartsWith("a.txt (14 bytes)\nlink -> a.txt\nsrc/\n\n[3 of 3 entries", Good("list_directory", new { }));
        Assert.StartsWith("src/\n\n[1 of 3", Good("list_directory", new { after = "link" }));
        Assert.StartsWith("a.txt (14 bytes)\nlink -> a.txt\nsrc/\n  main.c (31 bytes)\n", Good("tree", new { }));
        Assert.Contains("at least 2 more", Good("tree", new { max_entries = 1 }));
        Assert.Contains("kind: link", Good("get_file_info", new { path = "link" }));
        Assert.Contains($"digest: {DigestOf("one\ntwo\nthree\n")}", Good("get_file_info", new { path = "a.txt" }));
    }

    [Fact]
    public void Search_finds_text_expressions_and_names()
    {
        Write("src/deep/b.c", "Return\nreturn 2;\n");
        Write(".git/config", "return\n");
        File.WriteAllBytes(Path.Join(root, "bin"), [.. "return"u8, 0]);
        Assert.StartsWith("src/main.c:2:   return 1;\nsrc/deep/b.c:2: return 2;\n\n[2 hits in 3 files searched; 1 binary", Good("search", new { pattern = "return" }));
        Assert.Contains("src/deep/b.c:1: Return\n", Good("search", new { pattern = "return", ignore_case = true }));
        Assert.StartsWith("src/deep/b.c:2: return 2;\n\n[1 hits", Good("search", new { pattern = @"return [2-9];", regex = true, include = new[] { "*.c" }, exclude = new[] { "src/*.c" } }));
        Assert.StartsWith("a.txt-1- one\na.txt:2: two\na.txt-3- three\n", Good("search", new { pattern = "two", context = 1 }));
        Assert.StartsWith("src/main.c\nsrc/deep/b.c\n\n[2 files]", Good("search", new { include = new[] { "**/*.{c,h}" } }));
        Assert.Contains("Lookaround", Bad("search", new { pattern = "(?=x)", regex = true }));
        Assert.Contains("the first 1 results", Good("search", new { pattern = "e", max_results = 1 }));
        Write("evil.txt", new string('a', 200_000) + "!\n");
        Good("search", new { pattern = "(a+)+$", regex = true, path = "", max_results = 10 });
    }

    [Fact]
    public void Moving_and_deleting_never_overwrite_and_say_what_is_in_the_way()
    {
        Assert.Contains("is there already: a directory", Bad("move_file", new { source = "a.txt", destination = "src" }));
        Assert.Contains("into itself", Bad("move_file", new { source = "src", destination = "src/x" }));
        Good("move_file", new { source = "a.txt", destination = "moved/here.txt" });
        Assert.Equal("one\ntwo\nthree\n", Read("moved/here.txt"));
        Assert.Contains("not empty", Bad("delete_file", new { path = "src" }));
        Assert.StartsWith("workspace_drift", Bad("delete_file", new { path = "moved/here.txt", expected_digest = DigestOf("x") }));
        Good("delete_file", new { path = "moved/here.txt", expected_digest = DigestOf("one\ntwo\nthree\n") });
        Assert.Contains("with 1 entries", Good("delete_file", new { path = "src", recursive = true }));
        Bad("delete_file", new { path = "." });
        Good("create_directory", new { path = "x/y/z" });
        Good("create_directory", new { path = "x/y/z" });
        Assert.True(Directory.Exists(Path.Join(root, "x/y/z")));
    }

    [Fact]
    public void Arguments_that_are_wrong_are_all_told_at_once()
    {
        var said = Bad("read_file", new { paht = "a.txt", start_line = 0, encoding = "utf16" });
        Assert.Contains("path: a text is needed", said);
        Assert.Contains("start_line: expected a whole number", said);
        Assert.Contains("encoding: expected one of auto, text, base64", said);
        Assert.Contains("paht: there is no such argument; did you mean 'path'?", said);
    }

    [Fact]
    public void Read_only_has_no_tool_that_writes_and_plan_has_one_more()
    {
        Assert.All(Toolbox.For(tree, readOnly: true, plan: true).All, t => Assert.Equal(Effect.Read, t.Effect));
        Assert.NotNull(Toolbox.For(tree, readOnly: false, plan: true).Find(SubmitTool.Name));
        Assert.Null(tools.Find(SubmitTool.Name));
    }

    private async Task<List<JsonNode>> ConverseAsync(params string[] lines)
    {
        using var output = new MemoryStream();
        await new Conversation(new MemoryStream(Encoding.UTF8.GetBytes(string.Concat(lines.Select(l => l + "\n")))), output, new(tools)).RunAsync();
        return [.. Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!)];
    }

    [Theory]
    [InlineData("2024-11-05", "2024-11-05")]
    [InlineData("2025-11-25", "2025-11-25")]
    [InlineData("1999-01-01", "2025-11-25")]
    public async Task The_older_era_begins_with_initialize(string asked, string answered)
    {
        var said = await ConverseAsync($$$"""{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"{{{asked}}}","capabilities":{},"clientInfo":{"name":"t","version":"1"} } }""",
            """{"jsonrpc":"2.0","method":"notifications/initialized"}""", """{"jsonrpc":"2.0","id":"l","method":"tools/list"}""");
        Assert.Equal(2, said.Count);
        Assert.Equal(answered, said.Single(s => s["id"]!.ToJsonString() == "0")["result"]!["protocolVersion"]!.GetValue<string>());
        var list = said.Single(s => s["id"]!.ToJsonString() == "\"l\"")["result"]!;
        Assert.Null(list["resultType"]);
        Assert.Equal(tools.All.Count, list["tools"]!.AsArray().Count);
    }

    [Fact]
    public async Task The_newer_era_says_its_version_with_every_request()
    {
        static string Request(int id, string method, string members, string version = "2026-07-28") =>
            "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"" + method + "\",\"params\":{" + members + "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"" + version + "\",\"io.modelcontextprotocol/clientCapabilities\":{}}}}";
        var said = await ConverseAsync(
            Request(1, "server/discover", ""), Request(2, "tools/call", "\"name\":\"read_file\",\"arguments\":{\"path\":\"a.txt\"},"), Request(3, "tools/list", "", "1900-01-01"),
            """{"jsonrpc":"2.0","id":4,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}""");
        JsonNode Of(int id) => said.Single(s => s["id"]!.GetValue<int>() == id);
        Assert.Contains("2026-07-28", Of(1)["result"]!["supportedVersions"]!.AsArray().Select(v => v!.GetValue<string>()));
        Assert.Equal("complete", Of(1)["result"]!["resultType"]!.GetValue<string>());
        Assert.NotNull(Of(1)["result"]!["ttlMs"]);
        Assert.Equal("one\ntwo\nthree\n", Of(2)["result"]!["content"]![0]!["text"]!.GetValue<string>());
        Assert.Equal(-32022, Of(3)["error"]!["code"]!.GetValue<int>());
        Assert.Equal(-32602, Of(4)["error"]!["code"]!.GetValue<int>());
    }

    [Fact]
    public async Task Bad_messages_cost_their_answer_and_not_the_session()
    {
        var said = await ConverseAsync("{", "[]", "7", """{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}""", """{"jsonrpc":"2.0","id":null,"method":"ping"}""", """{"jsonrpc":"2.0","id":9,"result":{}}""",
            """{"jsonrpc":"2.0","id":3,"method":"no/such"}""", """{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"nothing"}}""", "", """{"jsonrpc":"2.0","id":5,"method":"ping"}""");
        Assert.Equal(8, said.Count);
        Assert.Equal([-32700, -32600, -32600, -32600, -32600], said.Where(s => s["id"] is null).Select(s => s["error"]!["code"]!.GetValue<int>()));
        Assert.Equal(-32601, said.Single(s => s["id"]?.GetValue<int>() == 3)["error"]!["code"]!.GetValue<int>());
        Assert.NotNull(said.Single(s => s["id"]?.GetValue<int>() == 5)["result"]);
    }

    [Fact]
    public async Task A_line_beyond_the_bound_is_passed_over()
    {
        var lines = new Lines(new MemoryStream([.. new byte[300], (byte)'\n', .. "ok\r\n"u8, .. "cut"u8]), bytesMax: 100);
        Assert.NotNull(await lines.NextAsync());
        Assert.True(lines.WasTooLong);
        Assert.Equal("ok", Encoding.UTF8.GetString((await lines.NextAsync())!));
        Assert.False(lines.WasTooLong);
        Assert.Null(await lines.NextAsync());
    }

    [Fact]
    public async Task Calls_side_by_side_lose_no_write()
    {
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(() => Call("edit_file", new { path = "a.txt", edits = new[] { new { old_text = "three\n", new_text = $"three\nadded {i}\n" } } }))));
        Assert.Equal(43, Read("a.txt").Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }
}
