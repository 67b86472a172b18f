// The names of members that decide what a message is. A key that only nearly is one of them is refused: readers that ignore case would take it for the name.
using System.Text;
using System.Text.Json;

namespace CabinCrew.Gateways.Mcp.Wire;

/// <summary>A member that the frame reader acts on; by which object it stands in.</summary>
internal enum Member : byte { Other, JsonRpc, Id, Method, Params, Result, Error, Name, Uri, Arguments, Meta, InputRequests, InputResponses, Task, TaskId, ProgressToken, Version }

internal static class FrameNames
{
    private const int CharsMax = 64;

    // Longer than any name, with room for each letter spelled as an escape.
    private const int EscapedBytesMax = CharsMax * 6;

    /// <summary>Which of the names of this object the key is. Nearly: it equals one only for readers that ignore case.</summary>
    public static Member Of(ref Utf8JsonReader reader, Member within, out bool nearly)
    {
        nearly = false;
        var spelled = reader.ValueSpan;
        if (spelled.Length > EscapedBytesMax) return Member.Other;
        Span<byte> copy = stackalloc byte[EscapedBytesMax];
        scoped var key = spelled;
        if (reader.ValueIsEscaped) key = copy[..reader.CopyString(copy)];
        if (key.Length > CharsMax) return Member.Other;
        var exact = Exact(key, within);
        if (exact is Member.Other) nearly = Nearly(key, within);
        return exact;
    }

    private static Member Exact(ReadOnlySpan<byte> key, Member within) => within switch
    {
        Member.Other => key switch
        {
            _ when key.SequenceEqual("jsonrpc"u8) => Member.JsonRpc,
            _ when key.SequenceEqual("id"u8) => Member.Id,
            _ when key.SequenceEqual("method"u8) => Member.Method,
            _ when key.SequenceEqual("params"u8) => Member.Params,
            _ when key.SequenceEqual("result"u8) => Member.Result,
            _ when key.SequenceEqual("error"u8) => Member.Error,
            _ => Member.Other,
        },
        Member.Params => key switch
        {
            _ when key.SequenceEqual("name"u8) => Member.Name,
            _ when key.SequenceEqual("uri"u8) => Member.Uri,
            _ when key.SequenceEqual("arguments"u8) => Member.Arguments,
            _ when key.SequenceEqual("_meta"u8) => Member.Meta,
            _ when key.SequenceEqual("inputRequests"u8) => Member.InputRequests,
            _ when key.SequenceEqual("inputResponses"u8) => Member.InputResponses,
            _ when key.SequenceEqual("taskId"u8) => Member.TaskId,
            _ => Member.Other,
        },
        Member.Result => key switch
        {
            _ when key.SequenceEqual("inputRequests"u8) => Member.InputRequests,
            _ when key.SequenceEqual("task"u8) => Member.Task,
            _ when key.SequenceEqual("taskId"u8) => Member.TaskId,
            _ => Member.Other,
        },
        Member.Meta => key switch
        {
            _ when key.SequenceEqual("progressToken"u8) => Member.ProgressToken,
            _ when key.SequenceEqual("io.modelcontextprotocol/protocolVersion"u8) => Member.Version,
            _ => Member.Other,
        },
        _ => Member.Other,
    };

    // What else is read of params by sessions and servers, but not by the frame reader itself.
    private static readonly string[] Top = ["jsonrpc", "id", "method", "params", "result", "error"];
    private static readonly string[] InParams =
        ["name", "uri", "arguments", "_meta", "cursor", "requestId", "progressToken", "progress", "ref", "task", "taskId", "requestState", "inputRequests", "inputResponses", "protocolVersion", "capabilities", "clientInfo", "notifications"];
    private static readonly string[] InResult = ["inputRequests", "task", "taskId"];
    private static readonly string[] InMeta =
        ["progressToken", "io.modelcontextprotocol/protocolVersion", "io.modelcontextprotocol/clientCapabilities", "io.modelcontextprotocol/clientInfo", "io.modelcontextprotocol/subscriptionId"];

    private static bool Nearly(scoped ReadOnlySpan<byte> key, Member within)
    {
        var names = within switch { Member.Other => Top, Member.Params => InParams, Member.Result => InResult, Member.Meta => InMeta, _ => [] };
        Span<byte> folded = stackalloc byte[CharsMax];
        if (!Ascii.IsValid(key)) key = Fold(key, folded);
        foreach (var name in names)
            if (key.Length == name.Length && Ascii.EqualsIgnoreCase(key, name)) return !Ascii.Equals(key, name) || folded[0] != 0;
        return false;
    }

    // The two letters beyond ASCII that Unicode folds into it: the long s, and the sign of Kelvin.
    private static ReadOnlySpan<byte> Fold(ReadOnlySpan<byte> key, Span<byte> into)
    {
        var length = 0;
        for (var i = 0; i < key.Length; length++)
        {
            var rest = key[i..];
            var (letter, used) = rest switch
            {
                [0xC5, 0xBF, ..] => ((byte)'s', 2),
                [0xE2, 0x84, 0xAA, ..] => ((byte)'k', 3),
                _ => (rest[0], 1),
            };
            into[length] = letter;
            i += used;
        }
        return into[..length];
    }
}
