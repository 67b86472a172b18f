// An engine with a declared network, and real clients: what they reach through the proxy, and that there is no other way.
using System.Text;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Protocol;
using CabinCrew.Tests.Hangar;
using CabinCrew.Tests.Spec;

namespace CabinCrew.Tests.Attacks;

public sealed class SandboxDeclaredNetworkTests : IDisposable
{
    private readonly EngineBench bench = new();
    private readonly ProxyLab lab = new();

    public void Dispose()
    {
        bench.Dispose();
        lab.Dispose();
    }

    private async Task<(string Log, NetworkLog Network)> FlyAsync(string script, EngineMode mode = EngineMode.FlightPlan)
    {
        var ran = await bench.ShellAsync($"{script}\nreceipt", mode, r => r with { DeclaredNetwork = lab.Grant });
        return ran.Result is { } result ? (ran.Log, result.Network!) : throw new InvalidOperationException(ran.ToString());
    }

    [Fact, Clause("ENG-06"), Clause("ENG-02")]
    public async Task Ordinary_clients_find_their_way()
    {
        var plain = lab.Serve(r => FarServer.Text($"plain {r.Target}"));
        var secure = lab.Serve(r => FarServer.Text($"secure {r.Target}"), tls: true);
        var (log, network) = await FlyAsync($$"""
            exec >&2
            curl -sS http://files.test:{{plain.Port}}/curl; echo
            curl -sS https://files.test:{{secure.Port}}/curl; echo
            /usr/bin/python3 -c 'import urllib.request as u; print(u.urlopen("https://files.test:{{secure.Port}}/python").read().decode())'
            printf 'GET /openssl HTTP/1.1\r\nHost: files.test:{{secure.Port}}\r\nConnection: close\r\n\r\n' | openssl s_client -quiet -verify_return_error -verify_quiet -CAfile $SSL_CERT_FILE -proxy 127.0.0.1:3128 -connect files.test:{{secure.Port}} -servername files.test 2>/dev/null | tail -1; echo
            exec >&1
            """.Replace("exec >&2", "exec 5>&1 >&2").Replace("exec >&1", "exec >&5"));
        Assert.Equal("plain /curl\nsecure /curl\nsecure /python\nsecure /openssl\n", log);
        Assert.Equal(4, network.Exchanges.Length);
        Assert.Equal(0, network.Refused);
    }

    [Fact, Clause("ENG-06")]
    public async Task Git_fetches_in_flight_plan_and_pushes_in_take_off_only()
    {
        TempTree.Run(bench.Root, "bash", "-c", """
            set -e
            git init -q -b main seed && cd seed && seq 1 2000 > numbers && git add . && git commit -qm one && cd ..
            git clone -q --bare seed repo.git && git -C repo.git config http.receivepack true
            """);
        var far = lab.Serve(FarServer.Git(bench.Root), tls: true);
        const string script = """
            cd $CABINCREW_TEMP_DIR
            git clone -q https://files.test:PORT/repo.git copy >&2 && cat copy/numbers | tail -1 >&2
            cd copy && git -c user.name=x -c user.email=x@x commit -q --allow-empty -m two && git push -q origin main >&2 && echo pushed >&2 || echo "not pushed" >&2
            """;
        var (log, network) = await FlyAsync(script.Replace("PORT", $"{far.Port}"));
        Assert.Matches("(?s)^2000\n.*not pushed\n$", log);
        Assert.Contains(network.Exchanges, e => e is { Method: "POST", Status: 200, Problem: null } && e.Url.EndsWith("/git-upload-pack", StringComparison.Ordinal));
        Assert.DoesNotContain(far.Requests, r => r.Target.EndsWith("/git-receive-pack", StringComparison.Ordinal));
        (log, _) = await FlyAsync(script.Replace("PORT", $"{far.Port}"), EngineMode.TakeOff);
        Assert.Equal("2000\npushed\n", log);
    }

    [Fact, Clause("ENG-06")]
    public async Task A_post_that_only_looks_like_a_fetch()
    {
        var far = lab.Serve(r => FarServer.Text("stored"));
        var (log, _) = await FlyAsync($$"""
            u=http://files.test:{{far.Port}}/api/items/git-upload-pack
            curl -sS $u -d x >&2
            curl -sS $u -H 'Content-Type: application/x-git-upload-pack-request' -d 0000 >&2
            """);
        Assert.Equal(2, log.Split("network_method_refused").Length - 1);
        Assert.Empty(far.Requests);
    }

    [Fact, Clause("ENG-06"), Clause("ENG-11")]
    public async Task No_way_around_the_proxy()
    {
        var far = lab.Serve(_ => FarServer.Text("ok"));
        using var other = new FarServer(_ => FarServer.Text("evil"));
        // Outside of a sandbox the same clients get through, so it is the sandbox that stops them.
        const string attack = """
            (exec 3<>/dev/tcp/127.0.0.1/PORT) 2>/dev/null && echo direct >&2
            /usr/bin/python3 - >&2 2>/dev/null <<'E'
            import socket
            for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::ffff:127.0.0.1"), (socket.AF_INET, "0.0.0.0")):
                try:
                    s = socket.socket(family, socket.SOCK_STREAM); s.settimeout(2); s.connect((address, PORT)); print("connected", address)
                except OSError: pass
            E
            curl -sS --noproxy '*' http://127.0.0.1:PORT/ >&2 2>/dev/null && echo curl >&2
            """;
        var direct = await bench.ShellAsync(attack.Replace("PORT", $"{other.Port}") + "\nreceipt", unsandboxed: true);
        Assert.Contains("direct\n", direct.Log);
        Assert.Contains("connected 0.0.0.0\n", direct.Log);
        var before = other.Requests.Count;
        foreach (var mode in ProxyLab.Both)
        {
            var (log, network) = await FlyAsync(attack.Replace("PORT", $"{other.Port}") + $$"""

                getent hosts example.com >&2; getent ahosts files.test >&2
                for d in $(ls /sys/class/net 2>/dev/null) $(tail -n +3 /proc/net/dev | cut -d: -f1); do echo "device $d" >&2; done
                /usr/bin/python3 -c 'import socket; s=socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b"x", ("8.8.8.8", 53))' 2>/dev/null && echo udp >&2
                curl -sS http://127.0.0.1:{{other.Port}}/ >&2
                curl -sS http://files.test:{{other.Port}}/ >&2
                curl -sS https://undeclared.test/ >&2
                true
                """, mode);
            Assert.Matches("^device +lo\n(cabincrew: network_host_undeclared: [^\n]*\n){2}curl: [^\n]*\n$", log);
            Assert.Equal(3, network.Refused);
        }
        Assert.Equal(before, other.Requests.Count);
    }

    [Fact, Clause("ENG-06")]
    public async Task Another_sandbox_s_proxy()
    {
        var far = lab.Serve(_ => FarServer.Text("mine"));
        // Both run at the same time, both have a proxy on the same address: each meets its own.
        using var stranger = new ProxyLab();
        var rendezvous = $"for i in $(seq 40); do sleep 0.05; done; curl -sS http://files.test:{far.Port}/ >&2";
        var mine = FlyAsync(rendezvous);
        var theirs = bench.RunAsync(bench.Run(bench.Engine($"#!/bin/bash\n{EngineBench.ReceiptFunction}\n{rendezvous}\nreceipt", "other")) with { DeclaredNetwork = stranger.Grant });
        Assert.Equal("mine", (await mine).Log);
        Assert.Contains("network_host_undeclared", (await theirs).Log);
        // And without a declaration there is nobody on that address.
        Assert.Equal("none\n", (await bench.ShellAsync("(exec 3<>/dev/tcp/127.0.0.1/3128) 2>/dev/null || echo none >&2; receipt")).Log);
    }

    [Fact, Clause("ENG-06"), Clause("ENG-10")]
    public async Task Nothing_of_the_network_outlives_the_run()
    {
        var far = lab.Serve(_ => FarServer.Text("x", "", "200 OK"));
        var (log, network) = await FlyAsync($"exec 7<>/dev/tcp/127.0.0.1/3128; printf 'GET http://files.test:{far.Port}/half HTTP/1.1\\r\\n' >&7; curl -sS http://files.test:{far.Port}/ >&2");
        Assert.Equal("x", log);
        Assert.Equal($"http://files.test:{far.Port}/", Assert.Single(network.Exchanges, e => e.Problem is null).Url);
    }

    [Fact, Clause("ENG-07")]
    public async Task A_replayed_flight_plan_says_and_hears_the_same()
    {
        var count = 0;
        var far = lab.Serve(_ => FarServer.Text($"answer {++count}"), tls: true);
        var script = $"curl -sS https://files.test:{far.Port}/ >&2; curl -sS https://files.test:{far.Port}/new-$1 >&2";
        lab.Replay = (await FlyAsync($"curl -sS https://files.test:{far.Port}/ >&2")).Network;
        var (log, _) = await FlyAsync(script);
        Assert.Matches("^answer 1cabincrew: network_not_recorded: ", log);
        Assert.Equal(1, count);
    }

    [Fact, Clause("ENG-06")]
    public async Task Without_a_sandbox_a_declaration_is_refused()
    {
        var ran = await bench.ShellAsync("receipt", change: r => r with { DeclaredNetwork = lab.Grant }, unsandboxed: true);
        Assert.Equal(ProblemCode.NetworkNeedsSandbox, ran.Code);
    }
}
