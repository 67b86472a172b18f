// Verifies an audit log offline, from its export and a public key that one trusts for other reasons (AUD-03).
// Names the first bad event and what was done to it: edited, deleted, reordered, truncated, signed by another, malformed.
using System.Text;
using CabinCrew.Ledger.Signing;
using CabinCrew.Ledger.Streams;
using CabinCrew.Protocol;

namespace CabinCrew.Ledger.Audit;

/// <param name="Events">How many there are; all of them are good.</param>
public sealed record AuditReport(string Tenant, long Events, AuditHead Head);

public static class AuditVerifier
{
    private const int BatchLines = 2_048;
    private const int BatchBytes = 16 << 20;

    /// <param name="publicKeyPem">The trusted key; what the export says about keys is for information only.</param>
    /// <param name="saved">A head that was kept from earlier: the log must still contain it, else it was rolled back or rewritten.</param>
    /// <param name="everySignature">False checks hashes and the head's signature only, some times faster: the head's signature covers the whole chain.</param>
    public static async Task<Outcome<AuditReport>> VerifyAsync(Stream export, string publicKeyPem, AuditHead? saved, CancellationToken ct, bool everySignature = true)
    {
        try
        {
            return await VerifyAsync(AuditLines.ReadAsync(export, ct), publicKeyPem, saved, everySignature).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            return new Problem(ProblemCode.IoFailed, $"the audit export could not be read: {e.Message}");
        }
    }

    /// <summary>The same checks on a store's own log.</summary>
    public static Task<Outcome<AuditReport>> VerifyStoreAsync(IStore store, TenantId tenant, string publicKeyPem, AuditHead? saved, CancellationToken ct)
    {
        return VerifyAsync(Lines(), publicKeyPem, saved, everySignature: true);

        async IAsyncEnumerable<Outcome<ReadOnlyMemory<byte>>> Lines()
        {
            await foreach (var line in AuditExport.LinesAsync(store, tenant, publicKeyPem, ct).ConfigureAwait(false)) yield return line.Map(i => i.Line);
        }
    }

    private static async Task<Outcome<AuditReport>> VerifyAsync(IAsyncEnumerable<Outcome<ReadOnlyMemory<byte>>> lines, string publicKeyPem, AuditHead? saved, bool everySignature)
    {
        if (Signer.RefOf(publicKeyPem) is not { } keyRef)
            return new Problem(ProblemCode.InvalidArgument, "the trusted key is not an ECDSA P-256 public key in PEM form") { Remedy = "Give the file keys/signing-key.pub.pem, kept from a time when the store was trusted." };
        if (saved is not null && !SignedBy(publicKeyPem, saved)) return SignatureOf("the saved head", keyRef, saved.KeyRef);
        var walk = new Walk(publicKeyPem, keyRef, saved, everySignature);
        var batch = new List<ReadOnlyMemory<byte>>(BatchLines);
        var held = 0;
        await foreach (var line in lines.ConfigureAwait(false))
        {
            if (line.Try(out var bytes, out var unreadable)) batch.Add(bytes);
            if (unreadable is null && batch.Count < BatchLines && (held += bytes.Length) < BatchBytes) continue;
            held = 0;
            if (walk.Take(batch) is { } problem) return problem;
            if (unreadable is not null) return walk.Pending ?? unreadable;
            batch.Clear();
        }
        return walk.Take(batch) ?? walk.End();
    }

    internal static bool SignedBy(string publicKeyPem, AuditHead head) => Signer.Verify(publicKeyPem, AuditChain.SignedBytes(head), head.Signature);

    private static Problem SignatureOf(string what, string trusted, string? actual) => new(ProblemCode.AuditSignatureInvalid, actual == trusted
        ? $"the signature of {what} is not valid"
        : $"{what} is signed by key {Shown(actual)}, and the trusted key is {trusted}");

    // Whoever forged the log wrote this as well.
    private static string Shown(string? text) => new([.. (text ?? "").Take(80).Select(c => char.IsControl(c) ? '?' : c)]);

    // The state of one pass over a log.
    private sealed class Walk(string publicKeyPem, string keyRef, AuditHead? saved, bool everySignature)
    {
        private long lines;
        private long last, vouched;
        private string chain = AuditChain.Genesis;
        private string? tenant;
        private AuditHead? head;

        /// <summary>A gap was met: whether the missing event is deleted or only out of order shows when the rest has been seen.</summary>
        public Problem? Pending { get; private set; }
        private long missing;

        /// <summary>The first bad thing in these lines, or null.</summary>
        public Problem? Take(List<ReadOnlyMemory<byte>> batch)
        {
            var parsed = new AuditLine[batch.Count];
            Parallel.For(0, batch.Count, i => parsed[i] = AuditLine.Parse(batch[i]));
            if (Pending is not null) return LookFor(parsed);
            var good = 0;
            Problem? broken = null;
            var (sequence, before) = (last, lines);
            for (; good < parsed.Length && broken is null; good++) broken = Place(parsed[good], ref sequence);
            if (broken is not null) good--;
            var marks = Check(parsed.AsSpan(0, good).ToArray());
            for (var i = 0; i < good; i++)
            {
                lines++;
                if (parsed[i].Kind != AuditLineKind.Event) continue;
                last++;
                if (!marks[i].Chain) return At(new(ProblemCode.AuditEdited, $"audit event {last} was changed after it was written"), last);
                if (!marks[i].Signature)
                    return At(SignatureOf(vouched + 1 == last ? $"audit event {last}" : $"the commit of audit events {vouched + 1} to {last}", keyRef, parsed[i].KeyRef), vouched + 1);
                if (parsed[i].Signature is not null) vouched = last;
                chain = parsed[i].ChainHash!;
                if (saved is not null && saved.Sequence == last && saved.ChainHash != chain)
                    return At(new(ProblemCode.AuditEdited, $"the log was rewritten: event {last} is not the one that the saved head of {AuditChain.Stamp(saved.Timestamp)} stands on"), last);
            }
            if (broken is null) return null;
            lines = before + good + 1;
            if (Pending is null) return At(broken, last + 1);
            return LookFor(parsed[good..]);
        }

        public Outcome<AuditReport> End()
        {
            if (Pending is not null) return At(Pending, missing);
            if (head is null) return At(new(ProblemCode.AuditTruncated, $"the log ends after event {last} without a signed head"), last + 1);
            if (!SignedBy(publicKeyPem, head)) return SignatureOf("the head", keyRef, head.KeyRef).With("sequence", $"{head.Sequence}");
            if (head.Sequence > last) return At(new(ProblemCode.AuditTruncated, $"the log ends after event {last}, and its signed head says {head.Sequence}"), last + 1);
            if (head.Sequence < last) return At(new(ProblemCode.AuditMalformed, $"the signed head covers {head.Sequence} events, and there are {last}"), head.Sequence + 1);
            if (head.ChainHash != chain) return At(new(ProblemCode.AuditEdited, $"event {last} is not the one that the signed head stands on"), last);
            if (tenant is not null && head.Tenant != tenant) return At(new(ProblemCode.AuditMalformed, $"the head is of tenant '{Shown(head.Tenant)}', the events are of '{Shown(tenant)}'"), last);
            if (saved is not null && saved.Tenant != head.Tenant) return new Problem(ProblemCode.InvalidArgument, $"the saved head is of tenant '{Shown(saved.Tenant)}', the log of '{Shown(head.Tenant)}'");
            if (saved is not null && saved.Sequence > last)
                return At(new(ProblemCode.AuditTruncated, $"the log was rolled back: it ends after event {last}, and on {AuditChain.Stamp(saved.Timestamp)} it had {saved.Sequence}"), last + 1);
            return new AuditReport(head.Tenant, last, head);
        }

        // What a line is and whether it stands where it belongs; says nothing yet about its content.
        private Problem? Place(AuditLine line, ref long sequence)
        {
            if (head is not null) return new(ProblemCode.AuditMalformed, "there is more after the signed head");
            switch (line.Kind)
            {
                case AuditLineKind.Malformed:
                    return new(ProblemCode.AuditMalformed, $"audit event {sequence + 1} is not readable: {line.Why}");
                case AuditLineKind.Header:
                    return sequence == 0 && tenant is null ? null : new Problem(ProblemCode.AuditMalformed, $"a second header stands before event {sequence + 1}");
                case AuditLineKind.Head:
                    head = line.Head;
                    return null;
                case AuditLineKind.Event:
                    break;
            }
            if (line.Sequence <= sequence) return new(ProblemCode.AuditReordered, $"audit event {line.Sequence} stands where event {sequence + 1} belongs");
            if (line.Sequence > sequence + 1)
            {
                missing = sequence + 1;
                Pending = new(ProblemCode.AuditDeleted, line.Sequence == missing + 1 ? $"audit event {missing} is missing" : $"audit events {missing} to {line.Sequence - 1} are missing");
                return Pending;
            }
            tenant ??= line.Tenant;
            if (line.Tenant != tenant) return new(ProblemCode.AuditEdited, $"audit event {line.Sequence} is of another tenant");
            sequence++;
            return null;
        }

        private Problem? LookFor(IEnumerable<AuditLine> rest) => rest.Any(l => l.Kind == AuditLineKind.Event && l.Sequence == missing)
            ? At(new(ProblemCode.AuditReordered, $"audit event {missing} does not stand in its place but further down"), missing)
            : null;

        // Hash and signature of each event depend on nothing but the claimed hash before it, so that all are checked at once.
        private (bool Chain, bool Signature)[] Check(AuditLine[] parsed)
        {
            var marks = new (bool, bool)[parsed.Length];
            var previous = new string[parsed.Length];
            var at = chain;
            for (var i = 0; i < parsed.Length; i++)
            {
                previous[i] = at;
                if (parsed[i].Kind == AuditLineKind.Event) at = parsed[i].ChainHash!;
            }
            Parallel.For(0, parsed.Length, () => Signer.ReadPublicKey(publicKeyPem)!, (i, _, key) =>
            {
                var line = parsed[i];
                if (line.Kind == AuditLineKind.Event)
                    marks[i] = (AuditChain.Next(previous[i], line.Body) == line.ChainHash,
                        line.Signature is null || line.KeyRef == keyRef && (!everySignature || Signer.VerifyWith(key, Encoding.ASCII.GetBytes(line.ChainHash!), line.Signature!)));
                return key;
            }, key => key.Dispose());
            return marks;
        }

        private Problem At(Problem problem, long sequence) => problem.With("sequence", $"{sequence}").With("line", $"{lines}");
    }
}
