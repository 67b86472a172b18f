// /metrics, at an address of its own: for those who watch the gateway, and not for its callers.
using System.Net;
using System.Text;
using CabinCrew.Gateways.Firewall.Callers;
using CabinCrew.Gateways.Http;
using CabinCrew.Gateways.Metrics;

namespace CabinCrew.Gateways.Llm.Endpoint;

/// <param name="hosts">What a Host header may say: a page in somebody's browser cannot read it by another name.</param>
public sealed class LlmMetricsPage(MetricsText metrics, IReadOnlyList<string> hosts)
{
    public const string Path = "/metrics";

    /// <summary>Null: there is nothing at this path.</summary>
    public Task? Handle(string path, IHttpExchange http) => path == Path ? AnswerAsync(http) : null;

    private async Task AnswerAsync(IHttpExchange http)
    {
        if (http.Method is not "GET") http.Begin((int)HttpStatusCode.MethodNotAllowed, null, ("Allow", "GET"));
        else if (HttpIntake.Foreign(http, hosts, []) is not null) http.Begin((int)HttpStatusCode.Forbidden, null);
        else
        {
            http.Begin((int)HttpStatusCode.OK, MetricsText.ContentType);
            await http.WriteAsync(Encoding.UTF8.GetBytes(metrics.Write()), http.Aborted).ConfigureAwait(false);
        }
    }
}
