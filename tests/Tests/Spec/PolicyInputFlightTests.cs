// The document that policies see, in real flights: what an engine really proposed, as a server on the loopback really got it.
using System.Text.Json;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Schemas;
using CabinCrew.Tests.Hangar;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class PolicyInputFlightTests
{
    private static FarServer Opa(string answer) => new(_ => FarServer.Text(answer));

    private static string Policies(FarServer server) => $"policies: [{{ opa: 'http://127.0.0.1:{server.Port}/v1/data/cabincrew/preflight' }}]";

    private static async Task<(FlightHouse House, Orchestrator.Workflows.FlightReport Report)> FlyAsync(FarServer server, string step = "")
    {
        var house = await FlightHouse.OpenAsync();
        house.Script("e", "propose a.txt new");
        house.Workflow($"  - {{ id: one, engine: ./engines/e, environment: production{step} }}");
        house.File("home/cabincrew.yaml", house.Read("home/cabincrew.yaml").Replace("policies: [{ rules: rules.yaml }]", Policies(server), StringComparison.Ordinal));
        return (house, await house.FlyAsync(Orchestrator.Workflows.WorkflowFile.Load(house["home/cabincrew.yaml"]).Value));
    }

    [Fact, Clause("PRE-05")]
    public async Task A_real_plan_fits_the_schema_and_is_what_the_engine_proposed()
    {
        using var server = Opa("""{"decision_id":"d-1","result":{"deny":[]}}""");
        var (house, report) = await FlyAsync(server);
        await using (house)
        {
            Assert.Null(report.Problem);
            var input = JsonElement.Parse(Assert.Single(server.Requests).Body).GetProperty("input");
            Assert.Null(SchemaCatalog.Validate("policy-input", input).Problem?.ToString());
            Assert.Equal(("flight", "one", "production"), (input.GetProperty("workflow").GetProperty("name").GetString(), input.GetProperty("step").GetProperty("id").GetString(), input.GetProperty("environment").GetString()));
            Assert.Equal("""{"name":"agent","kind":"automation","roles":["maintainer"]}""", input.GetProperty("requester").GetRawText());
            var change = Assert.Single(input.GetProperty("changes").EnumerateArray());
            Assert.Equal(("a.txt", "update", "new", "one"), (change.GetProperty("path").GetString(), change.GetProperty("change").GetString(), change.GetProperty("added_lines")[0].GetProperty("text").GetString(), change.GetProperty("deleted_lines")[0].GetProperty("text").GetString()));
            Assert.Equal("text", input.GetProperty("artifacts")[0].GetProperty("body").GetProperty("kind").GetString());
            Assert.Equal(house.Clock.GetUtcNow().Date, input.GetProperty("now").GetDateTimeOffset().Date);
            Assert.Contains((await house.AuditAsync()).Select(e => JsonSerializer.Serialize(e, Protocol.Wire.ProtocolJson.Default.AuditEvent)), e => e.Contains("d-1", StringComparison.Ordinal));
        }
    }

    [Fact, Clause("PRE-04")]
    public async Task A_server_that_objects_or_fails_stops_the_flight()
    {
        foreach (var answer in (string[])["""{"result":{"deny":["not today"]}}""", "{}", "no"])
        {
            using var server = Opa(answer);
            var (house, report) = await FlyAsync(server);
            await using (house)
            {
                Assert.Equal(ProblemCode.PolicyDenied, report.Problem?.Code);
                Assert.Equal("one\n", house.Read("workspace/a.txt"));
            }
        }
    }

    [Fact, Clause("TOK-02")]
    public async Task The_environment_is_part_of_the_token()
    {
        using var server = Opa("""{"result":{"deny":[]}}""");
        var (one, first) = await FlyAsync(server);
        await using (one)
        {
            var definition = first.State.Definition.Steps[0];
            Assert.Equal("production", definition.Environment);
            Assert.NotEqual(Orchestrator.Workflows.StepDefinitionJson.ToJson(definition).GetRawText(), Orchestrator.Workflows.StepDefinitionJson.ToJson(definition with { Environment = "staging" }).GetRawText());
        }
    }
}
