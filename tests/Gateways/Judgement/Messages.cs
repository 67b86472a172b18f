// Messages to judge, for tests.
using System.Text;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Judging;

internal static class Messages
{
    public static MessageSubject Call(string tool, string arguments = "{}", PinState pin = PinState.Accepted) => new()
    {
        Gateway = "mcp", Tenant = TenantId.Local, Caller = new("anna", true, ["maintainer"], "os_user"), Session = "s1", Server = "files", ProtocolVersion = "2025-11-25",
        Direction = MessageDirection.ToServer, Kind = MessageKind.Request, Method = "tools/call", Name = tool, Pin = pin, Now = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero),
        Arguments = Encoding.UTF8.GetBytes(arguments), Content = Encoding.UTF8.GetBytes($$"""{"name":"{{tool}}","arguments":{{arguments}}}"""),
        Frame = Encoding.UTF8.GetBytes($$$"""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"{{{tool}}}","arguments":{{{arguments}}} }}"""),
    };

    public static FileOperation File(FileAction action, params string[] paths) => new(action, [.. paths.Select(p => new FileTarget(p, p, "/work", FileFault.None, true))], [], 0, false);

    public static MessagePolicySet Set(params IMessagePolicySource[] sources) => Set(new Redactor(), AggregationMethod.MostRestrictive, sources);

    public static MessagePolicySet Set(Redactor redactor, AggregationMethod method, params IMessagePolicySource[] sources) =>
        MessagePolicySet.Of(sources, method, TimeSpan.FromSeconds(2), redactor, TimeProvider.System).Value;

    public static MessagePolicySet Load(string directory, params PolicyRef[] refs) => TryLoad(directory, refs).Value;

    public static Outcome<MessagePolicySet> TryLoad(string directory, params PolicyRef[] refs) =>
        MessagePolicySet.LoadAsync(refs, new(directory, new Redactor()), AggregationMethod.MostRestrictive, TimeSpan.FromSeconds(2), TimeProvider.System, CancellationToken.None).GetAwaiter().GetResult();

    public static Judgement Judge(this MessagePolicySet set, MessageSubject subject)
    {
        var asked = set.JudgeAsync(subject, "approver", CancellationToken.None);
        return asked.IsCompleted ? asked.Result : asked.AsTask().GetAwaiter().GetResult();
    }
}

/// <summary>A directory for a test's files.</summary>
internal sealed class Place : IDisposable
{
    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("cabincrew-judge-").FullName;

    public Place Write(string path, string text)
    {
        var full = Path.Combine(Directory, path);
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
        return this;
    }

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}
