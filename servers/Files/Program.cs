// The governed file server: an MCP server on standard input and output for one directory tree (MCP-04). `cabincrew mcp --files DIR` runs it in the sandbox with
// that directory mounted and nothing else, so the kernel confines it; what it checks by itself comes on top.
using CabinCrew.Servers.Files.Disk;
using CabinCrew.Servers.Files.Rpc;
using CabinCrew.Servers.Files.Tools;

var (root, readOnly, plan) = ((string?)null, false, false);
foreach (var argument in args)
    switch (argument)
    {
        case "--read-only":
            readOnly = true;
            break;
        case "--plan":
            plan = true;
            break;
        case [not '-', ..] when root is null:
            root = argument;
            break;
        default:
            Console.Error.WriteLine("usage: cabincrew-server-files DIRECTORY [--read-only] [--plan]");
            return 2;
    }
if (root is null || !Directory.Exists(root))
{
    Console.Error.WriteLine($"cabincrew-server-files: {(root is null ? "a directory is needed" : $"'{root}' is no directory")}");
    return 2;
}
using var tree = Tree.Open(Path.GetFullPath(root));
using var output = Console.OpenStandardOutput();
using var input = Console.OpenStandardInput();
var toolbox = Toolbox.For(tree, readOnly, plan);
await new Conversation(input, output, new Dispatcher(toolbox)).RunAsync();
return 0;
