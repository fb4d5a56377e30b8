namespace KvStore.Etcd;

/// <summary>Bytes in etcd are not what this version writes: damaged, written by another program, or by a later version of this one.</summary>
/// <param name="message">What is wrong with them.</param>
/// <param name="innerException">The cause.</param>
internal sealed class RecordFormatException(string message, Exception? innerException = null) : Exception(message, innerException);
