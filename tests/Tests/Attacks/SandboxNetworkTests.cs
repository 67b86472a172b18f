// An engine that calls home: over TCP, over a unix socket of the host, over anything that is not a file.
using System.Net;
using System.Net.Sockets;
using CabinCrew.Protocol;
using CabinCrew.Tests.Spec;
using Xunit;

namespace CabinCrew.Tests.Attacks;

public sealed class SandboxNetworkTests : IDisposable
{
    private readonly EngineBench bench = new();

    public void Dispose() => bench.Dispose();

    [Fact, Clause("ENG-06")]
    public async Task a_listener_on_the_host_s_loopback()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var script = $"(exec 3<>/dev/tcp/127.0.0.1/{((IPEndPoint)listener.LocalEndpoint).Port}) 2>/dev/null && echo connected >&2; receipt";
        Assert.Equal("connected\n", (await bench.ShellAsync(script, unsandboxed: true)).Log);
        foreach (var mode in Enum.GetValues<EngineMode>()) Assert.Equal("", (await bench.ShellAsync(script, mode)).Log);
        Assert.Equal("connected\n", (await bench.ShellAsync(script, EngineMode.TakeOff, r => r with { Network = true })).Log);
    }

    [Fact, Clause("ENG-06")]
    public async Task an_abstract_socket_of_the_host_even_with_the_network()
    {
        var name = $"cabincrew-test-{Path.GetFileName(bench.Root)}";
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint("\0" + name));
        listener.Listen();
        var engine = bench.Engine($$"""
            #!/usr/bin/python3
            import json, os, socket, sys
            try:
                s = socket.socket(socket.AF_UNIX); s.connect("\0{{name}}"); sys.stderr.write("connected")
            except OSError as e:
                sys.stderr.write(type(e).__name__)
            a, b = socket.socketpair(); a.send(b"x"); assert b.recv(1) == b"x"
            print(json.dumps({"protocol_version": "draft-1", "engine_id": "t", "mode": sys.argv[2], "receipt_id": "r", "status": "success"}))
            """);
        Assert.Equal("connected", (await bench.RunAsync(bench.Run(engine), unsandboxed: true)).Log);
        Assert.Equal("ConnectionRefusedError", (await bench.RunAsync(bench.Run(engine))).Log);
        Assert.Equal("OSError", (await bench.RunAsync(bench.Run(engine, EngineMode.TakeOff) with { Network = true })).Log);
    }
}
