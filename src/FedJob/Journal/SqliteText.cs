using Microsoft.Data.Sqlite;

namespace FedJob.Journal;

/// <summary>Statements with parameters.</summary>
internal static class SqliteText
{
    /// <summary>Runs a statement whose parameters are named <c>$1</c>, <c>$2</c>, ...</summary>
    public static void Run(this SqliteConnection connection, string sql, params object?[] values)
    {
        using SqliteCommand command = Prepare(connection, sql, values);
        command.ExecuteNonQuery();
    }

    /// <summary>Reads all rows of a query.</summary>
    public static List<T> Read<T>(this SqliteConnection connection, string sql, Func<SqliteDataReader, T> row, params object?[] values)
    {
        using SqliteCommand command = Prepare(connection, sql, values);
        using SqliteDataReader reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(row(reader));
        }

        return rows;
    }

    /// <summary>A text that may be absent.</summary>
    public static string? TextOrNull(this SqliteDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static SqliteCommand Prepare(SqliteConnection connection, string sql, object?[] values)
    {
        SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // every statement is a constant of the journal; what comes from outside is a parameter
        command.CommandText = sql;
#pragma warning restore CA2100
        for (int i = 0; i < values.Length; i++)
        {
            command.Parameters.AddWithValue($"${i + 1}", values[i] ?? DBNull.Value);
        }

        return command;
    }
}
