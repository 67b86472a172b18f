// Writes small ONNX models with known weights, field by field as protocol buffers: what exports look like, and what no export should.
using System.Text;

namespace CabinCrew.Models.Tests.Onnx;

internal sealed class Proto
{
    private readonly MemoryStream stream = new();

    public byte[] Bytes => stream.ToArray();

    public Proto Number(int field, long value)
    {
        Varint((ulong)field << 3);
        Varint((ulong)value);
        return this;
    }

    public Proto Content(int field, byte[] bytes)
    {
        Varint((ulong)field << 3 | 2);
        Varint((ulong)bytes.Length);
        stream.Write(bytes);
        return this;
    }

    public Proto Text(int field, string text) => Content(field, Encoding.UTF8.GetBytes(text));

    public Proto Message(int field, Proto message) => Content(field, message.Bytes);

    private void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7) stream.WriteByte((byte)(value | 0x80));
        stream.WriteByte((byte)value);
    }
}

internal static class OnnxWriter
{
    public const int Single32 = 1, Whole64 = 7;

    public static Proto Node(string type, string[] inputs, string[] outputs, string domain = "", params Proto[] attributes)
    {
        var node = new Proto();
        foreach (var input in inputs) node.Text(1, input);
        foreach (var output in outputs) node.Text(2, output);
        node.Text(4, type);
        foreach (var attribute in attributes) node.Message(5, attribute);
        if (domain.Length > 0) node.Text(7, domain);
        return node;
    }

    public static Proto IntAttribute(string name, long value) => new Proto().Text(1, name).Number(3, value).Number(20, 2);

    public static Proto Floats(string name, float[] values, params long[] dimensions) => Raw(name, Single32, [.. values.SelectMany(BitConverter.GetBytes)], dimensions);

    public static Proto Ints(string name, long[] values, params long[] dimensions) => Raw(name, Whole64, [.. values.SelectMany(BitConverter.GetBytes)], dimensions);

    private static Proto Raw(string name, int type, byte[] bytes, long[] dimensions)
    {
        var tensor = new Proto();
        foreach (var dimension in dimensions) tensor.Number(1, dimension);
        return tensor.Number(2, type).Text(8, name).Content(9, bytes);
    }

    /// <param name="shape">A number, or a name for what is free.</param>
    public static Proto Port(string name, int type, params object[] shape)
    {
        var dimensions = new Proto();
        foreach (var size in shape) dimensions.Message(1, size is string free ? new Proto().Text(2, free) : new Proto().Number(1, Convert.ToInt64(size, System.Globalization.CultureInfo.InvariantCulture)));
        return new Proto().Text(1, name).Message(2, new Proto().Message(1, new Proto().Number(1, type).Message(2, dimensions)));
    }

    public static byte[] Model(IEnumerable<Proto> nodes, IEnumerable<Proto> weights, IEnumerable<Proto> inputs, IEnumerable<Proto> outputs)
    {
        var graph = new Proto();
        foreach (var node in nodes) graph.Message(1, node);
        graph.Text(2, "small");
        foreach (var weight in weights) graph.Message(5, weight);
        foreach (var input in inputs) graph.Message(11, input);
        foreach (var output in outputs) graph.Message(12, output);
        return new Proto().Number(1, 8).Text(2, "tests").Message(7, graph).Message(8, new Proto().Number(2, 13)).Bytes;
    }

    /// <summary>logits = mean over the tokens of embedding[id], plus bias: each word has its own say.</summary>
    public static byte[] TextModel(float[][] embedding, float[] bias) => Model(
        [
            Node("Gather", ["table", "input_ids"], ["rows"]),
            Node("Cast", ["attention_mask"], ["mask"], "", IntAttribute("to", Single32)),
            Node("Unsqueeze", ["mask", "last"], ["column"]),
            Node("Mul", ["rows", "column"], ["counted"]),
            Node("ReduceSum", ["counted", "middle"], ["sum"], "", IntAttribute("keepdims", 0)),
            Node("ReduceSum", ["column", "middle"], ["count"], "", IntAttribute("keepdims", 0)),
            Node("Div", ["sum", "count"], ["mean"]),
            Node("Add", ["mean", "bias"], ["logits"]),
        ],
        [
            Floats("table", [.. embedding.SelectMany(e => e)], embedding.Length, bias.Length), Floats("bias", bias, bias.Length), Ints("last", [-1], 1), Ints("middle", [1], 1),
        ],
        [Port("input_ids", Whole64, "batch", "length"), Port("attention_mask", Whole64, "batch", "length")],
        [Port("logits", Single32, "batch", bias.Length)]);

    /// <summary>logits of each token = embedding[id], plus bias.</summary>
    public static byte[] TokenModel(float[][] embedding, float[] bias) => Model(
        [Node("Gather", ["table", "input_ids"], ["rows"]), Node("Add", ["rows", "bias"], ["logits"])],
        [Floats("table", [.. embedding.SelectMany(e => e)], embedding.Length, bias.Length), Floats("bias", bias, bias.Length)],
        [Port("input_ids", Whole64, "batch", "length")],
        [Port("logits", Single32, "batch", "length", bias.Length)]);
}
