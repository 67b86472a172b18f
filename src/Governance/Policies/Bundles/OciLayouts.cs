// A bundle in an OCI image layout directory (https://github.com/opencontainers/image-spec): index, manifest, layers, each verified by its digest and size before it is
// read. Layers: one tar+gzip as OPA pushes it, or the single files of OPA's own media types, as conftest pushes them. Nothing is reached over the network.
using System.Text.Json;
using CabinCrew.Governance.Files;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Governance.Policies.Bundles;

internal static class OciLayouts
{
    private const int DocumentBytesMax = 1 << 20;
    private const int LayersMax = 1000;
    private const string RefName = "org.opencontainers.image.ref.name";
    private const string Title = "org.opencontainers.image.title";
    private const string Index = "application/vnd.oci.image.index.v1+json";
    private const string Manifest = "application/vnd.oci.image.manifest.v1+json";
    private static readonly string[] Archives = ["application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.cncf.openpolicyagent.layer.v1.tar+gzip"];
    private static readonly string[] Singles =
    [
        "application/vnd.cncf.openpolicyagent.policy.layer.v1+rego", "application/vnd.cncf.openpolicyagent.data.layer.v1+json", "application/vnd.cncf.openpolicyagent.manifest.layer.v1+json",
    ];

    private sealed record Descriptor(string MediaType, Digest Digest, long Size, string? RefName, string? Title);

    /// <summary>Brings the files in, and gives the digest of the image's manifest.</summary>
    public static Outcome<string> Read(BundleReference.OciLayout reference, string directory, BundleFiles into)
    {
        if (!Document(Path.Combine(directory, "oci-layout"), into).Try(out var layout, out var problem)) return problem;
        if (Text(layout, "imageLayoutVersion") is not "1.0.0") return into.Refuse("its oci-layout is of a version that is not known here");
        if (!Document(Path.Combine(directory, "index.json"), into).Try(out var index, out problem)) return problem;
        if (!Choose(index, reference, into).Try(out var chosen, out problem)) return problem;
        if (!Blob(directory, chosen, DocumentBytesMax, into).Try(out var bytes, out problem)) return problem;
        if (!StrictJson.Parse(bytes).Try(out var manifest, out problem)) return into.Refuse($"its image manifest: {problem.Where}: {problem.Message}");
        if (!Descriptors(manifest, "layers", into).Try(out var layers, out problem)) return problem;

        var archives = layers.Where(l => Archives.Contains(l.MediaType)).ToList();
        var singles = layers.Where(l => Singles.Contains(l.MediaType)).ToList();
        if (layers.Count == 0 || archives.Count + singles.Count != layers.Count) return into.Refuse("its image has layers that are no policy bundle's");
        if (archives.Count > 1 || (archives.Count == 1 && singles.Count > 0)) return into.Refuse("its image has more than one bundle");
        return (archives.Count == 1 ? Archive(directory, archives[0], into) : Files(directory, singles, into)) is { } refused ? refused : chosen.Digest.ToString();
    }

    private static Problem? Archive(string directory, Descriptor layer, BundleFiles into)
    {
        if (!Blob(directory, layer, into.Limits.ArchiveBytesMax, into).Then(b => BundleGzip.Unpack(b, into)).Try(out var tar, out var problem)) return problem;
        return BundleTar.Read(tar, into);
    }

    private static Problem? Files(string directory, List<Descriptor> layers, BundleFiles into)
    {
        foreach (var layer in layers)
        {
            if (layer.Title is not { } title) return into.Refuse($"its layer {layer.Digest} has no name ({Title})");
            if (!into.Admit(title, layer.Size).Try(out var path, out var problem) || !Blob(directory, layer, into.Limits.FileBytesMax, into).Try(out var bytes, out problem)) return problem;
            into.Add(path, bytes);
        }
        return null;
    }

    private static Outcome<Descriptor> Choose(JsonElement index, BundleReference.OciLayout reference, BundleFiles into)
    {
        if (!Descriptors(index, "manifests", into).Try(out var all, out var problem)) return problem;
        var fitting = all.Where(d => reference.Digest is { } digest ? d.Digest == digest : reference.Tag is null || d.RefName == reference.Tag).ToList();
        if (fitting.Count == 0) return into.Refuse($"the layout has no such image; it has {string.Join(", ", all.Take(10).Select(d => d.RefName ?? d.Digest.ToString()))}");
        if (fitting.Select(d => d.Digest).Distinct().Count() > 1) return into.Refuse("the layout has several images; name one by its tag or digest");
        return fitting[0].MediaType == Index ? into.Refuse("the image is an index of images; name one of them by its digest")
            : fitting[0].MediaType == Manifest ? fitting[0] : into.Refuse("what the layout names is no OCI image");
    }

    private static Outcome<IReadOnlyList<Descriptor>> Descriptors(JsonElement document, string member, BundleFiles into)
    {
        if (document.ValueKind != JsonValueKind.Object || !document.TryGetProperty(member, out var list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > LayersMax)
            return into.Refuse($"its image names no '{member}'");
        List<Descriptor> found = [];
        foreach (var item in list.EnumerateArray())
        {
            if (Text(item, "mediaType") is not { } type || !Digest.TryParse(Text(item, "digest"), out var digest) || !item.TryGetProperty("size", out var size) || size.ValueKind != JsonValueKind.Number
                || !size.TryGetInt64(out var bytes) || bytes < 0) return into.Refuse($"its image has a wrong entry under '{member}'");
            var notes = item.TryGetProperty("annotations", out var annotations) ? annotations : default;
            found.Add(new(type, digest, bytes, Text(notes, RefName), Text(notes, Title)));
        }
        return found;
    }

    private static Outcome<ReadOnlyMemory<byte>> Blob(string directory, Descriptor descriptor, int bytesMax, BundleFiles into)
    {
        if (descriptor.Size > bytesMax) return into.Refuse($"a part of its image has {descriptor.Size} bytes; at most {bytesMax} are taken");
        if (!PlainFile.Read(Path.Combine(directory, "blobs", "sha256", descriptor.Digest.Hex), bytesMax, ProblemCode.PolicyInvalid).Try(out var file, out var problem)) return into.Refuse($"{descriptor.Digest}: {problem.Message}");
        return file.Bytes.Length == descriptor.Size && Digest.Of(file.Bytes) == descriptor.Digest ? new ReadOnlyMemory<byte>(file.Bytes) : into.Refuse($"what stands under {descriptor.Digest} is something else");
    }

    private static Outcome<JsonElement> Document(string path, BundleFiles into)
    {
        if (!PlainFile.Read(path, DocumentBytesMax, ProblemCode.PolicyInvalid).Try(out var file, out var problem)) return into.Refuse($"it is no image layout: {problem.Message}");
        return StrictJson.Parse(file.Bytes).Try(out var json, out problem) ? json : into.Refuse($"{Path.GetFileName(path)}: {problem.Where}: {problem.Message}");
    }

    private static string? Text(JsonElement from, string name) =>
        from.ValueKind == JsonValueKind.Object && from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
