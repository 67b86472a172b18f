// model.onnx of the classifier: written as protocol buffers, and read only if it is what would be written. The graph is the arithmetic of LinearModel; whatever computes ONNX can run it.
// Input: `features` (int64, 1 × n, at least one, numbers of buckets); output: `score` (float, 1).
using System.Buffers.Binary;
using System.Text;
using CabinCrew.Protocol;

namespace CabinCrew.Governance.Detection.Injection;

internal static class LinearGraph
{
    public const string Input = "features", Output = "score";

    private const int Float32 = 1, Int8 = 3, Int32 = 6, Int64 = 7;

    public static byte[] Write(LinearModel model)
    {
        var graph = new Message();
        foreach (var node in Nodes()) graph.Add(1, node);
        graph.Add(2, "injection");
        graph.Add(5, Tensor("weights", Int8, System.Runtime.InteropServices.MemoryMarshal.AsBytes<sbyte>(model.Weights), model.Weights.Length));
        graph.Add(5, Tensor("scale", Float32, Bytes(model.Scale)));
        graph.Add(5, Tensor("bias", Float32, Bytes(model.Bias)));
        graph.Add(5, Tensor("shrink", Float32, Bytes(LinearModel.Shrink)));
        graph.Add(5, Tensor("one", Int64, [1, 0, 0, 0, 0, 0, 0, 0], 1));
        graph.Add(11, Port(Input, Int64, new Message().Add(1, 1), new Message().Add(2, "n")));
        graph.Add(12, Port(Output, Float32, new Message().Add(1, 1)));
        // IR version 8, operators of set 13.
        return new Message().Add(1, 8).Add(2, "cabincrew").Add(7, graph).Add(8, new Message().Add(2, 13)).ToArray();
    }

    /// <summary>Takes nothing but what <see cref="Write"/> makes: the numbers are taken from their places, and then the whole is compared.</summary>
    public static Outcome<LinearModel> Read(ReadOnlySpan<byte> file)
    {
        var empty = Write(new(new sbyte[Featurizer.Buckets], 0, 0));
        if (file.Length != empty.Length) return Invalid($"it has {file.Length} bytes and not {empty.Length}");
        var (weights, scale, bias) = (Place(empty, "weights"), Place(empty, "scale"), Place(empty, "bias"));
        var model = new LinearModel(
            System.Runtime.InteropServices.MemoryMarshal.Cast<byte, sbyte>(file.Slice(weights, Featurizer.Buckets)).ToArray(),
            BinaryPrimitives.ReadSingleLittleEndian(file[scale..]), BinaryPrimitives.ReadSingleLittleEndian(file[bias..]));
        if (!float.IsFinite(model.Scale) || !float.IsFinite(model.Bias)) return Invalid("a number in it is not finite");
        // What would be written with these numbers: only they differ from what was written without any.
        foreach (var (place, length) in (ReadOnlySpan<(int, int)>)[(weights, Featurizer.Buckets), (scale, sizeof(float)), (bias, sizeof(float))]) file.Slice(place, length).CopyTo(empty.AsSpan(place));
        return file.SequenceEqual(empty) ? model : Invalid("its graph is another one");
    }

    private static Problem Invalid(string message) => new(ProblemCode.ModelInvalid, $"the injection classifier's model cannot be taken: {message}") { Where = "models/injection/model.onnx" };

    private static IEnumerable<Message> Nodes() =>
    [
        Node("Gather", ["weights", Input], "found"),
        Cast("found", "whole", Int32),
        Node("ReduceSum", ["whole", "one"], "sum", Attribute("keepdims", 0)),
        Cast("sum", "total", Float32),
        Node("Shape", [Input], "shape"),
        Node("Gather", ["shape", "one"], "length"),
        Cast("length", "count", Float32),
        Node("Add", ["count", "shrink"], "size"),
        Node("Sqrt", ["size"], "root"),
        Node("Div", ["total", "root"], "mean"),
        Node("Mul", ["mean", "scale"], "scaled"),
        Node("Add", ["scaled", "bias"], "logit"),
        Node("Sigmoid", ["logit"], Output),
    ];

    private static Message Cast(string from, string to, int type) => Node("Cast", [from], to, Attribute("to", (ulong)type));

    private static Message Node(string type, string[] inputs, string output, Message? attribute = null)
    {
        var node = new Message();
        foreach (var input in inputs) node.Add(1, input);
        node.Add(2, output).Add(4, type);
        return attribute is null ? node : node.Add(5, attribute);
    }

    private static Message Attribute(string name, ulong value) => new Message().Add(1, name).Add(3, value).Add(20, 2);

    private static Message Tensor(string name, int type, ReadOnlySpan<byte> raw, params ReadOnlySpan<int> dimensions)
    {
        var tensor = new Message();
        foreach (var dimension in dimensions) tensor.Add(1, (ulong)dimension);
        return tensor.Add(2, (ulong)type).Add(8, name).Add(9, raw);
    }

    private static Message Port(string name, int type, params Message[] shape)
    {
        var dimensions = new Message();
        foreach (var one in shape) dimensions.Add(1, one);
        return new Message().Add(1, name).Add(2, new Message().Add(1, new Message().Add(1, (ulong)type).Add(2, dimensions)));
    }

    private static byte[] Bytes(float value)
    {
        var bytes = new byte[sizeof(float)];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        return bytes;
    }

    // Behind a tensor's name: the number of the field, the length, the bytes. Names come once as a tensor's own; where nodes name it, another field follows.
    private static int Place(ReadOnlySpan<byte> file, string name)
    {
        byte[] field = [8 << 3 | 2, (byte)name.Length, .. Encoding.ASCII.GetBytes(name), 9 << 3 | 2];
        var at = file.IndexOf(field) + field.Length;
        while (file[at] >= 0x80) at++;
        return at + 1;
    }

    private sealed class Message
    {
        private readonly MemoryStream stream = new();

        public Message Add(int field, ulong value)
        {
            Varint((ulong)field << 3);
            Varint(value);
            return this;
        }

        public Message Add(int field, ReadOnlySpan<byte> content)
        {
            Varint((ulong)field << 3 | 2);
            Varint((ulong)content.Length);
            stream.Write(content);
            return this;
        }

        public Message Add(int field, string text) => Add(field, Encoding.ASCII.GetBytes(text));

        public Message Add(int field, Message message) => Add(field, message.stream.GetBuffer().AsSpan(0, (int)message.stream.Length));

        public byte[] ToArray() => stream.ToArray();

        private void Varint(ulong value)
        {
            for (; value >= 0x80; value >>= 7) stream.WriteByte((byte)(value | 0x80));
            stream.WriteByte((byte)value);
        }
    }
}
