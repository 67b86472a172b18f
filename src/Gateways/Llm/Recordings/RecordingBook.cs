// A directory of recordings, read whole before anything is answered from it: one file that cannot be used, and nothing is.
using System.Globalization;
using System.Text.RegularExpressions;
using CabinCrew.Gateways.Firewall;
using CabinCrew.Governance.Files;
using CabinCrew.Protocol;

namespace CabinCrew.Gateways.Llm.Recordings;

internal sealed partial class RecordingBook
{
    private const int FilesMax = 10_000;
    private const long BytesMax = 256 << 20;
    private const string Ending = ".json";

    private readonly Dictionary<Digest, SortedList<int, Recording>> recordings = [];

    [GeneratedRegex(@"^(?<digest>[0-9a-f]{64})\.(?<number>[1-9][0-9]{0,3})\.json$", RegexOptions.NonBacktracking)]
    private static partial Regex Name { get; }

    public int Count { get; private set; }

    /// <summary>Of the request's n-th recording, the first is 1.</summary>
    public static string NameOf(Digest request, int number) => string.Create(CultureInfo.InvariantCulture, $"{request.Hex}.{number}{Ending}");

    /// <param name="bytesMax">Of one file.</param>
    public static Outcome<RecordingBook> Open(string directory, int bytesMax = RecordingFormat.BytesMax)
    {
        var book = new RecordingBook();
        var total = 0L;
        try
        {
            foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos().Where(e => e.Name.EndsWith(Ending, StringComparison.Ordinal)))
            {
                if (++book.Count > FilesMax) return new Problem(ProblemCode.InvalidArgument, $"there are more than {FilesMax} recordings") { Where = directory };
                // A link could lead to another file at every look.
                if (entry.LinkTarget is not null || Name.Match(entry.Name) is not { Success: true } name) return new Problem(ProblemCode.InvalidArgument, "this is no recording: a plain file with the digest of a request and a number for a name") { Where = entry.FullName };
                if (!PlainFile.Read(entry.FullName, bytesMax, ProblemCode.InvalidArgument).Try(out var file, out var problem)) return problem;
                if ((total += file.Bytes.Length) > BytesMax) return new Problem(ProblemCode.InvalidArgument, $"the recordings have more than {BytesMax} bytes") { Where = directory };
                if (!RecordingFormat.Read(file.Bytes).Try(out var recording, out problem)) return problem with { Where = problem.Where is { } where ? $"{entry.FullName}: {where}" : entry.FullName };
                if (recording.Request.Digest.Hex != name.Groups["digest"].Value) return new Problem(ProblemCode.InvalidArgument, $"the recording has another name than its request: {recording.Request.Digest}") { Where = entry.FullName };
                book.Add(int.Parse(name.Groups["number"].Value, CultureInfo.InvariantCulture), recording);
            }
            return book.Count > 0 ? book : new Problem(ProblemCode.NotFound, "there is no recording in this directory") { Where = directory, Remedy = "Record some: cabincrew llm --record DIR." };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Problem(e is DirectoryNotFoundException ? ProblemCode.NotFound : ProblemCode.IoFailed, $"the recordings cannot be read: {e.Message}") { Where = directory };
        }
    }

    /// <summary>The recording of the request that was asked for so many times before; the last one again where there is none that is so late.</summary>
    public (Recording Recording, int Number)? Find(Digest request, int before)
    {
        if (!recordings.TryGetValue(request, out var found)) return null;
        var at = Math.Min(before, found.Count - 1);
        return (found.Values[at], found.Keys[at]);
    }

    /// <summary>Why there is none, and which comes nearest.</summary>
    public Problem Missing(RecordedRequest request)
    {
        var alike = recordings.Values.Select(r => r.Values[0].Request).Where(r => r.Method == request.Method).ToList();
        var said = Plain.Text(request.Model, 100);
        var nearest = alike.Where(r => r.Model == request.Model).Select(r => (Request: r, Same: r.Canonical.AsSpan().CommonPrefixLength(request.Canonical))).OrderByDescending(r => r.Same).ThenBy(r => r.Request.Digest).FirstOrDefault().Request;
        var hint = nearest is not null ? $"the nearest recorded one is {nearest.Digest}, which differs at {Plain.Text(JsonDifference.First(nearest.Body, request.Body), 200)}"
            : alike.Count > 0 ? $"there are recordings of this API for {string.Join(", ", alike.Select(r => Plain.Text(r.Model, 100)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Take(10))} only" : "there is no recording of this API";
        return new(ProblemCode.NotFound, $"no answer to this request is recorded ({request.Method} {said}, {request.Digest}); {hint}") { Remedy = "Record it with --record, or make the request the same." };
    }

    private void Add(int number, Recording recording)
    {
        if (!recordings.TryGetValue(recording.Request.Digest, out var numbered)) recordings[recording.Request.Digest] = numbered = [];
        numbered.Add(number, recording);
    }
}
