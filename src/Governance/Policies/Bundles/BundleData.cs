// The data documents of a bundle as one: each file stands at the path of its directory. Objects merge; two files that give the same place a value are a
// conflict, data outside the manifest's roots is refused, and so is data where a module's package needs an object.
using System.Buffers;
using System.Text.Json;
using CabinCrew.Governance.Yaml;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Governance.Policies.Bundles;

internal sealed class BundleData
{
    private const int DepthMax = 128;

    private static readonly JsonLimits Json = new(BundleLimits.Default.FileBytesMax, DepthMax: 64, ValuesMax: 2_000_000);
    private static readonly YamlLimits Yaml = new(4 << 20, DepthMax: 48, NodesMax: 500_000);

    private readonly Node root = new();

    /// <summary>An object has members, a leaf has a value (a whole JSON value that is no object); until either is said, a node is neither.</summary>
    private sealed class Node
    {
        public Dictionary<string, Node> Members { get; } = new(StringComparer.Ordinal);

        public IEnumerable<string> InOrder => Members.Keys.Order(StringComparer.Ordinal);

        public bool IsObject { get; set; }

        public JsonElement? Leaf { get; set; }
    }

    private BundleData() => root.IsObject = true;

    public bool IsEmpty => root.Members.Count == 0;

    public static Outcome<BundleData> Merge(IEnumerable<BundleFile> files, BundleFiles into)
    {
        var data = new BundleData();
        foreach (var file in files)
        {
            if (!Read(file).Try(out var value, out var wrong)) return into.Refuse($"{file.Path}: {wrong.Where}: {wrong.Message}");
            var place = file.Path.Split('/')[..^1];
            if (place.Length == 0 && value.ValueKind != JsonValueKind.Object) return into.Refuse($"{file.Path}: the document at the root of the data is an object");
            if (data.Put(place, value) is { } taken) return into.Refuse($"{file.Path}: something else gives a value to data.{string.Join('.', taken)} as well");
        }
        return data;
    }

    /// <summary>Where data lies outside the roots, or null.</summary>
    public string? Outside(IReadOnlyList<string> roots) => Outside(root, "", roots);

    /// <summary>The first place on a package's way where there is data and no object, or null.</summary>
    public string? InTheWayOf(IReadOnlyList<string> package)
    {
        var node = root;
        for (var i = 0; i < package.Count; i++)
        {
            if (!node.Members.TryGetValue(package[i], out node!)) return null;
            if (node.Leaf is not null) return string.Join('.', package.Take(i + 1));
        }
        return null;
    }

    /// <summary>Whether data has a value, or anything below, at a path: a rule of that name would conflict with it.</summary>
    public bool Has(IReadOnlyList<string> path)
    {
        var node = root;
        foreach (var name in path)
        {
            if (node.Leaf is not null) return true;
            if (!node.Members.TryGetValue(name, out node!)) return false;
        }
        return true;
    }

    /// <summary>UTF-8, members in order, numbers as they were written.</summary>
    public ReadOnlyMemory<byte> ToJson()
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes)) Write(json, root);
        return bytes.WrittenMemory;
    }

    private static Outcome<JsonElement> Read(BundleFile file) => file.Kind == BundleFileKind.JsonData
        ? StrictJson.Parse(file.Bytes, Json)
        : YamlNodes.Read(file.Bytes, file.Path, ProblemCode.PolicyInvalid, Yaml).Map(map => map.ToJson());

    private List<string>? Put(string[] place, JsonElement value)
    {
        var node = root;
        for (var i = 0; i < place.Length; i++)
        {
            if (!node.Members.TryGetValue(place[i], out var next)) node.Members[place[i]] = next = new();
            if (i < place.Length - 1 || value.ValueKind == JsonValueKind.Object)
            {
                if (next.Leaf is not null) return [.. place.Take(i + 1)];
                next.IsObject = true;
            }
            node = next;
        }
        return Put(node, value, [.. place]);
    }

    private static List<string>? Put(Node node, JsonElement value, List<string> place)
    {
        if (node.Leaf is not null) return place;
        if (value.ValueKind != JsonValueKind.Object)
        {
            if (node.IsObject) return place;
            node.Leaf = value;
            return null;
        }
        node.IsObject = true;
        foreach (var member in value.EnumerateObject())
        {
            place.Add(member.Name);
            if (!node.Members.TryGetValue(member.Name, out var next)) node.Members[member.Name] = next = new();
            if (place.Count > DepthMax || Put(next, member.Value, place) is not null) return place;
            place.RemoveAt(place.Count - 1);
        }
        return null;
    }

    private static string? Outside(Node node, string path, IReadOnlyList<string> roots)
    {
        if (BundleRoots.Contain(roots, path)) return null;
        if (node.Leaf is not null || (node.Members.Count == 0 && path.Length > 0) || !roots.Any(r => BundleRoots.Contains(path, r))) return path;
        foreach (var name in node.InOrder)
        {
            // A slash within a name parts no path.
            var step = name.Replace('/', '\u2215');
            if (Outside(node.Members[name], path.Length == 0 ? step : $"{path}/{step}", roots) is { } outside) return outside;
        }
        return null;
    }

    private static void Write(Utf8JsonWriter json, Node node)
    {
        if (node.Leaf is { } leaf)
        {
            leaf.WriteTo(json);
            return;
        }
        json.WriteStartObject();
        foreach (var name in node.InOrder)
        {
            json.WritePropertyName(name);
            Write(json, node.Members[name]);
        }
        json.WriteEndObject();
    }
}
