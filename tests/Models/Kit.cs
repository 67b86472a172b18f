// The tokenizers of the test kit (testkit/tokenizers): a definition each, with texts and what the reference made of them.
using System.Text;
using System.Text.Json;
using CabinCrew.LocalModels.Tokens;

namespace CabinCrew.Models.Tests;

internal static class Kit
{
    public static JsonElement Tokenizer(string name)
    {
        using var stream = typeof(Kit).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"testkit/tokenizers/{name}.json is not embedded");
        using var reader = new StreamReader(stream);
        return JsonElement.Parse(reader.ReadToEnd());
    }

    public static Tokenizer Read(JsonElement definition) => TokenizerFile.Read(Bytes(definition)).Value;

    public static byte[] Bytes(JsonElement definition) => Encoding.UTF8.GetBytes(definition.GetRawText());
}
