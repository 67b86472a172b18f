// The pass of FrameReader over one message: where its parts begin and end, and every fault that can be seen on the way.
// Invariant: no allocation but for the frame itself and the names in it; the sets of keys live in rented memory.
using System.Buffers;
using System.Text;
using System.Text.Json;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Gateways.Mcp.Wire;

internal ref struct FrameScan(ReadOnlyMemory<byte> bytes, FrameLimits limits)
{
    private const int MethodBytesMax = 256;
    private readonly ReadOnlySpan<byte> text = bytes.Span;
    private readonly LongStrings shorter = LongStrings.TakenOutOf(bytes.Span);
    private KeySets keys = new();
    private Part version, id, method, parameters, answer, name, uri, arguments, meta, token, revision, inputRequests, inputResponses, task, taskId;
    private Member answered;

    /// <summary>A value within the message.</summary>
    private record struct Part(int From, int To, JsonTokenType Type, bool Escaped)
    {
        public readonly bool Present => To > 0;
    }

    public void Release()
    {
        keys.Release();
        shorter.Release();
    }

    /// <summary>Where a place that the reader speaks of is in the message.</summary>
    public readonly int PlaceOf(long at) => shorter.PlaceOf(at);

    public Problem? Walk()
    {
        var reader = new Utf8JsonReader(shorter.Text, new JsonReaderOptions { MaxDepth = limits.DepthMax + 1 });
        // Which member we are in, at each of the three levels that hold parts; deeper levels are payload.
        Member top = Member.Other, inner = Member.Other, innermost = Member.Other;
        var values = 0;
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    if (Key(ref reader) is { } unfit) return unfit;
                    if (reader.CurrentDepth > 3) continue;
                    if (Step(ref reader, ref top, ref inner, ref innermost) is { } near) return near;
                    continue;
                case JsonTokenType.EndObject:
                    if (keys.Close(shorter.Text) is >= 0 and var twin) return Fault("duplicate_key", "this key stands twice in the same object", PlaceOf(twin));
                    break;
                case JsonTokenType.EndArray:
                    break;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    if (reader.CurrentDepth >= limits.DepthMax) return Fault("too_deep", $"the nesting is deeper than {limits.DepthMax}", PlaceOf(reader.TokenStartIndex));
                    if (reader.TokenType is JsonTokenType.StartObject) keys.Open();
                    if (++values > limits.ValuesMax) return TooMany(ref reader);
                    if (reader.CurrentDepth is >= 1 and <= 3) Begin(ref reader, top, inner, innermost);
                    continue;
                case JsonTokenType.String when reader.ValueIsEscaped && StrictJson.HasLoneSurrogate(reader.ValueSpan):
                    return Fault("lone_surrogate", "a string has half of a surrogate pair", PlaceOf(reader.TokenStartIndex));
            }
            if (reader.TokenType is not (JsonTokenType.EndObject or JsonTokenType.EndArray))
            {
                if (++values > limits.ValuesMax) return TooMany(ref reader);
                if (reader.CurrentDepth is >= 1 and <= 3) Begin(ref reader, top, inner, innermost);
            }
            if (reader.CurrentDepth is >= 1 and <= 3) End(ref reader, top, inner, innermost);
        }
        return null;
    }

    private Problem? Key(ref Utf8JsonReader reader)
    {
        if (reader.ValueIsEscaped)
        {
            if (StrictJson.HasLoneSurrogate(reader.ValueSpan)) return Fault("lone_surrogate", "a key has half of a surrogate pair", PlaceOf(reader.TokenStartIndex));
            if (HasEscapedControl(reader.ValueSpan)) return Fault("control_character", "a key has a control character", PlaceOf(reader.TokenStartIndex));
        }
        keys.Add(ref reader);
        return null;
    }

    private readonly Problem? Step(ref Utf8JsonReader reader, ref Member top, ref Member inner, ref Member innermost)
    {
        var nearly = false;
        if (reader.CurrentDepth == 1)
        {
            top = FrameNames.Of(ref reader, Member.Other, out nearly);
            inner = innermost = Member.Other;
        }
        else if (reader.CurrentDepth == 2)
        {
            if (top is not (Member.Params or Member.Result)) return null;
            inner = FrameNames.Of(ref reader, top, out nearly);
            innermost = Member.Other;
        }
        else
        {
            if (inner is not Member.Meta) return null;
            innermost = FrameNames.Of(ref reader, Member.Meta, out nearly);
        }
        return nearly ? Fault("near_name", "a reader that ignores case would take this key for one of the protocol's", PlaceOf(reader.TokenStartIndex)) : null;
    }

    private void Begin(ref Utf8JsonReader reader, Member top, Member inner, Member innermost)
    {
        var member = reader.CurrentDepth switch { 1 => top, 2 => inner, _ => innermost };
        if (member is Member.Other) return;
        ref var part = ref Of(member);
        if (member is Member.Result or Member.Error)
        {
            // Both present: the second is kept, and the frame refused when it is put together.
            if (part.Present) answered = Member.Other;
            else answered = member;
        }
        part = new Part(PlaceOf(reader.TokenStartIndex), int.MaxValue, reader.TokenType, reader.TokenType is JsonTokenType.String && reader.ValueIsEscaped);
    }

    private void End(ref Utf8JsonReader reader, Member top, Member inner, Member innermost)
    {
        var member = reader.CurrentDepth switch { 1 => top, 2 => inner, _ => innermost };
        if (member is not Member.Other) Of(member).To = PlaceOf(reader.BytesConsumed);
    }

    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    private ref Part Of(Member member)
    {
        switch (member)
        {
            case Member.JsonRpc: return ref version;
            case Member.Id: return ref id;
            case Member.Method: return ref method;
            case Member.Params: return ref parameters;
            case Member.Name: return ref name;
            case Member.Uri: return ref uri;
            case Member.Arguments: return ref arguments;
            case Member.Meta: return ref meta;
            case Member.InputRequests: return ref inputRequests;
            case Member.InputResponses: return ref inputResponses;
            case Member.Task: return ref task;
            case Member.TaskId: return ref taskId;
            case Member.ProgressToken: return ref token;
            case Member.Version: return ref revision;
            default: return ref answer;
        }
    }

    /// <summary>The frame, or why these parts are none.</summary>
    public readonly Outcome<Frame> Assemble()
    {
        if (!version.Present || version.Type is not JsonTokenType.String || !Means(version, "2.0"u8)) return Fault("jsonrpc", "'jsonrpc' must be \"2.0\"", version.From);
        if (id.Present && IdFault(id, limits) is { } idFault) return Fault("id", idFault, id.From);
        if (answer.Present) return Response();
        if (!method.Present) return Fault("no_kind", "there is no 'method', no 'result' and no 'error'", 0);
        if (method.Type is not JsonTokenType.String || method.To - method.From > MethodBytesMax) return Fault("method", $"'method' must be a string of at most {MethodBytesMax} bytes", method.From);
        Span<byte> copy = stackalloc byte[MethodBytesMax];
        var words = copy[..Unescape(method, copy)];
        if (words.IsEmpty || words.ContainsAnyExceptInRange((byte)'!', (byte)'~')) return Fault("method", "'method' must be printable ASCII", method.From);
        if (parameters.Present && parameters.Type is not JsonTokenType.StartObject) return Fault("params", "'params' must be an object", parameters.From);
        if (meta.Present && meta.Type is not JsonTokenType.StartObject) return Fault("meta", "'_meta' must be an object", meta.From);
        if (token.Present && IdFault(token, limits) is { } tokenFault) return Fault("progress_token", tokenFault.Replace("id", "progress token", StringComparison.Ordinal), token.From);
        if (revision.Present && (revision.Type is not JsonTokenType.String || revision.To - revision.From > 64)) return Fault("protocol_version", "the protocol version must be a short string", revision.From);

        var called = McpMethods.Name(words);
        var known = McpMethods.Find(called);
        var addressed = known?.Addressed ?? Addressed.Nothing;
        var target = addressed switch { Addressed.Resource => uri, Addressed.Nothing => name.Present ? name : uri, _ => name };
        // A method that the stateless era has no more needs no name there: it is for the server to say that it does not know it.
        var isNeeded = addressed is not Addressed.Nothing && !(revision.Present && (known!.Eras & Eras.Stateless) == 0);
        if (NameFault(target, addressed, isNeeded, out var unescaped) is { } nameFault) return nameFault;
        return new Frame
        {
            Bytes = bytes,
            Kind = id.Present ? FrameKind.Request : FrameKind.Notification,
            Id = Slice(id),
            Method = called,
            Params = Slice(parameters),
            Name = unescaped,
            NameText = unescaped is null ? default : Slice(target),
            Arguments = Slice(arguments),
            ProgressToken = Slice(token),
            Meta = Slice(meta),
            Inputs = Slice(id.Present ? inputResponses : inputRequests),
            Task = Slice(taskId),
            Version = revision.Present ? Text(revision) : null,
        };
    }

    private readonly Outcome<Frame> Response()
    {
        if (method.Present || parameters.Present) return Fault("mixed", "a message is a request or a response, not both", answer.From);
        if (answered is Member.Other) return Fault("mixed", "a response has a result or an error, not both", answer.From);
        if (answer.Type is not JsonTokenType.StartObject) return Fault("answer", "'result' or 'error' must be an object", answer.From);
        // An error without an id is how a peer says that it could not read one.
        if (!id.Present && answered is Member.Result) return Fault("id", "a result must have an id", 0);
        return new Frame { Bytes = bytes, Kind = answered is Member.Result ? FrameKind.Result : FrameKind.Error, Id = Slice(id), Answer = Slice(answer), Inputs = Slice(inputRequests), Task = Slice(taskId.Present ? taskId : task) };
    }

    private readonly Problem? NameFault(Part target, Addressed addressed, bool isNeeded, out string? unescaped)
    {
        unescaped = null;
        var where = addressed is Addressed.Resource ? "uri" : "name";
        if (!target.Present && !isNeeded) return null;
        if (!target.Present || target.Type is not JsonTokenType.String)
            return addressed is Addressed.Nothing ? null : Fault("name", $"'params.{where}' must be a string", target.From);
        if (target.To - target.From > limits.NameBytesMax) return Fault("name", $"'params.{where}' has more than {limits.NameBytesMax} bytes", target.From);
        unescaped = Text(target);
        foreach (var c in unescaped)
            if (char.IsControl(c)) return Fault("control_character", $"'params.{where}' has a control character", target.From);
        return null;
    }

    /// <summary>Why this is no id that every reader reads alike; null: it is one.</summary>
    private readonly string? IdFault(Part part, FrameLimits limits)
    {
        var spelled = text[part.From..part.To];
        if (spelled.Length > limits.IdBytesMax) return $"the id has more than {limits.IdBytesMax} bytes";
        return FrameGlance.IdFault(spelled, part.Type, part.Escaped);
    }

    private readonly ReadOnlyMemory<byte> Slice(Part part) => part.Present ? bytes[part.From..part.To] : default;

    private readonly bool Means(Part part, ReadOnlySpan<byte> word)
    {
        if (!part.Escaped) return text[(part.From + 1)..(part.To - 1)].SequenceEqual(word);
        if (part.To - part.From > 64) return false;
        Span<byte> copy = stackalloc byte[64];
        return copy[..Unescape(part, copy)].SequenceEqual(word);
    }

    private readonly string Text(Part part)
    {
        if (!part.Escaped) return Encoding.UTF8.GetString(text[(part.From + 1)..(part.To - 1)]);
        var reader = new Utf8JsonReader(text[part.From..part.To]);
        reader.Read();
        return reader.GetString()!;
    }

    private readonly int Unescape(Part part, Span<byte> into)
    {
        var reader = new Utf8JsonReader(text[part.From..part.To]);
        reader.Read();
        return reader.CopyString(into);
    }

    private readonly Problem TooMany(ref Utf8JsonReader reader) =>
        Fault("too_many_values", $"the message has more than {limits.ValuesMax} values", PlaceOf(reader.TokenStartIndex), ProblemCode.MessageTooLarge);

    internal static bool HasEscapedControl(ReadOnlySpan<byte> escaped)
    {
        while (escaped.IndexOf((byte)'\\') is >= 0 and var slash)
        {
            escaped = escaped[slash..];
            if (escaped[1] is (byte)'n' or (byte)'r' or (byte)'t' or (byte)'b' or (byte)'f') return true;
            if (escaped is [_, (byte)'u', (byte)'0', (byte)'0', var high, var low, ..] && (high is (byte)'0' or (byte)'1' or (byte)'8' or (byte)'9' || (high is (byte)'7' && low is (byte)'f' or (byte)'F'))) return true;
            escaped = escaped[2..];
        }
        return false;
    }

    private static Problem Fault(string reason, string message, int at, ProblemCode code = ProblemCode.MessageInvalid) => FrameReader.Fault(reason, message, at, code);
}
