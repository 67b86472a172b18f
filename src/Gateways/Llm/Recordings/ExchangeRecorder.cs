// Keeps exchanges that passed, each in a file of its own: `cabincrew llm --record` (LLM-06: only where that was asked for).
// Invariants: nothing is written before redaction; a file appears whole under its name or not at all, and none is written over; nobody but its owner may read it.
using System.Security.Cryptography;
using CabinCrew.Gateways.Llm.Wire;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Recordings;

public sealed class ExchangeRecorder
{
    private const int NumberMax = 9999;
    private const UnixFileMode OwnerReadsAndWrites = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string directory;
    private readonly RecordedRequests requests;
    private readonly Dictionary<Digest, int> written = [];
    private readonly Lock door = new();

    private ExchangeRecorder(string directory, RecordedRequests requests) => (this.directory, this.requests) = (directory, requests);

    internal static Outcome<ExchangeRecorder> Open(string directory, RecordedRequests requests)
    {
        try
        {
            Directory.CreateDirectory(directory, OwnerReadsAndWrites | UnixFileMode.UserExecute);
            return new ExchangeRecorder(directory, requests);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Problem(ProblemCode.IoFailed, $"exchanges cannot be recorded: {e.Message}") { Where = directory };
        }
    }

    /// <summary>It can be read when this returns. It is not flushed to the disk: what a power cut cuts short, replaying refuses by its digests, and it is recorded once more.</summary>
    /// <param name="api">The caller's, which the answer is in.</param>
    /// <param name="model">As the caller called it.</param>
    /// <param name="body">As it went to the provider.</param>
    /// <param name="answer">As it was released, with nothing put back into it.</param>
    public Outcome<Done> Keep(LlmApi api, string model, ReadOnlyMemory<byte> body, (int Status, IReadOnlyList<(string Name, string Value)> Headers) head, Carried answer, CancellationToken ct)
    {
        var numbers = new PlaceholderNumbers();
        if (!requests.Of(api, model, body, numbers, ct).Try(out var request, out var problem)) return problem;
        if (!requests.Without(answer, ct).Then(clean => PlaceholderNumbers.In(clean, numbers.Number)).Try(out var kept, out problem)) return problem;
        var bytes = RecordingFormat.Write(new(request, head.Status, head.Headers, kept));
        if (bytes.Length > RecordingFormat.BytesMax) return new Problem(ProblemCode.IoFailed, $"the exchange cannot be recorded: it has more than {RecordingFormat.BytesMax} bytes");
        try
        {
            lock (door) return Publish(request.Digest, bytes.Span);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Problem(ProblemCode.IoFailed, $"the exchange cannot be recorded, so it is not let through: {e.Message}");
        }
    }

    private Outcome<Done> Publish(Digest request, ReadOnlySpan<byte> bytes)
    {
        var temporary = Path.Combine(directory, $".{RandomNumberGenerator.GetHexString(12, lowercase: true)}.tmp");
        try
        {
            using (var file = new FileStream(temporary, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerReadsAndWrites })) file.Write(bytes);
            for (var number = written.GetValueOrDefault(request) + 1; number <= NumberMax; number++)
            {
                var path = Path.Combine(directory, RecordingBook.NameOf(request, number));
                // Those of an earlier run keep their places.
                if (Path.Exists(path)) continue;
                File.Move(temporary, path, overwrite: false);
                written[request] = number;
                return Done.Ok;
            }
            return new Problem(ProblemCode.IoFailed, $"the exchange cannot be recorded: there are {NumberMax} of this request already");
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
