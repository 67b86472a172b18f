// policy bundle inspect: what a bundle says of itself and what is in it, for people and as JSON. Nothing of it is evaluated.
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using CabinCrew.Cli.Rendering;
using CabinCrew.Governance.Policies.Bundles;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Policy;

internal static class BundleInspectCommand
{
    public static Command Create()
    {
        var (bundle, network) = (BundleCommand.Bundle(), BundleCommand.Network());
        var command = new Command("inspect", """
            Show a bundle: its manifest, roots, packages and files, its digest, and whether it is signed. The signature is not verified here: see `policy bundle verify`.

            Examples:
              cabincrew policy bundle inspect bundle.tar.gz
              cabincrew policy bundle inspect oci:images/policies:v1.4.0 --json
            """) { bundle, network };
        command.Plain(async (parse, screen, ct) =>
        {
            var loaded = await BundleCommand.LoadAsync(parse.GetValue(bundle)!, new(IgnoreSignature: true), parse.Has(network), ct).ConfigureAwait(false);
            if (!loaded.Try(out var good, out var problem)) return problem;
            if (screen.Json) screen.Document(Document(good));
            else Show(screen, good);
            return 0;
        });
        return command;
    }

    private static JsonObject Document(PolicyBundle bundle) => new()
    {
        ["digest"] = bundle.Digest.ToString(),
        ["origin"] = bundle.Origin,
        ["signature"] = bundle.IsSigned ? "present" : "none",
        ["manifest"] = new JsonObject
        {
            ["revision"] = bundle.Manifest.Revision,
            ["roots"] = new JsonArray([.. bundle.Manifest.Roots.Select(r => (JsonNode)r)]),
            ["rego_version"] = bundle.Manifest.RegoVersion,
            ["metadata"] = JsonNode.Parse(bundle.Manifest.Metadata.GetRawText()),
        },
        ["modules"] = new JsonArray([.. bundle.Modules.Select(m => (JsonNode)new JsonObject { ["path"] = m.Path, ["package"] = string.Join('.', m.Package), ["rego_version"] = m.RegoVersion })]),
        ["files"] = new JsonArray([.. bundle.Files.Select(f => (JsonNode)new JsonObject { ["path"] = f.Path, ["kind"] = Word(f.Kind), ["size"] = f.Bytes.Length, ["digest"] = Digest.Of(f.Bytes.Span).ToString() })]),
        ["ignored"] = new JsonArray([.. bundle.Ignored.Select(i => (JsonNode)i)]),
    };

    private static void Show(Screen screen, PolicyBundle bundle)
    {
        screen.Title(bundle.ShownAs);
        screen.Field("digest", bundle.Digest.ToString());
        if (bundle.Origin is { } origin) screen.Field("origin", origin);
        screen.Field("revision", bundle.Manifest.Revision.Length == 0 ? "-" : bundle.Manifest.Revision);
        screen.Field("roots", string.Join(", ", bundle.Manifest.Roots.Select(r => r.Length == 0 ? "everything" : r)));
        screen.Field("signature", bundle.IsSigned ? "present, not verified here" : "none");
        if (bundle.Manifest.Metadata.GetPropertyCount() > 0) screen.Field("metadata", bundle.Manifest.Metadata.GetRawText());
        if (bundle.Ignored.Count > 0) screen.Field("ignored", string.Join(", ", bundle.Ignored.Take(10)) + (bundle.Ignored.Count > 10 ? $" and {bundle.Ignored.Count - 10} more" : ""));
        var packages = bundle.Modules.ToDictionary(m => m.Path, m => $"{string.Join('.', m.Package)}{(m.RegoVersion == 0 ? " (Rego v0)" : "")}", StringComparer.Ordinal);
        var table = new TextTable(new("file"), new("bytes", Right: true), new("what it is", Flexible: true));
        foreach (var file in bundle.Files) table.Add(file.Path, file.Bytes.Length.ToString(CultureInfo.InvariantCulture), packages.TryGetValue(file.Path, out var package) ? $"package {package}" : Word(file.Kind));
        screen.Line("");
        screen.Table(table);
    }

    private static string Word(BundleFileKind kind) => kind switch
    {
        BundleFileKind.Manifest => "manifest",
        BundleFileKind.Module => "module",
        BundleFileKind.JsonData or BundleFileKind.YamlData => "data",
        BundleFileKind.Asset => "asset",
        _ => "other",
    };
}
