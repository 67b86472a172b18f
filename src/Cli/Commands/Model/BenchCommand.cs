// model bench: what a model costs on this machine.
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CabinCrew.LocalModels.Classifying;
using CabinCrew.Protocol;

namespace CabinCrew.Cli.Commands.Model;

internal static class BenchCommand
{
    private const int Bytes = 4096;
    private const int RoundsMax = 50;
    private static readonly TimeSpan AtLeast = TimeSpan.FromSeconds(2);

    public static Command Create()
    {
        var folder = ModelCommand.Folder();
        var file = new Option<string?>("--file", "-f") { Description = "A text to measure with (default: four kilobytes of prose).", HelpName = "FILE" };
        var command = new Command("bench", """
            Measure a model on this machine: how long it takes to load, and for a kilobyte of text, on one thread.

            Example:
              cabincrew model bench models/injection --file README.md
            """) { folder, file };
        command.Plain((parse, screen, ct) =>
        {
            var began = Stopwatch.GetTimestamp();
            if (!ModelCommand.Open(parse.GetValue(folder)!).Try(out var model, out var problem)) return problem;
            var load = Stopwatch.GetElapsedTime(began);
            using (model)
            {
                if (!(parse.GetValue(file) is { } path ? ModelCommand.Text(path) : Outcome.Of(Prose())).Try(out var text, out problem)) return problem;
                if (text.Length == 0) return new Problem(ProblemCode.InvalidArgument, "the text is empty");
                if (!Rounds(model, text, ct).Try(out var rounds, out problem)) return problem;
                Show(screen, model, load, text, rounds);
                return 0;
            }
        });
        return command;
    }

    private static Outcome<(List<double> Milliseconds, int Windows)> Rounds(LocalModel model, string text, CancellationToken ct)
    {
        List<double> rounds = [];
        var windows = 0;
        var all = Stopwatch.GetTimestamp();
        while (rounds.Count < 3 || (rounds.Count < RoundsMax && Stopwatch.GetElapsedTime(all) < AtLeast))
        {
            var one = Stopwatch.GetTimestamp();
            if (!model.Classify(text, ct).Try(out var said, out var problem)) return problem;
            if (!said.Complete) return new Problem(ProblemCode.InvalidArgument, $"the text is not looked at as a whole: {string.Join("; ", said.Reasons)}");
            windows = said.Windows;
            rounds.Add(Stopwatch.GetElapsedTime(one).TotalMilliseconds);
        }
        rounds.Sort();
        return (rounds, windows);
    }

    private static void Show(Screen screen, LocalModel model, TimeSpan load, string text, (List<double> Milliseconds, int Windows) rounds)
    {
        var (median, kilobytes) = (rounds.Milliseconds[rounds.Milliseconds.Count / 2], Encoding.UTF8.GetByteCount(text) / 1024.0);
        if (screen.Json)
            screen.Document(new JsonObject { ["kind"] = model.Kind, ["load_ms"] = load.TotalMilliseconds, ["bytes"] = Encoding.UTF8.GetByteCount(text), ["windows"] = rounds.Windows, ["median_ms"] = median, ["ms_per_kb"] = median / kilobytes, ["rounds"] = rounds.Milliseconds.Count });
        else
            screen.Line(string.Create(CultureInfo.InvariantCulture, $"{model.Kind}: loaded in {load.TotalMilliseconds:0} ms; {median:0.00} ms for {kilobytes:0.0} KB in {rounds.Windows} window{(rounds.Windows == 1 ? "" : "s")}, {median / kilobytes:0.000} ms a KB (the median of {rounds.Milliseconds.Count})"));
    }

    private static string Prose()
    {
        const string sentence = "The change moves the limits of the service into its own file, so that people who run it see them at once; see the notes beside it. ";
        var text = new StringBuilder();
        while (text.Length < Bytes) text.Append(sentence);
        return text.ToString(0, Bytes);
    }
}
