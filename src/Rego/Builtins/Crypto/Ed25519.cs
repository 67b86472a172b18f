// Ed25519 after RFC 8032, section 5.1, on BigInteger: the framework has none. Milliseconds a signature, and not constant
// in time, so fit for checking tokens and for test keys, not for guarding a valuable secret.
using System.Numerics;
using System.Security.Cryptography;

namespace CabinCrew.Rego.Builtins.Crypto;

internal static class Ed25519
{
    public const int KeyBytes = 32;
    public const int SignatureBytes = 64;

    /// <summary>X, Y, Z and T with x = X/Z, y = Y/Z and xy = T/Z.</summary>
    private readonly record struct Point(BigInteger X, BigInteger Y, BigInteger Z, BigInteger T);

    // Made at first use, not when the table of built-ins is loaded.
    private sealed class Curve
    {
        public static readonly Curve Instance = new();

        public readonly BigInteger P = BigInteger.Pow(2, 255) - 19;
        public readonly BigInteger Order = BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493", System.Globalization.CultureInfo.InvariantCulture);
        public readonly BigInteger D;
        public readonly BigInteger RootOfMinusOne;
        public readonly Point Base;

        private Curve()
        {
            D = Mod(-121_665 * Inverse(121_666, P), P);
            RootOfMinusOne = BigInteger.ModPow(2, (P - 1) / 4, P);
            var y = Mod(4 * Inverse(5, P), P);
            var x = RecoverX(y, odd: false, P, D, RootOfMinusOne)!.Value;
            Base = new Point(x, y, 1, Mod(x * y, P));
        }
    }

    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (publicKey.Length != KeyBytes || signature.Length != SignatureBytes) return false;
        var curve = Curve.Instance;
        if (Decode(publicKey) is not { } key || Decode(signature[..32]) is not { } r) return false;
        var s = Number(signature[32..]);
        if (s >= curve.Order) return false;
        var h = Mod(Number(SHA512.HashData([.. signature[..32], .. publicKey, .. message])), curve.Order);
        var left = Multiply(curve.Base, s);
        var right = Add(r, Multiply(key, h));
        return Mod((left.X * right.Z) - (right.X * left.Z), curve.P).IsZero && Mod((left.Y * right.Z) - (right.Y * left.Z), curve.P).IsZero;
    }

    public static byte[] Sign(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> message)
    {
        var curve = Curve.Instance;
        var (scalar, prefix) = Expand(seed);
        var publicKey = Encode(Multiply(curve.Base, scalar));
        var r = Mod(Number(SHA512.HashData([.. prefix, .. message])), curve.Order);
        var point = Encode(Multiply(curve.Base, r));
        var h = Mod(Number(SHA512.HashData([.. point, .. publicKey, .. message])), curve.Order);
        var s = Mod(r + (h * scalar), curve.Order).ToByteArray(isUnsigned: true);
        Array.Resize(ref s, 32);
        return [.. point, .. s];
    }

    private static (BigInteger Scalar, byte[] Prefix) Expand(ReadOnlySpan<byte> seed)
    {
        var hash = SHA512.HashData(seed);
        hash[0] &= 0xF8;
        hash[31] = (byte)((hash[31] & 0x7F) | 0x40);
        return (Number(hash.AsSpan(0, 32)), hash[32..]);
    }

    private static BigInteger Number(ReadOnlySpan<byte> littleEndian) => new(littleEndian, isUnsigned: true);

    private static BigInteger Mod(BigInteger number, BigInteger modulus) => BigInteger.Remainder(number, modulus) is var rest && rest.Sign < 0 ? rest + modulus : rest;

    private static BigInteger Inverse(BigInteger number, BigInteger modulus) => BigInteger.ModPow(Mod(number, modulus), modulus - 2, modulus);

    private static BigInteger? RecoverX(BigInteger y, bool odd, BigInteger p, BigInteger d, BigInteger rootOfMinusOne)
    {
        if (y >= p) return null;
        var square = Mod(((y * y) - 1) * Inverse((d * y * y) + 1, p), p);
        if (square.IsZero) return odd ? null : BigInteger.Zero;
        var x = BigInteger.ModPow(square, (p + 3) / 8, p);
        if (!Mod((x * x) - square, p).IsZero) x = Mod(x * rootOfMinusOne, p);
        if (!Mod((x * x) - square, p).IsZero) return null;
        return x.IsEven == odd ? p - x : x;
    }

    private static Point? Decode(ReadOnlySpan<byte> encoded)
    {
        var curve = Curve.Instance;
        var bytes = encoded.ToArray();
        var odd = (bytes[31] & 0x80) != 0;
        bytes[31] &= 0x7F;
        var y = Number(bytes);
        return RecoverX(y, odd, curve.P, curve.D, curve.RootOfMinusOne) is { } x ? new Point(x, y, 1, Mod(x * y, curve.P)) : null;
    }

    private static byte[] Encode(Point point)
    {
        var p = Curve.Instance.P;
        var inverse = Inverse(point.Z, p);
        var bytes = Mod(point.Y * inverse, p).ToByteArray(isUnsigned: true);
        Array.Resize(ref bytes, KeyBytes);
        if (!Mod(point.X * inverse, p).IsEven) bytes[31] |= 0x80;
        return bytes;
    }

    private static Point Add(Point left, Point right)
    {
        var (p, d) = (Curve.Instance.P, Curve.Instance.D);
        var a = Mod((left.Y - left.X) * (right.Y - right.X), p);
        var b = Mod((left.Y + left.X) * (right.Y + right.X), p);
        var c = Mod(2 * left.T * right.T * d, p);
        var z = Mod(2 * left.Z * right.Z, p);
        BigInteger e = b - a, f = z - c, g = z + c, h = b + a;
        return new Point(Mod(e * f, p), Mod(g * h, p), Mod(f * g, p), Mod(e * h, p));
    }

    private static Point Multiply(Point point, BigInteger times)
    {
        var sum = new Point(0, 1, 1, 0);
        for (; !times.IsZero; times >>= 1)
        {
            if (!times.IsEven) sum = Add(sum, point);
            point = Add(point, point);
        }

        return sum;
    }
}
