// policy bundle sign: .signatures.json for a directory, or an archive with signatures in it.
using System.CommandLine;
using CabinCrew.Governance.Policies.Bundles;
using CabinCrew.Governance.Policies.Bundles.Signing;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Policy;

internal static class BundleSignCommand
{
    public static Command Create()
    {
        var bundle = new Argument<string>("BUNDLE") { Description = "A directory, or a .tar.gz file." };
        var key = new Option<string>("--signing-key") { Description = "The private key (PEM), or for HS* the file with the secret.", HelpName = "FILE", Required = true };
        var output = new Option<string?>("--output", "-o") { Description = "Where to: for a directory, .signatures.json in it by default; for an archive, the signed archive.", HelpName = "FILE" };
        var (algorithm, keyId, scope) = (BundleCommand.Algorithm(), BundleCommand.KeyId(), BundleCommand.Scope());
        var command = new Command("sign", """
            Sign a bundle as OPA does: one JWT that lists every file with its hash. A signature that is there already is replaced.

            Examples:
              cabincrew policy bundle sign policies --signing-key policy.pem
              cabincrew policy bundle sign bundle.tar.gz --signing-key policy.pem --algorithm ES256 --key-id policy-2026 -o signed.tar.gz
            """) { bundle, key, output, algorithm, keyId, scope };
        command.Plain(async (parse, screen, ct) =>
        {
            var from = parse.GetValue(bundle)!;
            var isDirectory = Directory.Exists(from);
            if (!isDirectory && parse.GetValue(output) is null) return new Problem(ProblemCode.InvalidArgument, "a signed archive is a new file: --output FILE") { Remedy = "Add --output FILE." };
            if (!BundleKey.Load(parse.GetValue(key)!, parse.GetValue(algorithm)!, parse.GetValue(keyId) ?? BundleKey.DefaultId).Try(out var signing, out var problem)) return problem;
            if (!PolicyBundle.Load(from, from, new(IgnoreSignature: true)).Try(out var unsigned, out problem)) return problem;
            if (!BundleBuild.Sign(unsigned, signing, parse.GetValue(keyId), parse.GetValue(scope) ?? "").Try(out var signatures, out problem)) return problem;
            var to = parse.GetValue(output) ?? Path.Combine(from, BundlePaths.Signatures);
            await File.WriteAllBytesAsync(to, isDirectory ? signatures : BundleBuild.WithSignatures(unsigned, signatures), ct).ConfigureAwait(false);
            if (screen.Json) screen.Document(new() { ["written"] = to, ["files"] = unsigned.Files.Count, ["algorithm"] = signing.Algorithm, ["key_id"] = parse.GetValue(keyId), ["scope"] = parse.GetValue(scope) ?? "", ["digest"] = unsigned.Digest.ToString() });
            else screen.Line($"signed {unsigned.Files.Count} files with {signing.Algorithm}: wrote {Screen.Safe(to)}");
            return 0;
        });
        return command;
    }
}
