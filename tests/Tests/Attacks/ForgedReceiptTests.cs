// Engines that say more, less or something else than one receipt (ENG-04, ENG-05).
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Protocol;
using CabinCrew.Tests.Spec;
using System.Text;
using Xunit;

namespace CabinCrew.Tests.Attacks;

public sealed class ForgedReceiptTests : IDisposable
{
    private const string Good = """{"protocol_version":"draft-1","engine_id":"t","mode":"flight-plan","receipt_id":"r","status":"success"}""";

    private readonly EngineBench bench = new();

    public void Dispose() => bench.Dispose();

    public static TheoryData<string, ProblemCode> Outputs => new()
    {
        { "", ProblemCode.ReceiptMissing },
        { " \n\t\r\n", ProblemCode.ReceiptMissing },
        { "starting...\n" + Good, ProblemCode.ReceiptTrailingOutput },
        { "starting...\n\n{ \"not\": \"it\"\n" + Good, ProblemCode.ReceiptTrailingOutput },
        { Good + "done", ProblemCode.ReceiptTrailingOutput },
        { Good + "\n" + Good, ProblemCode.ReceiptTrailingOutput },
        { Good + "}", ProblemCode.ReceiptTrailingOutput },
        { Good + "\0", ProblemCode.ReceiptTrailingOutput },
        { Good + "// comment", ProblemCode.ReceiptTrailingOutput },
        { "\uFEFF" + Good, ProblemCode.ReceiptMalformed },
        { "[" + Good + "]", ProblemCode.ReceiptMalformed },
        { "null", ProblemCode.ReceiptMalformed },
        { "success", ProblemCode.ReceiptMalformed },
        { Good[..^1], ProblemCode.ReceiptMalformed },
        { Good[..^1] + ",}", ProblemCode.ReceiptMalformed },
        { Good[..^1] + ",\"status\":\"success\"}", ProblemCode.ReceiptMalformed },
        { Good[..^1] + ",\"Status\":\"success\"}", ProblemCode.ReceiptMalformed },
        { Good[..^1] + ",\"approved\":true}", ProblemCode.ReceiptMalformed },
        { Good[..^1] + ",\"metrics\":[{\"name\":\"m\",\"value\":NaN}]}", ProblemCode.ReceiptMalformed },
        { Good[..^1] + ",\"metrics\":[{\"name\":\"m\",\"value\":1e400}]}", ProblemCode.ReceiptMalformed },
        { Good[..^1] + ",\"error\":\"\\ud800\"}", ProblemCode.ReceiptMalformed },
        { Good[..^1] + ",\"diagnostics\":" + new string('[', 100_000) + new string(']', 100_000) + "}", ProblemCode.ReceiptMalformed },
        { Good.Replace("success", "maybe", StringComparison.Ordinal), ProblemCode.ReceiptMalformed },
        { Good.Replace("flight-plan", "take-off", StringComparison.Ordinal), ProblemCode.ReceiptDisagrees },
        { Good.Replace("draft-1", "draft-2", StringComparison.Ordinal), ProblemCode.ReceiptDisagrees },
    };

    [Theory, Clause("ENG-04"), Clause("ENG-05"), MemberData(nameof(Outputs), DisableDiscoveryEnumeration = true)]
    public void is_refused(string output, ProblemCode code)
    {
        Assert.True(Receipts.Read(Encoding.UTF8.GetBytes(Good), 0, EngineMode.FlightPlan).Ok);
        Assert.True(Receipts.Read(Encoding.UTF8.GetBytes("\n " + Good + " \r\n"), 0, EngineMode.FlightPlan).Ok);
        var read = Receipts.Read(Encoding.UTF8.GetBytes(output), 0, EngineMode.FlightPlan);
        Assert.True(read.Problem?.Code == code, $"{read}");
    }

    [Fact, Clause("ENG-04")]
    public void bytes_that_are_no_text_are_refused()
    {
        byte[] bytes = [.. Encoding.UTF8.GetBytes(Good[..^2]), 0xff, (byte)'"', (byte)'}'];
        Assert.Equal(ProblemCode.ReceiptMalformed, Receipts.Read(bytes, 0, EngineMode.FlightPlan).Problem?.Code);
    }

    [Fact, Clause("ENG-05")]
    public async Task a_second_process_that_writes_after_the_receipt_is_noticed()
    {
        var ran = await bench.ShellAsync("receipt; (sleep 0.1; echo more) & wait");
        Assert.Equal(ProblemCode.ReceiptTrailingOutput, ran.Code);
    }

    [Fact, Clause("ENG-04")]
    public async Task a_secret_on_standard_error_stays_in_memory_and_out_of_the_problem()
    {
        var ran = await bench.RunAsync(bench.Run(bench.Shell("cat >&2; exit 1"), input: """{"secrets":{"token":"s3cr3t-value"}}"""));
        Assert.Contains("s3cr3t-value", ran.Log);
        Assert.DoesNotContain("s3cr3t", $"{ran.Failure!.Problem} {string.Join(' ', ran.Failure.Problem.Evidence.Values)}");
        Assert.DoesNotContain(Directory.EnumerateFiles(bench.Root, "*", SearchOption.AllDirectories), f => File.ReadAllText(f).Contains("s3cr3t", StringComparison.Ordinal));
    }
}
