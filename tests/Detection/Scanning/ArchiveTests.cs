// Archives: their files are looked through as if they lay there, however deep, up to a bound; what cannot be opened is told, and bombs are not followed.
using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using CabinCrew.Governance.Detection.Scanning;
using static CabinCrew.Detection.Tests.Scanning.Kit;

namespace CabinCrew.Detection.Tests.Scanning;

public sealed class ArchiveTests
{
    private static readonly byte[] Script = Encoding.UTF8.GetBytes("#!/bin/sh\nterraform destroy -auto-approve\n");
    private static readonly byte[] Secret = Encoding.UTF8.GetBytes($"one\nkey: {Token}\n");

    private static byte[] Zip(params (string Name, byte[] Bytes)[] files)
    {
        using var all = new MemoryStream();
        using (var zip = new ZipArchive(all, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (name, bytes) in files)
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.Write(bytes);
            }
        return all.ToArray();
    }

    private static byte[] Tar(params (string Name, byte[] Bytes)[] files)
    {
        using var all = new MemoryStream();
        using (var tar = new TarWriter(all, TarEntryFormat.Pax, leaveOpen: true))
            foreach (var (name, bytes) in files) tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes) });
        return all.ToArray();
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var all = new MemoryStream();
        using (var gzip = new GZipStream(all, CompressionLevel.SmallestSize)) gzip.Write(bytes);
        return all.ToArray();
    }

    private static IEnumerable<string> Told(string name, byte[] bytes) => Scan(name, bytes).Findings.Select(f => $"{f.Id} {f.Line} {f.Within}");

    [Fact]
    public void Files_of_archives_are_looked_through_by_their_names()
    {
        var longName = $"{new string('d', 90)}/{new string('e', 90)}/deploy.sh";
        (string, byte[])[] files = [("a/key.txt", Secret), (longName, Script), ("é.bin", Noise())];
        foreach (var (name, bytes, within) in (Span<(string, byte[], string)>)[("a.jar", Zip(files), ""), ("a.tar", Tar(files), ""), ("a.tar.gz", Gzip(Tar(files)), " in gzip"), ("a.tgz", Gzip(Tar(files)), " in gzip")])
        {
            Assert.Equal([$"commands/terraform-destroy 2 archive file {longName}{within}", $"secrets/stripe-key 2 archive file a/key.txt{within}"], Told(name, bytes).Order());
            var result = Scan(name, bytes);
            Assert.Equal((ScanKind.Text, 1), (result.Kind, result.BinariesWithin));
            Assert.All(result.Findings, f => Assert.Equal(name, f.Path));
        }
    }

    [Fact]
    public void Archives_in_archives_and_in_text_are_opened_to_a_depth()
    {
        Assert.Equal(["secrets/stripe-key 2 archive file key.txt in archive file inner.zip"], Told("a.zip", Zip(("inner.zip", Zip(("key.txt", Secret))))));
        Assert.Equal(["secrets/stripe-key 1 archive file key.txt in base64"], Told("a.txt", Encoding.ASCII.GetBytes(Convert.ToBase64String(Zip(("key.txt", Secret))))));
        var deep = Secret;
        for (var i = 0; i < 5; i++) deep = Zip(("x", deep));
        Assert.Equal(["detection/too-deep 1 "], Told("a.zip", deep));
    }

    [Fact]
    public void An_archive_of_pictures_alone_is_binary() => Assert.Equal((ScanKind.Binary, 2), Scan("a.zip", Zip(("a.png", Noise()), ("b.png", Noise()))) is var r ? (r.Kind, r.BinariesWithin) : default);

    [Fact]
    public void What_cannot_be_opened_is_told()
    {
        var zip = Zip(("key.txt", Secret));
        var encrypted = (byte[])zip.Clone();
        encrypted[encrypted.AsSpan().IndexOf("PK\x01\x02"u8) + 8] |= 1;
        Assert.Equal(["detection/not-opened 1 "], Told("a.zip", encrypted));
        Assert.Contains("detection/too-large 1 ", Told("a.zip", zip[..^30]));
        Assert.Contains("detection/too-large 1 ", Told("a.tar", Tar(("key.txt", Secret))[..1024]));
    }

    [Fact]
    public void A_name_that_an_archive_gives_is_fit_to_be_told()
    {
        var told = Assert.Single(Told("a.zip", Zip(($"\u001B[2J\u202E{new string('n', 500)}", Secret))));
        Assert.StartsWith("secrets/stripe-key 2 archive file _[2J_nnn", told, StringComparison.Ordinal);
        Assert.True(told.Length < 260);
    }

    [Fact]
    public void A_bomb_is_told_and_not_followed()
    {
        var bomb = Zip([.. Enumerable.Range(0, 40).Select(i => ($"{i}", new byte[4 << 20]))]);
        Assert.True(bomb.Length < 1 << 20);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.Contains("detection/too-large 1 ", Told("a.zip", bomb));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), watch.Elapsed.ToString());
    }

    [Fact]
    public void Entries_that_share_their_bytes_are_not_unpacked_again_and_again()
    {
        // Ten megabytes of empty blocks come to nothing, a thousand times.
        var empty = new byte[10_000_000];
        for (var i = 0; i + 5 <= empty.Length; i += 5) (empty[i + 3], empty[i + 4]) = (0xFF, 0xFF);
        var zip = Zip(("x", [1, 2, 3]));
        var directory = zip.AsSpan().IndexOf("PK\x01\x02"u8);
        var entry = zip[directory..zip.AsSpan().IndexOf("PK\x05\x06"u8)];
        byte[] local = zip[..31];
        BitConverter.GetBytes(10_000_000).CopyTo(entry, 20);
        entry[10] = local[8] = 8;
        byte[] end = zip[^22..];
        BitConverter.GetBytes((ushort)1000).CopyTo(end, 10);
        BitConverter.GetBytes(1000 * entry.Length).CopyTo(end, 12);
        BitConverter.GetBytes(local.Length + empty.Length).CopyTo(end, 16);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.Contains("detection/too-large 1 ", Told("a.zip", [.. local, .. empty, .. Enumerable.Repeat(entry, 1000).SelectMany(e => e), .. end]));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), watch.Elapsed.ToString());
    }

    [Fact]
    public void No_byte_that_is_turned_makes_it_fail()
    {
        var random = new Random(7);
        foreach (var whole in (byte[][])[Zip(("a/key.txt", Secret), ("b.sh", Script)), Tar(("a/key.txt", Secret), ("b.sh", Script)), Gzip(Tar(("a", Secret)))])
            for (var i = 0; i < 400; i++)
            {
                var turned = (byte[])whole.Clone();
                for (var j = 0; j < 1 + i % 4; j++) turned[random.Next(turned.Length)] = (byte)random.Next(256);
                Scan("a.zip", i % 5 == 0 ? turned[..random.Next(turned.Length)] : turned);
            }
    }

    private static byte[] Noise()
    {
        var noise = new byte[4096];
        new Random(7).NextBytes(noise);
        return noise;
    }
}
