// What gateways keep of messages where they are told to: redacted, bounded, named in the log, gone in time; and what another configuration makes of it (AUD-04, LLM-06, MCP-02).
using System.Text;
using CabinCrew.Gateways.Firewall.Records;
using CabinCrew.Gateways.Mcp.Configuration;
using CabinCrew.Gateways.Mcp.Review;
using CabinCrew.Gateways.Mcp.Wire;
using CabinCrew.Gateways.Tests.Detection;
using CabinCrew.Gateways.Tests.Gate;
using CabinCrew.Governance.Detection;
using CabinCrew.Governance.Policies;
using CabinCrew.Governance.Policies.Messages;
using CabinCrew.Ledger.Blobs;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Tests.Review;

[Clause("AUD-04")]
public sealed class KeptMessagesTests : IDisposable
{
    private static readonly string Token = Corpus.Checked("ghp_");
    private readonly string directory = Directory.CreateTempSubdirectory("cabincrew-kept-").FullName;

    public KeptMessagesTests()
    {
        File.WriteAllText(Path.Combine(directory, "all.yaml"), "version: 1\nfor: messages\ndefault: allow\nrules:\n  - { id: any, when: { method: '*' }, decision: allow, reason: any }\n");
        File.WriteAllText(Path.Combine(directory, "strict.yaml"), "version: 1\nfor: messages\ndefault: allow\nrules:\n  - { id: no-search, when: { tool: search }, decision: deny, reason: nobody searches }\n");
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private GatewayDefinition Definition(KeepScope scope, string rules = "all.yaml") => new()
    {
        BaseDirectory = directory, Servers = [new() { Name = "files", Kind = ServerKind.Command, Command = ["x"] }], Policies = [new("rules", rules)], Limits = new(),
        Record = new() { Scope = scope, GatherFor = TimeSpan.FromMilliseconds(5), MessageBytesMax = 10_000 },
        Detectors = new Dictionary<string, DetectorSettings> { ["secrets"] = new(Decision.Warn, Decision.Warn, true) },
    };

    /// <summary>Through a gate that is closed afterwards: what was to be kept is kept.</summary>
    private static async Task PassAsync(GateHouse house, GatewayDefinition definition, params Frame[] calls)
    {
        await using var built = (await GateAssembly.BuildAsync(definition, house.Ledger, house.Book, null, null, default)).Value;
        foreach (var call in calls)
        {
            await built.Gate.PassAsync(new(house.Session(), "files", MessageDirection.ToServer, call, null), new SilentLine(), default);
            await built.Gate.PassAsync(new(house.Session(), "files", MessageDirection.ToCaller, Frames.Result("""{"content":[]}""", Encoding.UTF8.GetString(call.Id.Span)), call), new SilentLine(), default);
        }
    }

    private static async Task<RecordedMessages> RecordedAsync(GateHouse house, bool callsOnly = true) => (await RecordedMessages.ReadAsync(house.Ledger, TenantId.Local, null, callsOnly, default)).Value;

    private static async Task<List<RejudgedMessage>> AgainAsync(GateHouse house, GatewayDefinition definition)
    {
        var judge = (await AssembledJudge.BuildAsync(definition, house.Ledger.Redactor, "maintainer", null, house.Clock, default)).Value;
        var review = new MessageReview(definition, judge, house.Clock);
        List<RejudgedMessage> judged = [];
        foreach (var message in (await RecordedAsync(house)).Messages) judged.Add(await review.JudgeAsync(message, default));
        return judged;
    }

    [Fact]
    public async Task Without_a_word_nothing_is_kept_and_a_review_says_so()
    {
        await using var house = await GateHouse.OpenAsync();
        await PassAsync(house, Definition(KeepScope.None) with { Record = new() }, Frames.Call("search"));
        Assert.DoesNotContain(await house.EventsAsync(), e => e.Type() == "frames_kept");
        var one = Assert.Single(await AgainAsync(house, Definition(KeepScope.None, "strict.yaml")));
        Assert.Null(one.Now);
        Assert.False(one.Changes);
        Assert.Equal(ProblemCode.NotFound, one.Problem!.Code);
    }

    [Fact]
    public async Task Calls_are_kept_as_they_were_and_judged_again_under_other_policies()
    {
        await using var house = await GateHouse.OpenAsync();
        await PassAsync(house, Definition(KeepScope.Calls), Frames.Call("search", """{"query":"x"}""", "1"), Frames.Call("read", "{}", "2"), Frames.Of("""{"jsonrpc":"2.0","id":3,"method":"ping"}"""));
        var recorded = await RecordedAsync(house, callsOnly: false);
        Assert.Equal(6, recorded.Messages.Count);
        Assert.Equal(2, recorded.Messages.Count(m => m.Kept is not null));
        Assert.Contains("\"query\":\"x\"", recorded.Messages[0].Kept!.Text, StringComparison.Ordinal);

        Assert.All(await AgainAsync(house, Definition(KeepScope.Calls)), m => Assert.True(m is { Changes: false, IsExact: true, Now: not null }));
        var strict = await AgainAsync(house, Definition(KeepScope.Calls, "strict.yaml"));
        Assert.Equal([true, false], strict.Select(m => m.Changes));
        Assert.Equal("now deny: strict/no-search: nobody searches", strict[0].Why[0]);
        // Nothing of it is on record.
        Assert.Equal(6, (await RecordedAsync(house, callsOnly: false)).Messages.Count);
    }

    [Fact]
    public async Task No_credential_and_no_mapped_secret_is_kept_and_what_was_found_is_taken_over()
    {
        await using var house = await GateHouse.OpenAsync();
        house.Ledger.Redactor.Learn("KEY", "mapped-value-4711");
        await PassAsync(house, Definition(KeepScope.Messages), Frames.Call("search", $$"""{"query":"use {{Token}}","more":"{{Convert.ToBase64String("mapped-value-4711"u8)}}"}""", "1"), Frames.Call("search", $$"""{"url":"{{Token}}"}""", "2"));
        var recorded = (await RecordedAsync(house)).Messages;
        Assert.All(recorded, m => Assert.True(m.Kept!.Redacted));
        foreach (var file in Directory.EnumerateFiles(Path.Combine(house.Directory, "frames"), "*", SearchOption.AllDirectories))
        {
            var text = string.Concat(KeptSegment.Read(File.ReadAllBytes(file)).Value.Select(m => m.ToString()));
            Assert.DoesNotContain(Token[..12], text, StringComparison.Ordinal);
            Assert.DoesNotContain("mapped-value", text, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToBase64String("mapped-value-4711"u8)[..12], text, StringComparison.Ordinal);
            Assert.Contains("[redacted:github-token", text, StringComparison.Ordinal);
        }
        // A mapped secret is denied, then as now; and a credential as this configuration has it, though it is in nothing that could be looked through.
        var again = await AgainAsync(house, Definition(KeepScope.Messages));
        Assert.Equal([(Decision.Deny, false, false), (Decision.Warn, false, false)], again.Select(m => (m.Now!.Decision, m.Changes, m.IsExact)));
        var denied = await AgainAsync(house, Definition(KeepScope.Messages) with { Detectors = new Dictionary<string, DetectorSettings> { ["secrets"] = new(Decision.Deny, Decision.Warn, true) } });
        Assert.True(denied[1].Changes);
        Assert.Contains("github-token", denied[1].Why[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_too_large_is_not_kept_and_the_log_says_how_many()
    {
        await using var house = await GateHouse.OpenAsync();
        await PassAsync(house, Definition(KeepScope.Calls), Frames.Call("a", $$"""{"x":"{{new string('x', 20_000)}}"}""", "1"), Frames.Call("b", "{}", "2"));
        Assert.Equal([false, true], (await RecordedAsync(house)).Messages.Select(m => m.Kept is not null));
        Assert.Equal(1, (await house.EventsAsync()).Where(e => e.Type() == "frames_kept").Sum(e => e.Data().GetProperty("not_kept").GetInt32()));
    }

    [Fact]
    public async Task What_was_altered_is_not_believed_and_what_is_gone_is_not_missed()
    {
        await using var house = await GateHouse.OpenAsync();
        await PassAsync(house, Definition(KeepScope.Calls), Frames.Call("a", "{}", "1"));
        var file = Assert.Single(Directory.EnumerateFiles(Path.Combine(house.Directory, "frames"), "*", SearchOption.AllDirectories));
        var bytes = File.ReadAllBytes(file);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        bytes[^5] ^= 1;
        File.WriteAllBytes(file, bytes);
        var altered = await RecordedAsync(house);
        Assert.Equal(ProblemCode.BlobCorrupt, Assert.Single(altered.Unread).Code);
        Assert.Null(altered.Messages[0].Kept);
        File.Delete(file);
        var gone = await RecordedAsync(house);
        Assert.Empty(gone.Unread);
        Assert.Null(gone.Messages[0].Kept);
    }

    [Fact]
    public async Task What_is_kept_goes_when_it_is_old_and_the_oldest_goes_when_it_is_much()
    {
        var kept = new ExpiringBlobs(directory);
        var digests = new List<Digest>();
        for (var i = 0; i < 4; i++)
        {
            digests.Add((await kept.PutAsync(TenantId.Local, Encoding.UTF8.GetBytes(new string((char)('a' + i), 1000)), default)).Value);
            File.SetLastWriteTimeUtc(Path.Combine(directory, "local", digests[i].Hex[..2], digests[i].Hex[2..]), new DateTime(2026, 1, 1 + i, 0, 0, 0, DateTimeKind.Utc));
        }
        Assert.Equal(new Swept(1, 3000), kept.Sweep(TenantId.Local, new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero), 1 << 20).Value);
        Assert.Equal(new Swept(1, 2000), kept.Sweep(TenantId.Local, new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero), 2500).Value);
        var there = await Task.WhenAll(digests.Select(async d => (await kept.GetAsync(TenantId.Local, d, default)).Ok));
        Assert.Equal([false, false, true, true], there);
        Assert.True((await kept.PutAsync(TenantId.Local, Encoding.UTF8.GetBytes(new string('a', 1000)), default)).Ok);
        Assert.True((await kept.GetAsync(TenantId.Local, digests[0], default)).Ok);
    }

    [Fact]
    public async Task What_was_kept_is_a_case_that_expects_what_was_decided()
    {
        await using var house = await GateHouse.OpenAsync();
        var definition = Definition(KeepScope.Calls, "strict.yaml");
        await PassAsync(house, definition, Frames.Call("search", """{"query":"x"}""", "1"), Frames.Call("read", $$"""{"x":"{{Token}}"}""", "2"));
        var judge = (await AssembledJudge.BuildAsync(definition, house.Ledger.Redactor, "maintainer", null, house.Clock, default)).Value;
        var cases = (await RecordedAsync(house)).Messages.Select(m => TrialCase.Read(System.Text.Json.JsonSerializer.Serialize(RecordedCases.Of(m)!, TrialCaseJson.Default.TrialCase)).Value).ToList();
        Assert.Equal([Decision.Deny, null], cases.Select(c => c.Expected));
        Assert.Equal(Decision.Deny, (await new MessageTrial(definition, judge, house.Clock).RunAsync(cases[0], default)).Decision);
    }
}
