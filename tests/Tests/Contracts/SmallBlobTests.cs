// Blobs that go ahead of a commit: small ones in the database, large ones in files, read and verified alike (ART-05).
using CabinCrew.Ledger;
using CabinCrew.Ledger.Blobs;
using CabinCrew.Protocol;
using CabinCrew.Tests.Hangar;
using CabinCrew.Tests.Spec;
using Xunit;

namespace CabinCrew.Tests.Contracts;

[Clause("ART-05")]
public sealed class SmallBlobTests : IAsyncLifetime
{
    private readonly TempTree tree = new();
    private LedgerRoom room = null!;

    public async ValueTask InitializeAsync() => room = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await room.DisposeAsync();
        tree.Dispose();
    }

    [Fact]
    public async Task Small_ones_lie_in_the_database_and_large_ones_in_files()
    {
        var (small, large) = (new byte[BlobStore.SmallBytes], new byte[BlobStore.SmallBytes + 1]);
        var digests = (await room.Blobs.PutAheadAsync(TenantId.Local, [small, large, small, Array.Empty<byte>()], default)).Value;
        Assert.Equal([Digest.Of(small), Digest.Of(large), Digest.Of(small), Digest.Of([])], digests);
        foreach (var (digest, content) in digests.Zip(new[] { small, large, small, [] })) Assert.Equal(content, (await room.Blobs.GetAsync(TenantId.Local, digest, default)).Value.ToArray());
        Assert.Equal([digests[1].Hex[2..]], Files());
    }

    [Fact]
    public async Task Many_small_ones_are_files_with_one_round_of_flushes()
    {
        IReadOnlyList<ReadOnlyMemory<byte>> many = [.. Enumerable.Range(0, 40).Select(i => (ReadOnlyMemory<byte>)Enumerable.Repeat((byte)i, BlobStore.SmallBytes).ToArray())];
        var digests = (await room.Blobs.PutAheadAsync(TenantId.Local, many, default)).Value;
        Assert.Equal(many.Count - BlobStore.SmallBytesInAll / BlobStore.SmallBytes, Files().Count);
        for (var i = 0; i < many.Count; i++) Assert.Equal(many[i].ToArray(), (await room.Blobs.GetAsync(TenantId.Local, digests[i], default)).Value.ToArray());
    }

    [Fact]
    public async Task What_must_last_by_itself_is_a_file()
    {
        var digest = (await room.Blobs.PutAsync(TenantId.Local, ["small"u8.ToArray()], default)).Value[0];
        Assert.Equal([digest.Hex[2..]], Files());
    }

    [Fact]
    public async Task They_are_there_for_the_next_process_and_for_no_other_tenant()
    {
        var digest = (await room.Blobs.PutAheadAsync(TenantId.Local, ["mine"u8.ToArray()], default)).Value[0];
        await room.DisposeAsync();
        room = await OpenAsync();
        Assert.Equal("mine"u8.ToArray(), (await room.Blobs.GetAsync(TenantId.Local, digest, default)).Value.ToArray());
        Assert.True(TenantId.TryParse("other", out var other));
        Assert.Equal(ProblemCode.BlobMissing, (await room.Blobs.GetAsync(other, digest, default)).Problem?.Code);
    }

    [Theory, Clause("TOK-04")]
    [InlineData("torn")]
    [InlineData("longer than what was stored")]
    [InlineData("")]
    public async Task Altered_bytes_are_never_handed_out_and_are_healed_by_the_next_put(string altered)
    {
        var digest = (await room.Blobs.PutAheadAsync(TenantId.Local, ["content!"u8.ToArray()], default)).Value[0];
        var kept = new KeptBlob(tree["store"], digest);
        kept.Alter(System.Text.Encoding.UTF8.GetBytes(altered));
        Assert.Equal(ProblemCode.BlobCorrupt, (await room.Blobs.GetAsync(TenantId.Local, digest, default)).Problem?.Code);
        Assert.True((await room.Blobs.PutAheadAsync(TenantId.Local, ["content!"u8.ToArray()], default)).Ok);
        Assert.Equal("content!"u8.ToArray(), (await room.Blobs.GetAsync(TenantId.Local, digest, default)).Value.ToArray());
        kept.TakeAway();
        Assert.Equal(ProblemCode.BlobMissing, (await room.Blobs.GetAsync(TenantId.Local, digest, default)).Problem?.Code);
    }

    [Fact]
    public async Task A_store_that_was_closed_takes_none()
    {
        await room.DisposeAsync();
        Assert.Equal(ProblemCode.StoreUnavailable, (await room.Blobs.PutAheadAsync(TenantId.Local, ["late"u8.ToArray()], default)).Problem?.Code);
        Assert.Equal(ProblemCode.StoreUnavailable, (await room.Blobs.GetAsync(TenantId.Local, Digest.Of("late"u8), default)).Problem?.Code);
        room = await OpenAsync();
    }

    private async Task<LedgerRoom> OpenAsync() => (await Stores.OpenAsync(tree["store"], TimeProvider.System, new RandomIds(), default)).Value;

    private List<string?> Files() => Directory.Exists(Path.Combine(tree["store"], "blobs"))
        ? [.. Directory.EnumerateFiles(Path.Combine(tree["store"], "blobs"), "*", SearchOption.AllDirectories).Select(Path.GetFileName)]
        : [];
}
