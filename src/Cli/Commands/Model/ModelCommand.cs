// `cabincrew model`: for those who bring a classifier of text. One table of its verbs.
using System.CommandLine;
using System.Text;
using CabinCrew.LocalModels.Classifying;
using CabinCrew.LocalModels.Onnx;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Model;

internal static class ModelCommand
{
    public static Command Create() => new("model", "Bring your own text classifier (ONNX): pin it, check it, find its thresholds, measure it.")
    {
        CheckCommand.Create(), PinCommand.Create(), CalibrateCommand.Create(), BenchCommand.Create(),
    };

    public static Argument<string> Folder() => new("DIR") { Description = "The model's folder: model.onnx, config.json, tokenizer.json or vocab.txt, classifier.json." };

    public static Outcome<OnnxRuntime> Runtime() => OnnxLibrary.Find(AppContext.BaseDirectory, Environment.GetEnvironmentVariable(OnnxLibrary.Variable)).Then(OnnxRuntime.Load);

    public static Outcome<LocalModel> Open(string directory) => Runtime().Then(runtime => ModelFolder.Load(Path.GetFullPath(directory), runtime));

    /// <summary>A file's text, or with - what comes in.</summary>
    public static Outcome<string> Text(string file)
    {
        const int bytesMax = 64 << 20;
        if (file == "-") return StandardInput(bytesMax);
        return Governance.Files.PlainFile.Read(Path.GetFullPath(file), bytesMax, ProblemCode.InvalidArgument).Map(read => Encoding.UTF8.GetString(read.Bytes));
    }

    private static Outcome<string> StandardInput(int bytesMax)
    {
        using var input = Console.OpenStandardInput();
        using var all = new MemoryStream();
        var buffer = new byte[1 << 16];
        while (input.Read(buffer) is > 0 and var read)
        {
            if (all.Length + read > bytesMax) return new Problem(ProblemCode.InvalidArgument, $"standard input has more than {bytesMax} bytes");
            all.Write(buffer, 0, read);
        }
        return Encoding.UTF8.GetString(all.GetBuffer(), 0, (int)all.Length);
    }
}
