// The remote OPA as a judge, against a server on the loopback that answers well and badly (PRE-04, PRE-05): whatever is not a whole, timely answer of a known shape is a deny that says what to look at.
using System.Text;
using System.Text.Json;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Sources;
using CabinCrew.Ledger.Redaction;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Schemas;
using CabinCrew.Tests.Contracts;
using CabinCrew.Tests.Hangar;
using Xunit;

namespace CabinCrew.Tests.Spec;

public sealed class OpaPolicySourceTests : IDisposable
{
    private readonly List<IDisposable> open = [];

    public void Dispose() => open.ForEach(o => o.Dispose());

    private FarServer Serve(Func<FarRequest, byte[]> answer)
    {
        var server = new FarServer(answer);
        open.Add(server);
        return server;
    }

    private static byte[] Json(string body) => FarServer.Text(body, "Content-Type: application/json\r\n");

    private static string Url(FarServer server) => $"http://127.0.0.1:{server.Port}/v1/data/cabincrew/preflight";

    private static PolicySurroundings At(Redactor? redactor = null, string? token = null) => new("/", redactor ?? new()) { Secrets = (_, _, _) => Task.FromResult<Outcome<string>>(token!) };

    private static async Task<Judgement> Judge(string url, OpaPolicyOptions? options = null, Redactor? redactor = null, string? token = null, PolicySubject? subject = null)
    {
        var set = await PolicySet.LoadAsync([new("opa", url) { Opa = options }], At(redactor, token), AggregationMethod.MostRestrictive, TimeSpan.FromSeconds(30), default);
        Assert.True(set.Ok, set.Problem?.ToString());
        return await set.Value.JudgeAsync(subject ?? Subjects.Of(), TimeProvider.System, default);
    }

    [Fact, Clause("PRE-05"), Clause("PRE-03")]
    public async Task The_server_is_asked_with_the_input_document_and_its_decision_is_recorded()
    {
        var server = Serve(_ => Json("""{"decision_id":"d-42","provenance":{"version":"1.2","bundles":{"main":{"revision":"r7"}}},"result":{"deny":[],"require_approval":[{"msg":"big","role":"security","evidence":{"n":1}}],"warn":["w"]}}"""));
        var judged = await Judge(Url(server), subject: Subjects.Of(Subjects.Update("a", "b")));
        Assert.Equal(Decision.RequireApproval, judged.Decision);
        Assert.Equal([("security", 1)], judged.Needs.Select(n => (n.Role, n.Count)));
        var evaluation = judged.Evaluations[0];
        Assert.Equal((PolicyOrigin.Opa, $"opa:{Url(server)}/require_approval", "big"), (evaluation.Source, evaluation.PolicyId, evaluation.Reason));
        Assert.Equal($$$"""{"opa":"{{{Url(server)}}}","decision_id":"d-42","bundles":{"main":"r7"},"evidence":{"n":1}}""", evaluation.Evidence!.Value.GetRawText());
        var request = Assert.Single(server.Requests);
        Assert.Equal(("POST", "/v1/data/cabincrew/preflight?provenance=true", "application/json"), (request.Method, request.Target, FarServer.Header(request.Head, "Content-Type")));
        Assert.Equal("", FarServer.Header(request.Head, "Authorization"));
        var body = JsonElement.Parse(request.Body);
        Assert.Equal(["input"], body.EnumerateObject().Select(m => m.Name));
        Assert.Null(SchemaCatalog.Validate("policy-input", body.GetProperty("input")).Problem?.ToString());
    }

    [Fact, Clause("PRE-03")]
    public async Task Its_token_is_sent_and_told_to_nobody()
    {
        var server = Serve(_ => Json("""{"result":{"deny":["you said hunter2-hunter2"]}}"""));
        var judged = await Judge(Url(server), new(TimeSpan.FromSeconds(5), "env", "OPA_TOKEN"), token: "hunter2-hunter2", subject: Subjects.Of(Subjects.Update("a", "x hunter2-hunter2")));
        Assert.Equal("Bearer hunter2-hunter2", FarServer.Header(server.Requests.Single().Head, "Authorization"));
        Assert.DoesNotContain("hunter2", Encoding.UTF8.GetString(server.Requests.Single().Body));
        Assert.DoesNotContain("hunter2", string.Join(' ', judged.Evaluations.Select(e => e.Reason + e.Evidence)));
    }

    public static TheoryData<string, string, string> BadAnswers => new()
    {
        { "500", FarText("500 Internal Server Error", """{"result":{"deny":[]}}"""), "answered 500" },
        { "204", "HTTP/1.1 204 No Content\r\n\r\n", "answered 204" },
        { "redirect", "HTTP/1.1 302 Found\r\nLocation: /v1/data/other\r\nContent-Length: 0\r\n\r\n", "a redirect, which is not followed" },
        { "unauthorized", FarText("401 Unauthorized", "{}"), "answered 401" },
        { "undefined", FarText("200 OK", "{}"), "no 'result'" },
        { "undefined with id", FarText("200 OK", """{"decision_id":"x"}"""), "is the policy loaded there?" },
        { "result null", FarText("200 OK", """{"result":null}"""), "unknown shape" },
        { "result true", FarText("200 OK", """{"result":true}"""), "unknown shape" },
        { "empty package", FarText("200 OK", """{"result":{}}"""), "unknown shape" },
        { "not json", FarText("200 OK", "<html>"), "not strict JSON" },
        { "duplicate keys", FarText("200 OK", """{"result":{"deny":["a"],"deny":[]}}"""), "not strict JSON" },
        { "half a body", "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"result\":{\"deny\":[]}}", "could not be asked" },
        { "no body", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "not strict JSON" },
        { "too much", FarText("200 OK", $$"""{"result":{"deny":[]},"x":"{{new string('x', 2 << 20)}}"}"""), "more than" },
        { "too many headers", "HTTP/1.1 200 OK\r\nX: " + new string('x', 200_000) + "\r\nContent-Length: 2\r\n\r\n{}", "could not be asked" },
        { "not http", "SSH-2.0-x\r\n\r\n", "could not be asked" },
        { "nothing", "", "could not be asked" },
    };

    private static string FarText(string status, string body) => Encoding.UTF8.GetString(FarServer.Text(body, status: status));

    [Theory, Clause("PRE-04"), MemberData(nameof(BadAnswers))]
    public async Task Any_other_answer_is_a_deny(string _, string answer, string why)
    {
        var judged = await Judge(Url(Serve(_ => Encoding.UTF8.GetBytes(answer))));
        Assert.Equal(Decision.Deny, judged.Decision);
        Assert.Contains(why, Assert.Single(judged.Violations));
        Assert.Contains("counts as deny", judged.Violations[0]);
    }

    [Fact, Clause("PRE-04")]
    public async Task A_server_that_is_not_there_or_takes_its_time_is_a_deny()
    {
        var gone = new FarServer(_ => []);
        gone.Dispose();
        Assert.Contains("is it running", (await Judge(Url(gone))).Violations.Single());
        using var end = new ManualResetEventSlim();
        var slow = Serve(_ => { end.Wait(TimeSpan.FromSeconds(20)); return []; });
        var judged = await Judge(Url(slow), new(TimeSpan.FromMilliseconds(200)));
        end.Set();
        Assert.Contains("did not answer within 0.2 s", judged.Violations.Single());
    }

    [Fact, Clause("PRE-04")]
    public async Task An_answer_that_trickles_is_cut_off()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var trickle = Task.Run(async () =>
        {
            using var client = await listener.AcceptTcpClientAsync();
            var stream = client.GetStream();
            try
            {
                await stream.WriteAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray());
                for (var i = 0; i < 1000; i++)
                {
                    await stream.WriteAsync("1\r\n \r\n"u8.ToArray());
                    await Task.Delay(20);
                }
            }
            catch (IOException)
            {
                // The other side hung up, as it should.
            }
        });
        var judged = await Judge($"http://127.0.0.1:{((System.Net.IPEndPoint)listener.LocalEndpoint).Port}/v1/data/x", new(TimeSpan.FromMilliseconds(300)));
        Assert.Contains("did not answer within 0.3 s", judged.Violations.Single());
        await trickle;
    }

    [Theory, Clause("PRE-04")]
    [InlineData("ftp://127.0.0.1/v1/data/x")]
    [InlineData("127.0.0.1:8181/v1/data/x")]
    [InlineData("http://127.0.0.1:8181/")]
    [InlineData("http://127.0.0.1:8181/v1/data/")]
    [InlineData("http://127.0.0.1:8181/v1/query")]
    [InlineData("http://127.0.0.1:8181/v1/data/../policies")]
    [InlineData("http://user:pass@127.0.0.1:8181/v1/data/x")]
    [InlineData("http://127.0.0.1:8181/v1/data/x?instrument=true")]
    [InlineData("http://127.0.0.1:8181/v1/data/x#y")]
    public async Task A_url_that_is_no_documents_is_refused_when_it_is_loaded(string url)
    {
        var loaded = await PolicySources.LoadAsync(new("opa", url), At(), default);
        Assert.Equal(ProblemCode.PolicyInvalid, loaded.Problem!.Code);
    }

    [Fact]
    public async Task A_token_never_crosses_the_network_in_the_clear()
    {
        var options = new OpaPolicyOptions(TimeSpan.FromSeconds(1), "env", "OPA_TOKEN");
        Assert.Contains("use https", (await PolicySources.LoadAsync(new("opa", "http://opa.example.org/v1/data/x") { Opa = options }, At(token: "hunter2-hunter2"), default)).Problem!.Message);
        Assert.True((await PolicySources.LoadAsync(new("opa", "https://opa.example.org/v1/data/x") { Opa = options }, At(token: "hunter2-hunter2"), default)).Ok);
        Assert.Contains("no header", (await PolicySources.LoadAsync(new("opa", "https://opa.example.org/v1/data/x") { Opa = options }, At(token: "two\r\nlines: x"), default)).Problem!.Message);
    }

    [Fact]
    public async Task The_digest_binds_where_and_how_it_is_asked()
    {
        async Task<Digest> Of(string url, OpaPolicyOptions? options = null) => (await PolicySources.LoadAsync(new("opa", url) { Opa = options }, At(token: "hunter2-hunter2"), default)).Value.Digest;
        const string Url = "https://opa.example.org/v1/data/x";
        var plain = await Of(Url);
        Assert.Equal(plain, await Of(Url));
        Assert.NotEqual(plain, await Of(Url + "y"));
        Assert.NotEqual(plain, await Of(Url, new(TimeSpan.FromSeconds(6))));
        Assert.NotEqual(plain, await Of(Url, new(OpaPolicyOptions.TimeLimitDefault, "env", "T")));
        Assert.Equal(await Of(Url, new(TimeSpan.FromSeconds(1), "file", "/a/token")), await Of(Url, new(TimeSpan.FromSeconds(1), "file", "/b/token")));
    }
}

public sealed class OpaSourceContractTests : PolicySourceContract, IDisposable
{
    private readonly FarServer server = new(r => FarServer.Text(r.Body.AsSpan().IndexOf("hunter2"u8) < 0 ? """{"result":{"deny":[]}}""" : """{"result":{"deny":["h"]}}"""));

    public void Dispose() => server.Dispose();

    protected override IPolicySource Make() => OpaPolicySource.LoadAsync(new("opa", $"http://127.0.0.1:{server.Port}/v1/data/x"), new("/", new Redactor()), default).Result.Value;
}
