// `cabincrew model`: for those who bring a classifier of text. One table of its verbs.
using System.CommandLine;
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
        if (file == "-") return Console.In.ReadToEnd();
        return Governance.Files.PlainFile.Read(Path.GetFullPath(file), bytesMax, ProblemCode.InvalidArgument).Map(read => System.Text.Encoding.UTF8.GetString(read.Bytes));
    }
}
