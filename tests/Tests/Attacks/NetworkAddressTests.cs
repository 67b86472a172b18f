// A declared name that leads somewhere else: to this machine, to its neighbours, to the cloud's metadata, in every disguise that an address has.
using System.Net;
using CabinCrew.Governance.Network;
using CabinCrew.Orchestrator.Engines.Network;
using CabinCrew.Tests.Hangar;

namespace CabinCrew.Tests.Attacks;

public sealed class NetworkAddressTests : IDisposable
{
    private readonly ProxyLab lab = new();

    public void Dispose() => lab.Dispose();

    [Theory, Clause("ENG-06")]
    [InlineData("0.0.0.0")]
    [InlineData("10.1.2.3")]
    [InlineData("100.64.0.1")]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.255.254")]
    [InlineData("169.254.169.254")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.0.1")]
    [InlineData("198.18.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::127.0.0.1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("64:ff9b::a9fe:a9fe")]
    [InlineData("64:ff9b:1::7f00:1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("2001:0:7f00:1::")]
    [InlineData("fc00::1")]
    [InlineData("fd12:3456::1")]
    [InlineData("fe80::1")]
    [InlineData("fec0::1")]
    [InlineData("ff02::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("2001:db8::1")]
    public async Task Of_a_private_address(string address)
    {
        Assert.False(PublicAddress.Is(IPAddress.Parse(address)));
        lab.Hosts.Add(new("files.test", [80], ProxyLab.Both));
        lab.Names["files.test"] = [address];
        lab.Start();
        Assert.Contains("cabincrew: network_address_refused: files.test leads to ", await lab.SendAsync("GET http://files.test/ HTTP/1.1\r\nHost: files.test\r\n\r\n"));
    }

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("172.32.0.1")]
    [InlineData("100.128.0.1")]
    [InlineData("2606:4700::1111")]
    [InlineData("::ffff:1.1.1.1")]
    [InlineData("64:ff9b::101:101")]
    public void Public_addresses_are_not_mistaken_for_private_ones(string address) => Assert.True(PublicAddress.Is(IPAddress.Parse(address)));

    [Fact, Clause("ENG-06")]
    public async Task A_private_address_is_reached_only_where_it_is_declared_with_that_port()
    {
        var far = lab.Serve(_ => FarServer.Text("inside"));
        var other = lab.Serve(_ => FarServer.Text("other"));
        lab.Private.RemoveAt(1);
        lab.Start();
        Assert.EndsWith("inside", await lab.SendAsync($"GET http://files.test:{far.Port}/ HTTP/1.1\r\nHost: files.test:{far.Port}\r\n\r\n"));
        Assert.EndsWith("inside", await lab.SendAsync($"GET http://127.0.0.1:{far.Port}/ HTTP/1.1\r\nHost: 127.0.0.1:{far.Port}\r\n\r\n"));
        Assert.Contains("network_address_refused", await lab.SendAsync($"GET http://files.test:{other.Port}/ HTTP/1.1\r\nHost: files.test:{other.Port}\r\n\r\n"));
        Assert.Contains("network_host_undeclared", await lab.SendAsync($"GET http://127.0.0.1:{other.Port}/ HTTP/1.1\r\nHost: 127.0.0.1:{other.Port}\r\n\r\n"));
        Assert.Empty(other.Requests);
    }

    [Fact, Clause("ENG-06")]
    public async Task A_name_that_changes_its_address_between_two_questions()
    {
        // The first answer is one that is declared, every later one the machine's own second loopback address.
        var far = lab.Serve(_ => FarServer.Text("inside"));
        lab.Start();
        Task<string> Ask() => lab.SendAsync($"GET http://files.test:{far.Port}/ HTTP/1.1\r\nHost: files.test:{far.Port}\r\n\r\n");
        Assert.EndsWith("inside", await Ask());
        lab.Names["files.test"] = ["127.0.0.2"];
        Assert.Contains("network_address_refused", await Ask());
        // One permitted address among others: only that one is tried.
        lab.Names["files.test"] = ["127.0.0.2", "::1", "127.0.0.1"];
        Assert.EndsWith("inside", await Ask());
    }
}
