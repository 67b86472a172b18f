// The file operations of well-known servers, and names that many others use, in one table (MCP-02). The names of arguments are those servers' own. A new one is one line here.
using CabinCrew.Governance.Policies.Messages;

namespace CabinCrew.Gateways.Mcp.Files;

public static class FileTools
{
    private static readonly string[] Path = ["/path"];
    private static readonly string[] PathNames = ["/path", "/file_path", "/filePath", "/filepath", "/filename", "/file", "/target_file", "/uri"];
    private static readonly string[] DirectoryNames = ["/path", "/dir_path", "/directory", "/dir", "/directory_path", "/relative_workspace_path", "/target_directory"];
    private static readonly string[] ContentNames = ["/content", "/contents", "/text", "/file_text", "/data", "/body"];
    private static readonly string[] PatchNames = ["/patch", "/diff", "/input"];
    private static readonly string[] From = ["/source", "/from", "/old_path", "/src", "/oldPath", "/source_path"];
    private static readonly string[] To = ["/destination", "/to", "/new_path", "/dest", "/newPath", "/destination_path", "/target"];
    private const string EditTool = "str_replace_based_edit_tool";

    public static IReadOnlyList<FileTool> Table { get; } =
    [
        // The protocol's own (spec/draft/mcp-gateway.md).
        new() { Name = "file.read", Action = FileAction.Read, Paths = PathNames },
        new() { Name = "file.write", Action = FileAction.Write, Paths = PathNames, Content = ContentNames },
        new() { Name = "file.append", Action = FileAction.Append, Paths = PathNames, Content = ContentNames },
        new() { Name = "file.delete", Action = FileAction.Delete, Paths = PathNames },
        new() { Name = "file.list", Action = FileAction.List, PathsOptional = DirectoryNames },
        new() { Name = "file.apply_patch", Action = FileAction.Patch, PathsOptional = Path, Patch = PatchNames },

        // @modelcontextprotocol/server-filesystem
        new() { Name = "read_file", Action = FileAction.Read, Paths = PathNames },
        new() { Name = "read_text_file", Action = FileAction.Read, Paths = Path },
        new() { Name = "read_media_file", Action = FileAction.Read, Paths = Path },
        new() { Name = "read_multiple_files", Action = FileAction.Read, Paths = ["/paths/*"] },
        new() { Name = "write_file", Action = FileAction.Write, Paths = PathNames, Content = ContentNames },
        new() { Name = "edit_file", Action = FileAction.Edit, Paths = PathNames, Content = ["/edits/*/newText", "/new_string", "/new_str", "/code_edit"], Removed = ["/edits/*/oldText", "/old_string", "/old_str"] },
        new() { Name = "create_directory", Action = FileAction.CreateDirectory, Paths = DirectoryNames },
        new() { Name = "list_directory", Action = FileAction.List, PathsOptional = DirectoryNames },
        new() { Name = "list_directory_with_sizes", Action = FileAction.List, PathsOptional = Path },
        new() { Name = "directory_tree", Action = FileAction.List, PathsOptional = Path },
        new() { Name = "move_file", Action = FileAction.Move, Paths = [.. From, .. To] },
        new() { Name = "search_files", Action = FileAction.Search, PathsOptional = DirectoryNames },
        new() { Name = "get_file_info", Action = FileAction.Read, Paths = Path },

        // mcp-server-git: a repository's directory, and paths relative to it. What writes, writes into .git by git's own rules.
        new() { Name = "git_status", Action = FileAction.Read, Paths = ["/repo_path"] },
        new() { Name = "git_diff", Action = FileAction.Read, Paths = ["/repo_path"] },
        new() { Name = "git_diff_unstaged", Action = FileAction.Read, Paths = ["/repo_path"] },
        new() { Name = "git_diff_staged", Action = FileAction.Read, Paths = ["/repo_path"] },
        new() { Name = "git_log", Action = FileAction.Read, Paths = ["/repo_path"] },
        new() { Name = "git_show", Action = FileAction.Read, Paths = ["/repo_path"] },
        new() { Name = "git_branch", Action = FileAction.Read, Paths = ["/repo_path"] },
        new() { Name = "git_add", Action = FileAction.Write, Paths = ["/repo_path", "/files/*"], Base = "/repo_path" },
        new() { Name = "git_commit", Action = FileAction.Other, Paths = ["/repo_path"] },
        new() { Name = "git_reset", Action = FileAction.Other, Paths = ["/repo_path"] },
        new() { Name = "git_checkout", Action = FileAction.Other, Paths = ["/repo_path"] },
        new() { Name = "git_create_branch", Action = FileAction.Other, Paths = ["/repo_path"] },
        new() { Name = "git_init", Action = FileAction.Other, Paths = ["/repo_path"] },

        // Names that many servers and agents use.
        new() { Name = "view_file", Action = FileAction.Read, Paths = PathNames },
        new() { Name = "open_file", Action = FileAction.Read, Paths = PathNames },
        new() { Name = "read_files", Action = FileAction.Read, Paths = ["/paths/*", "/files/*", "/files/*/path"] },
        new() { Name = "create_file", Action = FileAction.Write, Paths = PathNames, Content = ContentNames },
        new() { Name = "save_file", Action = FileAction.Write, Paths = PathNames, Content = ContentNames },
        new() { Name = "overwrite_file", Action = FileAction.Write, Paths = PathNames, Content = ContentNames },
        new() { Name = "append_file", Action = FileAction.Append, Paths = PathNames, Content = ContentNames },
        new() { Name = "append_to_file", Action = FileAction.Append, Paths = PathNames, Content = ContentNames },
        new() { Name = "insert_content", Action = FileAction.Edit, Paths = PathNames, Content = ContentNames },
        new() { Name = "replace_in_file", Action = FileAction.Edit, Paths = PathNames, Content = ["/new_string", "/new_str", "/replacement", "/replace", "/diff"], Removed = ["/old_string", "/old_str", "/search"] },
        new() { Name = "search_replace", Action = FileAction.Edit, Paths = PathNames, Content = ["/new_string"], Removed = ["/old_string"] },
        new() { Name = "delete_file", Action = FileAction.Delete, Paths = PathNames },
        new() { Name = "remove_file", Action = FileAction.Delete, Paths = PathNames },
        new() { Name = "delete_directory", Action = FileAction.Delete, Paths = DirectoryNames },
        new() { Name = "remove_directory", Action = FileAction.Delete, Paths = DirectoryNames },
        new() { Name = "make_directory", Action = FileAction.CreateDirectory, Paths = DirectoryNames },
        new() { Name = "rename_file", Action = FileAction.Move, Paths = [.. From, .. To, "/path"] },
        new() { Name = "copy_file", Action = FileAction.Write, Paths = [.. From, .. To] },
        new() { Name = "list_files", Action = FileAction.List, PathsOptional = DirectoryNames },
        new() { Name = "list_dir", Action = FileAction.List, PathsOptional = DirectoryNames },
        new() { Name = "find_files", Action = FileAction.Search, PathsOptional = DirectoryNames },
        new() { Name = "grep_search", Action = FileAction.Search, PathsOptional = DirectoryNames },
        new() { Name = "apply_patch", Action = FileAction.Patch, PathsOptional = Path, Patch = PatchNames },
        new() { Name = "apply_diff", Action = FileAction.Edit, Paths = PathNames, Content = ["/diff", "/patch"] },
        new() { Name = EditTool, When = ("/command", "view"), Action = FileAction.Read, Paths = Path },
        new() { Name = EditTool, When = ("/command", "create"), Action = FileAction.Write, Paths = Path, Content = ["/file_text"] },
        new() { Name = EditTool, When = ("/command", "str_replace"), Action = FileAction.Edit, Paths = Path, Content = ["/new_str"], Removed = ["/old_str"] },
        new() { Name = EditTool, When = ("/command", "insert"), Action = FileAction.Edit, Paths = Path, Content = ["/new_str", "/insert_text"] },
        new() { Name = EditTool, When = ("/command", "undo_edit"), Action = FileAction.Edit, Paths = Path },

        // The protocol's resources, where they are files.
        new() { Name = "resources/read", Action = FileAction.Read, Paths = ["/uri"] },
        new() { Name = "resources/subscribe", Action = FileAction.Read, Paths = ["/uri"] },
    ];
}
