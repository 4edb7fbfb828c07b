package dev.hone.train.data;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/** Files that are no text with rows, told by how they begin: each is refused by its name, with what to do. */
final class ForeignFile {
  private static final String TO_ROWS = "; write its rows as CSV or JSON lines";
  private static final String PANDAS = TO_ROWS + " (in pandas: to_json(\"rows.jsonl\", orient=\"records\", lines=True))";
  private static final String UNPACK = "; unpack it first (gzip is read as it is)";
  private static final int HEAD = 512;

  private record Sign(String begins, String what, String todo) {}

  private static final List<Sign> SIGNS = List.of(
      new Sign("PAR1", "is a Parquet file", PANDAS),
      new Sign("ARROW1", "is an Arrow (Feather) file", PANDAS),
      new Sign("\u00FF\u00FF\u00FF\u00FF", "is an Arrow stream", PANDAS),
      new Sign("ORC", "is an ORC file", PANDAS),
      new Sign("Obj\u0001", "is an Avro file", PANDAS),
      new Sign("\u0089HDF", "is an HDF5 file", PANDAS),
      new Sign("SQLite format 3", "is an SQLite database", TO_ROWS),
      new Sign("\u00D0\u00CF\u0011\u00E0", "is an Excel or other Office file", "; save the sheet as CSV (UTF-8)"),
      new Sign("\u0093NUMPY", "is a NumPy file", TO_ROWS),
      new Sign("%PDF", "is a PDF", TO_ROWS),
      new Sign("BZh", "is packed with bzip2", UNPACK),
      new Sign("\u00FD7zXZ", "is packed with xz", UNPACK),
      new Sign("7z\u00BC\u00AF", "is packed with 7-Zip", UNPACK),
      new Sign("\u0028\u00B5\u002F\u00FD", "is packed with Zstandard", UNPACK),
      new Sign("Rar!", "is packed with RAR", UNPACK),
      new Sign("version https://git-lfs.github.com/spec/", "is a Git LFS pointer, not the file itself",
          "; fetch it with: git lfs pull"),
      new Sign("/annex/objects/", "is a git-annex pointer, not the file itself", "; fetch it with: git annex get"));

  private ForeignFile() {}

  /**
   * Refuses such a file.
   *
   * @param bytes its beginning, unpacked from gzip
   * @throws DataException naming what it is
   */
  static void check(String source, byte[] bytes) {
    String head = new String(bytes, 0, Math.min(bytes.length, HEAD), StandardCharsets.ISO_8859_1);
    for (Sign sign : SIGNS) {
      if (head.startsWith(sign.begins) && (sign.begins.length() > 3 || isBinary(head))) {
        throw new DataException(source, sign.what + sign.todo);
      }
    }
    if (head.startsWith("PK\u0003\u0004")) {
      String name = source.toLowerCase(Locale.ROOT);
      boolean sheet = name.matches(".*\\.(xlsx|xlsm|xlsb|ods)") || head.contains("[Content_Types].xml") || head.contains("xl/");
      throw new DataException(source, sheet ? "is an Excel (or OpenDocument) file; save the sheet as CSV (UTF-8)"
          : "is packed with zip" + UNPACK);
    }
    if (head.length() > 1 && head.charAt(0) == '\u0080' && head.charAt(1) <= 5) {
      throw new DataException(source, "is a Python pickle, which can run code and is not read" + TO_ROWS);
    }
    String text = head.stripLeading().toLowerCase(Locale.ROOT);
    if (text.startsWith("<!doctype html") || text.startsWith("<html")) {
      throw new DataException(source, "is a web page (HTML), perhaps an error message saved under this name; download the file "
          + "itself");
    }
  }

  private static boolean isBinary(String head) {
    return head.chars().anyMatch(c -> c < '\t');
  }
}
