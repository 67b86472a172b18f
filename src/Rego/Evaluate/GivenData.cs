// Looking into the caller's data by path. As in OPA's store, a number may name a key that is text, and text an index.
using System.Globalization;
using CabinCrew.Rego.Values;

namespace CabinCrew.Rego.Evaluate;

internal static class GivenData
{
    public static Value? Get(Value? document, Value key) => document is null ? null : document.Get(key) ?? (document, key) switch
    {
        (ObjectValue map, NumberValue { IsInteger: true } number) => map.Get(number.Text),
        (ArrayValue array, StringValue text) when int.TryParse(text.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < array.Count => array[index],
        _ => null,
    };
}
