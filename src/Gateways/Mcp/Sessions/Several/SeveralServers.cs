// Several servers behind one endpoint: whom each message is for, and one answer where several answer (MCP-01).
// Invariant: only names, ids, cursors and the merged introductions and lists are the gateway's; every other byte is as its author wrote it.
using System.Text;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Sessions.Several;

internal sealed class SeveralServers : IRoutes
{
    private readonly SessionParts session;
    private readonly SharedNames names;
    private readonly Owners resources = new();
    private readonly Owners tasks = new();
    private readonly Owners clientTasks = new();
    private readonly MergedLists lists;
    private readonly Lock gate = new();
    // What each server said that it can do; who has not been asked may be able to do anything.
    private readonly Dictionary<Link, ReadOnlyMemory<byte>> capabilities = [];

    public SeveralServers(SessionParts session, IReadOnlyList<Link> links)
    {
        this.session = session;
        Links = links;
        names = new(links);
        lists = new(names, resources, tasks);
    }

    public IReadOnlyList<Link> Links { get; }

    public Route Request(Frame frame) => frame.Method switch
    {
        McpMethods.Ping => new(null, frame, Reply: Replies.Empty(frame.Id)),
        McpMethods.Initialize or McpMethods.Discover => Each(frame, Links),
        _ when frame.Version is null && !session.Standing.Open => Nowhere(frame, "'initialize' has not been answered yet", ErrorCodes.NoVersion),
        McpMethods.SetLevel => Each(frame, Able("logging")),
        McpMethods.Listen => Listen(frame),
        McpMethods.ToolsCall or McpMethods.PromptsGet => Named(frame, frame.Name!, frame.NameText),
        McpMethods.ResourcesRead or McpMethods.ResourcesSubscribe or McpMethods.ResourcesUnsubscribe => Owned(frame, OwnerOf(frame.Name!), "no server has shown this resource"),
        McpMethods.Complete => Complete(frame),
        "tasks/get" or "tasks/result" or "tasks/cancel" or "tasks/update" => Owned(frame, TaskOf(frame) is { } task ? tasks.Of(task) : null, "no server has shown this task"),
        _ when MergedLists.Member(frame.Method!) is not null => List(frame),
        _ => Nowhere(frame, "this method does not say which of the servers it is for", ErrorCodes.UnknownMethod),
    };

    public IReadOnlyList<Leg> Notification(Frame frame)
    {
        if (TaskOf(frame) is { } task) return clientTasks.Of(task) is { } owner ? [new(owner, frame)] : [];
        return [.. Links.Where(l => Joined(l, frame)).Select(l => new Leg(l, frame))];
    }

    // In a session, a server that refused its handshake is told nothing.
    private bool Joined(Link link, Frame frame) => frame.Version is not null || session.Standing.HasAgreed(link);

    public ReadOnlyMemory<byte> ClientId(Frame request) => session.Questions.NextId();

    public ReadOnlyMemory<byte> ClientToken(Frame request, ReadOnlyMemory<byte> clientId) => request.ProgressToken.IsEmpty ? default : clientId;

    public ReadOnlyMemory<byte> ToClient(OpenRequest open, Frame frame)
    {
        var bytes = JsonParts.Replace(frame.Bytes, frame.Id, open.Id.Span);
        return frame.ProgressToken.IsEmpty ? bytes : JsonParts.Replace(bytes, session.Read(bytes).ProgressToken, open.Token.Span);
    }

    public ReadOnlyMemory<byte> Answer(OpenRequest open, Frame answer)
    {
        if (answer.Kind is FrameKind.Result)
        {
            if (JsonParts.Text(JsonParts.Member(JsonParts.Member(answer.Answer, "task"u8), "taskId"u8)) is { } task) tasks.Claim(task, open.Link!);
            // What a tool points to is its server's, listed or not.
            if (answer.Answer.Span.IndexOf("\"resource_link\""u8) >= 0)
                foreach (var part in JsonParts.Elements(JsonParts.Member(answer.Answer, "content"u8)))
                    if (JsonParts.Text(JsonParts.Member(part, "type"u8)) is "resource_link" && JsonParts.Text(JsonParts.Member(part, "uri"u8)) is { } uri) resources.Claim(uri, open.Link!);
        }
        return answer.Bytes;
    }

    public ReadOnlyMemory<byte> Merge(OpenRequest whole, IReadOnlyList<Gathered> answers)
    {
        var good = answers.Where(a => !a.Result.IsEmpty).ToList();
        if (good.Count == 0)
        {
            if (whole.Frame.Method is McpMethods.Initialize) session.Standing.NotAgreed();
            return answers[0].Error;
        }
        switch (whole.Frame.Method)
        {
            case McpMethods.Initialize:
                var welcome = MergedHello.Initialize(good);
                foreach (var one in good)
                {
                    Learn(one);
                    session.Standing.AgreedWith(one.Leg.Link!, JsonParts.Text(JsonParts.Member(one.Result, "protocolVersion"u8)) ?? "");
                }
                session.Standing.Agreed(welcome);
                return Replies.Result(whole.AskerId, welcome);
            case McpMethods.Discover when good.Count < answers.Count:
                // A client of both eras falls back to the one that all servers speak; a server left out in silence would be missed.
                var silent = string.Join(", ", answers.Where(a => a.Result.IsEmpty).Select(a => a.Leg.Link!.Name));
                return Replies.Error(whole.AskerId, Unplaced($"not every server speaks the stateless era (not: {silent})", ErrorCodes.UnknownMethod));
            case McpMethods.Discover:
                foreach (var one in good) Learn(one);
                return Replies.Result(whole.AskerId, MergedHello.Discover(good));
            case { } method when MergedLists.Member(method) is not null:
                var merged = lists.Merge(method, good);
                return merged.IsEmpty
                    ? Replies.Error(whole.AskerId, new Problem(ProblemCode.UpstreamInvalid, "the servers' cursors are too long to go on from"))
                    : Replies.Result(whole.AskerId, merged);
            default:
                return Replies.Result(whole.AskerId, good[0].Result);
        }
    }

    public Problem? Unowned(Link link, Frame request)
    {
        if (!request.Method!.StartsWith("tasks/", StringComparison.Ordinal)) return null;
        return TaskOf(request) is { } task && clientTasks.Of(task) == link
            ? null
            : Unplaced("a server sees only the tasks that it has begun at the client itself", ErrorCodes.UnknownName);
    }

    public void Answered(OpenRequest open, Frame answer)
    {
        if (JsonParts.Text(JsonParts.Member(JsonParts.Member(answer.Answer, "task"u8), "taskId"u8)) is { } task) clientTasks.Claim(task, open.Link!);
    }

    public Frame TokenOf(OpenRequest open, Frame progress, ReadOnlyMemory<byte> token) => session.Read(JsonParts.Replace(progress.Bytes, token, open.Frame.ProgressToken.Span));

    // A token of a task is known to one server only by the request that began it, which is over: it could be any other server's.
    public bool IsTaskToken(Link link, Frame progress) =>
        JsonParts.Text(JsonParts.Member(JsonParts.Member(progress.Meta, "io.modelcontextprotocol/related-task"u8), "taskId"u8)) is { } task && tasks.Of(task) == link;

    public void Lost(Link link)
    {
        tasks.Forget(link);
        clientTasks.Forget(link);
    }

    private static Problem Unplaced(string why, string reason) => new Problem(ProblemCode.MessageUnexpected, why).With(FrameReader.ReasonKey, reason);

    private static Route Nowhere(Frame frame, string why, string reason = ErrorCodes.UnknownName) => new(null, frame, Refused: Unplaced(why, reason));

    private Route Each(Frame frame, IEnumerable<Link> among)
    {
        var links = frame.Method is McpMethods.Initialize or McpMethods.Discover ? Links : [.. among.Where(l => Joined(l, frame))];
        return links.Count == 0 ? Nowhere(frame, "no server can do this", ErrorCodes.UnknownMethod) : new(null, frame, [.. links.Select(l => new Leg(l, frame))]);
    }

    private Route Owned(Frame frame, Link? owner, string unknown) => owner is null ? Nowhere(frame, unknown) : To(owner, frame);

    private Route To(Link link, Frame frame) =>
        Joined(link, frame) ? new(link, frame) : new(null, frame, Refused: new Problem(ProblemCode.UpstreamFailed, $"'{link.Name}' did not join this session"));

    private Route Named(Frame frame, string shared, ReadOnlyMemory<byte> text)
    {
        if (names.Find(shared) is not { } found) return Nowhere(frame, "no server has this name; names here begin with their server's and '__'");
        return To(found.Link, session.Read(JsonParts.Replace(frame.Bytes, text, JsonParts.Quoted(found.Own))));
    }

    private Route Complete(Frame frame)
    {
        var reference = JsonParts.Member(frame.Params, "ref"u8);
        var name = JsonParts.Member(reference, "name"u8);
        if (JsonParts.Text(JsonParts.Member(reference, "type"u8)) is not "ref/resource")
            return JsonParts.Text(name) is { } shared ? Named(frame, shared, name) : Nowhere(frame, "the reference names no prompt");
        return Owned(frame, JsonParts.Text(JsonParts.Member(reference, "uri"u8)) is { } uri ? OwnerOf(uri) : null, "no server has shown this resource");
    }

    private Route List(Frame frame)
    {
        var cursor = JsonParts.Member(frame.Params, "cursor"u8);
        if (cursor.IsEmpty) return Each(frame, Able(frame.Method![..frame.Method!.IndexOf('/', StringComparison.Ordinal)]));
        if (JsonParts.Text(cursor) is not { } text || Cursors.Read(text) is not { } places) return Nowhere(frame, "the cursor is not one that was given out here");
        var legs = new List<Leg>();
        foreach (var (server, own) in places)
            if (Links.FirstOrDefault(l => l.Name == server) is { } link && legs.TrueForAll(l => l.Link != link)) legs.Add(new(link, session.Read(JsonParts.Replace(frame.Bytes, cursor, own.Span))));
        return legs.Count == 0 ? Nowhere(frame, "the cursor is not one that was given out here") : new(null, frame, legs);
    }

    // Each server is told only of the resources that are its own.
    private Route Listen(Frame frame)
    {
        var wanted = JsonParts.Member(JsonParts.Member(frame.Params, "notifications"u8), "resourceSubscriptions"u8);
        if (wanted.IsEmpty) return Each(frame, Links);
        var uris = JsonParts.Elements(wanted);
        return new(null, frame, [.. Links.Select(l => new Leg(l, session.Read(JsonParts.Replace(frame.Bytes, wanted, Array(uris.Where(u => JsonParts.Text(u) is { } uri && OwnerOf(uri) == l))))))]);

        static byte[] Array(IEnumerable<ReadOnlyMemory<byte>> elements) => Encoding.UTF8.GetBytes($"[{string.Join(',', elements.Select(e => Encoding.UTF8.GetString(e.Span)))}]");
    }

    private Link? OwnerOf(string uri)
    {
        if (resources.Of(uri) is { } owner) return owner;
        return Able("resources") is [var only] ? only : null;
    }

    private static string? TaskOf(Frame frame) => JsonParts.Text(JsonParts.Member(frame.Params, "taskId"u8));

    private void Learn(Gathered hello)
    {
        lock (gate) capabilities[hello.Leg.Link!] = JsonParts.Member(hello.Result, "capabilities"u8);
    }

    private List<Link> Able(string what)
    {
        var name = Encoding.ASCII.GetBytes(what);
        lock (gate) return [.. Links.Where(l => !capabilities.TryGetValue(l, out var can) || !JsonParts.Member(can, name).IsEmpty)];
    }
}
