// ECDSA whose one random number follows from key and message (RFC 6979): the same judgement gives the same token. The point is multiplied by the framework;
// what is left is arithmetic modulo the order, whose time depends on the numbers: who can time evaluations could as well read the policy's data.
using System.Numerics;
using System.Security.Cryptography;

namespace CabinCrew.Rego.Builtins.Crypto;

internal static class DeterministicEcdsa
{
    /// <summary>r and s of the field's width each. The key has its private number, and one of the three NIST curves.</summary>
    public static byte[] Sign(ECParameters key, HashAlgorithmName hash, byte[] message)
    {
        var width = key.D!.Length;
        var order = OrderOf(width);
        var digest = CryptographicOperations.HashData(hash, message);
        var (secret, number) = (Number(key.D), Truncated(digest, order));
        foreach (var nonce in Nonces(key.D, digest, hash, order, width))
        {
            using var point = ECDsa.Create(new ECParameters { Curve = key.Curve, D = Bytes(nonce, width) });
            var r = Number(point.ExportParameters(includePrivateParameters: false).Q.X!) % order;
            var s = BigInteger.ModPow(nonce, order - 2, order) * (number + (r * secret)) % order;
            if (!r.IsZero && !s.IsZero)
                return [.. Bytes(r, width), .. Bytes(s, width)];
        }

        throw new CryptographicException("no nonce fits"); // never: the sequence does not end
    }

    // RFC 6979, 3.2: an HMAC generator seeded with the key and the message's digest.
    private static IEnumerable<BigInteger> Nonces(byte[] secret, byte[] digest, HashAlgorithmName hash, BigInteger order, int width)
    {
        byte[] seed = [.. secret, .. Bytes(Truncated(digest, order) % order, width)];
        var state = new byte[digest.Length];
        var key = new byte[digest.Length];
        Array.Fill(state, (byte)1);
        foreach (var round in (byte[])[0, 1])
        {
            key = CryptographicOperations.HmacData(hash, key, (byte[])[.. state, round, .. seed]);
            state = CryptographicOperations.HmacData(hash, key, state);
        }

        while (true)
        {
            List<byte> drawn = [];
            while (drawn.Count < width)
            {
                state = CryptographicOperations.HmacData(hash, key, state);
                drawn.AddRange(state);
            }

            var nonce = Truncated([.. drawn[..width]], order);
            if (!nonce.IsZero && nonce < order)
                yield return nonce;
            key = CryptographicOperations.HmacData(hash, key, (byte[])[.. state, 0]);
            state = CryptographicOperations.HmacData(hash, key, state);
        }
    }

    // The leftmost bits, as many as the order has.
    private static BigInteger Truncated(byte[] bits, BigInteger order) => Number(bits) >> Math.Max(0, (bits.Length * 8) - (int)order.GetBitLength());

    private static BigInteger Number(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true, isBigEndian: true);

    private static byte[] Bytes(BigInteger number, int width)
    {
        var bytes = new byte[width];
        number.TryWriteBytes(bytes.AsSpan(width - number.GetByteCount(isUnsigned: true)), out _, isUnsigned: true, isBigEndian: true);
        return bytes;
    }

    // FIPS 186-4, D.1.2.
    private static BigInteger OrderOf(int width) => Number(Convert.FromHexString(width switch
    {
        32 => "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551",
        48 => "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973",
        66 => "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409",
        _ => throw new CryptographicException("unknown curve"),
    }));
}
