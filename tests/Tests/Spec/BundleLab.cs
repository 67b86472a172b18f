// Bundles made for tests: archives by the framework's own tar writer (not ours), or header by header where no honest writer would write them.
using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using CabinCrew.Governance.Policies.Bundles;
using CabinCrew.Protocol;

namespace CabinCrew.Tests.Spec;

internal static class BundleLab
{
    public const string Policy = "package cabincrew.preflight\n\ndeny contains \"no\" if input.totals.files_deleted > 10\n";

    public static byte[] Gzip(ReadOnlySpan<byte> bytes)
    {
        using var result = new MemoryStream();
        using (var gzip = new GZipStream(result, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(bytes);
        return result.ToArray();
    }

    public static byte[] Archive(params (string Path, string Text)[] files) => Archive(TarEntryFormat.Ustar, files);

    public static byte[] Archive(TarEntryFormat format, params (string Path, string Text)[] files)
    {
        using var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, format, leaveOpen: true))
            foreach (var (path, text) in files)
            {
                TarEntry entry = format switch
                {
                    TarEntryFormat.V7 => new V7TarEntry(TarEntryType.V7RegularFile, path),
                    TarEntryFormat.Gnu => new GnuTarEntry(TarEntryType.RegularFile, path),
                    TarEntryFormat.Pax => new PaxTarEntry(TarEntryType.RegularFile, path),
                    _ => new UstarTarEntry(TarEntryType.RegularFile, path),
                };
                entry.DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text));
                entry.ModificationTime = DateTimeOffset.UnixEpoch.AddDays(path.Length);
                writer.WriteEntry(entry);
            }
        return Gzip(tar.ToArray());
    }

    /// <summary>One entry as it stands; type and every field as given, the checksum right.</summary>
    public static byte[] Entry(string name, byte[] content, char type = '0', string? link = null, string? size = null)
    {
        var header = new byte[512];
        Put(0, Encoding.UTF8.GetBytes(name));
        Put(100, "0000644\0"u8.ToArray());
        Put(124, Encoding.ASCII.GetBytes((size ?? Convert.ToString(content.Length, 8).PadLeft(11, '0')) + "\0"));
        Put(136, "00000000000\0"u8.ToArray());
        header[156] = (byte)type;
        if (link is not null) Put(157, Encoding.UTF8.GetBytes(link));
        Put(257, "ustar\000"u8.ToArray());
        header.AsSpan(148, 8).Fill((byte)' ');
        var sum = header.Sum(b => b);
        Put(148, Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 "));
        return [.. header, .. content, .. new byte[(512 - content.Length % 512) % 512]];

        void Put(int at, byte[] bytes) => bytes.AsSpan(0, Math.Min(bytes.Length, 100)).CopyTo(header.AsSpan(at));
    }

    public static byte[] Tar(params byte[][] entries) => [.. entries.SelectMany(e => e), .. new byte[1024]];

    public static Outcome<PolicyBundle> Load(byte[] archive, BundleOptions? options = null) => PolicyBundle.OfArchive(archive, "test.tar.gz", options);

    public static PolicyBundle Good(byte[] archive, BundleOptions? options = null)
    {
        var loaded = Load(archive, options);
        Assert.True(loaded.Ok, loaded.Problem?.ToString());
        return loaded.Value;
    }

    /// <summary>The refusal, which names what is wrong and never a place of this machine.</summary>
    public static string Refused(Outcome<PolicyBundle> loaded)
    {
        Assert.False(loaded.Ok, "it was loaded");
        Assert.Equal(ProblemCode.PolicyInvalid, loaded.Problem.Code);
        Assert.DoesNotContain(loaded.Problem.Message, char.IsControl);
        return loaded.Problem.Message;
    }
}
