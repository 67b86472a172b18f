// RSASSA-PSS whose salt follows from the evaluation's seed and the message (RFC 8017, 8.1.1 and 9.1.1): the same judgement gives the same token.
// The framework draws its own salt, so the encoding is done here, and the private operation with it; the result is verified by the framework before it is given.
using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using CabinCrew.Rego.Builtins.Numbers;

namespace CabinCrew.Rego.Builtins.Crypto;

internal static class SeededPss
{
    public static byte[] Sign(RSAParameters key, HashAlgorithmName hash, byte[] message, ulong seed)
    {
        var modulus = Number(key.Modulus!);
        var digest = CryptographicOperations.HashData(hash, message);
        var salt = SeededBytes.Make(seed, "io.jwt.encode_sign", digest, digest.Length);
        var signed = PrivateOperation(key, Number(Encode(digest, salt, hash, (int)modulus.GetBitLength() - 1)));
        var signature = new byte[key.Modulus!.Length];
        signed.TryWriteBytes(signature.AsSpan(signature.Length - signed.GetByteCount(isUnsigned: true)), out _, isUnsigned: true, isBigEndian: true);
        using var check = RSA.Create(new RSAParameters { Modulus = key.Modulus, Exponent = key.Exponent });
        return check.VerifyData(message, signature, hash, RSASignaturePadding.Pss) ? signature : throw new CryptographicException("the parts of the key do not belong together");
    }

    private static byte[] Encode(byte[] digest, byte[] salt, HashAlgorithmName hash, int bits)
    {
        var length = (bits + 7) / 8;
        if (length < digest.Length + salt.Length + 2)
            throw new CryptographicException("the key is too short");
        var inner = CryptographicOperations.HashData(hash, (byte[])[.. new byte[8], .. digest, .. salt]);
        var block = new byte[length - inner.Length - 1];
        block[block.Length - salt.Length - 1] = 1;
        salt.CopyTo(block.AsSpan(block.Length - salt.Length));
        var mask = Mask(inner, block.Length, hash);
        for (var i = 0; i < block.Length; i++)
            block[i] ^= mask[i];
        block[0] &= (byte)(0xff >> ((8 * length) - bits));
        return [.. block, .. inner, 0xbc];
    }

    // MGF1.
    private static List<byte> Mask(byte[] seed, int length, HashAlgorithmName hash)
    {
        List<byte> mask = [];
        Span<byte> counter = stackalloc byte[4];
        for (var i = 0; mask.Count < length; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(counter, i);
            mask.AddRange(CryptographicOperations.HashData(hash, (byte[])[.. seed, .. counter]));
        }

        return mask;
    }

    // By the two primes.
    private static BigInteger PrivateOperation(RSAParameters key, BigInteger message)
    {
        var (p, q) = (Number(key.P!), Number(key.Q!));
        var one = BigInteger.ModPow(message, Number(key.DP!), p);
        var two = BigInteger.ModPow(message, Number(key.DQ!), q);
        var step = (one - two) * Number(key.InverseQ!) % p;
        return two + (q * (step.Sign < 0 ? step + p : step));
    }

    private static BigInteger Number(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true, isBigEndian: true);
}
