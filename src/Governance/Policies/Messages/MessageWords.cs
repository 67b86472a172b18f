// The words of messages as rules, input documents and records spell them.
namespace CabinCrew.Governance.Policies.Messages;

public static class MessageWords
{
    public static string Word(this MessageDirection direction) => direction switch
    {
        MessageDirection.ToServer => "to_server",
        MessageDirection.ToCaller => "to_caller",
    };

    public static string Word(this MessageKind kind) => kind switch
    {
        MessageKind.Request => "request",
        MessageKind.Notification => "notification",
        MessageKind.Response => "response",
        MessageKind.Listing => "listing",
    };

    public static string Word(this PinState pin) => pin switch
    {
        PinState.None => "none",
        PinState.New => "new",
        PinState.Accepted => "accepted",
        PinState.Changed => "changed",
    };

    public static string Word(this FileAction action) => action switch
    {
        FileAction.Read => "read",
        FileAction.List => "list",
        FileAction.Search => "search",
        FileAction.Write => "write",
        FileAction.Append => "append",
        FileAction.Edit => "edit",
        FileAction.Patch => "patch",
        FileAction.Move => "move",
        FileAction.Delete => "delete",
        FileAction.CreateDirectory => "create_directory",
        FileAction.Other => "other",
    };

    public static string Word(this FileFault fault) => fault switch
    {
        FileFault.None => "none",
        FileFault.OutsideRoots => "outside_roots",
        FileFault.Traversal => "traversal",
        FileFault.LinkEscape => "link_escape",
        FileFault.Unresolved => "unresolved",
    };

    /// <summary>What a caller is: a person, a machine, or not known.</summary>
    public static string Kind(this MessageCaller caller) => caller.Human switch { true => "human", false => "automation", null => "unknown" };

    /// <summary>Every word of an enumeration with its value, for those who read them.</summary>
    public static (string Word, T Value)[] Of<T>(Func<T, string> word) where T : struct, Enum => [.. Enum.GetValues<T>().Select(v => (word(v), v))];
}
