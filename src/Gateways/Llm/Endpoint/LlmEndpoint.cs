// The gateway's HTTP endpoint (LLM-01, MCP-08): whose host, whose page, who calls, which API; then the exchange. It speaks each API as its providers do, refusals included.
// Invariant: no byte of a request goes on but of an authenticated caller.
using System.Net;
using System.Text;
using System.Text.Json;
using CabinCrew.Gateways.Firewall.Callers;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Gateways.Http;
using CabinCrew.Gateways.Llm.Routing;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Endpoint;

/// <param name="Hosts">What a Host header may say, in lower case.</param>
/// <param name="Origins">What an Origin header may say where there is one.</param>
public sealed record LlmEndpointSettings(IReadOnlyList<string> Hosts, IReadOnlyList<string> Origins, int RequestBytesMax)
{
    public TimeSpan BodyTimeMax { get; init; } = TimeSpan.FromSeconds(60);
}

/// <param name="allows">Whether a caller may use a model.</param>
public sealed class LlmEndpoint(LlmEndpointSettings settings, CallerDoor door, Router router, Func<MessageCaller, string, bool> allows, LlmExchanges exchanges, RefusalRecord record)
{
    /// <summary>Null: there is nothing at this path.</summary>
    public Task? Handle(string path, IHttpExchange http) =>
        path == LlmApi.ModelsPath || path == "/models" ? GuardedAsync(http, ApiFamily.OpenAi, caller => ModelsAsync(http, caller)) : LlmApi.At(path) is { } api ? GuardedAsync(http, api.Family, caller => AskAsync(http, api, caller)) : null;

    private async Task GuardedAsync(IHttpExchange http, ApiFamily family, Func<MessageCaller, Task> serve)
    {
        try
        {
            if (HttpIntake.Foreign(http, settings.Hosts, settings.Origins) is { } foreign) await RefuseAsync(http, family, null, foreign).ConfigureAwait(false);
            else if ((await door.AuthenticateAsync(HttpIntake.Proof(http), http.Aborted).ConfigureAwait(false)).Try(out var caller, out var stranger)) await serve(caller).ConfigureAwait(false);
            else await RefuseAsync(http, family, null, stranger).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client has gone.
        }
    }

    private async Task AskAsync(IHttpExchange http, LlmApi api, MessageCaller caller)
    {
        if (http.Method != "POST") http.Begin((int)HttpStatusCode.MethodNotAllowed, null, ("Allow", "POST"));
        else if (!(await BodyAsync(http).ConfigureAwait(false)).Try(out var body, out var problem) || !Prompt.Read(api, body, settings.RequestBytesMax).Try(out var prompt, out problem)) await RefuseAsync(http, api.Family, caller, problem).ConfigureAwait(false);
        else if (router.Find(prompt.Said.Model) is { } route && !allows(caller, route.Name)) await RefuseAsync(http, api.Family, caller, new(ProblemCode.CallerNotAllowed, $"'{Firewall.Plain.Text(caller.Name, 100)}' may not use the model {route.Name}")).ConfigureAwait(false);
        else await exchanges.RunAsync(http, caller, prompt).ConfigureAwait(false);
    }

    // Those that the caller may use; a pattern is no model.
    private Task ModelsAsync(IHttpExchange http, MessageCaller caller)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("object", "list");
            json.WriteStartArray("data");
            foreach (var name in router.Names.Where(n => allows(caller, n)))
            {
                json.WriteStartObject();
                json.WriteString("id", name);
                json.WriteString("object", "model");
                json.WriteNumber("created", 0);
                json.WriteString("owned_by", "cabincrew");
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        http.Begin((int)HttpStatusCode.OK, "application/json");
        return http.WriteAsync(bytes.ToArray(), http.Aborted).AsTask();
    }

    private async ValueTask<Outcome<ReadOnlyMemory<byte>>> BodyAsync(IHttpExchange http)
    {
        if (http.Header("Content-Type") is not { } type || !type.Split(';')[0].Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase)) return new Problem(ProblemCode.MessageInvalid, "the body is to be application/json");
        if (http.Count("Content-Encoding") > 0) return new Problem(ProblemCode.MessageInvalid, "the body is to be sent as it is, without Content-Encoding");
        return await HttpIntake.BodyAsync(http, settings.RequestBytesMax, settings.BodyTimeMax, http.Aborted).ConfigureAwait(false);
    }

    private async Task RefuseAsync(IHttpExchange http, ApiFamily family, MessageCaller? caller, Problem problem)
    {
        await record.RefusedAsync("http", caller ?? RefusalRecord.Stranger, null, MessageDirection.ToServer, problem).ConfigureAwait(false);
        ReadOnlySpan<(string, string)> headers = problem.Code == ProblemCode.CallerNotAuthenticated ? [("WWW-Authenticate", "Bearer")] : [];
        http.Begin(ApiErrors.Status(problem), "application/json", headers);
        await http.WriteAsync(ApiErrors.Body(family, problem), http.Aborted).ConfigureAwait(false);
    }
}
