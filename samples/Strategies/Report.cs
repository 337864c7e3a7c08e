using ScottPlot;
using Spectre.Console;

namespace Strategies;

/// <summary>What the run ends with: a table on the common test set, and a picture of the curves.</summary>
internal static class Report
{
    private const float Margin = 66;
    private const float LegendWidth = 240;

    /// <summary>One for each rule.</summary>
    private static readonly ScottPlot.Color[] Palette = [.. new ScottPlot.Palettes.Category10().Colors, Colors.Black, Colors.Navy];

    public static void WriteTable(IAnsiConsole console, IReadOnlyList<Curve> honest, IReadOnlyList<Curve> poisoned)
    {
        Table table = new Table().RoundedBorder().Title("accuracy and loss on the common test set, after the last round");
        table.AddColumn("rule");
        foreach (string column in (string[])["all honest", "loss", "one hostile", "loss ", "outliers reported", "aggregation"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach ((Curve without, Curve with) in honest.Zip(poisoned))
        {
            string outliers = string.Join(", ", with.Outliers.GroupBy(n => n, StringComparer.Ordinal).Select(g => $"{g.Key} x {g.Count()}"));
            table.AddRow(
                without.Name,
                $"{without.Last.Accuracy:0.0%}",
                $"{without.Last.Loss:0.000}",
                $"{with.Last.Accuracy:0.0%}",
                $"{with.Last.Loss:0.000}",
                outliers.Length > 0 ? outliers : "none",
                $"{with.Aggregation.TotalMilliseconds:0.0} ms");
        }

        console.Profile.Width = Math.Max(console.Profile.Width, 110); // also where the output goes to a file
        console.Write(table);
    }

    public static string SavePicture(IReadOnlyList<Curve> honest, IReadOnlyList<Curve> poisoned, string path)
    {
        var picture = new Multiplot();
        picture.AddPlots(2);
        picture.Layout = new LegendAtTheRight();
        Draw(picture.GetPlot(0), "All nodes honest", honest);
        Draw(picture.GetPlot(1), "One node hostile", poisoned);
        picture.GetPlot(0).Layout.Fixed(new PixelPadding(Margin, Margin / 3, Margin, Margin));
        picture.GetPlot(1).Layout.Fixed(new PixelPadding(Margin, LegendWidth, Margin, Margin));
        picture.GetPlot(0).HideLegend();
        picture.GetPlot(1).ShowLegend(Edge.Right);
        picture.GetPlot(1).Legend.SymbolWidth = 45; // three dashes
        picture.SavePng(path, 1600, 600);
        return Path.GetFullPath(path);
    }

    private static void Draw(Plot plot, string title, IReadOnlyList<Curve> curves)
    {
        LinePattern[] patterns = [LinePattern.Solid, LinePattern.Dashed, LinePattern.Dotted];
        for (int i = 0; i < curves.Count; i++)
        {
            Curve curve = curves[i];
            double[] rounds = [.. Enumerable.Range(1, curve.Scores.Count - 1).Select(r => (double)r)]; // before the first all are equal
            ScottPlot.Plottables.Scatter line = plot.Add.Scatter(rounds, Percent(curve).ToArray(), Palette[i % Palette.Length]);
            line.LegendText = curve.Name;
            line.MarkerSize = 7;
            line.LineWidth = 3;
            line.LinePattern = patterns[i % patterns.Length]; // some curves lie on each other
        }

        plot.Title(title);
        plot.XLabel("round");
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic { IntegerTicksOnly = true };
        plot.YLabel("accuracy on the common test set in %");
        double lowest = curves.SelectMany(Percent).Min();
        plot.Axes.SetLimits(0.9, Math.Max(2, curves[0].Scores.Count - 1) + 0.1, lowest < 50 ? -2 : (Math.Floor(lowest / 5) * 5) - 0.5, 100.5);
    }

    private static IEnumerable<double> Percent(Curve curve) => curve.Scores.Skip(1).Select(s => s.Accuracy * 100);

    /// <summary>Two plots of equal width, and room for one legend.</summary>
    private sealed class LegendAtTheRight : IMultiplotLayout
    {
        public PixelRect[] GetSubplotRectangles(SubplotCollection subplots, PixelRect figureRect)
        {
            float first = (figureRect.Width - LegendWidth + (Margin / 3)) / 2;
            return
            [
                new PixelRect(figureRect.Left, figureRect.Left + first, figureRect.Bottom, figureRect.Top),
                new PixelRect(figureRect.Left + first, figureRect.Right, figureRect.Bottom, figureRect.Top),
            ];
        }
    }
}
