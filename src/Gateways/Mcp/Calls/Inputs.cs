// Requests and answers that travel within another message: what a server asks of the client in a result or in the news of a task, and what the client answers in its next request
// (2026-07-28, multi round-trip requests). Each is seen as if it had come by itself, so that nobody asks in an answer what may not be asked (MCP-02). Pure.
// Invariant: what two readers could read differently, or what is not such a request or answer, is a refusal.
using System.Text;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Calls;

internal static class Inputs
{
    private const int InputsMax = 64;
    private const int MethodCharsMax = 256;

    // An answer does not say what it answers, and nobody here remembers it: it is judged as each of those that it could be.
    private static readonly string[] Answerable = [McpMethods.Elicit, McpMethods.Sample, McpMethods.RootsList];

    /// <param name="whole">The message, with its findings.</param>
    /// <param name="inputs">The JSON text of <c>inputRequests</c> or <c>inputResponses</c>.</param>
    public static Outcome<IReadOnlyList<MessageSubject>> Of(MessageSubject whole, ReadOnlyMemory<byte> inputs)
    {
        var isAsked = whole.Direction == MessageDirection.ToCaller;
        var member = isAsked ? "inputRequests" : "inputResponses";
        if (!JsonParts.IsObject(inputs)) return Unfit(whole, $"'{member}' is no object");
        var all = JsonParts.Members(inputs);
        if (all.Count > InputsMax) return Unfit(whole, $"'{member}' has more than {InputsMax} members");
        var subjects = new List<MessageSubject>();
        foreach (var (name, value) in all)
        {
            if (!JsonParts.IsObject(value)) return Unfit(whole, $"a member of '{member}' is no object");
            var place = $"/{member}/{JsonParts.Text(name)!.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";
            if (!isAsked) subjects.AddRange(Answerable.Select(method => Input(whole, MessageKind.Response, method, value, place)));
            else if (Asked(whole, value, place).Try(out var subject, out var problem)) subjects.Add(subject);
            else return problem;
        }
        return subjects;
    }

    private static Outcome<MessageSubject> Asked(MessageSubject whole, ReadOnlyMemory<byte> value, string place)
    {
        foreach (var (name, _) in JsonParts.Members(value))
            if (JsonParts.Text(name) is var key && key is not ("method" or "params") && (Nearly(key, "method") || Nearly(key, "params")))
                return Unfit(whole, "a reader that ignores case would take a key of an input request for one of the protocol's");
        if (JsonParts.Text(JsonParts.Member(value, "method"u8)) is not { Length: > 0 and <= MethodCharsMax } method || method.AsSpan().ContainsAnyExceptInRange('!', '~'))
            return Unfit(whole, "an input request has no method in printable ASCII");
        var content = JsonParts.Member(value, "params"u8);
        if (!content.IsEmpty && !JsonParts.IsObject(content)) return Unfit(whole, "the 'params' of an input request are no object");
        return McpMethods.Find(method) is { } known && known.Requests?.HasFlag(Parties.Server) != true
            ? Unfit(whole, $"a server does not ask for '{known.Name}'")
            : Input(whole, MessageKind.Request, method, content, place + "/params");
    }

    private static MessageSubject Input(MessageSubject whole, MessageKind kind, string method, ReadOnlyMemory<byte> content, string place) => whole with
    {
        Kind = kind,
        Method = method,
        Name = null,
        Content = content,
        Arguments = default,
        File = null,
        Pin = PinState.None,
        Annotations = null,
        Findings = [.. whole.Findings.Where(f => f.Place.StartsWith(place + "/", StringComparison.Ordinal)).Select(f => f with { Place = f.Place[place.Length..] })],
    };

    // Readers that ignore case fold the long s into s as well.
    private static bool Nearly(string? key, string name) => key is not null && string.Equals(key.Replace('\u017F', 's'), name, StringComparison.OrdinalIgnoreCase);

    private static Problem Unfit(MessageSubject whole, string why) =>
        new(whole.Direction == MessageDirection.ToCaller ? ProblemCode.UpstreamInvalid : ProblemCode.MessageInvalid, $"{why}; nobody could judge what is asked or answered by it");
}
