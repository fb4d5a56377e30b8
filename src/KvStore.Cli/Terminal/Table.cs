namespace KvStore.Cli;

/// <summary>Rows with columns of the same width. The first column is cut if the rows are wider than the terminal.</summary>
internal sealed class Table(Output output, params string[] titles)
{
    // The first rows choose the widths, so that a listing of any length prints as it arrives.
    private const int RowsPerWidth = 500;
    private const int Gap = 2;
    private const int FirstColumnMin = 12;

    private readonly List<string[]> _rows = [];
    private int[]? _widths;

    public void Add(params string[] row)
    {
        _rows.Add(row);
        if (_rows.Count >= RowsPerWidth)
            Print();
    }

    /// <summary>Prints the rows that were added since the last call, and the titles before the first ones.</summary>
    public void Print()
    {
        if (_widths is null)
        {
            _widths = [.. titles.Select((title, column) => _rows.Select(row => Visible.Columns(row[column])).Append(title.Length).Max())];
            var excess = _widths.Sum() + (Gap * (_widths.Length - 1)) - output.Width;
            if (excess > 0)
                _widths[0] = Math.Max(FirstColumnMin, _widths[0] - excess);
            if (titles.Any(title => title.Length > 0))
                output.Line(output.Paint(Color.Bold, Format(titles)));
        }

        foreach (var row in _rows)
            output.Line(Format(row));
        _rows.Clear();
    }

    private string Format(string[] row)
    {
        var line = new StringBuilder();
        for (var column = 0; column < row.Length; column++)
        {
            var cell = column == 0 ? Visible.Cut(row[0], _widths![0]) : row[column];
            line.Append(cell);
            if (column < row.Length - 1)
                line.Append(' ', Math.Max(0, _widths![column] - Visible.Columns(cell)) + Gap);
        }

        return line.ToString().TrimEnd();
    }
}
