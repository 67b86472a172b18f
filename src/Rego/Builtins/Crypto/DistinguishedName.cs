// An X.501 name as Go's pkix.Name shows it.
using System.Formats.Asn1;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Builtins.Crypto;

internal static class DistinguishedName
{
    private static readonly (string Oid, string Field)[] lists =
    [
        ("2.5.4.6", "Country"), ("2.5.4.10", "Organization"), ("2.5.4.11", "OrganizationalUnit"), ("2.5.4.7", "Locality"), ("2.5.4.8", "Province"),
        ("2.5.4.9", "StreetAddress"), ("2.5.4.17", "PostalCode"),
    ];

    public static ObjectValue Read(ReadOnlyMemory<byte> der)
    {
        var found = new List<(string Oid, string Text)>();
        var sets = new AsnReader(der, AsnEncodingRules.BER).ReadSequence();
        while (sets.HasData)
        {
            var parts = sets.ReadSetOf();
            while (parts.HasData)
            {
                var part = parts.ReadSequence();
                found.Add((part.ReadObjectIdentifier(), Text(part)));
            }
        }

        var name = new ObjectValue.Builder();
        foreach (var (oid, field) in lists)
        {
            Value[] texts = [.. found.Where(f => f.Oid == oid).Select(f => new StringValue(f.Text))];
            name.Set(field, texts.Length == 0 ? NullValue.Instance : ArrayValue.Own(texts));
        }

        name.Set("SerialNumber", new StringValue(found.FindLast(f => f.Oid == "2.5.4.5").Text ?? ""));
        name.Set("CommonName", new StringValue(found.FindLast(f => f.Oid == "2.5.4.3").Text ?? ""));
        name.Set("Names", found.Count == 0 ? NullValue.Instance : ArrayValue.Own([.. found.Select(f => ObjectValue.Of((new StringValue("Type"), ObjectId(f.Oid)), (new StringValue("Value"), new StringValue(f.Text))))]));
        name.Set("ExtraNames", NullValue.Instance);
        return name.Build();
    }

    /// <summary>An object identifier as the list of its numbers.</summary>
    public static ArrayValue ObjectId(string oid) => ArrayValue.Own([.. oid.Split('.').Select(part => (Value?)NumberValue.Parse(part) ?? NumberValue.Zero)]);

    private static string Text(AsnReader part)
    {
        var tag = part.PeekTag();
        return tag.TagClass == TagClass.Universal && Enum.IsDefined((UniversalTagNumber)tag.TagValue) && (UniversalTagNumber)tag.TagValue is
            UniversalTagNumber.UTF8String or UniversalTagNumber.PrintableString or UniversalTagNumber.IA5String or UniversalTagNumber.T61String
            or UniversalTagNumber.BMPString or UniversalTagNumber.NumericString or UniversalTagNumber.VisibleString
            ? part.ReadCharacterString((UniversalTagNumber)tag.TagValue)
            : Convert.ToHexStringLower(part.ReadEncodedValue().Span);
    }
}
