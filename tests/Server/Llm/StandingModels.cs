// A whole LLM gateway over HTTP in this process, before a double of a provider.
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Gateways.Llm.Configuration;
using CabinCrew.Gateways.Llm.Endpoint;
using CabinCrew.Gateways.Llm.Recordings;
using CabinCrew.Gateways.Llm.Usage;
using CabinCrew.Gateways.Metrics;
using CabinCrew.Governance.Access;
using CabinCrew.Governance.Approvals.Calls;
using CabinCrew.Ledger;
using CabinCrew.Protocol;

namespace CabinCrew.Server.Tests.Llm;

internal sealed class StandingModels : IAsyncDisposable
{
    public const string Key = "the-key-of-the-caller-0123456789", ProviderKey = "sk-provider-key-that-nobody-sees-000";

    private readonly string directory;
    private readonly LedgerRoom ledger;
    private readonly IdentityBook identities;
    private readonly LlmHost host;
    private readonly GatewayListener listener;

    private StandingModels(string directory, LedgerRoom ledger, IdentityBook identities, LlmHost host, GatewayListener listener, ModelDouble model) =>
        (this.directory, this.ledger, this.identities, this.host, this.listener, Model) = (directory, ledger, identities, host, listener, model);

    public ModelDouble Model { get; }

    /// <summary>Ends with /v1.</summary>
    public Uri Address => listener.Address;

    public HttpClient Client { get; } = new();

    /// <param name="more">Of the configuration, besides providers, callers and the place where it listens.</param>
    /// <param name="files">Beside the configuration.</param>
    public static Task<StandingModels> OpenAsync(string more = "", string? models = null, params (string Name, string Text)[] files) => OpenAsync(null, more, models, files);

    public static async Task<StandingModels> OpenAsync(RecordingMode? recordings, string more = "", string? models = null, params (string Name, string Text)[] files)
    {
        var model = await ModelDouble.StartAsync();
        var directory = Directory.CreateTempSubdirectory("cc-llm-").FullName;
        foreach (var (name, text) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(directory, name))!);
            await File.WriteAllTextAsync(Path.Combine(directory, name), text);
        }
        await File.WriteAllTextAsync(Path.Combine(directory, "key"), ProviderKey + "\n");
        var yaml = $$"""
            version: 1
            listen: { address: 127.0.0.1:{{StandingGateway.FreePort()}} }
            providers:
              one: { url: {{model.Address}}, api: openai, key: { file: key } }
              two: { url: {{model.Address}}two/v1, api: openai }
              claude: { url: {{model.Address}}, api: anthropic, key: { file: key } }
            models:
              {{models ?? "'m-*': { to: one }\n  claude-x: { to: claude }"}}
            callers:
              keys: [ { name: agent, kind: automation, key_sha256: {{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Key)))}} } ]
            {{more}}
            """;
        var definition = LlmFile.Of(Encoding.UTF8.GetBytes(yaml), Path.Combine(directory, LlmFile.DefaultName)).Try(out var read, out var problem) ? read : throw new InvalidOperationException($"{problem}");
        var ledger = (await Stores.OpenAsync(directory, TimeProvider.System, new RandomIds(), default)).Value;
        var identities = IdentityBook.Load(Path.Combine(directory, "identities.yaml"), StandingGateway.Kim).Value;
        var surroundings = new LlmSurroundings(async (_, path, ct) => (await File.ReadAllTextAsync(path, ct)).Trim(), null) { Recordings = recordings };
        var host = (await LlmHost.OpenAsync(definition, GatewayListener.Hosts(definition.Listen), ledger, identities, surroundings, default)).Value;
        var listener = (await GatewayListener.StartAsync(definition.Listen, "/v1", definition.RequestBytesMax, host.Endpoint.Handle, default)).Value;
        return new(directory, ledger, identities, host, listener, model);
    }

    public async Task<(HttpStatusCode Status, string Body, HttpResponseHeaders Headers)> PostAsync(string path, string body, string? key = Key)
    {
        using var response = await BeginAsync(path, body, key, HttpCompletionOption.ResponseContentRead);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers);
    }

    /// <summary>The answer as it comes.</summary>
    public async Task<HttpResponseMessage> BeginAsync(string path, string body, string? key = Key, HttpCompletionOption until = HttpCompletionOption.ResponseHeadersRead)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Address, path)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (key is not null) request.Headers.Authorization = new("Bearer", key);
        return await Client.SendAsync(request, until);
    }

    /// <summary>A person who says yes to the next message that is held.</summary>
    public async Task<HeldMessage> AnswerNextAsync(bool yes)
    {
        var calls = new HeldCalls(ledger, identities, TenantId.Local);
        var kim = identities.Authenticate(StandingGateway.Kim).Value;
        while (true)
        {
            if ((await calls.ListAsync(default)).Value is [var held, ..])
            {
                await calls.AnswerAsync(new(held.Call.Request.ApprovalId, yes, held.Call.Request.PlanTokenHash, null), kim, HeldCalls.CommandLine, default);
                return held.Call.Message;
            }
            await Task.Delay(20);
        }
    }

    /// <summary>Everything in the log, oldest first.</summary>
    public async Task<List<JsonElement>> EventsAsync()
    {
        await host.Audit.FlushAsync();
        return [.. (await ledger.Store.ReadAuditAsync(TenantId.Local, 1, 10_000, default)).Value.Rows.Select(r => JsonElement.Parse(r.Json))];
    }

    public MetricsText MetricsText => host.Metrics!;

    public string Metrics => MetricsText.Write();

    public async Task<UsageReport> UsageAsync(UsageBy by, DateTimeOffset? since = null)
    {
        await host.Audit.FlushAsync();
        return (await UsageReport.ReadAsync(ledger.Store, TenantId.Local, since, by, default)).Value;
    }

    /// <summary>The texts of the messages that were kept, when there are so many; they are written together, a moment later.</summary>
    public async Task<List<string>> KeptAsync(int count)
    {
        while (true)
        {
            List<string> kept = [];
            foreach (var told in (await EventsAsync()).Where(e => e.GetRawText().Contains("\"segment\":\"sha256:", StringComparison.Ordinal)))
            {
                var segment = Digest.Parse(told.GetProperty("extensions").GetProperty("data").GetProperty("segment").GetString()!);
                kept.AddRange(KeptSegment.Read((await ledger.Frames!.GetAsync(TenantId.Local, segment, default)).Value).Value.Select(m => m.Text));
            }
            if (kept.Count >= count) return kept;
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await listener.DisposeAsync();
        await host.DisposeAsync();
        await ledger.DisposeAsync();
        await Model.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }
}
