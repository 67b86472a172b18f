// A look at an ONNX file before the runtime gets it: what goes in and comes out, and that it asks for nothing outside of itself: no external tensors, no operators of unknown domains,
// no functions of its own. The whole file is walked once; nesting and names are bounded.
using CabinCrew.Protocol;

namespace CabinCrew.LocalModels.Onnx;

/// <param name="ElementType">As ONNX numbers them: 1 float, 7 int64.</param>
/// <param name="Shape">-1 for a dimension that is free.</param>
internal sealed record ModelPort(string Name, int ElementType, IReadOnlyList<long> Shape);

internal sealed class ModelGraph
{
    public const int BytesMax = 1 << 30;
    private const int DepthMax = 16;
    private const int PortsMax = 64;

    /// <summary>What the runtime itself brings.</summary>
    private static readonly HashSet<string> Domains = ["", "ai.onnx", "ai.onnx.ml", "com.microsoft"];

    /// <summary>Operators that reach outside of the model.</summary>
    private static readonly HashSet<string> Refused = ["EPContext", "PyOp"];

    private readonly HashSet<string> initializers = new(StringComparer.Ordinal);
    private readonly List<ModelPort> inputs = [];
    private readonly List<ModelPort> outputs = [];
    private bool hasGraph;

    /// <summary>What must be given: initializers are not among them.</summary>
    public IReadOnlyList<ModelPort> Inputs => [.. inputs.Where(i => !initializers.Contains(i.Name))];

    public IReadOnlyList<ModelPort> Outputs => outputs;

    public static Outcome<ModelGraph> Read(ReadOnlySpan<byte> file)
    {
        try
        {
            var graph = new ModelGraph();
            graph.Model(file);
            return graph.hasGraph ? graph : Invalid("it has no graph");
        }
        catch (ProtoException e)
        {
            return Invalid(e.Message);
        }
    }

    private static Problem Invalid(string message) => new(ProblemCode.ModelInvalid, $"the model cannot be taken: {message}") { Where = "model.onnx" };

    private void Model(ReadOnlySpan<byte> bytes)
    {
        var reader = new ProtoReader(bytes);
        while (reader.Read())
            switch (reader.Field)
            {
                case 7 when hasGraph: throw new ProtoException("it has two graphs");
                case 7:
                    hasGraph = true;
                    Graph(reader.Content, 0);
                    break;
                case 20: throw new ProtoException("it holds training information; export it for inference");
                case 25: throw new ProtoException("it holds functions of its own; export it with functions inlined");
            }
    }

    private void Graph(ReadOnlySpan<byte> bytes, int depth)
    {
        if (depth > DepthMax) throw new ProtoException($"graphs are nested deeper than {DepthMax}");
        var reader = new ProtoReader(bytes);
        while (reader.Read())
            switch (reader.Field)
            {
                case 1: Node(reader.Content, depth); break;
                case 5:
                    var name = Tensor(reader.Content);
                    if (depth == 0) initializers.Add(name);
                    break;
                case 11 when depth == 0: Add(inputs, Port(reader.Content)); break;
                case 12 when depth == 0: Add(outputs, Port(reader.Content)); break;
                case 15: SparseTensor(reader.Content); break;
            }
    }

    private static void Add(List<ModelPort> ports, ModelPort port)
    {
        // Old exports list their weights as inputs too, so inputs may be many; a model of classifiers has few outputs.
        if (ports.Count >= PortsMax * 64) throw new ProtoException("it has too many inputs or outputs");
        ports.Add(port);
    }

    private void Node(ReadOnlySpan<byte> bytes, int depth)
    {
        var (type, domain) = ("", "");
        var reader = new ProtoReader(bytes);
        while (reader.Read())
            switch (reader.Field)
            {
                case 4: type = reader.Text; break;
                case 5: Attribute(reader.Content, depth); break;
                case 7: domain = reader.Text; break;
            }
        if (!Domains.Contains(domain)) throw new ProtoException($"an operator '{Shown(type)}' is of the custom domain '{Shown(domain)}'");
        if (Refused.Contains(type)) throw new ProtoException($"the operator '{type}' reaches outside of the model");
    }

    private void Attribute(ReadOnlySpan<byte> bytes, int depth)
    {
        var reader = new ProtoReader(bytes);
        while (reader.Read())
            switch (reader.Field)
            {
                case 5 or 10: Tensor(reader.Content); break;
                case 6 or 11: Graph(reader.Content, depth + 1); break;
                case 22 or 23: SparseTensor(reader.Content); break;
            }
    }

    private static void SparseTensor(ReadOnlySpan<byte> bytes)
    {
        var reader = new ProtoReader(bytes);
        while (reader.Read())
            if (reader.Field is 1 or 2) Tensor(reader.Content);
    }

    private static string Tensor(ReadOnlySpan<byte> bytes)
    {
        var name = "";
        var reader = new ProtoReader(bytes);
        while (reader.Read())
            switch (reader.Field)
            {
                case 8: name = reader.Text; break;
                case 13:
                case 14 when reader.Value != 0: throw new ProtoException("a tensor lies in another file; export it as one file");
            }
        return name;
    }

    private static ModelPort Port(ReadOnlySpan<byte> bytes)
    {
        var (name, type, shape) = ("", 0, new List<long>());
        var reader = new ProtoReader(bytes);
        while (reader.Read())
            if (reader.Field == 1) name = reader.Text;
            else if (reader.Field == 2)
            {
                var kinds = new ProtoReader(reader.Content);
                while (kinds.Read())
                    if (kinds.Field == 1) TensorType(kinds.Content, ref type, shape);
            }
        return new(name, type, shape);
    }

    private static void TensorType(ReadOnlySpan<byte> bytes, ref int type, List<long> shape)
    {
        var reader = new ProtoReader(bytes);
        while (reader.Read())
            if (reader.Field == 1) type = (int)Math.Min(reader.Value, int.MaxValue);
            else if (reader.Field == 2)
            {
                var dimensions = new ProtoReader(reader.Content);
                while (dimensions.Read())
                {
                    if (dimensions.Field != 1) continue;
                    if (shape.Count == 8) throw new ProtoException("a shape has too many dimensions");
                    shape.Add(Dimension(dimensions.Content));
                }
            }
    }

    private static long Dimension(ReadOnlySpan<byte> bytes)
    {
        var reader = new ProtoReader(bytes);
        while (reader.Read())
            if (reader.Field == 1) return (long)reader.Value;
        return -1;
    }

    private static string Shown(string name) => string.Concat(name.Take(64).Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '?'));
}
