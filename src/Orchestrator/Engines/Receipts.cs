// Reads standard output as the one receipt, and holds it against the exit code (ENG-04, ENG-05). Standard error is never parsed.
using System.Text.Json;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;
using CabinCrew.Protocol.Schemas;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Engines;

internal static class Receipts
{
    private const int ErrorTextMax = 1000;
    private static readonly JsonLimits Limits = new(BytesMax: RunThread.ReceiptBytesMax);

    /// <param name="exitCode">128 + signal for a process that a signal ended.</param>
    public static Outcome<EngineOutput> Read(ReadOnlyMemory<byte> output, int exitCode, EngineMode mode)
    {
        if (exitCode is > 128 and <= 192)
            return new Problem(ProblemCode.EngineKilled, $"The engine was ended by signal {exitCode - 128}{Remark(exitCode - 128)}.").With("signal", $"{exitCode - 128}");
        if (exitCode is < 0 or > 2)
            return new Problem(ProblemCode.EngineExitReserved, $"The engine ended with exit code {exitCode}; above 2 they are reserved.").With("exit_code", $"{exitCode}");

        var parsed = Parse(output, mode);
        if (exitCode == 0)
        {
            if (!parsed.Try(out var good, out _)) return parsed;
            return good.Status == EngineOutput.Success
                ? good
                : new Problem(ProblemCode.ReceiptDisagrees, $"The engine ended with exit code 0, but its receipt's status is '{Plain(good.Status)}'{Because(good.Error)}.");
        }
        var code = exitCode == 1 ? ProblemCode.EngineFailed : ProblemCode.EngineValidationFailed;
        // A failing engine owes a receipt as well, but its failure is the news.
        if (!parsed.Try(out var receipt, out var problem))
            return new Problem(code, $"The engine ended with exit code {exitCode}, without a valid receipt that says why.").With("exit_code", $"{exitCode}").With("receipt", problem.Code.Id());
        return receipt.Status == EngineOutput.Failure
            ? new Problem(code, $"The engine ended with exit code {exitCode}{Because(receipt.Error)}.").With("exit_code", $"{exitCode}")
            : new Problem(ProblemCode.ReceiptDisagrees, $"The engine ended with exit code {exitCode}, but its receipt's status is '{Plain(receipt.Status)}'.").With("exit_code", $"{exitCode}");
    }

    private static Outcome<EngineOutput> Parse(ReadOnlyMemory<byte> output, EngineMode mode)
    {
        var text = output.Trim(" \t\r\n"u8);
        if (text.IsEmpty) return new Problem(ProblemCode.ReceiptMissing, "The engine wrote nothing on standard output.");
        if (text.Span[0] != '{')
            return HasReceiptAfterText(text)
                ? new Problem(ProblemCode.ReceiptTrailingOutput, "Standard output carries other output before the receipt.")
                : new Problem(ProblemCode.ReceiptMalformed, "Standard output is not a JSON object.");
        if (EndOfFirst(text) is not { } end) return Malformed(StrictJson.Parse(text, Limits).Problem);
        if (end < text.Length) return new Problem(ProblemCode.ReceiptTrailingOutput, "Standard output carries other output after the receipt.").With("offset", $"{end}");
        if (!SchemaCatalog.Read("engine-output", text, ProtocolJson.Default.EngineOutput, Limits).Try(out var receipt, out var problem)) return Malformed(problem);
        if (receipt.Mode != mode) return new Problem(ProblemCode.ReceiptDisagrees, $"The engine ran in {mode.Word()} mode, but its receipt says {receipt.Mode.Word()}.");
        if (receipt.ProtocolVersion != ProtocolWords.ProtocolVersion)
            return new Problem(ProblemCode.ReceiptDisagrees, $"The receipt's protocol version is '{Plain(receipt.ProtocolVersion)}', not '{ProtocolWords.ProtocolVersion}'.");
        return receipt;
    }

    private static Problem Malformed(Problem? cause) =>
        new Problem(ProblemCode.ReceiptMalformed, $"The receipt is not valid{(cause is null ? "" : $": {cause.Message}")}") { Where = cause?.Where }
            .With("cause", (cause?.Code ?? ProblemCode.JsonMalformed).Id());

    /// <summary>Where the first JSON value ends; null if it is not one.</summary>
    private static int? EndOfFirst(ReadOnlyMemory<byte> text)
    {
        try
        {
            var reader = new Utf8JsonReader(text.Span, new JsonReaderOptions { AllowMultipleValues = true, MaxDepth = 1000 });
            if (!reader.Read()) return null;
            reader.Skip();
            return (int)reader.BytesConsumed;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool HasReceiptAfterText(ReadOnlyMemory<byte> text)
    {
        // The likely shape: lines of chatter, then a document that starts a line and ends the output.
        for (var tries = 0; tries < 100; tries++)
        {
            var at = text.Span.IndexOf("\n{"u8);
            if (at < 0) return false;
            text = text[(at + 1)..];
            if (EndOfFirst(text) == text.Length) return true;
        }
        return false;
    }

    private static string Remark(int signal) => signal switch
    {
        4 => " (illegal instruction)",
        6 => " (aborted)",
        9 => " (killed)",
        11 => " (memory fault)",
        15 => " (terminated)",
        31 => " (forbidden system call)",
        _ => "",
    };

    private static string Because(string? error) => string.IsNullOrWhiteSpace(error) ? "" : $": {Plain(error).TrimEnd('.')}";

    /// <summary>An engine's words in a message of ours: bounded, on one line.</summary>
    private static string Plain(string text) =>
        new([.. (text.Length <= ErrorTextMax ? text : text[..ErrorTextMax] + "...").Trim().Select(c => char.IsControl(c) ? ' ' : c)]);
}
