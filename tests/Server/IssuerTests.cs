// Tokens whose issuer's keys are at an address (MCP-08): the keys are fetched over HTTP, anew when a token names one that is not known, and nothing that the address does lets anybody in.
using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace CabinCrew.Server.Tests;

[Clause("MCP-08")]
public sealed class IssuerTests : IDisposable
{
    private const string Hello = """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""";

    private readonly RSA first = RSA.Create(2048), second = RSA.Create(2048);

    public void Dispose()
    {
        first.Dispose();
        second.Dispose();
    }

    private static string B64(byte[] bytes) => Base64Url.EncodeToString(bytes);

    private static JsonObject Jwk(RSA key, string id)
    {
        var parts = key.ExportParameters(false);
        return new() { ["kty"] = "RSA", ["kid"] = id, ["use"] = "sig", ["alg"] = "RS256", ["n"] = B64(parts.Modulus!), ["e"] = B64(parts.Exponent!) };
    }

    private static string Set(params JsonNode[] keys) => new JsonObject { ["keys"] = new JsonArray(keys) }.ToJsonString();

    private static string Token(RSA key, string id, string alg = "RS256")
    {
        var now = TimeProvider.System.GetUtcNow();
        var claims = new JsonObject { ["iss"] = "https://id.example", ["aud"] = "gateway", ["sub"] = "agent-7", ["iat"] = now.ToUnixTimeSeconds(), ["exp"] = now.AddMinutes(5).ToUnixTimeSeconds() };
        var input = $"{B64(Encoding.UTF8.GetBytes(new JsonObject { ["alg"] = alg, ["kid"] = id }.ToJsonString()))}.{B64(Encoding.UTF8.GetBytes(claims.ToJsonString()))}";
        return $"{input}.{B64(key.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    private static Task<StandingGateway> OpenAsync(Uri keys) => StandingGateway.OpenAsync($$"""
        servers: { far: { url: "http://127.0.0.1:9/mcp", private: true } }
        callers: { jwt: [ { issuer: "https://id.example", audience: gateway, keys: { url: "{{keys}}" }, kind: automation, roles: [ dev ] } ] }
        listen: { address: "127.0.0.1:PORT" }
        """);

    private static async Task<HttpStatusCode> KnockAsync(StandingGateway gateway, string token)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, gateway.Address) { Content = new StringContent(Hello, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        return (await client.SendAsync(request).WaitAsync(TimeSpan.FromSeconds(30))).StatusCode;
    }

    [Fact]
    public async Task The_keys_are_fetched_once_and_verify_tokens()
    {
        var asked = 0;
        await using var issuer = await Web.StartAsync(context =>
        {
            Interlocked.Increment(ref asked);
            return context.Response.WriteAsync(Set(Jwk(first, "one")));
        });
        await using var gateway = await OpenAsync(issuer.Address);
        Assert.Equal(HttpStatusCode.OK, await KnockAsync(gateway, Token(first, "one")));
        Assert.Equal(HttpStatusCode.OK, await KnockAsync(gateway, Token(first, "one")));
        Assert.Equal(HttpStatusCode.Unauthorized, await KnockAsync(gateway, Token(second, "one")));
        Assert.Equal(1, asked);
        var judged = (await gateway.EventsAsync()).First(e => e.GetProperty("event_type").GetString() == "message_judged");
        Assert.Equal("agent-7", judged.GetProperty("extensions").GetProperty("actor").GetString());
    }

    [Fact]
    public async Task A_key_that_is_not_known_yet_is_asked_for_but_not_again_and_again()
    {
        var asked = 0;
        await using var issuer = await Web.StartAsync(context => context.Response.WriteAsync(Interlocked.Increment(ref asked) == 1 ? "not yet" : Set(Jwk(first, "one"), Jwk(second, "two"))));
        await using var gateway = await OpenAsync(issuer.Address);
        // The address was broken when it was first asked, and is left alone for a while.
        for (var i = 0; i < 5; i++) Assert.Equal(HttpStatusCode.Unauthorized, await KnockAsync(gateway, Token(first, "one")));
        Assert.Equal(1, asked);
    }

    public static TheoryData<string> Lies => ["an error", "no JSON", "too much", "a redirect", "a key that everybody knows", "keys twice"];

    [Theory, MemberData(nameof(Lies))]
    public async Task An_address_that_fails_or_lies_lets_nobody_in(string what)
    {
        await using var good = await Web.StartAsync(context => context.Response.WriteAsync(Set(Jwk(first, "one"))));
        await using var issuer = await Web.StartAsync(context =>
        {
            switch (what)
            {
                case "an error":
                    context.Response.StatusCode = 500;
                    return context.Response.WriteAsync(Set(Jwk(first, "one")));
                case "a redirect":
                    context.Response.Redirect(good.Address.AbsoluteUri);
                    return Task.CompletedTask;
                case "too much":
                    return context.Response.WriteAsync(Set(Jwk(first, "one"), new JsonObject { ["kty"] = new string('x', 2 << 20) }));
                case "keys twice":
                    return context.Response.WriteAsync(Set(Jwk(first, "one")).Insert(1, "\"keys\":[],"));
                case "a key that everybody knows":
                    return context.Response.WriteAsync(Set(new JsonObject { ["kty"] = "oct", ["kid"] = "one", ["k"] = "c2VjcmV0" }));
                default:
                    return context.Response.WriteAsync("<html>");
            }
        });
        await using var gateway = await OpenAsync(issuer.Address);
        Assert.Equal(HttpStatusCode.Unauthorized, await KnockAsync(gateway, Token(first, "one")));
        // The record says what became of the address, and where it is.
        Assert.Contains(await gateway.EventsAsync(), e => e.GetProperty("message").GetString()!.Contains(issuer.Address.AbsoluteUri, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_address_that_nobody_answers_at_lets_nobody_in()
    {
        await using var gateway = await OpenAsync(new Uri($"http://127.0.0.1:{StandingGateway.FreePort()}/jwks"));
        Assert.Equal(HttpStatusCode.Unauthorized, await KnockAsync(gateway, Token(first, "one")));
    }
}
