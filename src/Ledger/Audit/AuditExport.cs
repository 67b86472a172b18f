// Writes the whole audit log of a tenant as JSON Lines: a header for information, every event as it was chained, the signed head last (AUD-03, AUD-06).
// Always all events: a chain with holes proves nothing. What a person wants to see is filtered by `audit show`, never here.
using System.Text;
using System.Text.Json.Nodes;
using CabinCrew.Ledger.Signing;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Ledger.Audit;

public static class AuditExport
{
    public const string Format = "cabincrew-audit-1";

    private const int PageRows = 1_000;

    /// <summary>Exports up to the head that the log has at the beginning; returns that head, to be kept where the log's owner cannot reach it.</summary>
    public static async Task<Outcome<AuditHead>> WriteAsync(IStore store, TenantId tenant, string publicKeyPem, Stream output, CancellationToken ct)
    {
        var lines = LinesAsync(store, tenant, publicKeyPem, ct);
        AuditHead? head = null;
        try
        {
            await foreach (var line in lines.ConfigureAwait(false))
            {
                if (!line.Try(out var item, out var problem)) return problem;
                await output.WriteAsync(item.Line, ct).ConfigureAwait(false);
                output.WriteByte((byte)'\n');
                head = item.Head ?? head;
            }
            await output.FlushAsync(ct).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Problem(ProblemCode.IoFailed, $"the audit export could not be written: {e.Message}");
        }
        return head is null ? Problem.Bug("an audit export ended without a head") : head;
    }

    /// <param name="Head">Set on the last line.</param>
    internal sealed record Item(ReadOnlyMemory<byte> Line, AuditHead? Head);

    internal static async IAsyncEnumerable<Outcome<Item>> LinesAsync(
        IStore store, TenantId tenant, string publicKeyPem, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        AuditHead? head = null;
        for (long next = 1; head is null || next <= head.Sequence;)
        {
            var read = await store.ReadAuditAsync(tenant, next, PageRows, ct).ConfigureAwait(false);
            if (!read.Try(out var page, out var problem))
            {
                yield return problem;
                yield break;
            }
            if (head is null)
            {
                head = page.Head;
                if (head is null && page.Rows.Count == 0)
                {
                    yield return new Problem(ProblemCode.NotFound, $"the audit log of tenant '{tenant}' is empty");
                    yield break;
                }
                yield return new Item(Header(tenant, publicKeyPem), null);
            }
            // Whatever stands there is exported; whether it is whole is the verifier's business.
            var rows = page.Rows.Where(r => head is null || r.Sequence <= head.Sequence).ToList();
            foreach (var row in rows) yield return new Item(Encoding.UTF8.GetBytes(row.Json), null);
            if (rows.Count == 0) break;
            next = rows[^1].Sequence + 1;
        }
        if (head is null) yield return new Problem(ProblemCode.AuditTruncated, $"the audit log of tenant '{tenant}' has lost its signed head");
        else yield return new Item(AuditChain.WriteHead(head), head);
    }

    private static byte[] Header(TenantId tenant, string publicKeyPem) => CanonicalJson.Write(new JsonObject
    {
        ["audit_export"] = new JsonObject
        {
            ["format"] = Format,
            ["tenant"] = tenant.ToString(),
            ["key_ref"] = Signer.RefOf(publicKeyPem) ?? "",
            ["public_key"] = publicKeyPem,
        },
    });
}
