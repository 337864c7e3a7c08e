using ScottPlot;
using Spectre.Console;

namespace QuickStart;

/// <summary>What the run ends with: a table on the common test set, and a picture of the curves.</summary>
internal static class Report
{
    public static void WriteTable(IAnsiConsole console, IReadOnlyList<Curve> curves, int testSamples)
    {
        Table table = new Table().RoundedBorder().Title($"on the common test set of {testSamples} penguins");
        table.AddColumn("model").AddColumn("has seen").AddColumn(new TableColumn("samples").RightAligned())
            .AddColumn(new TableColumn("accuracy").RightAligned()).AddColumn(new TableColumn("loss").RightAligned());
        foreach (Curve curve in curves)
        {
            table.AddRow(curve.Name, curve.TrainedOn, $"{curve.Samples}", $"{curve.Last.Accuracy:0.0%}", $"{curve.Last.Loss:0.000}");
        }

        console.Write(table);
    }

    public static string SavePicture(IReadOnlyList<Curve> curves, string path)
    {
        var picture = new Multiplot();
        picture.AddPlots(2);
        picture.Layout = new ScottPlot.MultiplotLayouts.Columns();
        Plot accuracy = picture.GetPlot(0);
        Draw(accuracy, "Accuracy on the common test set", curves, score => score.Accuracy * 100, "accuracy in %");
        accuracy.Axes.SetLimitsY(0, 102);
        accuracy.ShowLegend(Alignment.LowerRight);
        Plot loss = picture.GetPlot(1);
        Draw(loss, "Loss on the common test set", curves, score => score.Loss, "cross-entropy");
        loss.HideLegend();
        picture.SavePng(path, 1400, 560);
        return Path.GetFullPath(path);
    }

    private static void Draw(Plot plot, string title, IReadOnlyList<Curve> curves, Func<Score, double> value, string unit)
    {
        foreach (Curve curve in curves)
        {
            double[] rounds = [.. Enumerable.Range(0, curve.Scores.Count).Select(i => (double)i)];
            ScottPlot.Plottables.Scatter line = plot.Add.Scatter(rounds, curve.Scores.Select(value).ToArray());
            line.LegendText = curve.Name;
            line.MarkerSize = 0;
            line.LineWidth = curve.Name == "federated" ? 4 : 2;
            line.LinePattern = curve.Name == "pooled" ? LinePattern.Dashed : LinePattern.Solid;
        }

        plot.Title(title);
        plot.XLabel($"round of {Settings.TrainingArgs.Epochs} local epochs (baselines: as many epochs)");
        plot.YLabel(unit);
        plot.Axes.SetLimitsX(0, curves[0].Scores.Count - 1);
    }
}
