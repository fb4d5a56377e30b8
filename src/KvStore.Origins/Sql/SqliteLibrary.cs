using System.Runtime.InteropServices;
using SQLitePCL;

namespace KvStore.Origins;

/// <summary>
/// The library of SQLite, which is the system's: it has the security fixes of the distribution, and only those load it who use it. One beside the program comes first, for systems that have none.
/// </summary>
internal static class SqliteLibrary
{
    /// <summary>The name of the file; the number is that of its interface.</summary>
    public const string FileName = "libsqlite3.so.0";

    private static readonly Lock Loading = new();
    private static IntPtr _library;
    private static bool _isLoaded;

    /// <summary>Whether the library is there.</summary>
    public static bool IsPresent
    {
        get
        {
            lock (Loading)
            {
                return _library != IntPtr.Zero
                    || NativeLibrary.TryLoad(Path.Combine(AppContext.BaseDirectory, FileName), out _library)
                    || NativeLibrary.TryLoad(FileName, out _library);
            }
        }
    }

    /// <summary>Has the driver use it. Only the first call does something.</summary>
    /// <exception cref="DllNotFoundException">There is none.</exception>
    public static void Load()
    {
        if (!IsPresent)
            throw new DllNotFoundException($"{FileName} is neither beside the program nor in the system.");
        lock (Loading)
        {
            if (_isLoaded)
                return;
            NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_sqlite3).Assembly, static (name, _, _) => name == "sqlite3" ? _library : IntPtr.Zero);
            raw.SetProvider(new SQLite3Provider_sqlite3());
            _isLoaded = true;
        }
    }
}
