// policy bundle verify: whether a bundle is whole, good, and signed by the key that the user trusts.
using System.CommandLine;
using CabinCrew.Governance.Policies.Bundles;
using CabinCrew.Governance.Policies.Bundles.Signing;

namespace CabinCrew.Cli.Commands.Policy;

internal static class BundleVerifyCommand
{
    public static Command Create()
    {
        var (bundle, network) = (BundleCommand.Bundle(), BundleCommand.Network());
        var key = new Option<string>("--key") { Description = "The public key (PEM or certificate), or for HS* the file with the secret.", HelpName = "FILE", Required = true };
        var exclude = new Option<string[]>("--exclude") { Description = "A pattern of files that need not be signed (may be repeated).", HelpName = "PATTERN" };
        var (algorithm, keyId, scope) = (BundleCommand.Algorithm(), BundleCommand.KeyId(), BundleCommand.Scope());
        var command = new Command("verify", """
            Check a bundle's signature against a key that you trust, every file against the signature, and the bundle as a whole. Prints its digest.

            Examples:
              cabincrew policy bundle verify bundle.tar.gz --key policy.pub.pem --algorithm ES256
              cabincrew policy bundle verify git:../policies@v1.4.0:bundle --key policy.pub.pem --scope production
            """) { bundle, key, algorithm, keyId, scope, exclude, network };
        command.Plain(async (parse, screen, ct) =>
        {
            if (!BundleKey.Load(parse.GetValue(key)!, parse.GetValue(algorithm)!, parse.GetValue(keyId) ?? BundleKey.DefaultId).Try(out var trusted, out var problem)) return problem;
            // Without an id the key is the one, whatever the signature calls it.
            var verification = new BundleVerification([trusted], parse.GetValue(keyId) is null ? trusted.Id : null, parse.GetValue(scope) ?? "", parse.GetValue(exclude));
            var loaded = await BundleCommand.LoadAsync(parse.GetValue(bundle)!, new(verification), parse.Has(network), ct).ConfigureAwait(false);
            if (!loaded.Try(out var good, out problem)) return problem;
            var signature = good.Signature!;
            if (screen.Json)
                screen.Document(new() { ["ok"] = true, ["digest"] = good.Digest.ToString(), ["revision"] = good.Manifest.Revision, ["key_id"] = signature.KeyId, ["algorithm"] = signature.Algorithm, ["scope"] = signature.Scope, ["files"] = signature.Files, ["origin"] = good.Origin });
            else
                screen.Check(true, "bundle", $"{signature.Files} files signed by '{signature.KeyId}' with {signature.Algorithm}{(signature.Scope.Length > 0 ? $" for {signature.Scope}" : "")}: {good.Digest}", null);
            return 0;
        });
        return command;
    }
}
