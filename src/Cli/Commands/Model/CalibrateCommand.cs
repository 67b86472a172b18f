// model calibrate: finds thresholds on texts of one's own.
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CabinCrew.Cli.Rendering;
using CabinCrew.LocalModels.Classifying;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Json;

namespace CabinCrew.Cli.Commands.Model;

internal static class CalibrateCommand
{
    private const int TextsMax = 1_000_000;
    private static readonly double[] Shares = [0.05, 0.01, 0.001];

    public static Command Create()
    {
        var folder = ModelCommand.Folder();
        var data = new Option<string>("--data") { Description = "JSON Lines, each {\"text\": ..., \"label\": ...}; - for standard input.", HelpName = "FILE", Required = true };
        var label = new Option<string?>("--label") { Description = "The label that thresholds are found for (default: the only one with thresholds).", HelpName = "LABEL" };
        var command = new Command("calibrate", """
            Find thresholds on labelled texts of your own: for shares of false alarms of 5 %, 1 % and 0.1 %, the lowest threshold that keeps to it, and how much is then found.
            Use texts that the model was not trained on, and that look like what it will judge. Nothing is written: put the numbers that you choose into classifier.json.

            Example:
              cabincrew model calibrate models/injection --data labelled.jsonl
            """) { folder, data, label };
        command.Plain((parse, screen, ct) =>
        {
            if (!ModelCommand.Open(parse.GetValue(folder)!).Try(out var model, out var problem)) return problem;
            using (model)
            {
                if (!LabelOf(model, parse.GetValue(label)).Try(out var wanted, out problem)) return problem;
                if (!ModelCommand.Text(parse.GetValue(data)!).Then(text => Read(text, wanted, model)).Try(out var texts, out problem)) return problem;
                var found = Calibration.Of(model, wanted, texts, Shares, done => Tell(screen, done, texts.Count), ct);
                if (screen.Live) screen.LiveLine(null);
                if (!found.Try(out var calibration, out problem)) return problem;
                Show(screen, calibration);
                return 0;
            }
        });
        return command;
    }

    private static void Tell(Screen screen, int done, int all)
    {
        if (screen.Live && done % 20 == 0) screen.LiveLine($"{done} of {all} texts");
    }

    private static Outcome<string> LabelOf(LocalModel model, string? said)
    {
        var names = model.Document.Labels.Select(l => l.Name).ToList();
        if (said is not null) return names.Contains(said) ? said : new Problem(ProblemCode.InvalidArgument, $"the model has no label '{Screen.Safe(said)}'{NearMatch.Hint(said, names)}");
        var deciding = model.Document.Labels.Where(l => l.Thresholds is { Count: > 0 }).Select(l => l.Name).ToList();
        return deciding is [var only] ? only : new Problem(ProblemCode.InvalidArgument, $"several labels have thresholds ({string.Join(", ", deciding)}): say which with --label");
    }

    private static Outcome<IReadOnlyList<LabelledText>> Read(string lines, string wanted, LocalModel model)
    {
        var names = model.Document.Labels.Select(l => l.Name).ToList();
        List<LabelledText> texts = [];
        var number = 0;
        foreach (var line in lines.Split('\n'))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            if (texts.Count == TextsMax) return new Problem(ProblemCode.InvalidArgument, $"there are more than {TextsMax} texts");
            if (!StrictJson.Parse(System.Text.Encoding.UTF8.GetBytes(line)).Try(out var json, out var problem)) return problem.At($"line {number}");
            if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("text", out var text) || text.ValueKind != JsonValueKind.String || !json.TryGetProperty("label", out var label) || label.ValueKind != JsonValueKind.String)
                return new Problem(ProblemCode.InvalidArgument, "expected an object with the strings 'text' and 'label'") { Where = $"line {number}" };
            if (!names.Contains(label.GetString()!))
                return new Problem(ProblemCode.InvalidArgument, $"the model has no label '{Screen.Safe(label.GetString()!)}'{NearMatch.Hint(label.GetString()!, names)}") { Where = $"line {number}", Remedy = $"It has {string.Join(", ", names)}." };
            texts.Add(new(text.GetString()!, label.ValueEquals(wanted)));
        }
        return texts;
    }

    private static void Show(Screen screen, Calibration calibration)
    {
        if (screen.Json)
        {
            screen.Document(new()
            {
                ["label"] = calibration.Label, ["with"] = calibration.With, ["without"] = calibration.Without, ["incomplete"] = calibration.Incomplete,
                ["thresholds"] = new JsonArray([.. calibration.Thresholds.Select(t => (JsonNode)new JsonObject { ["share"] = t.Share, ["at"] = t.At, ["false_alarms"] = t.FalseAlarms, ["found"] = t.Found })]),
            });
            return;
        }
        screen.Line($"{Screen.Safe(calibration.Label)}: {calibration.With} with it, {calibration.Without} without{(calibration.Incomplete > 0 ? $"; {calibration.Incomplete} beyond the budget, which are alarms at any threshold" : "")}");
        var table = new TextTable(new("false alarms"), new("threshold"), new("found of those with it"), new("alarms of those without"));
        foreach (var t in calibration.Thresholds)
            table.Add(Percent(t.Share), t.At > 1 ? "none" : t.At.ToString("0.0000", CultureInfo.InvariantCulture), Percent(t.Found), Percent(t.FalseAlarms));
        screen.Table(table);
    }

    private static string Percent(double share) => (share * 100).ToString("0.##", CultureInfo.InvariantCulture) + " %";
}
