// `cabincrew policy bundle`: its verbs, and the options that they share: which key, and where bundles may be read from.
using System.CommandLine;
using CabinCrew.Governance.Policies.Bundles;
using CabinCrew.Governance.Policies.Bundles.Signing;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Policy;

internal static class BundleCommand
{
    public static Command Create() => new("bundle", "Build, sign, verify and look into policy bundles.") { BundleBuildCommand.Create(), BundleSignCommand.Create(), BundleVerifyCommand.Create(), BundleInspectCommand.Create() };

    public static Argument<string> Bundle() => new("BUNDLE") { Description = "A directory, a .tar.gz file, git:REPOSITORY@REF:DIRECTORY or oci:DIRECTORY:TAG." };

    public static Flag Network() => new("--network") { Description = "A git bundle may be fetched from its URL." };

    public static Option<string> Algorithm()
    {
        var option = new Option<string>("--algorithm") { Description = $"What the key is for: {string.Join(", ", BundleKey.Algorithms)} (default {BundleKey.DefaultAlgorithm}).", HelpName = "ALG", DefaultValueFactory = _ => BundleKey.DefaultAlgorithm };
        option.CompletionSources.Add(_ => BundleKey.Algorithms.Select(a => new System.CommandLine.Completions.CompletionItem(a)));
        return option;
    }

    public static Option<string?> KeyId() => new("--key-id") { Description = "What the key is called in the signature.", HelpName = "ID" };

    public static Option<string?> Scope() => new("--scope") { Description = "What the signature is for, for example production.", HelpName = "WORD" };

    /// <summary>The bundle by the user's reference, relative to where the user stands.</summary>
    public static Task<Outcome<PolicyBundle>> LoadAsync(string reference, BundleOptions options, bool network, CancellationToken ct) =>
        BundleLoader.LoadAsync(reference, options, new(Directory.GetCurrentDirectory(), GitTrees.ReadAsync, network), null, ct);
}
