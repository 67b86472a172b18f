// policy bundle build: a directory becomes one archive, the same one from the same files.
using System.CommandLine;
using CabinCrew.Governance.Policies.Bundles;
using CabinCrew.Governance.Policies.Bundles.Signing;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Policy;

internal static class BundleBuildCommand
{
    public static Command Create()
    {
        var directory = new Argument<string>("DIRECTORY") { Description = "What goes in: *.rego, data.json, data.yaml, .manifest, models/, config/." };
        var output = new Option<string>("--output", "-o") { Description = "The archive to write.", HelpName = "FILE", Required = true };
        var revision = new Option<string?>("--revision") { Description = "What this version is called, for example a commit; goes into the manifest.", HelpName = "TEXT" };
        var roots = new Option<string[]>("--root") { Description = "A part of data that the bundle owns (may be repeated); goes into the manifest.", HelpName = "PATH" };
        var key = new Option<string?>("--signing-key") { Description = "Sign with this private key (PEM), or secret.", HelpName = "FILE" };
        var (algorithm, keyId, scope) = (BundleCommand.Algorithm(), BundleCommand.KeyId(), BundleCommand.Scope());
        var command = new Command("build", """
            Make a bundle of a directory, in OPA's format: checked, sorted, without times and owners, so that the same files give the same bytes.

            Examples:
              cabincrew policy bundle build policies -o bundle.tar.gz --revision v1.4.0
              cabincrew policy bundle build policies -o bundle.tar.gz --signing-key policy.pem --algorithm ES256 --key-id policy-2026
            """) { directory, output, revision, roots, key, algorithm, keyId, scope };
        command.Plain(async (parse, screen, ct) =>
        {
            BundleKey? signing = null;
            if (parse.GetValue(key) is { } file && !BundleKey.Load(file, parse.GetValue(algorithm)!, parse.GetValue(keyId) ?? BundleKey.DefaultId).Try(out signing, out var problem)) return problem;
            var from = parse.GetValue(directory)!;
            if (!Directory.Exists(from)) return new Problem(ProblemCode.NotFound, $"there is no directory '{Screen.Safe(from)}'") { Remedy = "Name the directory that holds the policies." };
            var options = new BundleBuildOptions(parse.GetValue(revision), parse.GetValue(roots) is { Length: > 0 } owned ? owned : null, signing, parse.GetValue(keyId), parse.GetValue(scope) ?? "");
            if (!BundleBuild.FromDirectory(from, from, options).Try(out var bundle, out problem)) return problem;
            var to = parse.GetValue(output)!;
            await File.WriteAllBytesAsync(to, bundle.Archive, ct).ConfigureAwait(false);
            if (screen.Json) screen.Document(new() { ["written"] = to, ["bytes"] = bundle.Archive.Length, ["digest"] = bundle.Digest.ToString(), ["revision"] = bundle.Manifest.Revision, ["files"] = bundle.Files.Count, ["signed"] = bundle.IsSigned });
            else screen.Line($"wrote {bundle.Files.Count} files to {Screen.Safe(to)}{(bundle.IsSigned ? ", signed" : "")}: {bundle.Digest}");
            return 0;
        });
        return command;
    }
}
