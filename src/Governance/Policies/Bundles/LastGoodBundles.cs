// The bundles that were good, kept for those who asked for it: contents in the blob store, and beside the store one small file for each reference that says which.
// What is kept is verified by digest, and loaded with today's options: a signature whose key is trusted no more makes it no good.
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Governance.Files;
using CabinCrew.Ledger.Blobs;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Governance.Policies.Bundles;

/// <param name="directory">In the store's directory, which only its owner can write.</param>
/// <param name="readOnly">For those who only look: nothing is kept.</param>
public sealed class LastGoodBundles(IBlobStore blobs, TenantId tenant, string directory, bool readOnly = false)
{
    public const string FolderName = "bundles";

    private const int NoteBytesMax = 16 << 10;

    /// <param name="key">Which bundle of whose.</param>
    public async Task<Outcome<Done>> KeepAsync(string key, PolicyBundle bundle, CancellationToken ct)
    {
        if (readOnly) return Done.Ok;
        var kept = await blobs.PutAsync(tenant, [bundle.Archive], ct).ConfigureAwait(false);
        if (!kept.Try(out var digests, out var problem)) return problem;
        var note = CanonicalJson.Write(new JsonObject { ["bundle"] = key, ["archive"] = digests[0].ToString(), ["digest"] = bundle.Digest.ToString(), ["origin"] = bundle.Origin });
        var path = PathOf(key);
        try
        {
            if (File.Exists(path) && (await File.ReadAllBytesAsync(path, ct).ConfigureAwait(false)).AsSpan().SequenceEqual(note)) return Done.Ok;
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            // Written beside and renamed: whoever reads it meanwhile sees the old one or the new one. Lost in a power cut, it is written again at the next load.
            var temporary = $"{path}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}.tmp";
            await File.WriteAllBytesAsync(temporary, note, ct).ConfigureAwait(false);
            File.Move(temporary, path, overwrite: true);
            return Done.Ok;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Problem(ProblemCode.StoreUnavailable, $"The good bundle cannot be kept: {e.Message}") { Where = path };
        }
    }

    /// <summary>The last good one, or <paramref name="because"/> again where there is none.</summary>
    public async Task<Outcome<PolicyBundle>> FindAsync(string key, string shownAs, BundleOptions options, Problem because, CancellationToken ct)
    {
        if (!PlainFile.Read(PathOf(key), NoteBytesMax, ProblemCode.StoreCorrupt).Then(f => StrictJson.Parse(f.Bytes)).Try(out var note, out _)
            || !Digest.TryParse(Text(note, "archive"), out var archive)) return because;
        var read = await blobs.GetAsync(tenant, archive, ct).ConfigureAwait(false);
        return read.Try(out var bytes, out _) && PolicyBundle.OfArchive(bytes, shownAs, options).Try(out var bundle, out _)
            ? bundle.StandingInFor(because, Text(note, "origin"))
            : because;
    }

    private static string? Text(JsonElement note, string name) =>
        note.ValueKind == JsonValueKind.Object && note.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private string PathOf(string key) => Path.Combine(directory, Digest.Of(Encoding.UTF8.GetBytes(key)).Hex + ".json");
}
