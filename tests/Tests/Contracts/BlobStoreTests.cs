// Blobs: content by digest, durable, read-only, verified on every read, and healed when it is stored again (ART-05).
using CabinCrew.Ledger.Blobs;
using CabinCrew.Protocol;
using Xunit;

namespace CabinCrew.Tests.Contracts;

[Clause("ART-05")]
public sealed class BlobStoreTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("cabincrew-blobs-").FullName;
    private readonly FileBlobStore blobs;

    public BlobStoreTests() => blobs = new FileBlobStore(Path.Combine(directory, "blobs"));

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task What_is_stored_is_read_back()
    {
        var digests = (await blobs.PutAsync(TenantId.Local, [Bytes("one"), Bytes(""), Bytes("two"), Bytes("one")], default)).Value;
        Assert.Equal([Digest.Of("one"u8), Digest.Of(""u8), Digest.Of("two"u8), Digest.Of("one"u8)], digests);
        Assert.Equal("two"u8.ToArray(), (await blobs.GetAsync(TenantId.Local, digests[2], default)).Value.ToArray());
        Assert.Empty((await blobs.GetAsync(TenantId.Local, digests[1], default)).Value.ToArray());
        Assert.Equal(3, Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Count());
    }

    [Fact]
    public async Task Many_are_stored_at_once_and_again()
    {
        IReadOnlyList<ReadOnlyMemory<byte>> many = [.. Enumerable.Range(0, 200).Select(i => Bytes($"content {i / 2}"))];
        for (var round = 0; round < 2; round++)
        {
            var digests = (await blobs.PutAsync(TenantId.Local, many, default)).Value;
            for (var i = 0; i < many.Count; i++) Assert.Equal(many[i].ToArray(), (await blobs.GetAsync(TenantId.Local, digests[i], default)).Value.ToArray());
        }
        Assert.Equal(100, Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Count());
    }

    [Fact]
    public async Task A_blob_is_read_only_and_lies_under_its_digest()
    {
        var digest = (await blobs.PutAsync(TenantId.Local, [Bytes("x")], default)).Value[0];
        var path = Path.Combine(directory, "blobs", "local", digest.Hex[..2], digest.Hex[2..]);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead, File.GetUnixFileMode(path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.Combine(directory, "blobs")));
    }

    [Theory]
    [InlineData("torn")]
    [InlineData("longer than what was stored")]
    [InlineData("cöntent")]
    [InlineData("")]
    [Clause("TOK-04")]
    public async Task Altered_bytes_are_never_handed_out_and_are_healed_by_the_next_put(string altered)
    {
        var digest = (await blobs.PutAsync(TenantId.Local, [Bytes("content!")], default)).Value[0];
        var path = blobs.PathOf(TenantId.Local, digest);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await File.WriteAllTextAsync(path, altered);
        Assert.Equal(ProblemCode.BlobCorrupt, (await blobs.GetAsync(TenantId.Local, digest, default)).Problem?.Code);
        Assert.True((await blobs.PutAsync(TenantId.Local, [Bytes("content!")], default)).Ok);
        Assert.Equal("content!"u8.ToArray(), (await blobs.GetAsync(TenantId.Local, digest, default)).Value.ToArray());
    }

    [Fact]
    public async Task A_link_in_place_of_a_blob_is_not_followed()
    {
        var digest = Digest.Of("elsewhere"u8);
        var path = blobs.PathOf(TenantId.Local, digest);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(Path.Combine(directory, "elsewhere"), "elsewhere");
        File.CreateSymbolicLink(path, Path.Combine(directory, "elsewhere"));
        Assert.Equal(ProblemCode.BlobCorrupt, (await blobs.GetAsync(TenantId.Local, digest, default)).Problem?.Code);
        Assert.True((await blobs.PutAsync(TenantId.Local, [Bytes("elsewhere")], default)).Ok);
        Assert.Null(new FileInfo(path).LinkTarget);
    }

    [Fact]
    public async Task A_missing_blob_and_another_tenants_blob_are_missing()
    {
        Assert.True(TenantId.TryParse("other", out var other));
        var digest = (await blobs.PutAsync(TenantId.Local, [Bytes("mine")], default)).Value[0];
        Assert.Equal(ProblemCode.BlobMissing, (await blobs.GetAsync(other, digest, default)).Problem?.Code);
        Assert.Equal(ProblemCode.BlobMissing, (await blobs.GetAsync(TenantId.Local, Digest.Of("never"u8), default)).Problem?.Code);
    }

    [Fact]
    public async Task Many_writers_of_the_same_content_agree()
    {
        var contents = Enumerable.Range(0, 20).Select(i => Bytes($"content {i}")).ToArray();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () => Assert.True((await blobs.PutAsync(TenantId.Local, contents, default)).Ok))));
        foreach (var content in contents) Assert.True((await blobs.GetAsync(TenantId.Local, Digest.Of(content.Span), default)).Ok);
        Assert.DoesNotContain(Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories), f => f.EndsWith(".tmp", StringComparison.Ordinal));
    }

    private static ReadOnlyMemory<byte> Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
