// What a frame says, as policies see it (MCP-02). Pure: parts of the frame and what is known of what it addresses.
using CabinCrew.Gateways.Mcp.Definitions;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Mcp.Calls;

internal static class Facts
{
    public const string Gateway = "mcp";

    /// <summary>Why nothing could be judged of it, or null.</summary>
    public static Problem? Fault(InterceptedFrame message) => message.Frame.Kind switch
    {
        FrameKind.Result or FrameKind.Error when message.Answers?.Method is null => new(ProblemCode.MessageUnexpected, "an answer to nothing that was asked"),
        FrameKind.Request or FrameKind.Notification when message.Frame.Method is null => new(ProblemCode.MessageInvalid, "a message without a method"),
        _ => null,
    };

    /// <param name="seed">For policies that draw lots.</param>
    public static MessageSubject Of(InterceptedFrame message, GateSettings settings, DateTimeOffset now, ulong seed = 0)
    {
        var (frame, isAnswer) = (message.Frame, message.Frame.Kind is FrameKind.Result or FrameKind.Error);
        var request = isAnswer ? message.Answers : frame;
        return new()
        {
            Gateway = Gateway,
            Tenant = settings.Tenant,
            Caller = message.Session.Caller,
            Session = message.Session.Id,
            Server = message.Server,
            ProtocolVersion = message.Session.ProtocolVersion,
            Direction = message.Direction,
            Kind = isAnswer ? MessageKind.Response : frame.Kind == FrameKind.Notification ? MessageKind.Notification : MessageKind.Request,
            Method = request?.Method ?? "",
            Name = request?.Name,
            Frame = frame.Bytes,
            Content = isAnswer ? frame.Answer : frame.Params,
            Arguments = isAnswer ? default : frame.Arguments,
            Context = settings.Context,
            Now = now,
            Seed = seed,
        };
    }

    /// <summary>With what is on record of the definition that a request uses.</summary>
    public static (MessageSubject Subject, Digest? Pin) WithPin(MessageSubject subject, PinBook book, DefinitionKind kind)
    {
        var pin = subject.Name is { } name ? book.Find(new(kind, name)) : null;
        // A resource may come from a template, and is then on no list: nothing of it is pinned.
        if (pin is null) return (subject with { Pin = kind == DefinitionKind.Resource ? PinState.None : PinState.New }, null);
        var text = pin.Accepted ?? pin.Latest;
        return (subject with { Pin = pin.State, Annotations = text?.Annotations }, text?.Digest);
    }
}
