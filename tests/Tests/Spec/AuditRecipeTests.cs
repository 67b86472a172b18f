// The recipe of docs/reference/audit.md, run as it stands there with the real jq, sha256sum and openssl: an outsider needs nothing of ours (AUD-03).
using System.Diagnostics;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Audit;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using CabinCrew.Tests.Contracts;
using Xunit;

namespace CabinCrew.Tests.Spec;

[Clause("AUD-03")]
public sealed class AuditRecipeTests
{
    [Fact]
    public async Task An_outsider_can_verify_an_export_with_public_tools()
    {
        var directory = Directory.CreateTempSubdirectory("cabincrew-recipe-").FullName;
        try
        {
            var clock = new SetClock();
            await using var room = (await Stores.OpenAsync(Path.Combine(directory, "store"), clock, new CountedIds(), default)).Value;
            for (var i = 1; i <= 3; i++)
                await room.Store.AppendAuditAsync(TenantId.Local, [new AuditEvent
                {
                    EventId = $"e{i}", Timestamp = clock.GetUtcNow(), EventType = "problem_reported", Severity = Severity.Warning, Message = "ü 😀 \"quoted\" \\ \t </tag> \u2028",
                    Artifacts = [new AuditArtifact("a", "evidence", "a/artifact.json", Digest.Of([1]).ToString(), 12345)], Extensions = new AuditExtensions { Actor = "tester" },
                }], default);
            var export = Path.Combine(directory, "audit.jsonl");
            using (var file = File.Create(export)) Assert.True((await AuditExport.WriteAsync(room.Store, TenantId.Local, room.Signer.PublicKeyPem, file, default)).Ok);
            File.Copy(Path.Combine(directory, "store", "keys", "signing-key.pub.pem"), Path.Combine(directory, "pub.pem"));
            Assert.Equal((0, "good: 3 events\n"), await RunAsync(directory));

            var lines = await File.ReadAllLinesAsync(export);
            await File.WriteAllLinesAsync(export, [.. lines[..2], lines[2].Replace("tester", "tzster", StringComparison.Ordinal), .. lines[3..]]);
            Assert.Equal((1, "event 2: edited\n"), await RunAsync(directory));
            await File.WriteAllLinesAsync(export, [.. lines[..3], lines[^1]]);
            Assert.Equal((1, "truncated\n"), await RunAsync(directory));
            await File.WriteAllLinesAsync(export, [.. lines[..2], .. lines[3..]]);
            Assert.Equal((1, "event 2: missing or out of order\n"), await RunAsync(directory));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<(int Exit, string Output)> RunAsync(string directory)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Tidy.Repository.Root, "docs", "reference", "audit.md"));
        var recipe = text[(text.IndexOf("```sh\n", StringComparison.Ordinal) + 6)..];
        recipe = recipe[..recipe.IndexOf("```", StringComparison.Ordinal)];
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh") { WorkingDirectory = directory, RedirectStandardInput = true, RedirectStandardOutput = true })!;
        await shell.StandardInput.WriteAsync(recipe);
        shell.StandardInput.Close();
        var output = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        return (shell.ExitCode, output);
    }
}
