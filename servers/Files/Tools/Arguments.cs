// The arguments of one call, read by type and within bounds; everything that is wrong is told at once, unknown names too.
using System.Text.Json;
using CabinCrew.Protocol;

namespace CabinCrew.Servers.Files.Tools;

internal sealed class Arguments(JsonElement given)
{
    private readonly List<string> wrong = [];
    private readonly HashSet<string> known = new(StringComparer.Ordinal);

    public string Text(string name, int charsMax = 4096) => OptionalText(name, charsMax) ?? Missing(name, "a text", "");

    public string? OptionalText(string name, int charsMax = 4096)
    {
        if (Value(name) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.String) return Wrong(name, "a text");
        var text = value.GetString()!;
        return text.Length <= charsMax ? text : Wrong(name, $"at most {charsMax} characters, not {text.Length}");
    }

    public bool Flag(string name)
    {
        if (Value(name) is not { } value) return false;
        if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) Wrong(name, "true or false");
        return value.ValueKind == JsonValueKind.True;
    }

    public long? Number(string name, long min, long max)
    {
        if (Value(name) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= min && number <= max) return number;
        Wrong(name, $"a whole number from {min} to {max}");
        return null;
    }

    public string Word(string name, string otherwise, params IReadOnlyList<string> words)
    {
        if (Value(name) is not { } value) return otherwise;
        if (value.ValueKind == JsonValueKind.String && words.Contains(value.GetString())) return value.GetString()!;
        Wrong(name, $"one of {string.Join(", ", words)}");
        return otherwise;
    }

    public IReadOnlyList<string> Texts(string name, int countMax, int charsMax)
    {
        if (Value(name) is not { } value) return [];
        if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= countMax && value.EnumerateArray().All(e => e.ValueKind == JsonValueKind.String && e.GetString()!.Length <= charsMax))
            return [.. value.EnumerateArray().Select(e => e.GetString()!)];
        Wrong(name, $"a list of at most {countMax} texts of at most {charsMax} characters");
        return [];
    }

    /// <summary>Objects, each read in the same way; what is wrong in one is told with its place.</summary>
    public IReadOnlyList<T> Objects<T>(string name, int countMax, Func<Arguments, T> read)
    {
        if (Value(name) is not { } value) return Missing<IReadOnlyList<T>>(name, "a list of objects", []);
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() is 0 || value.GetArrayLength() > countMax || value.EnumerateArray().Any(e => e.ValueKind != JsonValueKind.Object))
        {
            Wrong(name, $"a list of 1 to {countMax} objects");
            return [];
        }
        var all = new List<T>();
        foreach (var element in value.EnumerateArray())
        {
            var inner = new Arguments(element);
            all.Add(read(inner));
            inner.Close();
            wrong.AddRange(inner.wrong.Select(w => $"{name}[{all.Count - 1}].{w}"));
        }
        return all;
    }

    public Digest? Digest(string name)
    {
        if (OptionalText(name) is not { } text) return null;
        if (Protocol.Digest.TryParse(text, out var digest)) return digest;
        Wrong(name, "\"sha256:\" and 64 lower-case hex digits, as read_file and get_file_info give it");
        return null;
    }

    /// <summary>After everything was read: what is wrong, if anything.</summary>
    public Problem? Check()
    {
        Close();
        return wrong.Count == 0 ? null : new(ProblemCode.InvalidArgument, $"The call was not made: {string.Join("; ", wrong.Take(10))}.") { Remedy = "See the tool's input schema." };
    }

    private void Close()
    {
        if (given.ValueKind != JsonValueKind.Object) return;
        foreach (var member in given.EnumerateObject())
            if (!known.Contains(member.Name)) wrong.Add($"{(member.Name.Length <= 60 ? member.Name : member.Name[..60])}: there is no such argument{NearMatch.Hint(member.Name, known)}");
    }

    private JsonElement? Value(string name)
    {
        known.Add(name);
        return given.ValueKind == JsonValueKind.Object && given.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    private string? Wrong(string name, string expected)
    {
        wrong.Add($"{name}: expected {expected}");
        return null;
    }

    private T Missing<T>(string name, string what, T none)
    {
        wrong.Add($"{name}: {what} is needed");
        return none;
    }
}
