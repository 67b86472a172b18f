// What may be asked of a declared host (ENG-06): anything in take-off; in flight-plan only what HTTP calls safe, without a body, and the one POST that
// reads a git repository, where the server itself said before that it is one. Pure but for that memory.
using System.Collections.Concurrent;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Engines.Network;

internal sealed class RequestRules(EngineMode mode)
{
    private const string UploadPack = "/git-upload-pack", Advertisement = "/info/refs?service=git-upload-pack";

    /// <summary>Headers by which a server takes one method for another.</summary>
    private static readonly string[] MethodOverrides = ["X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override"];

    private readonly ConcurrentDictionary<string, bool> repositories = new(StringComparer.Ordinal);

    /// <param name="url">Whole, as it will be asked for.</param>
    public Problem? Judge(HttpHead head, string url, Framing body)
    {
        if (head.Method is "CONNECT" or "TRACE") return Method($"{head.Method} is never forwarded");
        if (head.AsksForUpgrade) return new(ProblemCode.NetworkUpgradeRefused, "the connection cannot be upgraded to another protocol: only single requests are forwarded");
        if (mode == EngineMode.TakeOff) return null;
        if (MethodOverrides.FirstOrDefault(head.Has) is { } header) return Method($"the header {header} would make it another method");
        if (IsUploadPack(head, url))
            return repositories.ContainsKey(url[..^UploadPack.Length])
                ? null
                : Method("git-upload-pack is forwarded only after this server has answered info/refs?service=git-upload-pack of the same repository");
        if (head.Method is not ("GET" or "HEAD" or "OPTIONS")) return Method($"{head.Method} is no reading method; a flight-plan may GET, HEAD, OPTIONS, and fetch from git");
        return body.HasBody ? Method($"{head.Method} with a body is not forwarded from a flight-plan") : null;
    }

    /// <summary>The body that goes with a POST in flight-plan.</summary>
    public Problem? JudgeBody(HttpHead head, ReadOnlySpan<byte> body)
    {
        if (mode == EngineMode.TakeOff || head.Method != "POST") return null;
        // A packet line begins with its length in four hex digits; a longer request is compressed as a whole.
        var gzip = head.Values("Content-Encoding").ToList() is ["gzip"] && body.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]);
        return gzip || (!head.Has("Content-Encoding") && IsPacketLine(body))
            ? null
            : Method("the body is not what git sends to git-upload-pack");
    }

    /// <summary>An answer came: perhaps a server that said it is a git repository.</summary>
    public void Learn(HttpHead head, string url, int status, string? contentType)
    {
        if (head.Method == "GET" && status == 200 && contentType == "application/x-git-upload-pack-advertisement" && url.EndsWith(Advertisement, StringComparison.Ordinal))
            repositories[url[..^Advertisement.Length]] = true;
    }

    private static bool IsUploadPack(HttpHead head, string url) =>
        head.Method == "POST" && url.EndsWith(UploadPack, StringComparison.Ordinal) && !url.Contains('?') && head.Values("Content-Type").ToList() is ["application/x-git-upload-pack-request"];

    private static bool IsPacketLine(ReadOnlySpan<byte> body)
    {
        if (body.Length < 4) return false;
        foreach (var b in body[..4])
            if (!char.IsAsciiHexDigit((char)b)) return false;
        return true;
    }

    private static Problem Method(string why) => new(ProblemCode.NetworkMethodRefused, why);
}
