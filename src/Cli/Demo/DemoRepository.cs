// The repository that the demo works on: a small, real git repository with a real bug, a workflow and two identities.
using System.Security.Cryptography;
using System.Text;
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Demo;

/// <param name="AgentToken">Proves that the automation is demo-agent: it asks, and can never approve.</param>
internal sealed record DemoRepository(string Directory, string AgentToken)
{
    public const string Agent = "demo-agent";

    private static readonly (string Path, string Text)[] Files =
    [
        ("README.md", "# Checkout\n\nAdds up a basket and prints a receipt.\n\n    python3 src/checkout.py\n"),
        ("src/checkout.py",
            """
            from money import to_cents


            def total(basket):
                cents = 0
                for item in basket:
                    cents += to_cents(item["price"]) * item["count"]
                return cents


            if __name__ == "__main__":
                basket = [{"price": "19.99", "count": 3}, {"price": "0.29", "count": 1}]
                print(f"total: {total(basket) / 100:.2f}")

            """),
        ("src/money.py",
            """
            def to_cents(price):
                # 0.29 * 100 is 28.999999999999996: the cent is lost
                return int(float(price) * 100)

            """),
        ("fix.patch",
            """
            diff --git a/src/money.py b/src/money.py
            --- a/src/money.py
            +++ b/src/money.py
            @@ -1,3 +1,5 @@
            +from decimal import Decimal
            +
            +
             def to_cents(price):
            -    # 0.29 * 100 is 28.999999999999996: the cent is lost
            -    return int(float(price) * 100)
            +    return int(Decimal(price) * 100)

            """),
        (Place.WorkflowFileName,
            """
            version: 1
            name: fix-lost-cents
            workspace: .
            policies:
              - builtin: defaults
            steps:
              - id: fix
                engine: patch
                determinism: verify
                config:
                  patch_file: fix.patch
              - id: stamp
                engine: script
                needs: [fix]
                config:
                  run: ["sed", "-i", "1i # Amounts are decimal, never float.", "src/money.py"]
              - id: commit
                engine: git
                needs: [stamp]
                config:
                  action: commit
                  message: "Keep the cent: parse prices as decimals"
                  author: { name: "Demo Agent", email: "demo-agent@example.invalid" }
                  paths: ["src/money.py"]

            """),
    ];

    public static async Task<Outcome<DemoRepository>> CreateAsync(string directory, string osUser, CancellationToken ct)
    {
        if (System.IO.Directory.Exists(directory) && System.IO.Directory.EnumerateFileSystemEntries(directory).Any())
            return new Problem(ProblemCode.InvalidArgument, $"{directory} is not empty") { Remedy = "Name a new directory with --dir." };
        System.IO.Directory.CreateDirectory(directory);
        foreach (var (path, text) in Files)
        {
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(directory, path))!);
            await File.WriteAllTextAsync(Path.Combine(directory, path), text, ct).ConfigureAwait(false);
        }
        foreach (var arguments in (string[][])[["init", "-q"], ["add", "."], ["commit", "-q", "-m", "A shop that loses a cent"]])
            if (!(await HostGit.RunAsync(directory, arguments, ct).ConfigureAwait(false)).Try(out _, out var problem)) return problem;

        var token = RandomNumberGenerator.GetHexString(64, lowercase: true);
        WriteIdentities(directory, osUser, token);
        return new DemoRepository(directory, token);
    }

    private static void WriteIdentities(string directory, string osUser, string token)
    {
        var store = System.IO.Directory.CreateDirectory(Path.Combine(directory, ".cabincrew"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        var file = Path.Combine(store, "identities.yaml");
        File.WriteAllText(file, $"""
            # Who may do what in this demo. The agent asks; you approve. Neither could do both.
            version: 1
            self_approval: false
            default_role: maintainer
            identities:
              - name: you
                kind: human
                os_user: "{osUser}"
                roles: [maintainer, security]
              - name: {Agent}
                kind: automation
                token_sha256: {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)))}
                roles: []

            """);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
