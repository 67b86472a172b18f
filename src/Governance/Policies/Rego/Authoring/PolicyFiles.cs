// Policies as their author has them at hand: files, directories and archives, read and parsed with every fault and not only the first. What judges
// plans is loaded by the policy sources, whole or not at all; this is for the bench.
using System.Text;
using CabinCrew.Governance.Files;
using CabinCrew.Governance.Policies.Bundles;
using CabinCrew.Protocol;
using CabinCrew.Rego;
using CabinCrew.Rego.Syntax;
using CabinCrew.Rego.Values;

namespace CabinCrew.Governance.Policies.Rego.Authoring;

/// <param name="Name">As messages call it: the path as the user wrote it, and what follows in a directory or archive.</param>
/// <param name="Path">Where it can be written to; null in an archive.</param>
/// <param name="Module">Null: it has faults.</param>
public sealed record PolicyFile(string Name, string? Path, string Text, RegoModule? Module);

public sealed class PolicyFiles
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly List<PolicyFile> modules = [];
    private readonly List<RegoError> errors = [];
    private readonly List<BundleFile> documents = [];
    private readonly RegoVersion version;
    private readonly bool metadata;

    private PolicyFiles(RegoVersion version, bool metadata = true) => (this.version, this.metadata) = (version, metadata);

    /// <summary>In the order of the paths, and by name within each.</summary>
    public IReadOnlyList<PolicyFile> Modules => modules;

    /// <summary>What does not parse.</summary>
    public IReadOnlyList<RegoError> Errors => errors;

    /// <summary>What <c>data</c> is before any rule: all data files as one, an object.</summary>
    public Value Data { get; private set; } = ObjectValue.Empty;

    /// <summary>First names below <c>data</c>; null where there is no data file: it may be given to the policies elsewhere.</summary>
    public IReadOnlyList<string>? DataRoots => documents.Count == 0 ? null : [.. ((ObjectValue)Data).Keys.ToArray().OfType<StringValue>().Select(k => k.Text)];

    public string? TextOf(string name) => modules.Find(m => m.Name == name)?.Text;

    /// <summary>Reads everything that the paths name. A <c>.rego</c> file is a module, a <c>.json</c> or <c>.yaml</c> file is data at the root; in a directory or a <c>.tar.gz</c>
    /// archive modules are all <c>*.rego</c> files, and data is in files called <c>data.json</c> and <c>data.yaml</c>, at the path of their directory.</summary>
    /// <param name="directory">What relative paths are relative to.</param>
    /// <param name="metadata">False: metadata blocks are looked into only where a module asks for them. Reading YAML is the dearest part of a short run.</param>
    public static Outcome<PolicyFiles> Read(IReadOnlyList<string> paths, string directory, RegoVersion version = RegoVersion.V1, bool metadata = true)
    {
        var files = new PolicyFiles(version, metadata);
        foreach (var path in paths)
            if (files.Add(path, Path.GetFullPath(path, directory)) is { } refused) return refused;
        if (!metadata && files.modules.Exists(m => m.Text.Contains("rego.metadata.", StringComparison.Ordinal))) return Read(paths, directory, version);
        return files.Merge() is { } conflict ? conflict : files;
    }

    /// <summary>Modules that are part of the program, as if they were files.</summary>
    public static PolicyFiles Of(IEnumerable<(string Name, string Text)> texts)
    {
        var files = new PolicyFiles(RegoVersion.V1);
        foreach (var (name, text) in texts) files.Parse(name, null, text, RegoVersion.V1);
        return files;
    }

    private Problem? Add(string shown, string path)
    {
        var into = new BundleFiles(shown, BundleLimits.Default);
        if (Directory.Exists(path)) return BundleDirectory.Read(path, into) ?? AddAll(into, Prefix(shown), path);
        if (!PlainFile.Read(path, BundleLimits.Default.ArchiveBytesMax, ProblemCode.PolicyInvalid).Try(out var file, out var problem))
            return problem with { Where = shown, Message = problem.Code == ProblemCode.NotFound ? $"there is no file or directory '{shown}'" : problem.Message, Remedy = "Name a .rego, .json or .yaml file, a directory, or a .tar.gz archive." };
        switch (Path.GetExtension(path))
        {
            case ".rego":
                Module(shown, path, file.Bytes, version);
                return null;
            case ".json":
                documents.Add(new(BundlePaths.DataJson, file.Bytes));
                return null;
            case ".yaml" or ".yml":
                documents.Add(new(BundlePaths.DataYaml, file.Bytes));
                return null;
            case ".gz" or ".tgz":
                if (!BundleGzip.Unpack(file.Bytes, into).Try(out var tar, out problem)) return problem;
                return BundleTar.Read(tar, into) ?? AddAll(into, shown + ":", null);
            default:
                return new(ProblemCode.InvalidArgument, $"'{shown}' is neither a policy nor data") { Remedy = "Name a .rego, .json or .yaml file, a directory, or a .tar.gz archive." };
        }
    }

    private Problem? AddAll(BundleFiles into, string prefix, string? root)
    {
        var all = into.InOrder();
        BundleManifest? manifest = null;
        if (all.FirstOrDefault(f => f.Kind == BundleFileKind.Manifest) is { } said && !BundleManifest.Read(said, into).Try(out manifest, out var problem)) return problem;
        foreach (var file in all)
        {
            if (file.Kind is BundleFileKind.JsonData or BundleFileKind.YamlData) documents.Add(file);
            if (file.Kind != BundleFileKind.Module) continue;
            var number = 1;
            if (manifest is not null && !manifest.RegoVersionOf(file.Path, into).Try(out number, out problem)) return problem;
            Module(prefix + file.Path, root is null ? null : Path.Combine(root, file.Path), file.Bytes, number == 0 ? RegoVersion.V0 : version);
        }
        return null;
    }

    private void Module(string name, string? path, ReadOnlyMemory<byte> bytes, RegoVersion grammar)
    {
        string text;
        try
        {
            text = Utf8.GetString(bytes.Span);
        }
        catch (DecoderFallbackException)
        {
            errors.Add(new("rego_parse_error", "the file is not UTF-8", new(name, 1, 1)));
            return;
        }
        Parse(name, path, text, grammar);
    }

    private void Parse(string name, string? path, string text, RegoVersion grammar)
    {
        // Named twice (a file, and the directory that it is in) is one file.
        if (modules.Exists(m => m.Name == name || (path is not null && m.Path == path))) return;
        var parsed = RegoModule.Parse(text, name, new() { Version = grammar, Metadata = metadata });
        errors.AddRange(parsed.Errors);
        modules.Add(new(name, path, text, parsed.Value));
    }

    private Problem? Merge()
    {
        if (documents.Count == 0) return null;
        var into = new BundleFiles("data", BundleLimits.Default);
        if (!BundleData.Merge(documents, into).Try(out var data, out var problem)) return problem with { Remedy = "Mend the data file, or name another." };
        Data = Value.FromJson(data.ToJson().Span);
        return null;
    }

    private static string Prefix(string shown) => shown is "." or "./" ? "" : shown.TrimEnd('/') + "/";
}
